//! One cycle: the learning rate rises from low to its base, and falls from there to almost nothing.
//!
//! Over n steps, with the peak at step p = pct_start · n − 1 and half a cosine wave on either side:
//! rate(0) = base / div_factor, rate(p) = base, rate(n − 1) = base / (div_factor · final_div_factor).
//!
//! Source: Smith and Topin 2018, *Super-convergence*; PyTorch's `OneCycleLR` with `anneal_strategy` cos, without its
//! `cycle_momentum`.

use super::cosine::anneal;
use crate::{Error, settings};

/// Up to the base rate and down again within n steps; as text `one-cycle` or
/// `one-cycle:PCT_START:DIV_FACTOR:FINAL_DIV_FACTOR`.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `pct_start` | 0.3 | the fraction of the steps in which it rises | 0 ≤ pct_start < 1 |
/// | `div_factor` | 25 | base rate / first rate | finite, above 0 |
/// | `final_div_factor` | 10⁴ | first rate / last rate | finite, above 0 |
///
/// The defaults are PyTorch's. The base rate is the highest, PyTorch's `max_lr`. After its last step it stays.
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{OneCycle, Schedule};
/// let schedule = Schedule::from(OneCycle::new()).with_total_steps(10);
/// let rates = [0, 2, 9, 10].map(|step| schedule.rate(0.1, step));
/// for (rate, expected) in rates.iter().zip([0.004, 0.1, 4e-7, 4e-7]) {
///     assert!((rate / expected - 1.0).abs() < 1e-12);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OneCycle {
    /// The fraction of the steps in which the learning rate rises.
    pub pct_start: f64,
    /// Base rate / first rate.
    pub div_factor: f64,
    /// First rate / last rate.
    pub final_div_factor: f64,
}

impl Default for OneCycle {
    fn default() -> Self {
        OneCycle { pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4 }
    }
}

settings::setters! {
    OneCycle: with_pct_start(pct_start: f64), with_div_factor(div_factor: f64),
    with_final_div_factor(final_div_factor: f64)
}

impl OneCycle {
    /// The defaults.
    pub fn new() -> Self {
        OneCycle::default()
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        settings::below_1("fraction of rising steps", self.pct_start)?;
        settings::above_0("div factor", self.div_factor)?;
        settings::above_0("final div factor", self.final_div_factor)
    }

    pub(super) fn rate(&self, base: f64, step: u64, n_steps: u64) -> f64 {
        let first = base / self.div_factor;
        let last = first / self.final_div_factor;
        // The peak is a real number and may lie between two steps, or before the first.
        let (step, n_steps) = (step as f64, n_steps as f64);
        let (peak, end) = (self.pct_start * n_steps - 1.0, n_steps - 1.0);
        if step < peak {
            anneal(first, base, step / peak)
        } else {
            anneal(base, last, (step - peak) / (end - peak))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_rates<const N: usize>(cycle: &OneCycle, n_steps: u64, expected: [(u64, f64); N]) {
        for (step, expected) in expected {
            let found = cycle.rate(8.0, step, n_steps);
            assert!((found - expected).abs() <= 1e-15 * 8.0, "{step}: {found}, expected {expected}");
        }
    }

    /// From 2 to 8 and down to 1.
    fn cycle() -> OneCycle {
        OneCycle::new().with_div_factor(4.0).with_final_div_factor(2.0)
    }

    #[test]
    fn both_waves_by_hand() {
        // The peak is at step 0.5 · 10 − 1 = 4, the end at 9; cos 90° = 0.
        let half = cycle().with_pct_start(0.5);
        assert_rates(&half, 10, [(0, 2.0), (2, 5.0), (4, 8.0), (9, 1.0), (10, 1.0), (u64::MAX, 1.0)]);
        // From the peak at step 2 to the end at 10: step 6 is half-way.
        let third = cycle().with_pct_start(3.0 / 11.0);
        assert_rates(&third, 11, [(1, 5.0), (2, 8.0), (6, 4.5), (10, 1.0)]);
    }

    #[test]
    fn without_room_to_rise_it_falls() {
        // The peak is at step 0.5 · 2 − 1 = 0.
        assert_rates(&cycle().with_pct_start(0.5), 2, [(0, 8.0), (1, 1.0), (2, 1.0)]);
        // It is at step −1, so that step 0 is half-way to step 1: PyTorch's too.
        assert_rates(&cycle().with_pct_start(0.0), 2, [(0, 4.5), (1, 1.0)]);
        assert_rates(&cycle(), 1, [(0, 1.0), (1, 1.0)]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for bad in [f64::NAN, -0.1, 1.0, f64::INFINITY] {
            let message = OneCycle::new().with_pct_start(bad).check().unwrap_err().to_string();
            assert_eq!(
                message,
                format!("fraction of rising steps {bad}, expected a number from 0 to below 1")
            );
        }
        for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            let message = OneCycle::new().with_div_factor(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("div factor {bad}, expected a finite number above 0"));
            let message = OneCycle::new().with_final_div_factor(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("final div factor {bad}, expected a finite number above 0"));
        }
    }
}
