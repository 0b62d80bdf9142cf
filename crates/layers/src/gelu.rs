//! GELU: every value times the share of a standard normal distribution that lies below it.
//!
//! ```text
//! y  = x·Φ(x),               Φ(x) = ½·(1 + erf(x/√2)) = ½·erfc(−x/√2)
//! dx = dy·(Φ(x) + x·φ(x)),   φ(x) = exp(−x²/2) / √(2π)
//! ```
//! `x` and `y` have one shape. Source: Hendrycks and Gimpel, *Gaussian error linear units* (2016), section 2.
//!
//! `1 + erf` loses every digit for very negative x: PyTorch's GELU is −0 from −8.4 on, where erfc keeps about 13 digits
//! down to −37. Everything is computed in `f64`, also for `f32`, where rounding x/√2 alone would cost two digits there.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use chainrule_tensor::{
    Float,
    math::{erfc, exp},
};

use crate::elementwise::Elementwise;

/// `y = x·Φ(x)`, the Gaussian error linear unit, by the error function; [`GeluTanh`](crate::GeluTanh) is the cheaper
/// approximation.
///
/// # Examples
/// ```
/// use chainrule_layers::{Gelu, LayerExt};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Gelu.forward(&Matrix::from_column_slice(2, 1, &[0.0, 1.0_f64]));
/// assert_eq!(y[0], 0.0);
/// assert!((y[1] - 0.841344746068543).abs() < 1e-15); // Φ(1), the well-known 84 %
/// let dx = Gelu.backward(&cache, &Matrix::from_element(2, 1, 2.0)).dx;
/// assert_eq!(dx[0], 1.0); // 2 · Φ(0)
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Gelu;

impl Elementwise for Gelu {
    const NAME: &'static str = "gelu";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let x = x.as_f64();
        let below = 0.5 * erfc(-x * FRAC_1_SQRT_2);
        let density = exp(-0.5 * x * x) * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        (F::of(x * below), F::of(below + x * density))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn the_tail_does_not_vanish() {
        // −30·Φ(−30), by `mpmath` with 50 digits.
        let (y, _) = Gelu.value_and_slope(-30.0_f64);
        let expected = -1.472014178144456e-196;
        assert!((y - expected).abs() <= 1e-12 * -expected, "{y:e}");
    }

    #[test]
    fn gradients_agree() {
        assert_layer(Gelu, |x| x);
    }
}
