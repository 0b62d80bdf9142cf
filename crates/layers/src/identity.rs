//! Identity: passes everything on.
//!
//! ```text
//! y  = x
//! dx = dy
//! ```
//! `x` and `y` have one shape. Source: *Deep Learning from Scratch*, section 3.5, where it ends a regression.

use chainrule_tensor::Float;

use crate::elementwise::Elementwise;

/// `y = x`: for a place where a layer is asked for and none is wanted.
///
/// # Examples
/// ```
/// use chainrule_layers::{Identity, LayerExt};
/// use chainrule_tensor::Matrix;
/// let x = Matrix::from_column_slice(2, 1, &[-2.0, 3.0]);
/// let (y, cache) = Identity.forward(&x);
/// assert_eq!(y, x);
/// assert_eq!(Identity.backward(&cache, &x).dx, x);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Identity;

impl Elementwise for Identity {
    const NAME: &'static str = "identity";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        (x, F::one())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn gradients_agree() {
        assert_layer(Identity, |x| x);
    }
}
