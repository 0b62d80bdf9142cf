//! Sigmoid: squashes every value into 0…1.
//!
//! ```text
//! y  = σ(x) = 1 / (1 + exp(−x))
//! dx = dy·σ(x)·(1 − σ(x)) = dy·σ(x)·σ(−x)
//! ```
//! `x` and `y` have one shape. Source: the third tutorial, σ′ = σ(1 − σ).
//!
//! `1 − y` loses every digit where y is near 1, so the forward pass keeps σ(−x), which it gets from the same
//! exponential. The book and PyTorch use `1 − y`; at x = 30 their σ′ is off in the third digit.

use chainrule_tensor::{Float, MatrixViewMut, Shape, sigmoid_to};

use crate::{Extras, Layer, Pass};

/// `y = 1 / (1 + exp(−x))`, also called the logistic function.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Sigmoid};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Sigmoid.forward(&Matrix::from_column_slice(2, 1, &[0.0, 3.0_f64.ln()]));
/// assert_eq!(y[0], 0.5);
/// assert!((y[1] - 0.75).abs() < 1e-15);
/// let dx = Sigmoid.backward(&cache, &Matrix::from_element(2, 1, 16.0)).dx;
/// assert_eq!(dx[0], 4.0); // 16 · 0.5 · 0.5
/// assert!((dx[1] - 3.0).abs() < 1e-14); // 16 · 0.75 · 0.25
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sigmoid;

impl<F: Float> Layer<F> for Sigmoid {
    fn name(&self) -> &str {
        "sigmoid"
    }

    fn n_cached(&self, input: Shape) -> usize {
        input.size()
    }

    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, cache: &mut [F], pass: &Pass<'_, F>) {
        let x = pass.x.dense();
        assert_eq!(y.shape(), x.shape(), "shapes of the sigmoid's output and input");
        assert_eq!(cache.len(), x.as_slice().len(), "values to keep, and inputs");
        sigmoid_to(y.as_mut_slice(), cache, x.as_slice());
    }

    fn backward_to(&self, mut dx: MatrixViewMut<'_, F>, cache: &mut [F], pass: &Pass<'_, F>) {
        let (y, dy) = (pass.y, pass.dy);
        assert_eq!((dx.shape(), y.shape()), (dy.shape(), dy.shape()), "shapes of the sigmoid's gradients");
        assert_eq!(cache.len(), dy.as_slice().len(), "values kept, and gradients");
        let made = y.as_slice().iter().zip(cache);
        for ((dx, &dy), (&y, complement)) in dx.as_mut_slice().iter_mut().zip(dy.as_slice()).zip(made) {
            *dx = dy * y * *complement;
        }
    }

    fn extras(&self) -> Extras<'_, F> {
        Extras::elementwise()
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::{LayerExt, check::assert_layer};

    #[test]
    fn the_derivative_is_accurate_where_the_sigmoid_is_nearly_one() {
        // exp(−30)/(1 + exp(−30))², by `decimal` of Python 3.11 with 50 digits.
        let expected = 9.357622968838423e-14_f64;
        for x in [30.0, -30.0] {
            let (_, cache) = Sigmoid.forward(&Matrix::from_element(1, 1, x));
            let dx = Sigmoid.backward(&cache, &Matrix::from_element(1, 1, 1.0)).dx[0];
            assert!((dx - expected).abs() <= 1e-15 * expected, "σ′({x}) = {dx:e}");
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        let x = [-1000.0_f32, -100.0, 100.0, 1000.0, f32::INFINITY, f32::NEG_INFINITY];
        let (y, _) = Sigmoid.forward(&Matrix::from_column_slice(6, 1, &x));
        assert_eq!(y[0], 0.0);
        assert!(y[1] > 0.0 && y[1] < 1e-40, "exp(−100) is subnormal in f32, not 0: {:e}", y[1]);
        assert_eq!([y[2], y[3], y[4], y[5]], [1.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_nan_is_passed_on() {
        let (y, _) = Sigmoid.forward(&Matrix::from_element(1, 1, f64::NAN));
        assert!(y[0].is_nan());
    }

    #[test]
    fn gradients_agree() {
        assert_layer(Sigmoid, |x| x);
    }
}
