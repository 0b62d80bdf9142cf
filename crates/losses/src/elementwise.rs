//! The walk over all elements for losses that are a sum of one function of an output and its target.
//!
//! Such a loss is a function `f(y, t)` that returns its value and its derivative by y.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::{Targets, loss::assert_shapes};

/// Σ f(y, t) in `f64`, samples in order.
#[track_caller]
pub(crate) fn sum<F: Float>(
    y: MatrixView<'_, F>,
    targets: Targets<'_, F>,
    f: impl Fn(F, F) -> (F, F),
) -> f64 {
    targets.assert_fit(y);
    let mut sum = 0.0;
    for (j, y) in y.column_iter().enumerate() {
        for (i, &y) in y.iter().enumerate() {
            sum += f(y, targets.get(i, j)).0.as_f64();
        }
    }
    sum
}

/// The same sum, and the derivatives into `dy`.
#[track_caller]
pub(crate) fn sum_and_gradient_to<F: Float>(
    mut dy: MatrixViewMut<'_, F>,
    y: MatrixView<'_, F>,
    targets: Targets<'_, F>,
    f: impl Fn(F, F) -> (F, F),
) -> f64 {
    assert_shapes(&dy, y, targets);
    let mut sum = 0.0;
    for (j, y) in y.column_iter().enumerate() {
        for (i, (dy, &y)) in dy.column_mut(j).iter_mut().zip(y).enumerate() {
            let (value, derivative) = f(y, targets.get(i, j));
            sum += value.as_f64();
            *dy = derivative;
        }
    }
    sum
}

/// The divisor of the losses whose mean is taken over all elements.
pub(crate) fn n_elements<F: Float>(y: MatrixView<'_, F>) -> f64 {
    y.as_slice().len() as f64
}
