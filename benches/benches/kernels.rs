//! The two products of a first layer with its inputs, by the share of inputs that are not 0 and by hidden units, on one
//! thread and for a shard of 32 samples of 784 inputs. An element is a sample.
//!
//! ```text
//! y  += W·x      forward       units × samples
//! dW += dy·xᵀ    gradient      units × inputs
//! ```
//! `listed` has the inputs that are not 0 as a list, of 0, 5, 19 (as MNIST), 50 and 100 %; `dense` has all of them, whatever
//! they are: where a list is slower than that, it does not pay.

mod settings;

use std::{hint::black_box, time::Duration};

use chainrule_benches::matrix;
use chainrule_tensor::{
    Input, Matrix, MatrixView, SparseBuffer, input_outer_add_to, input_product_add_to,
    random::{Purpose, generator, uniform},
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const N_INPUTS: usize = 784;
const N_SAMPLES: usize = 32;
const WIDTHS: [usize; 4] = [10, 50, 100, 800];
const PERCENT: [u32; 5] = [0, 5, 19, 50, 100];

/// Columns of which about this share is listed.
fn listed(percent: u32) -> SparseBuffer<f32> {
    let mut rng = generator(1, Purpose::Draw, percent.into(), 0);
    let mut buffer = SparseBuffer::new();
    buffer.clear(N_INPUTS);
    for _ in 0..N_SAMPLES {
        let mut value = || if 100.0 * uniform(&mut rng) < f64::from(percent) { 0.5 } else { 0.0 };
        let column: Vec<f32> = (0..N_INPUTS).map(|_| value()).collect();
        buffer.push_dense(&column, |x| x == 0.0);
    }
    buffer
}

fn kernels(c: &mut Criterion) {
    let lists = PERCENT.map(|percent| (percent, listed(percent)));
    let dense = matrix::<f32>(N_INPUTS, N_SAMPLES, 1);
    let inputs =
        lists.iter().map(|(percent, list)| (format!("listed-{percent}"), Input::Sparse(list.as_view())));
    let inputs: Vec<_> = inputs.chain([("dense".to_string(), Input::from(&dense))]).collect();
    for n_units in WIDTHS {
        let (w, dy) = (matrix::<f32>(n_units, N_INPUTS, 2), matrix::<f32>(n_units, N_SAMPLES, 3));
        let (w, dy) = (MatrixView::from(&w), MatrixView::from(&dy));
        let (mut y, mut dw) = (Matrix::zeros(n_units, N_SAMPLES), Matrix::zeros(n_units, N_INPUTS));
        let mut group = c.benchmark_group(format!("kernels/{n_units}-units"));
        group.warm_up_time(Duration::from_millis(150)).measurement_time(Duration::from_millis(400));
        group.sample_size(20).throughput(Throughput::Elements(N_SAMPLES as u64));
        for (name, x) in &inputs {
            group.bench_function(BenchmarkId::new("forward", name), |b| {
                b.iter(|| input_product_add_to(black_box(&mut y).into(), w, *x));
            });
            group.bench_function(BenchmarkId::new("gradient", name), |b| {
                b.iter(|| input_outer_add_to(black_box(&mut dw).into(), dy, *x, 0..N_INPUTS));
            });
        }
        group.finish();
    }
}

criterion_group! { name = benches; config = settings::criterion(); targets = kernels }
criterion_main!(benches);
