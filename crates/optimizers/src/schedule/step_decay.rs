//! Step decay: the learning rate is multiplied by a factor every so many steps.
//!
//! rate(t) = base · γ^⌊t / every⌋.
//!
//! Source: PyTorch's `StepLR`.

use chainrule_tensor::math::pow;

use crate::{Error, settings};

/// base · γ^⌊t / every⌋; as text `step:EVERY:GAMMA`, or `step:EVERY` for the default γ.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `every` | | steps between two decays, PyTorch's `step_size` | at least 1 |
/// | `gamma` | 0.1 (PyTorch's) | γ, the factor | finite, above 0 |
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Schedule, StepDecay};
/// let schedule = Schedule::from(StepDecay::new(30).with_gamma(0.5));
/// assert_eq!([0, 29, 30, 60].map(|step| schedule.rate(0.1, step)), [0.1, 0.1, 0.05, 0.025]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepDecay {
    /// Steps between two decays.
    pub every: u64,
    /// γ.
    pub gamma: f64,
}

settings::setters! { StepDecay: with_gamma(gamma: f64) }

impl StepDecay {
    /// A decay to a tenth every so many steps.
    pub fn new(every: u64) -> Self {
        StepDecay { every, gamma: 0.1 }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        settings::steps("steps between two decays", self.every)?;
        settings::above_0("gamma", self.gamma)
    }

    pub(super) fn rate(&self, base: f64, step: u64) -> f64 {
        base * pow(self.gamma, (step / self.every) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_at_multiples() {
        let decay = StepDecay::new(3).with_gamma(0.5);
        let rates = [0, 1, 2, 3, 5, 6, 8, 9].map(|step| decay.rate(8.0, step));
        assert_eq!(rates, [8.0, 8.0, 8.0, 4.0, 4.0, 2.0, 2.0, 1.0]);
        assert_eq!(decay.rate(8.0, u64::MAX), 0.0);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let message = StepDecay::new(0).check().unwrap_err().to_string();
        assert_eq!(message, "steps between two decays 0, expected at least 1");
        for bad in [f64::NAN, 0.0, -0.5, f64::INFINITY] {
            let message = StepDecay::new(1).with_gamma(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("gamma {bad}, expected a finite number above 0"));
        }
    }
}
