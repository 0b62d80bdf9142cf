//! Half the squared error: the loss of the tutorials and of their steps by hand.
//!
//! - value: L = ½ Σᵢ (yᵢ − tᵢ)² for one sample
//! - gradient: ∂L/∂yᵢ = yᵢ − tᵢ
//!
//! Shapes: y, t and dy outputs × samples; the divisor is the number of samples, the tutorials' mini-batch form.
//! Source: tutorials 2 and 3; *Deep Learning from Scratch*, 4.2.1.

use chainrule_tensor::Float;

use crate::{Elementwise, Outputs};

/// ½ Σ (y − t)² of outputs y, over all outputs of a sample.
///
/// The mean is per **sample**. PyTorch's `MSELoss` has no ½ and divides by the number of elements; that is
/// [`MeanSquaredError`](crate::MeanSquaredError).
///
/// # Shapes
/// Outputs, targets and gradient: outputs × samples. The divisor is the number of samples.
///
/// # Panics
/// Unless the targets fit the outputs; see [`Loss`](crate::Loss).
///
/// # Examples
/// ```
/// use chainrule_losses::{HalfSquaredError, Loss};
/// use chainrule_tensor::Matrix;
/// let y = Matrix::from_column_slice(2, 1, &[3.0_f64, 1.0]);
/// let t = Matrix::from_column_slice(2, 1, &[1.0, 2.0]);
/// let (loss, dy) = HalfSquaredError.gradient((&y).into(), (&t).into());
/// assert_eq!(loss.mean(), 2.5); // ½ (2² + 1²)
/// assert_eq!(dy.as_slice(), [2.0, -1.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HalfSquaredError;

impl Elementwise for HalfSquaredError {
    const NAME: &'static str = "half-squared-error";
    const OUTPUTS: Outputs = Outputs::Values;
    const AXIS: &'static str = "mean loss (half a squared error per sample)";
    const PER_SAMPLE: bool = true;

    fn value_and_derivative<F: Float>(&self, y: F, t: F) -> (F, F) {
        let difference = y - t;
        (F::of(0.5) * difference * difference, difference)
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::{Matrix, MatrixView};

    use super::*;
    use crate::{Loss, LossSum, Targets};

    #[test]
    fn two_samples_by_hand() {
        let y = Matrix::from_column_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]);
        let t = Matrix::from_column_slice(2, 2, &[0.0, 4.0, 3.0, 1.0]);
        let (loss, dy) = HalfSquaredError.gradient((&y).into(), (&t).into());
        // ½ (1 + 4) + ½ (0 + 9)
        assert_eq!(loss, LossSum { sum: 7.0, divisor: 2.0 });
        assert_eq!(dy.as_slice(), [1.0, -2.0, 0.0, 3.0]);
    }

    #[test]
    fn the_tutorials_two_answers() {
        let y1 = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0];
        let y2 = [0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0];
        for (y, expected) in [(y1, 0.0975), (y2, 0.5975)] {
            let loss = HalfSquaredError.value(MatrixView::new(&y, 10, 1), Targets::Classes(&[2]));
            assert!((loss.mean() - expected).abs() <= 1e-15, "{}, expected {expected}", loss.mean());
        }
        let batch = [y1, y2].concat();
        let loss = HalfSquaredError.value(MatrixView::new(&batch, 10, 2), Targets::Classes(&[2, 2]));
        assert!((loss.mean() - (0.0975 + 0.5975) / 2.0).abs() <= 1e-15);
    }
}
