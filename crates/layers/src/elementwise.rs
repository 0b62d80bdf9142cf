//! What most activations share: `y = f(x)` for every value by itself.
//!
//! Such a layer is a function `f(x)` that returns its value and its slope, f′(x), of which most of the work is shared.
//! The slopes are what the forward pass keeps; the backward pass is `dx = dy · slope` for all of them.

use std::fmt::Debug;

use chainrule_tensor::{Float, MatrixView, MatrixViewMut, Shape, vectorized};

use crate::{Error, Extras, Layer, Pass};

/// An activation, given by its value and its slope at every x.
pub(crate) trait Elementwise: Debug + Send + Sync {
    const NAME: &'static str;

    /// Refuses settings out of range.
    fn check_settings(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The value at x and the slope there.
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F);
}

impl<F: Float, L: Elementwise> Layer<F> for L {
    fn name(&self) -> &str {
        L::NAME
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        self.check_settings().map(|()| input).map_err(|error| error.to_string())
    }

    fn n_cached(&self, input: Shape) -> usize {
        input.size()
    }

    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, slopes: &mut [F], pass: &Pass<'_, F>) {
        let x = pass.x.dense();
        assert_eq!(y.shape(), x.shape(), "shapes of output and input");
        assert_eq!(slopes.len(), x.as_slice().len(), "slopes to keep, and values");
        let values = y.as_mut_slice().iter_mut().zip(slopes).zip(x.as_slice());
        vectorized(|| values.for_each(|((y, slope), &x)| (*y, *slope) = self.value_and_slope(x)));
    }

    fn backward_to(&self, dx: MatrixViewMut<'_, F>, slopes: &mut [F], pass: &Pass<'_, F>) {
        multiply_to(dx, slopes, pass.dy);
    }

    fn extras(&self) -> Extras<'_, F> {
        Extras::elementwise()
    }
}

/// `dx = dy · slope`, of the slopes that the forward pass kept.
#[track_caller]
pub(crate) fn multiply_to<F: Float>(mut dx: MatrixViewMut<'_, F>, slopes: &[F], dy: MatrixView<'_, F>) {
    assert_eq!(dx.shape(), dy.shape(), "shapes of the gradients of input and output");
    assert_eq!(slopes.len(), dy.as_slice().len(), "slopes kept, and values");
    for ((dx, &dy), &slope) in dx.as_mut_slice().iter_mut().zip(dy.as_slice()).zip(slopes) {
        *dx = dy * slope;
    }
}
