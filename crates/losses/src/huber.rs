//! The Huber loss: squared for small errors, linear for large ones, so that outliers do not dominate.
//!
//! With d = yᵢ − tᵢ:
//! - value: L = Σᵢ ½ d² where |d| ≤ δ, else δ·(|d| − ½ δ), for one sample
//! - gradient: ∂L/∂yᵢ = d where |d| ≤ δ, else ±δ with the sign of d
//!
//! Shapes: y, t and dy outputs × samples; the divisor is the number of **elements**, outputs · samples.
//! Source: Huber 1964, *Robust estimation of a location parameter*; PyTorch's `HuberLoss`.

use chainrule_tensor::Float;

use crate::{Elementwise, Error, Outputs, error::check};

/// ½ (y − t)² up to a distance of δ and a straight line from there, of outputs y; the mean is taken over all elements.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `delta` | 1 (PyTorch's) | the largest error that counts squared, and the largest slope | finite, above 0 |
///
/// The mean is that of PyTorch's `huber_loss`. Its `smooth_l1_loss` is this divided by δ.
///
/// # Shapes
/// Outputs, targets and gradient: outputs × samples. The divisor is outputs · samples.
///
/// # Panics
/// Unless the targets fit the outputs and δ is in its range; see [`Loss`](crate::Loss).
///
/// # Examples
/// ```
/// use chainrule_losses::{Huber, Loss};
/// use chainrule_tensor::Matrix;
/// let y = Matrix::from_column_slice(2, 1, &[0.5_f64, -3.0]);
/// let t = Matrix::from_column_slice(2, 1, &[0.0, 1.0]);
/// let (loss, dy) = Huber::default().gradient((&y).into(), (&t).into());
/// assert_eq!(loss.sum, 0.125 + 3.5); // ½ 0.5², and 4 − ½
/// assert_eq!(dy.as_slice(), [0.5, -1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Huber {
    /// δ: the largest error that counts squared.
    pub delta: f64,
}

impl Huber {
    /// The loss that is linear beyond this δ.
    pub fn new(delta: f64) -> Self {
        Huber { delta }
    }

    /// Refuses a δ out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless δ is finite and above 0, also in `f32`.
    pub fn check(&self) -> Result<(), Error> {
        check("delta", self.delta, self.delta > 0.0 && self.delta.is_finite(), "a finite number above 0")
    }
}

impl Default for Huber {
    fn default() -> Self {
        Huber::new(1.0)
    }
}

impl Elementwise for Huber {
    const NAME: &'static str = "huber";
    const OUTPUTS: Outputs = Outputs::Values;
    const AXIS: &'static str = "mean loss (Huber's, per output)";

    fn value_and_derivative<F: Float>(&self, y: F, t: F) -> (F, F) {
        let (delta, half, difference) = (F::of(self.delta), F::of(0.5), y - t);
        let distance = difference.abs();
        if distance <= delta {
            (half * difference * difference, difference)
        } else {
            // Also where the distance is NaN, of which `signum` is NaN.
            (delta * (distance - half * delta), delta * difference.signum())
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::{Loss, LossSum};

    #[test]
    fn another_delta_by_hand() {
        // δ = 2: ½ 1², ½ 2² on the border, 2 (5 − 1) on both sides beyond it.
        let y = Matrix::from_column_slice(2, 2, &[1.0_f32, -2.0, 5.0, -5.0]);
        let (loss, dy) = Huber::new(2.0).gradient((&y).into(), (&Matrix::zeros(2, 2)).into());
        assert_eq!(loss, LossSum { sum: 0.5 + 2.0 + 8.0 + 8.0, divisor: 4.0 });
        assert_eq!(dy.as_slice(), [1.0, -2.0, 2.0, -2.0]);
    }

    #[test]
    fn a_delta_out_of_range_is_refused() {
        for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            let message = Huber::new(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("delta {bad}, expected a finite number above 0"));
        }
        for bad in [1e-50, 1e39] {
            let message = Huber::new(bad).check().unwrap_err().to_string();
            assert_eq!(
                message,
                format!("delta {bad:?}, expected a number that f32 can hold, 1e-45 to 3.4028235e38")
            );
        }
        assert_eq!(Huber::new(1.0), Huber::default());
        assert_eq!(Huber::default().check(), Ok(()));
    }
}
