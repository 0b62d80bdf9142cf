//! Exponential decay: the learning rate is multiplied by the same factor at every step.
//!
//! rate(t) = base · γᵗ.
//!
//! Source: PyTorch's `ExponentialLR`.

use chainrule_tensor::math::pow;

use crate::{Error, settings};

/// base · γᵗ; as text `exponential:GAMMA`.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `gamma` | | γ, the factor per step; above 1 the learning rate grows, as in a search for the largest that works | finite, above 0 |
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Exponential, Schedule};
/// let schedule = Schedule::from(Exponential::new(0.5));
/// assert_eq!([0, 1, 3].map(|step| schedule.rate(0.8, step)), [0.8, 0.4, 0.1]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exponential {
    /// γ.
    pub gamma: f64,
}

impl Exponential {
    /// The schedule with this γ.
    pub fn new(gamma: f64) -> Self {
        Exponential { gamma }
    }

    /// Refuses a γ out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless γ is finite and above 0.
    pub fn check(&self) -> Result<(), Error> {
        settings::above_0("gamma", self.gamma)
    }

    pub(super) fn rate(&self, base: f64, step: u64) -> f64 {
        base * pow(self.gamma, step as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_per_step() {
        let decay = Exponential::new(0.25);
        assert_eq!([0, 1, 2].map(|step| decay.rate(8.0, step)), [8.0, 2.0, 0.5]);
        assert_eq!(decay.rate(8.0, u64::MAX), 0.0);
        assert_eq!(Exponential::new(2.0).rate(1.0, 10), 1024.0);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for bad in [f64::NAN, 0.0, -0.5, f64::INFINITY] {
            let message = Exponential::new(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("gamma {bad}, expected a finite number above 0"));
        }
    }
}
