//! ReLU: passes on what is positive.
//!
//! ```text
//! y  = max(x, 0)
//! dx = dy where x > 0, else 0
//! ```
//! `x` and `y` have one shape. Source: *Deep Learning from Scratch*, section 5.5.1. The derivative at the kink, 0, is
//! taken as 0, as PyTorch does.

use chainrule_tensor::{Float, MatrixViewMut, map_to, zip_map_to};

use crate::{Extras, Layer, Pass};

/// `y = max(x, 0)`, the rectified linear unit. A NaN is passed on.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Relu};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Relu.forward(&Matrix::from_column_slice(3, 1, &[-2.0, 0.0, 3.0]));
/// assert_eq!(y.as_slice(), [0.0, 0.0, 3.0]);
/// let dx = Relu.backward(&cache, &Matrix::from_element(3, 1, 7.0)).dx;
/// assert_eq!(dx.as_slice(), [0.0, 0.0, 7.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Relu;

impl<F: Float> Layer<F> for Relu {
    fn name(&self) -> &str {
        "relu"
    }

    fn forward_to(&self, y: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        // Not `x.max(0)`, which would turn NaN into 0 and hide it.
        map_to(y, pass.x.dense(), |x| if x <= F::zero() { F::zero() } else { x });
    }

    fn backward_to(&self, dx: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        zip_map_to(dx, pass.dy, pass.y, |dy, y| if y <= F::zero() { F::zero() } else { dy });
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
    fn a_nan_is_passed_on_both_ways() {
        let (y, cache) = Relu.forward(&Matrix::from_element(1, 1, f64::NAN));
        assert!(y[0].is_nan());
        assert_eq!(Relu.backward(&cache, &Matrix::from_element(1, 1, 2.0)).dx[0], 2.0);
    }

    #[test]
    fn gradients_agree_away_from_the_kink() {
        assert_layer(Relu, |x| if x.abs() < 0.01 { x + 0.1 } else { x });
    }
}
