//! The speed of dense products, cut by columns for the threads.

use std::{ops::Range, time::Instant};

use chainrule_benches::matrix;
use chainrule_tensor::{Matrix, MatrixViewMut, Operand, product_to};
use serde_json::{Value, json};

/// A large square product.
pub(crate) fn sgemm(threads: usize) -> Value {
    let n = 2048;
    let (a, b) = (matrix::<f32>(n, n, 1), matrix::<f32>(n, n, 2));
    let b = &b;
    let rates = (0..3).map(|_| {
        gigaflops(threads, [n; 3], 1, Operand::from(&a), |columns| Operand::from(b).t().rows(columns).t())
    });
    json!({ "value": rates.fold(0.0, f64::max) })
}

/// What W2's first layer needs: `W·x`, and `dy·xᵀ` for the gradient. The harmonic mean of the two.
pub(crate) fn first_layer(threads: usize) -> Value {
    let (n_outputs, n_inputs, n_samples) = (800, 784, 128);
    let (w, x) = (matrix::<f32>(n_outputs, n_inputs, 1), matrix::<f32>(n_inputs, n_samples, 2));
    let dy = matrix::<f32>(n_outputs, n_samples, 3);
    let x = &x;
    let forward = gigaflops(threads, [n_outputs, n_inputs, n_samples], 60, Operand::from(&w), |columns| {
        Operand::from(x).t().rows(columns).t()
    });
    let gradient = gigaflops(threads, [n_outputs, n_samples, n_inputs], 60, Operand::from(&dy), |columns| {
        Operand::from(x).rows(columns).t()
    });
    json!({ "value": 2.0 / (1.0 / forward + 1.0 / gradient) })
}

/// GFLOP/s of an m×k by k×n product, whose second factor is given by columns.
fn gigaflops<'a>(
    threads: usize,
    [m, k, n]: [usize; 3],
    repeat: usize,
    a: Operand<'a, f32>,
    b: impl Fn(Range<usize>) -> Operand<'a, f32> + Sync,
) -> f64 {
    let mut y = Matrix::<f32>::zeros(m, n);
    let mut product = || {
        let n_columns = n.div_ceil(threads);
        let b = &b;
        rayon::scope(|scope| {
            for (i, part) in y.as_mut_slice().chunks_mut(m * n_columns).enumerate() {
                let columns = i * n_columns..((i + 1) * n_columns).min(n);
                let work = move || product_to(MatrixViewMut::new(part, m, columns.len()), a, b(columns));
                scope.spawn(move |_| work());
            }
        });
    };
    for _ in 0..repeat.div_ceil(4) + 1 {
        product();
    }
    let begun = Instant::now();
    for _ in 0..repeat {
        product();
    }
    2e-9 * (m * k * n * repeat) as f64 / begun.elapsed().as_secs_f64()
}
