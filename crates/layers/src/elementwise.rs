//! The walk over all values for layers that treat every value by itself.
//!
//! Such a layer is a function `f(x)` that returns its value and its slope, f′(x), of which most of the work is shared.
//! The slopes are what the forward pass keeps; the backward pass is `dx = dy · slope` for all of them.

use chainrule_tensor::{Float, Input, MatrixView, MatrixViewMut};

use crate::Trace;

/// `y = f(x)`, and the slopes into `slopes`.
#[track_caller]
#[inline]
pub(crate) fn forward_to<F: Float>(
    mut y: MatrixViewMut<'_, F>,
    slopes: &mut [F],
    x: Input<'_, F>,
    f: impl Fn(F) -> (F, F),
) {
    let x = x.dense();
    assert_eq!(y.shape(), x.shape(), "shapes of output and input");
    assert_eq!(slopes.len(), x.as_slice().len(), "slopes to keep, and values");
    for ((y, slope), &x) in y.as_mut_slice().iter_mut().zip(slopes).zip(x.as_slice()) {
        (*y, *slope) = f(x);
    }
}

/// `dx = dy · slope`.
#[track_caller]
#[inline]
pub(crate) fn backward_to<F: Float>(
    mut dx: MatrixViewMut<'_, F>,
    dy: MatrixView<'_, F>,
    trace: &Trace<'_, F>,
) {
    assert_eq!(dx.shape(), dy.shape(), "shapes of the gradients of input and output");
    assert_eq!(trace.cache.len(), dy.as_slice().len(), "slopes kept, and values");
    for ((dx, &dy), &slope) in dx.as_mut_slice().iter_mut().zip(dy.as_slice()).zip(trace.cache) {
        *dx = dy * slope;
    }
}
