//! One training step of the net 784-50-10 on MNIST, by samples in the mini-batch and by threads. An element is a
//! sample.
//!
//! `gradient` is gathering the samples, forward, loss, backward and the sum over all shards. `whole` is a step of
//! [`train`], with the update, as `train` itself takes the time: without starting threads, checking the data or
//! reserving memory. It draws its samples, since shuffling happens once per epoch and belongs to the bench `works`.

mod settings;

use std::time::Duration;

use chainrule_benches::{THREADS, mnist, net, on_threads};
use chainrule_layers::Context;
use chainrule_losses::SoftmaxCrossEntropy;
use chainrule_mnist::ImageSet;
use chainrule_tensor::random::{Purpose, generator, shuffle};
use chainrule_trainer::{MiniBatch, Sampling, TrainConfig, train};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

const BATCH_SIZES: [usize; 4] = [1, 10, 100, 1000];

fn gradient(c: &mut Criterion, samples: &ImageSet) {
    // Every mini-batch is another one, so that no image waits in the cache.
    let mut order: Vec<usize> = (0..samples.len()).collect();
    shuffle(&mut generator(1, Purpose::Shuffle, 0, 0), &mut order);
    let (net, loss) = (net(), SoftmaxCrossEntropy::new());

    let mut group = c.benchmark_group("step/gradient");
    group.sampling_mode(SamplingMode::Flat);
    for batch_size in BATCH_SIZES {
        group.throughput(Throughput::Elements(batch_size as u64));
        for threads in THREADS {
            group.bench_function(id(batch_size, threads), |b| {
                let mut mini_batch = MiniBatch::new(net.sequential(), batch_size);
                let mut batches = order.chunks_exact(batch_size).cycle();
                on_threads(threads, || {
                    b.iter(|| {
                        let indices = batches.next().expect("a cycle has no end");
                        mini_batch.compute(
                            net.sequential(),
                            &loss,
                            samples,
                            indices,
                            &Context::training(1, 0),
                        )
                    });
                });
            });
        }
    }
    group.finish();
}

fn whole(c: &mut Criterion, samples: &ImageSet) {
    let mut group = c.benchmark_group("step/whole");
    // Every measurement is a run from the initial weights; so all of them have the same length.
    group.sampling_mode(SamplingMode::Flat);
    for batch_size in BATCH_SIZES {
        group.throughput(Throughput::Elements(batch_size as u64));
        let config = TrainConfig::new().with_batch_size(batch_size).with_sampling(Sampling::WithReplacement);
        for threads in THREADS {
            group.bench_function(id(batch_size, threads), |b| {
                on_threads(threads, || {
                    b.iter_custom(|n_steps| {
                        let config = config.clone().with_steps(n_steps);
                        let summary = train(&mut net(), samples)
                            .config(&config)
                            .run()
                            .expect("settings in range, data that fit");
                        Duration::from_secs_f64(summary.seconds())
                    });
                });
            });
        }
    }
    group.finish();
}

fn id(batch_size: usize, threads: usize) -> BenchmarkId {
    BenchmarkId::new(format!("batch-{batch_size}"), format!("threads-{threads}"))
}

fn step(c: &mut Criterion) {
    let samples = mnist().train;
    gradient(c, &samples);
    whole(c, &samples);
}

criterion_group! { name = benches; config = settings::criterion(); targets = step }
criterion_main!(benches);
