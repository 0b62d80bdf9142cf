//! Step: the perceptron's yes or no. It can answer, but it cannot learn.
//!
//! ```text
//! y  = 1 where x > 0, else 0
//! dx = 0
//! ```
//! `x` and `y` have one shape. Source: *Deep Learning from Scratch*, section 3.2.2, after Rosenblatt's perceptron (1958).

use chainrule_tensor::Float;

use crate::elementwise::Elementwise;

/// `y = 1` where x > 0, else `0`; a NaN is passed on.
///
/// **A network cannot learn through it.** Gradient descent asks how much the loss would change if a weight changed a
/// little. Here the answer is: not at all, since both sides of the jump are flat. The derivative is 0 everywhere but at
/// 0, where there is none and 0 is taken; so the gradient of every weight before this layer is 0, however wrong the
/// output, and those weights stay where they are. The sigmoid is the same shape with a slope.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Step};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Step.forward(&Matrix::from_column_slice(3, 1, &[-2.0, 0.0, 3.0]));
/// assert_eq!(y.as_slice(), [0.0, 0.0, 1.0]);
/// let dx = Step.backward(&cache, &Matrix::from_element(3, 1, 7.0)).dx;
/// assert_eq!(dx.as_slice(), [0.0, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step;

impl Elementwise for Step {
    const NAME: &'static str = "step";

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let y = match x {
            x if x.is_nan() => x,
            x if x > F::zero() => F::one(),
            _ => F::zero(),
        };
        (y, F::zero())
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::{Affine, LayerExt, Sequential, check::assert_layer};

    #[test]
    fn gradients_agree_away_from_the_jump() {
        assert_layer(Step, |x| if x.abs() < 0.01 { x + 0.1 } else { x });
    }

    #[test]
    fn nothing_before_it_learns() {
        let affine = Sequential::<f64>::of(Affine::outputs(2), 3);
        let (z, affine_cache) = affine.forward(&Matrix::from_element(3, 4, 0.5));
        let (y, cache) = Step.forward(&z);
        // As wrong as can be.
        let dy = y.map(|y| 2.0 * y - 1.0);
        let gradients = affine.backward(&affine_cache, &Step.backward(&cache, &dy).dx);
        assert!(gradients.of("W").iter().chain(gradients.of("b")).all(|&g| g == 0.0));
    }
}
