//! The mean squared error, with PyTorch's mean: over all elements.
//!
//! - value: L = Σᵢ (yᵢ − tᵢ)² for one sample
//! - gradient: ∂L/∂yᵢ = 2 (yᵢ − tᵢ)
//!
//! Shapes: y, t and dy outputs × samples; the divisor is the number of **elements**, outputs · samples.
//! Source: PyTorch's `MSELoss`; tutorial 1 for one output.

use chainrule_tensor::Float;

use crate::{Elementwise, Outputs};

/// Σ (y − t)² of outputs y, whose mean is taken over all elements.
///
/// The mean is that of PyTorch's `mse_loss`. Tutorials 2 and 3 halve the sum and divide by the number of samples;
/// that is [`HalfSquaredError`](crate::HalfSquaredError).
///
/// # Shapes
/// Outputs, targets and gradient: outputs × samples. The divisor is outputs · samples.
///
/// # Panics
/// Unless the targets fit the outputs; see [`Loss`](crate::Loss).
///
/// # Examples
/// ```
/// use chainrule_losses::{Loss, MeanSquaredError};
/// use chainrule_tensor::Matrix;
/// let y = Matrix::from_column_slice(2, 1, &[3.0_f64, 1.0]);
/// let t = Matrix::from_column_slice(2, 1, &[1.0, 2.0]);
/// let (loss, dy) = MeanSquaredError.gradient((&y).into(), (&t).into());
/// assert_eq!(loss.mean(), 2.5); // (2² + 1²) / 2
/// assert_eq!(dy.as_slice(), [4.0, -2.0]); // of the sum
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeanSquaredError;

impl Elementwise for MeanSquaredError {
    const NAME: &'static str = "mean-squared-error";
    const OUTPUTS: Outputs = Outputs::Values;
    const AXIS: &'static str = "mean loss (squared error per output)";

    fn value_and_derivative<F: Float>(&self, y: F, t: F) -> (F, F) {
        let difference = y - t;
        (difference * difference, difference + difference)
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::{Loss, LossSum, Targets};

    #[test]
    fn two_samples_by_hand() {
        let y = Matrix::from_column_slice(2, 2, &[1.0_f32, 2.0, 3.0, 4.0]);
        let t = Matrix::from_column_slice(2, 2, &[0.0, 4.0, 3.0, 1.0]);
        let (loss, dy) = MeanSquaredError.gradient((&y).into(), (&t).into());
        assert_eq!(loss, LossSum { sum: 14.0, divisor: 4.0 });
        assert_eq!(loss.mean(), 3.5);
        assert_eq!(dy.as_slice(), [2.0, -4.0, 0.0, 6.0]);
    }

    #[test]
    fn classes_are_one_hot() {
        let y = Matrix::from_column_slice(2, 1, &[0.5, 0.25]);
        let (loss, dy) = MeanSquaredError.gradient((&y).into(), Targets::Classes(&[1]));
        assert_eq!(loss.sum, 0.25 + 0.5625);
        assert_eq!(dy.as_slice(), [1.0, -1.5]);
    }
}
