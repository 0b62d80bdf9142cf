//! The products of a training step, on one thread, at the shapes that a mini-batch or a shard of it has.
//!
//! ```text
//! y  += W·x      forward               outputs × samples
//! dx  = Wᵀ·dy    backward, not in the first layer     inputs × samples
//! dW += dy·xᵀ    gradient              outputs × inputs
//! ```
//! An element is a floating-point operation, of which a product of *m × k* and *k × n* takes 2·m·k·n: **read Gelem/s
//! as GFLOP/s.** The samples: 25, about a shard of the default mini-batch; 100, that mini-batch; 128.

mod settings;

use std::hint::black_box;

use chainrule_benches::matrix;
use chainrule_tensor::{Float, Matrix, Operand, product_add_to, product_to};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// All products of a net with these `sizes`: inputs, hidden units, outputs.
fn products_of_net<F: Float>(c: &mut Criterion, element: &str, sizes: [usize; 3], batches: &[usize]) {
    let [n_inputs, n_hidden, n_outputs] = sizes;
    let mut group = c.benchmark_group(format!("products/{n_inputs}-{n_hidden}-{n_outputs}-{element}"));
    for (layer, pair) in (1..).zip(sizes.windows(2)) {
        let (inputs, outputs) = (pair[0], pair[1]);
        for &samples in batches {
            let w = matrix::<F>(outputs, inputs, 0);
            let x = matrix::<F>(inputs, samples, 1);
            let dy = matrix::<F>(outputs, samples, 2);
            // Each product takes the same three sizes, in another order.
            group.throughput(Throughput::Elements(2 * (outputs * inputs * samples) as u64));

            let mut y = Matrix::zeros(outputs, samples);
            group.bench_function(BenchmarkId::new(format!("W{layer}·x"), samples), |b| {
                b.iter(|| product_add_to(black_box(&mut y).into(), &w, &x));
            });
            if layer > 1 {
                let mut dx = Matrix::zeros(inputs, samples);
                group.bench_function(BenchmarkId::new(format!("W{layer}ᵀ·dy"), samples), |b| {
                    b.iter(|| product_to(black_box(&mut dx).into(), Operand::from(&w).t(), &dy));
                });
            }
            let mut dw = Matrix::zeros(outputs, inputs);
            group.bench_function(BenchmarkId::new(format!("dW{layer}=dy·xᵀ"), samples), |b| {
                b.iter(|| product_add_to(black_box(&mut dw).into(), &dy, Operand::from(&x).t()));
            });
        }
    }
    group.finish();
}

fn products(c: &mut Criterion) {
    products_of_net::<f32>(c, "f32", [784, 50, 10], &[25, 100, 128]);
    products_of_net::<f32>(c, "f32", [784, 800, 10], &[25, 100, 128]);
    products_of_net::<f64>(c, "f64", [784, 50, 10], &[100]);
}

criterion_group! { name = benches; config = settings::criterion(); targets = products }
criterion_main!(benches);
