//! Networks of which all parameters fit into the first-level cache (19 KB), the second-level one (0.5 MB) or none (67 MB),
//! with dense inputs, on one thread. **An element is a parameter, as often as a sample meets it**: the more samples one load
//! of a parameter serves, the less its way from memory counts.
//!
//! - `predict`: one sample. Each parameter is loaded for two operations: read Gelem/s · 4 as GB/s. Bound by memory.
//! - `step-1`: a training step with a single sample, which loads each parameter again for its gradient and its update.
//! - `step-128`: one with 128 samples: four operations for each, so read Gelem/s · 4 as GFLOP/s. Bound by computation.

mod settings;

use std::{hint::black_box, time::Duration};

use chainrule_benches::{matrix, on_threads};
use chainrule_layers::Context;
use chainrule_optimizers::{Optimizer, Sgd};
use chainrule_trainer::{Activation, Dataset, MiniBatch, Mlp, MlpConfig, Predictor};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

const N_SAMPLES: usize = 128;

/// By where the parameters fit: inputs and hidden units; there are ten classes.
const NETWORKS: [(&str, usize, usize); 3] =
    [("first-level", 64, 64), ("second-level", 256, 512), ("none", 4096, 4096)];

fn memory(c: &mut Criterion) {
    for (cache, n_inputs, n_hidden) in NETWORKS {
        let config = MlpConfig::new([n_inputs, n_hidden, 10]).with_activation(Activation::Relu);
        let net = Mlp::<f32>::new(&config).expect("sizes in range");
        let n_parameters = net.n_parameters();
        let x = matrix::<f32>(n_inputs, N_SAMPLES, 1);
        let classes: Vec<usize> = (0..N_SAMPLES).map(|i| i % 10).collect();
        let data = Dataset::from_rows(x.as_slice(), n_inputs).and_then(|data| data.with_classes(&classes));
        let data = data.expect("finite values");

        let mut group = c.benchmark_group(format!("memory/{cache}"));
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(1000));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.throughput(Throughput::Elements(n_parameters as u64));
        group.bench_function("predict", |b| {
            let mut predictor = Predictor::new(net.clone());
            b.iter(|| {
                black_box(predictor.predict(black_box(&x.as_slice()[..n_inputs])));
            });
        });
        for batch_size in [1, N_SAMPLES] {
            group.throughput(Throughput::Elements((n_parameters * batch_size) as u64));
            group.bench_function(BenchmarkId::from_parameter(format!("step-{batch_size}")), |b| {
                let mut net = net.clone();
                // So small a rate leaves the network as it is, however many steps are taken.
                let rule = Sgd::new(1e-12);
                let mut slots = rule.new_slots(n_parameters);
                let mut mini_batch = MiniBatch::new(net.sequential(), batch_size);
                let indices: Vec<usize> = (0..batch_size).collect();
                let loss = net.config().loss.clone();
                let context = Context::training(1, 0);
                on_threads(1, || {
                    b.iter(|| {
                        mini_batch.run(net.sequential(), loss.loss(), &data, &indices, &context);
                        mini_batch.update(net.sequential_mut(), &rule, &mut slots, 1, 1e-12);
                    });
                });
            });
        }
        group.finish();
    }
}

criterion_group! { name = benches; config = settings::criterion(); targets = memory }
criterion_main!(benches);
