//! The walk over all values for layers that treat every value by itself.
//!
//! Such a layer is a function `f(x)` that returns its value and its slope, f′(x), of which most of the work is shared.
//! The slopes are what the forward pass keeps; the backward pass is `dx = dy · slope` for all of them. The macro
//! `elementwise_layer` makes the layer of such a function.

use chainrule_tensor::{Float, Input, MatrixView, MatrixViewMut};

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

/// `dx = dy · slope`, of the slopes that the forward pass kept.
#[track_caller]
#[inline]
pub(crate) fn backward_to<F: Float>(mut dx: MatrixViewMut<'_, F>, slopes: &[F], dy: MatrixView<'_, F>) {
    assert_eq!(dx.shape(), dy.shape(), "shapes of the gradients of input and output");
    assert_eq!(slopes.len(), dy.as_slice().len(), "slopes kept, and values");
    for ((dx, &dy), &slope) in dx.as_mut_slice().iter_mut().zip(dy.as_slice()).zip(slopes) {
        *dx = dy * slope;
    }
}

/// Makes a layer of a type that treats every value by itself: `$f(layer, x)` is the value at x and the slope there, and
/// `$check` refuses settings out of range.
macro_rules! elementwise_layer {
    ($layer:ident, $name:literal, $f:expr) => {
        elementwise_layer!($layer, $name, $f, |_: &$layer| Ok(()));
    };
    ($layer:ident, $name:literal, $f:expr, $check:expr) => {
        impl<F: chainrule_tensor::Float> crate::Layer<F> for $layer {
            fn name(&self) -> &str {
                $name
            }

            fn output(&self, input: chainrule_tensor::Shape) -> Result<chainrule_tensor::Shape, String> {
                let checked: Result<(), crate::Error> = $check(self);
                checked.map(|()| input).map_err(|error| error.to_string())
            }

            fn n_cached(&self, input: chainrule_tensor::Shape) -> usize {
                input.size()
            }

            fn forward_to(
                &self,
                y: chainrule_tensor::MatrixViewMut<'_, F>,
                slopes: &mut [F],
                pass: &crate::Pass<'_, F>,
            ) {
                crate::elementwise::forward_to(y, slopes, pass.x, |x| $f(self, x));
            }

            fn backward_to(
                &self,
                dx: chainrule_tensor::MatrixViewMut<'_, F>,
                slopes: &mut [F],
                pass: &crate::Pass<'_, F>,
            ) {
                crate::elementwise::backward_to(dx, slopes, pass.dy);
            }

            fn extras(&self) -> crate::Extras<'_, F> {
                crate::Extras::elementwise()
            }
        }
    };
}

pub(crate) use elementwise_layer;
