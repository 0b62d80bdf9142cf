//! Linear warm-up: the rate rises from a share of itself, and then stays.
//!
//! rate(t) = base · (start + (1 − start) · min(t / n, 1)).
//!
//! Source: PyTorch's `LinearLR`; Goyal et al. 2017, *Accurate, large minibatch SGD*, 2.2.

use crate::{Error, settings};

/// base · (start + (1 − start) · min(t / n, 1)); as text `warmup:N` or `warmup:N:START`.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `steps` | | n, the step from which the rate is whole | at least 1 |
/// | `start` | ⅓ (PyTorch's) | the share of the rate at step 0 | 0 < start ≤ 1 |
///
/// What comes after a warm-up is said by [`Schedule::then`](super::Schedule::then).
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Schedule, Warmup};
/// let schedule = Schedule::from(Warmup::new(4)?.with_start(0.5)?);
/// assert_eq!([0, 1, 2, 3, 4, 5].map(|step| schedule.rate(8.0, step)), [4.0, 5.0, 6.0, 7.0, 8.0, 8.0]);
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warmup {
    pub(super) steps: u64,
    pub(super) start: f64,
}

impl Warmup {
    pub(super) const START: f64 = 1.0 / 3.0;

    /// A rise from a third of the rate.
    ///
    /// # Errors
    /// [`Error::Setting`] for 0 steps.
    pub fn new(steps: u64) -> Result<Self, Error> {
        Ok(Warmup { steps: settings::steps("steps of warm-up", steps)?, start: Warmup::START })
    }

    /// The same schedule from another share of the rate.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 < start ≤ 1.
    pub fn with_start(self, start: f64) -> Result<Self, Error> {
        Ok(Warmup { start: settings::above_0_to_1("warm-up start", start)?, ..self })
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
        let warmup = Warmup::new(2).unwrap();
        for (step, expected) in [(0, 0.1), (1, 0.2)] {
            assert!((warmup.rate(0.3, step) - expected).abs() <= 1e-16);
        }
        assert_eq!([2, 3, u64::MAX].map(|step| warmup.rate(0.3, step)), [0.3; 3]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let message = Warmup::new(0).unwrap_err().to_string();
        assert_eq!(message, "steps of warm-up 0, expected at least 1");
        for bad in [f64::NAN, 0.0, -0.5, 1.5, f64::INFINITY] {
            let message = Warmup::new(1).unwrap().with_start(bad).unwrap_err().to_string();
            assert_eq!(message, format!("warm-up start {bad}, expected a number above 0 and not above 1"));
        }
    }
}
