//! One epoch of the net 784-50-10 on the 60,000 training images of MNIST, with the default settings (mini-batches of
//! 100, shuffled, gradient descent), by threads. An element is a sample.
//!
//! The time is that of a whole call of [`train`]: it includes starting the threads, checking the data, shuffling. It
//! includes no loading and no test set.

use std::{ops::ControlFlow, time::Duration};

use chainrule_benches::{THREADS, criterion, mnist, net};
use chainrule_trainer::{TrainConfig, train};
use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};

fn epoch(c: &mut Criterion) {
    let samples = mnist().train;
    let mut group = c.benchmark_group("epoch");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(4));
    group.throughput(Throughput::Elements(samples.len() as u64));
    for threads in THREADS {
        let config = TrainConfig::new().with_epochs(1).with_threads(threads);
        group.bench_function(BenchmarkId::new("784-50-10", format!("threads-{threads}")), |b| {
            let train_once = |mut net| {
                train(&mut net, &samples, None, &config, |_| ControlFlow::Continue(()))
                    .expect("settings in range, data that fit");
                net
            };
            b.iter_batched(net, train_once, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = epoch }
criterion_main!(benches);
