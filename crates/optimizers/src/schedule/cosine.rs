//! Cosine annealing: half a cosine wave from the base learning rate down to a minimum.
//!
//! rate(t) = minimum + ½ (base − minimum) (1 + cos(π t / n)), for t up to the number of steps n, then minimum.
//!
//! Source: Loshchilov and Hutter 2017, *SGDR: stochastic gradient descent with warm restarts*, equation 5; PyTorch's
//! `CosineAnnealingLR`, which climbs again after n steps, while this stays at the minimum.

use std::f64::consts::PI;

use chainrule_tensor::math::cos;

use crate::{Error, settings};

/// minimum + ½ (base − minimum) (1 + cos(π t / n)) over n steps; as text `cosine` or `cosine:MINIMUM`.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `minimum` | 0 (PyTorch's) | the learning rate after n steps | finite, not below 0 |
///
/// The last of n steps, t = n − 1, is just above the minimum.
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Cosine, Schedule};
/// let schedule = Schedule::from(Cosine::new().with_minimum(0.25)).with_total_steps(100);
/// assert_eq!([0, 50, 100, 1000].map(|step| schedule.rate(0.75, step)), [0.75, 0.5, 0.25, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Cosine {
    /// The learning rate after n steps.
    pub minimum: f64,
}

settings::setters! { Cosine: with_minimum(minimum: f64) }

impl Cosine {
    /// Down to 0.
    pub fn new() -> Self {
        Cosine::default()
    }

    /// Refuses a minimum out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the minimum is finite and not below 0.
    pub fn check(&self) -> Result<(), Error> {
        settings::not_below_0("minimum learning rate", self.minimum)
    }

    pub(super) fn rate(&self, base: f64, step: u64, n_steps: u64) -> f64 {
        anneal(base, self.minimum, step as f64 / n_steps as f64)
    }
}

/// Half a cosine wave from `start` at progress 0 to `end` at progress 1 and beyond.
pub(super) fn anneal(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) / 2.0 * (1.0 + cos(PI * progress.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_by_hand() {
        // cos 60° = ½, cos 120° = −½.
        let cosine = Cosine::new().with_minimum(1.0);
        for (step, expected) in [(0, 5.0), (2, 4.0), (3, 3.0), (4, 2.0), (6, 1.0), (7, 1.0), (u64::MAX, 1.0)]
        {
            let found = cosine.rate(5.0, step, 6);
            assert!((found - expected).abs() <= 1e-15 * expected.max(4.0), "{found}, expected {expected}");
        }
    }

    #[test]
    fn the_end_is_exact() {
        for n_steps in [1, 3, 10, 12_000] {
            let cosine = Cosine::new();
            assert_eq!((cosine.rate(0.1, 0, n_steps), cosine.rate(0.1, n_steps, n_steps)), (0.1, 0.0));
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for bad in [f64::NAN, -0.1, f64::INFINITY] {
            let message = Cosine::new().with_minimum(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("minimum learning rate {bad}, expected a finite number not below 0"));
        }
    }
}
