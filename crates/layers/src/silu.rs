//! SiLU: every value times its own sigmoid.
//!
//! ```text
//! y  = x·σ(x)
//! dx = dy·σ(x)·(1 + x·σ(−x))
//! ```
//! `x` and `y` have one shape. Source: Elfwing et al., *Sigmoid-weighted linear units* (2018), equations 4 and 5, which
//! have `1 − σ(x)` for σ(−x).

use chainrule_tensor::{Float, math::sigmoid_pair};

use crate::elementwise::Elementwise;

/// `y = x·σ(x)`, the sigmoid-weighted linear unit, also called swish.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Silu};
/// use chainrule_tensor::Matrix;
/// let ln_3 = 3.0_f64.ln();
/// let (y, cache) = Silu.forward(&Matrix::from_column_slice(2, 1, &[0.0, ln_3]));
/// assert_eq!(y[0], 0.0);
/// assert!((y[1] - 0.75 * ln_3).abs() < 1e-15);
/// let dx = Silu.backward(&cache, &Matrix::from_element(2, 1, 16.0)).dx;
/// assert_eq!(dx[0], 8.0); // 16 · ½
/// assert!((dx[1] - (12.0 + 3.0 * ln_3)).abs() < 1e-14); // 16 · ¾ · (1 + ¼ ln 3)
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Silu;

impl Elementwise for Silu {
    const NAME: &'static str = "silu";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let (sigmoid, complement) = sigmoid_pair(x);
        (x * sigmoid, sigmoid * (F::one() + x * complement))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn gradients_agree() {
        assert_layer(Silu, |x| x);
    }
}
