//! The walk over all values for layers that treat every value by itself.
//!
//! Such a layer is a function `f(x)` that returns its value and its slope, f′(x), of which most of the work is shared.
//! The slopes are what the forward pass keeps; the backward pass is `dx = dy · slope` for all of them. The macro
//! `elementwise_layer` makes the layer of such a function.

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

/// Makes a layer of a type that treats every value by itself: `$f(layer, x)` is the value at x and the slope there.
macro_rules! elementwise_layer {
    ($layer:ident, $name:literal, $f:expr) => {
        impl<F: chainrule_tensor::Float> crate::Layer<F> for $layer {
            fn name(&self) -> &'static str {
                $name
            }

            fn boxed_clone(&self) -> Box<dyn crate::Layer<F>> {
                Box::new(*self)
            }

            fn n_outputs(&self, n_inputs: usize) -> usize {
                n_inputs
            }

            fn is_elementwise(&self) -> bool {
                true
            }

            fn n_cached(&self, n_inputs: usize) -> usize {
                n_inputs
            }

            fn forward_to(
                &self,
                y: chainrule_tensor::MatrixViewMut<'_, F>,
                slopes: &mut [F],
                forward: &crate::Forward<'_, F>,
            ) {
                crate::elementwise::forward_to(y, slopes, forward.x, |x| $f(self, x));
            }

            fn backward_to(
                &self,
                dx: chainrule_tensor::MatrixViewMut<'_, F>,
                dy: chainrule_tensor::MatrixView<'_, F>,
                trace: &crate::Trace<'_, F>,
            ) {
                crate::elementwise::backward_to(dx, dy, trace);
            }
        }
    };
}

pub(crate) use elementwise_layer;
