//! Linear warm-up: the learning rate rises from a fraction of its base to the base, and stays there.
//!
//! rate(t) = base · (start + (1 − start) · min(t / n, 1)).
//!
//! Source: PyTorch's `LinearLR`; Goyal et al. 2017, *Accurate, large minibatch SGD*, 2.2.

use crate::{Error, settings};

/// base · (start + (1 − start) · min(t / n, 1)); as text `warmup:N` or `warmup:N:START`.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `steps` | | n, the step from which on the base is reached | at least 1 |
/// | `start` | ⅓ (PyTorch's) | the fraction of the base at step 0 | 0 < start ≤ 1 |
///
/// What comes after a warm-up is said by [`Schedule::then`](super::Schedule::then).
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Schedule, Warmup};
/// let schedule = Schedule::from(Warmup::new(4).with_start(0.5));
/// assert_eq!([0, 1, 2, 3, 4, 5].map(|step| schedule.rate(8.0, step)), [4.0, 5.0, 6.0, 7.0, 8.0, 8.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Warmup {
    /// n, the step from which on the base learning rate is reached.
    pub steps: u64,
    /// The fraction of the base learning rate at step 0.
    pub start: f64,
}

settings::setters! { Warmup: with_start(start: f64) }

impl Warmup {
    /// A rise from a third of the base learning rate.
    pub fn new(steps: u64) -> Self {
        Warmup { steps, start: 1.0 / 3.0 }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        settings::steps("steps of warm-up", self.steps)?;
        settings::above_0_to_1("warm-up start", self.start)
    }

    pub(super) fn rate(&self, base: f64, step: u64) -> f64 {
        let progress = step as f64 / self.steps as f64;
        if progress >= 1.0 { base } else { base * (self.start + (1.0 - self.start) * progress) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_at_a_third_and_ends_exactly() {
        let warmup = Warmup::new(2);
        for (step, expected) in [(0, 0.1), (1, 0.2)] {
            assert!((warmup.rate(0.3, step) - expected).abs() <= 1e-16);
        }
        assert_eq!([2, 3, u64::MAX].map(|step| warmup.rate(0.3, step)), [0.3; 3]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let message = Warmup::new(0).check().unwrap_err().to_string();
        assert_eq!(message, "steps of warm-up 0, expected at least 1");
        for bad in [f64::NAN, 0.0, -0.5, 1.5, f64::INFINITY] {
            let message = Warmup::new(1).with_start(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("warm-up start {bad}, expected a number above 0 and not above 1"));
        }
    }
}
