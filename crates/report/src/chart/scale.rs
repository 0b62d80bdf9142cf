//! The scale of an axis: linear or logarithmic, with its ticks and their labels.

use crate::numbers::{decimals, scientific, significant};

/// What is smaller is drawn as 0.
const NOTHING: f64 = 1e-300;

/// An axis from a lowest to a highest value, with the values that are written beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    is_log: bool,
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// An axis that holds all of `values` and begins and ends at round ones; `None` if none is finite.
    pub(crate) fn linear(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = range(values)?;
        Some(Scale::between(low, high, 0.0))
    }

    /// The same with whole numbers alone: epochs, steps.
    pub(crate) fn whole(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = range(values)?;
        let beside = if low == high { 1.0 } else { 0.0 };
        Some(Scale::between(low - beside, high + beside, 1.0))
    }

    /// A logarithmic axis where positive values differ by more than a factor of 50, otherwise a linear one.
    pub(crate) fn log_if_wide(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (low, high) = range(values.clone())?;
        match low > 0.0 && high / low > 50.0 && high > NOTHING {
            true => Some(Scale::log(low.max(f64::MIN_POSITIVE), high)),
            false => Scale::linear(values),
        }
    }

    /// An axis with these ends and ticks of one's own.
    pub(crate) fn fixed(low: f64, high: f64, ticks: Vec<(f64, String)>) -> Self {
        Scale { low, high, is_log: false, ticks }
    }

    /// A linear axis between round values, with ticks that are at least `least_step` apart.
    pub(crate) fn between(low: f64, high: f64, least_step: f64) -> Self {
        let largest = low.abs().max(high.abs());
        let (low, high) = match high - low {
            // Numbers have no digits left there, and are 0 for every eye.
            _ if largest < NOTHING => (0.0, 1.0),
            // All the same: a little to both sides, so that it lies in the middle.
            span if span <= largest * 1e-9 => (low - 0.1 * largest, low + 0.1 * largest),
            _ => (low, high),
        };
        let [low, high] = [low, high].map(|end| end.clamp(f64::MIN, f64::MAX));
        // In parts, since the whole may be more than any number.
        let step = round_up(high / 5.0 - low / 5.0).max(least_step);
        // A hair of tolerance: 0.3 / 0.1 is below 3.
        let first = (low / step + 1e-9).floor() as i64;
        let last = (high / step - 1e-9).ceil() as i64;
        let places = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let label = |value: f64| match step >= 1e-4 && largest < 1e9 {
            true => decimals(value, places),
            // Zeros would need more room than there is beside the axis; digits are those that tell ticks apart.
            false if value == 0.0 => "0".to_string(),
            false => scientific(value, (magnitude(value) - magnitude(step)).max(0) as usize),
        };
        let ticks = (first..=last).map(|i| i as f64 * step).filter(|value| value.is_finite());
        let ticks = ticks.map(|value| (value, label(value))).collect();
        let [low, high] = [first, last].map(|end| (end as f64 * step).clamp(f64::MIN, f64::MAX));
        Scale { low, high, is_log: false, ticks }
    }

    fn log(low: f64, high: f64) -> Self {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let apart = ((last - first) as usize).div_ceil(6).max(1);
        let ticks = (first..=last).step_by(apart).map(power).filter(|value| value.is_normal());
        let ticks = ticks.map(|value| (value, significant(value, 1))).collect();
        let (low, high) = (power(first).max(f64::MIN_POSITIVE), power(last).min(f64::MAX));
        Scale { low, high, is_log: true, ticks }
    }

    /// Where `value` is: 0 at the low end, 1 at the high end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        // Halves, since the difference of two numbers may be more than any.
        let place = |x: f64| if self.is_log { x.max(f64::MIN_POSITIVE).log10() } else { x / 2.0 };
        (place(value) - place(self.low)) / (place(self.high) - place(self.low))
    }

    pub(crate) fn is_log(&self) -> bool {
        self.is_log
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// 10ⁿ, rounded once: infinite or 0 where there is no such number.
fn power(n: i32) -> f64 {
    format!("1e{n}").parse().unwrap_or(f64::NAN)
}

/// The power of ten of the first digit; a hair of tolerance, since a thousandth may be a little less.
fn magnitude(value: f64) -> i32 {
    (value.abs() * (1.0 + 1e-9)).log10().floor() as i32
}

/// The next of 1, 2, 5, 10, 20, … and their parts.
fn round_up(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_axes_end_at_round_values() {
        let scale = Scale::linear([0.16, 1.68, f64::NAN].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!([0.0, 0.5, 2.0].map(|value| scale.position(value)), [0.0, 0.25, 1.0]);
        let scale = Scale::linear([-3.0, 4.0].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["−4", "−2", "0", "2", "4"]);
        let scale = Scale::linear([20_000.0, 80_000.0].into_iter()).unwrap();
        assert_eq!(labels(&scale).last(), Some(&"80\u{a0}000"));
    }

    #[test]
    fn values_that_are_all_the_same_lie_in_the_middle() {
        let scale = Scale::linear([0.1, 0.1].into_iter()).unwrap();
        assert!((scale.position(0.1) - 0.5).abs() < 1e-9, "{scale:?}");
        assert_eq!(Scale::linear([0.0].into_iter()).unwrap().high, 1.0);
        assert_eq!(Scale::linear([f64::NAN].into_iter()), None);
        assert_eq!(labels(&Scale::whole([1.0].into_iter()).unwrap()), ["0", "1", "2"]);
    }

    #[test]
    fn small_values_are_written_in_powers_of_ten() {
        // 0.001 ± a tenth in steps of 0.00005.
        let scale = Scale::linear([0.001].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["9.0e−4", "9.5e−4", "1.00e−3", "1.05e−3", "1.10e−3"]);
        let scale = Scale::linear([0.0, 2e-6].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["0", "5e−7", "1.0e−6", "1.5e−6", "2.0e−6"]);
    }

    #[test]
    fn any_finite_values_have_a_scale() {
        let (tiny, huge) = (5e-324_f64, f64::MAX);
        let ends: [f64; 12] =
            [0.0, tiny, 3e-320, 1e-308, 1e-300, 1e-20, 1.0, 1e15, 1e19, 1e300, 1.6e308, huge];
        let all: Vec<f64> =
            ends.iter().flat_map(|&end| [end, -end, (end * (1.0 + 1e-12)).min(huge)]).collect();
        let all: Vec<f64> = all.into_iter().filter(|value| value.is_finite()).collect();
        for (i, &a) in all.iter().enumerate() {
            for &b in &all[i..] {
                let values = || [a, b].into_iter();
                let whole = Scale::whole(values().map(f64::round)).unwrap();
                assert!(
                    (1..=12).contains(&whole.ticks.len()) && whole.low < whole.high,
                    "{a} {b}: {whole:?}"
                );
                let scales = [Scale::linear(values()), Scale::log_if_wide(values())];
                for scale in scales.map(Option::unwrap) {
                    let has_ticks = (1..=12).contains(&scale.ticks.len());
                    assert!(
                        has_ticks && scale.low < scale.high && scale.high.is_finite(),
                        "{a} {b}: {scale:?}"
                    );
                    for value in values() {
                        let position = scale.position(value);
                        assert!((-1e-6..=1.0 + 1e-6).contains(&position), "{a} {b}: {position} {scale:?}");
                    }
                    for (value, label) in &scale.ticks {
                        assert!(value.is_finite() && label.chars().count() <= 20, "{a} {b}: {scale:?}");
                    }
                }
            }
        }
        assert_eq!(labels(&Scale::linear([0.0, tiny].into_iter()).unwrap()).len(), 6);
        assert_eq!(labels(&Scale::linear([-huge, huge].into_iter()).unwrap()), ["−1e308", "0", "1e308"]);
    }

    #[test]
    fn epochs_are_whole() {
        assert_eq!(labels(&Scale::whole([1.0, 3.0].into_iter()).unwrap()), ["1", "2", "3"]);
        assert_eq!(labels(&Scale::whole([1.0, 16.0].into_iter()).unwrap()), ["0", "5", "10", "15", "20"]);
    }

    #[test]
    fn wide_axes_are_logarithmic() {
        let scale = Scale::log_if_wide([0.002, 3.0].into_iter()).unwrap();
        assert_eq!(labels(&scale), ["0.001", "0.01", "0.1", "1", "10"]);
        assert!((scale.position(0.1) - 0.5).abs() < 1e-12);
        assert!(!Scale::log_if_wide([0.0, 3.0].into_iter()).unwrap().is_log());
        assert!(!Scale::log_if_wide([1.0, 3.0].into_iter()).unwrap().is_log());
    }
}
