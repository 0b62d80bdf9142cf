//! Inference with the net 784-50-10: one image, and the 10,000 test images of MNIST. An element is a sample.
//!
//! `forward` goes from pixels that are numbers already to logits, on the calling thread, in memory that is used again
//! and again. `evaluate` turns bytes into numbers, goes forward, counts what is recognised and takes the loss, by
//! threads.

use std::hint::black_box;

use chainrule_benches::{THREADS, criterion, mnist, net, on_threads};
use chainrule_layers::Context;
use chainrule_mnist::ImageSet;
use chainrule_trainer::evaluate;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn forward(c: &mut Criterion, samples: &ImageSet) {
    let net = net();
    let mut group = c.benchmark_group("inference/forward");
    group.sampling_mode(SamplingMode::Flat);
    for n_samples in [1, samples.len()] {
        let x = samples.to_matrix::<f32>(0..n_samples);
        let mut workspace = net.layers().workspace(n_samples);
        group.throughput(Throughput::Elements(n_samples as u64));
        group.bench_function(BenchmarkId::from_parameter(n_samples), |b| {
            b.iter(|| {
                black_box(net.layers().forward(&mut workspace, (&x).into(), &Context::inference()));
            });
        });
    }
    group.finish();
}

fn evaluation(c: &mut Criterion, samples: &ImageSet) {
    let net = net();
    let mut group = c.benchmark_group("inference/evaluate");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(samples.len() as u64));
    for threads in THREADS {
        group.bench_function(
            BenchmarkId::new(samples.len().to_string(), format!("threads-{threads}")),
            |b| {
                on_threads(threads, || b.iter(|| evaluate(&net, samples).expect("data that fit")));
            },
        );
    }
    group.finish();
}

fn inference(c: &mut Criterion) {
    let samples = mnist().test;
    forward(c, &samples);
    evaluation(c, &samples);
}

criterion_group! { name = benches; config = criterion(); targets = inference }
criterion_main!(benches);
