//! The cross-entropy of probabilities as the tutorials write it, with an ε in the logarithm.
//!
//! - value: L = −Σᵢ tᵢ · ln(yᵢ + ε), ε = 10⁻⁷, for one sample
//! - gradient: ∂L/∂yᵢ = −tᵢ / (yᵢ + ε)
//!
//! Shapes: y and dy classes × samples; the divisor is the number of samples.
//! Source: tutorial 2; *Deep Learning from Scratch*, 4.2.2.

use chainrule_tensor::{Float, math::ln};

use crate::{Elementwise, Outputs};

/// −Σ t·ln(y + 10⁻⁷) of probabilities y (**not** logits), in nats per sample: for reproducing the tutorials.
///
/// Do not train with it: however wrong the prediction, the loss is at most 16.1 nats; for a probability of 1 it is a
/// little below 0; and the gradient vanishes in the softmax before it.
/// [`SoftmaxCrossEntropy`](crate::SoftmaxCrossEntropy) takes the logits and has none of these faults.
///
/// Since the probabilities are the outputs themselves, these [are values](Outputs::Values): nothing is applied to them.
///
/// # Shapes
/// Probabilities and gradient: classes × samples. The divisor is the number of samples.
///
/// # Panics
/// Unless the targets fit the probabilities; see [`Loss`](crate::Loss).
///
/// # Examples
/// ```
/// use chainrule_losses::{CrossEntropyOnProbabilities, Loss, Targets};
/// use chainrule_tensor::Matrix;
/// let y = Matrix::from_column_slice(3, 1, &[0.1_f64, 0.3, 0.6]);
/// let loss = CrossEntropyOnProbabilities.value((&y).into(), Targets::Classes(&[2]));
/// assert!((loss.mean() - 0.510825457099338).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossEntropyOnProbabilities;

/// The tutorials' guard against ln 0.
const EPSILON: f64 = 1e-7;

impl Elementwise for CrossEntropyOnProbabilities {
    const NAME: &'static str = "cross-entropy-on-probabilities";
    const OUTPUTS: Outputs = Outputs::Values;
    const AXIS: &'static str = "mean loss (nats per sample)";
    const PER_SAMPLE: bool = true;

    fn value_and_derivative<F: Float>(&self, y: F, t: F) -> (F, F) {
        let y = y + F::of(EPSILON);
        (-t * ln(y), -t / y)
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::{Matrix, MatrixView, one_hot};

    use super::*;
    use crate::{Loss, Targets};

    #[test]
    fn the_tutorials_two_answers() {
        let y1 = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0];
        let y2 = [0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0];
        // NumPy in float64; the tutorial prints 0.518 for the first, a typo.
        let expected = [0.510825457099338, 2.302584092994546];
        for (y, expected) in [(y1, expected[0]), (y2, expected[1])] {
            let y = MatrixView::new(&y, 10, 1);
            for targets in [Targets::Classes(&[2]), Targets::from(&one_hot(&[2], 10))] {
                let loss = CrossEntropyOnProbabilities.value(y, targets).mean();
                assert!((loss - expected).abs() <= 1e-14, "{loss}, expected {expected}");
            }
        }
        let batch = [y1, y2].concat();
        let batch = MatrixView::new(&batch, 10, 2);
        let mean = CrossEntropyOnProbabilities.value(batch, Targets::Classes(&[2, 2])).mean();
        assert!((mean - (expected[0] + expected[1]) / 2.0).abs() <= 1e-14);
    }

    #[test]
    fn the_gradient_by_hand() {
        let y = Matrix::from_column_slice(2, 1, &[0.25_f64 - 1e-7, 0.75]);
        let t = Matrix::from_column_slice(2, 1, &[0.5, 0.0]);
        let (loss, dy) = CrossEntropyOnProbabilities.gradient((&y).into(), (&t).into());
        assert!((loss.sum - 2.0_f64.ln()).abs() <= 1e-15); // −½ ln ¼
        assert!((dy[0] + 2.0).abs() <= 1e-15);
        assert_eq!(dy[1], 0.0);
    }

    #[test]
    fn the_price_of_the_epsilon() {
        let y = Matrix::from_column_slice(2, 1, &[0.0_f64, 1.0]);
        let wrong = CrossEntropyOnProbabilities.value((&y).into(), Targets::Classes(&[0])).sum;
        assert!((wrong - 16.11809565095832).abs() <= 1e-13); // 7 ln 10
        assert!(CrossEntropyOnProbabilities.value((&y).into(), Targets::Classes(&[1])).sum < 0.0);
    }
}
