//! Softplus: a ReLU without the kink.
//!
//! ```text
//! y  = ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(−|x|))
//! dx = dy·σ(x)
//! ```
//! `x` and `y` have one shape. Source: Dugas et al., *Incorporating second-order functional knowledge* (2001), section 4.
//!
//! The second form shares the sigmoid's exponential, neither overflows nor cancels, and holds everywhere; PyTorch's
//! Softplus returns x itself above 20, which is off by up to 2·10⁻⁹.

use chainrule_tensor::{
    Float,
    math::{exp, ln_1p},
};

use crate::elementwise::Elementwise;

/// `y = ln(1 + exp(x))`.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Softplus};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Softplus.forward(&Matrix::from_column_slice(2, 1, &[0.0, 3.0_f64.ln()]));
/// assert!((y[0] - 2.0_f64.ln()).abs() < 1e-15);
/// assert!((y[1] - 4.0_f64.ln()).abs() < 1e-15);
/// let dx = Softplus.backward(&cache, &Matrix::from_element(2, 1, 16.0)).dx;
/// assert_eq!(dx[0], 8.0); // 16 · ½
/// assert!((dx[1] - 12.0).abs() < 1e-14); // 16 · ¾
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Softplus;

impl Elementwise for Softplus {
    const NAME: &'static str = "softplus";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let e = exp(-x.abs());
        let larger = F::one() / (F::one() + e);
        let (positive, sigmoid) = if x >= F::zero() { (x, larger) } else { (F::zero(), e * larger) };
        (positive + ln_1p(e), sigmoid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn what_is_above_the_identity_is_not_cut_off() {
        // ln(1 + exp(21)) − 21 = 7.6·10⁻¹⁰, by `mpmath` with 50 digits.
        let (y, _) = Softplus.value_and_slope(21.0_f64);
        assert!((y - 21.000000000758256).abs() <= 4e-15, "{y}");
    }

    #[test]
    fn gradients_agree() {
        assert_layer(Softplus, |x| x);
    }
}
