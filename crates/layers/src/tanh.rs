//! Tanh: squashes every value into −1…1.
//!
//! ```text
//! y  = tanh(x) = (1 − e) / (1 + e) for x ≥ 0, where e = exp(−2|x|); tanh(−x) = −tanh(x)
//! dx = dy·(1 − tanh²(x)) = dy·4e / (1 + e)²
//! ```
//! `x` and `y` have one shape. Source: LeCun et al., *Efficient BackProp* (1998), section 4.4.
//!
//! `1 − y²` loses every digit where y is near ±1: at x = ±30 it is 0, as in PyTorch, where 4e/(1 + e)² is
//! 4·exp(−60).

use chainrule_tensor::{Float, math::exp_pair};

use crate::elementwise::Elementwise;

/// `y = tanh(x)`, the hyperbolic tangent.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Tanh};
/// use chainrule_tensor::Matrix;
/// // tanh(ln 2) = (4 − 1) / (4 + 1)
/// let (y, cache) = Tanh.forward(&Matrix::from_column_slice(2, 1, &[0.0, 2.0_f64.ln()]));
/// assert_eq!(y[0], 0.0);
/// assert!((y[1] - 0.6).abs() < 1e-15);
/// let dx = Tanh.backward(&cache, &Matrix::from_element(2, 1, 25.0)).dx;
/// assert_eq!(dx[0], 25.0);
/// assert!((dx[1] - 16.0).abs() < 1e-13); // 25 · (1 − 0.36)
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tanh;

impl Elementwise for Tanh {
    const NAME: &'static str = "tanh";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let (e, less_one) = exp_pair(F::of(-2.0) * x.abs());
        let sum = F::one() + e;
        ((-less_one / sum).copysign(x), F::of(4.0) * e / (sum * sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn the_slope_survives_where_tanh_is_one() {
        // 4·exp(−60) / (1 + exp(−60))², by `mpmath` with 50 digits.
        let expected = 3.502604305078608e-26_f64;
        for x in [30.0, -30.0] {
            let (y, slope) = Tanh.value_and_slope(x);
            assert_eq!(y, 1.0_f64.copysign(x));
            assert!((slope - expected).abs() <= 1e-15 * expected, "tanh′({x}) = {slope:e}");
        }
    }

    #[test]
    fn zero_keeps_its_sign() {
        assert!(Tanh.value_and_slope(-0.0_f32).0.is_sign_negative());
        assert!(Tanh.value_and_slope(0.0_f32).0.is_sign_positive());
    }

    #[test]
    fn gradients_agree() {
        assert_layer(Tanh, |x| x);
    }
}
