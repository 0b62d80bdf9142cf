//! GELU by a hyperbolic tangent: the approximation that needs no error function.
//!
//! ```text
//! y  = ½·x·(1 + tanh(u)) = x·σ(2u),          u  = √(2/π)·(x + 0.044715·x³)
//! dx = dy·σ(2u)·(1 + x·σ(−2u)·2u′),          u′ = √(2/π)·(1 + 3·0.044715·x²)
//! ```
//! `x` and `y` have one shape. Source: Hendrycks and Gimpel, *Gaussian error linear units* (2016), section 2; PyTorch's
//! `GELU(approximate="tanh")`. It differs from [`Gelu`](crate::Gelu) by less than 5·10⁻⁴.
//!
//! The sigmoid's form is the same function without the `1 + tanh(u)` that cancels for negative x.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use chainrule_tensor::{Float, math::sigmoid_pair};

use crate::elementwise::Elementwise;

/// `y = ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`, an approximation of [`Gelu`](crate::Gelu).
///
/// # Examples
/// ```
/// use chainrule_layers::{Gelu, GeluTanh, LayerExt};
/// use chainrule_tensor::Matrix;
/// let x = Matrix::from_column_slice(3, 1, &[-1.0, 0.0, 1.0_f64]);
/// let (y, cache) = GeluTanh.forward(&x);
/// assert_eq!(y[1], 0.0);
/// assert!((&y - Gelu.forward(&x).0).amax() < 5e-4);
/// let dx = GeluTanh.backward(&cache, &Matrix::from_element(3, 1, 2.0)).dx;
/// assert_eq!(dx[1], 1.0); // 2 · ½
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GeluTanh;

/// 2·√(2/π).
const SCALE: f64 = 2.0 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
/// The weight of the cube.
const CUBIC: f64 = 0.044715;

impl Elementwise for GeluTanh {
    const NAME: &'static str = "gelu-tanh";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let (scale, square) = (F::of(SCALE), x * x);
        let cubic = F::of(CUBIC) * square;
        let (sigmoid, complement) = sigmoid_pair(scale * x * (F::one() + cubic));
        let both = sigmoid * complement;
        // Far out the product is 0 and what it is multiplied by may be infinite.
        let bend = if both.is_zero() { both } else { both * x * scale * (F::one() + F::of(3.0) * cubic) };
        (x * sigmoid, sigmoid + bend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn huge_values_have_slopes_of_zero_and_one() {
        assert_eq!(GeluTanh.value_and_slope(-1e30_f32), (0.0, 0.0));
        assert_eq!(GeluTanh.value_and_slope(1e30_f32), (1e30, 1.0));
    }

    #[test]
    fn gradients_agree() {
        assert_layer(GeluTanh, |x| x);
    }
}
