//! Softmax: turns the values of a sample into probabilities that sum to 1.
//!
//! ```text
//! yᵢ  = exp(xᵢ) / Σⱼ exp(xⱼ)
//! dxᵢ = yᵢ·(dyᵢ − Σⱼ dyⱼ·yⱼ)
//! ```
//! `x` and `y`: classes × samples. Source: *Deep Learning from Scratch*, section 3.5.
//!
//! For training, leave this layer out and give the logits to the softmax cross-entropy, which is exact where this
//! layer has rounded to 0 or 1.

use chainrule_tensor::{Float, MatrixViewMut, softmax_to};

use crate::{Layer, Pass};

/// `yᵢ = exp(xᵢ) / Σⱼ exp(xⱼ)` for every sample.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Softmax};
/// use chainrule_tensor::Matrix;
/// let (y, _) = Softmax.forward(&Matrix::from_column_slice(2, 1, &[0.0, 3.0_f64.ln()]));
/// assert!((y[0] - 0.25).abs() < 1e-15 && (y[1] - 0.75).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Softmax;

impl<F: Float> Layer<F> for Softmax {
    fn name(&self) -> &str {
        "softmax"
    }

    fn forward_to(&self, y: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        softmax_to(y, pass.x.dense());
    }

    fn backward_to(&self, mut dx: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        let (y, dy) = (pass.y, pass.dy);
        assert_eq!((dx.shape(), y.shape()), (dy.shape(), dy.shape()), "shapes of the softmax's gradients");
        for (j, (dy, y)) in dy.column_iter().zip(y.column_iter()).enumerate() {
            let dot = dy.iter().zip(y).fold(F::zero(), |sum, (&dy, &y)| sum + dy * y);
            for ((dx, &dy), &y) in dx.column_mut(j).iter_mut().zip(dy).zip(y) {
                *dx = y * (dy - dot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn gradients_agree() {
        assert_layer(Softmax, |x| x);
    }
}
