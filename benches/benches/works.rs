//! The works of `cargo xtask compare` by their names, chainrule alone. An element is a sample.
//!
//! - `W1`, `W2`: training steps, by threads. The time is that of a whole call of [`train`] for one epoch: it includes
//!   checking the data and shuffling, and no loading and no test set.
//! - `W3a`: the 10,000 test images through W1's network by [`evaluate`], from bytes. A set remembers which of its pixels are
//!   not 0, so every pass has a copy of the images, made outside of its time.
//! - `W3b`: one image, another every time, from bytes to probabilities.
//! - `W3c`: W3a with a set that has been through it before.

mod settings;

use std::{hint::black_box, time::Duration};

use chainrule_benches::{Recipe, THREADS, mnist, net, on_threads};
use chainrule_mnist::ImageSet;
use chainrule_trainer::{Mlp, Predictor, TrainConfig, evaluate, train};
use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};

/// So many samples of W2 take as long as an epoch of W1.
const SAMPLES_OF_W2: usize = 10_000;

fn training(c: &mut Criterion, samples: &ImageSet) {
    let mut group = c.benchmark_group("works");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(2));
    for (work, n_samples) in [("W1", samples.len()), ("W2", SAMPLES_OF_W2)] {
        let recipe = Recipe::of(work);
        let net = Mlp::new(recipe.network(samples.n_pixels())).expect("sizes in range");
        let steps = n_samples / recipe.batch;
        let config = TrainConfig::new()
            .with_optimizer(recipe.optimizer())
            .with_batch_size(recipe.batch)
            .with_steps(steps as u64);
        group.throughput(Throughput::Elements((steps * recipe.batch) as u64));
        for threads in THREADS {
            group.bench_function(BenchmarkId::new(work, format!("threads-{threads}")), |b| {
                let train_once = |mut net| {
                    train(&mut net, samples).config(&config).run().expect("settings in range, data that fit");
                    net
                };
                on_threads(threads, || b.iter_batched(|| net.clone(), train_once, BatchSize::PerIteration));
            });
        }
    }
    group.finish();
}

fn inference(c: &mut Criterion, samples: &ImageSet) {
    let net = net();
    let mut group = c.benchmark_group("works");
    group.sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(samples.len() as u64));
    for threads in THREADS {
        group.bench_function(BenchmarkId::new("W3a", format!("threads-{threads}")), |b| {
            let pass = |images: ImageSet| {
                black_box(evaluate(&net, &images).expect("data that fit"));
                images
            };
            on_threads(threads, || b.iter_batched(|| samples.clone(), pass, BatchSize::PerIteration));
        });
        group.bench_function(BenchmarkId::new("W3c", format!("threads-{threads}")), |b| {
            on_threads(threads, || b.iter(|| evaluate(&net, samples).expect("data that fit")));
        });
    }
    group.throughput(Throughput::Elements(1));
    group.bench_function("W3b", |b| {
        let mut predictor = Predictor::new(net.clone());
        let mut images = (0..samples.len()).cycle();
        b.iter(|| {
            let image = samples.image(images.next().expect("a cycle has no end"));
            black_box(predictor.predict_pixels(black_box(image)));
        });
    });
    group.finish();
}

fn works(c: &mut Criterion) {
    let mnist = mnist();
    training(c, &mnist.train);
    inference(c, &mnist.test);
}

criterion_group! { name = benches; config = settings::criterion(); targets = works }
criterion_main!(benches);
