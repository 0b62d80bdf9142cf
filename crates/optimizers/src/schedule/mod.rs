//! How the learning rate changes from step to step: curves, one after another.
//!
//! A [`Schedule`] is a pure function of the base rate and the number of the step, so that a run that goes on from a
//! checkpoint needs nothing but that number. Steps are mini-batches, not epochs, and count from 0.

mod cosine;
mod exponential;
mod one_cycle;
mod step_decay;
mod text;
mod warmup;

pub use cosine::Cosine;
pub use exponential::Exponential;
pub use one_cycle::OneCycle;
pub use step_decay::StepDecay;
pub use warmup::Warmup;

use crate::Error;

/// One way in which the rate changes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Curve {
    /// Not at all.
    #[default]
    Constant,
    /// By a factor every so many steps.
    StepDecay(StepDecay),
    /// By a factor at every step.
    Exponential(Exponential),
    /// Half a wave down.
    Cosine(Cosine),
    /// Up in a straight line.
    Warmup(Warmup),
    /// Up and down.
    OneCycle(OneCycle),
}

/// A curve, or several of which each counts its steps from where it takes over.
///
/// A cosine and a one-cycle are spread over the steps they have: up to where the next curve takes over, or, for the
/// last, up to the end of the run, which [`with_total_steps`](Schedule::with_total_steps) tells.
///
/// As text, for a command line or a file (and with the feature `serde` this is how it is written):
///
/// | text | schedule |
/// | --- | --- |
/// | `constant` | the default |
/// | `step:30:0.1`, `step:30` | [`StepDecay`]: to a tenth every 30 steps |
/// | `exponential:0.999` | [`Exponential`] |
/// | `cosine`, `cosine:0.001` | [`Cosine`] down to 0, or to a minimum |
/// | `one-cycle`, `one-cycle:0.3:25:10000` | [`OneCycle`] |
/// | `warmup:500`, `warmup:500:0.1` | [`Warmup`] over 500 steps, from a third or a tenth of the rate |
/// | `warmup:500+cosine` | a cosine after the warm-up |
/// | `constant@100+step:30@400+cosine` | each up to the step after the `@`, where the next takes over |
/// | `cosine@6000` | the total number of steps, where it is not to be that of the run |
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Cosine, Schedule, Warmup};
/// let schedule = Schedule::from(Warmup::new(2)?.with_start(0.5)?).then(2, Cosine::new())?;
/// assert_eq!(schedule, "warmup:2:0.5+cosine".parse()?);
/// assert!(schedule.needs_total_steps());
///
/// let schedule = schedule.with_total_steps(4)?; // a cosine over two steps
/// assert_eq!([0, 1, 2, 3, 4].map(|step| schedule.rate(8.0, step)), [4.0, 6.0, 8.0, 4.0, 0.0]);
/// assert_eq!((schedule.total_steps(), schedule.to_string().as_str()), (Some(4), "warmup:2:0.5+cosine@4"));
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Schedule {
    /// The curves, each with the step from which on it counts; there is one at 0, and the steps increase.
    parts: Vec<(u64, Curve)>,
    /// The end of the last curve, if that depends on it and it is known.
    total_steps: Option<u64>,
}

impl Default for Schedule {
    fn default() -> Self {
        Curve::Constant.into()
    }
}

impl<C: Into<Curve>> From<C> for Schedule {
    fn from(curve: C) -> Self {
        Schedule { parts: vec![(0, curve.into())], total_steps: None }
    }
}

impl Schedule {
    /// The same schedule up to step `start`, and `curve` from there on. A total number of steps is forgotten.
    ///
    /// # Errors
    /// [`Error::Schedule`] unless `start` is later than the start of the curve before.
    pub fn then(mut self, start: u64, curve: impl Into<Curve>) -> Result<Self, Error> {
        let (before, _) = self.last();
        if start <= before {
            return Err(Error::Schedule {
                found: format!("{self} with a next part from step {start}"),
                expected: format!("a step after {before}"),
            });
        }
        self.parts.push((start, curve.into()));
        Ok(Schedule { total_steps: None, ..self })
    }

    /// The same schedule for a run of so many steps, unless it depends on no total or already has one.
    ///
    /// # Errors
    /// [`Error::Schedule`] if the last curve depends on the total and would not begin before it.
    pub fn with_total_steps(self, total: u64) -> Result<Self, Error> {
        if !self.needs_total_steps() {
            return Ok(self);
        }
        let (start, _) = self.last();
        if total <= start {
            return Err(Error::Schedule {
                found: format!("{self} for {total} steps"),
                expected: format!("more than {start} steps"),
            });
        }
        Ok(Schedule { total_steps: Some(total), ..self })
    }

    /// The number of steps for which this schedule was made, if it depends on one: a run cannot be extended then.
    pub fn total_steps(&self) -> Option<u64> {
        self.total_steps
    }

    /// Whether [`with_total_steps`](Schedule::with_total_steps) is wanted before [`rate`](Schedule::rate).
    pub fn needs_total_steps(&self) -> bool {
        self.last().1.is_spread() && self.total_steps.is_none()
    }

    /// The learning rate of step `step`, counted from 0.
    ///
    /// # Panics
    /// If the total number of steps is needed and not known.
    #[track_caller]
    pub fn rate(&self, base_rate: f64, step: u64) -> f64 {
        assert!(
            !self.needs_total_steps(),
            "schedule {self} without a total, expected with_total_steps first"
        );
        let next = self.parts.partition_point(|&(start, _)| start <= step);
        let (start, curve) = self.parts[next - 1];
        let end = self.parts.get(next).map_or(self.total_steps, |&(start, _)| Some(start));
        let step = step - start;
        // A last curve without an end is none of those that look at their number of steps.
        let n_steps = end.map_or(0, |end| end - start);
        match curve {
            Curve::Constant => base_rate,
            Curve::StepDecay(curve) => curve.rate(base_rate, step),
            Curve::Exponential(curve) => curve.rate(base_rate, step),
            Curve::Cosine(curve) => curve.rate(base_rate, step, n_steps),
            Curve::Warmup(curve) => curve.rate(base_rate, step),
            Curve::OneCycle(curve) => curve.rate(base_rate, step, n_steps),
        }
    }

    fn last(&self) -> (u64, Curve) {
        self.parts[self.parts.len() - 1]
    }
}

impl Curve {
    /// Whether the curve is spread over the steps it has.
    fn is_spread(&self) -> bool {
        matches!(self, Curve::Cosine(_) | Curve::OneCycle(_))
    }
}

macro_rules! from_curve {
    ($($curve:ident)*) => {
        $(impl From<$curve> for Curve {
            fn from(curve: $curve) -> Self {
                Curve::$curve(curve)
            }
        })*
    };
}

from_curve! { StepDecay Exponential Cosine Warmup OneCycle }

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(total: u64) -> Schedule {
        Schedule::from(Cosine::new()).with_total_steps(total).unwrap()
    }

    #[test]
    fn a_constant_is_the_base_rate() {
        assert_eq!([0, 1, u64::MAX].map(|step| Schedule::default().rate(0.3, step)), [0.3; 3]);
    }

    #[test]
    fn every_curve_counts_from_its_own_start() {
        let halves = StepDecay::new(1).unwrap().with_gamma(0.5).unwrap();
        let schedule = Schedule::from(Warmup::new(2).unwrap().with_start(0.5).unwrap())
            .then(3, halves)
            .and_then(|schedule| schedule.then(5, Cosine::new()))
            .and_then(|schedule| schedule.then(7, Curve::Constant))
            .unwrap();
        // Two steps up, one that waits, two that halve, a wave of two, and back.
        let rates = [0, 1, 2, 3, 4, 5, 6, 7, 100].map(|step| schedule.rate(8.0, step));
        assert_eq!(rates, [4.0, 6.0, 8.0, 8.0, 4.0, 8.0, 4.0, 8.0, 8.0]);
        assert_eq!((schedule.total_steps(), schedule.needs_total_steps()), (None, false));
    }

    #[test]
    fn only_what_depends_on_a_total_takes_one() {
        for (text, depends) in [
            ("constant", false),
            ("warmup:5", false),
            ("cosine@3+constant", false),
            ("warmup:5+one-cycle", true),
        ] {
            let schedule: Schedule = text.parse().unwrap();
            assert_eq!(schedule.needs_total_steps(), depends, "{text}");
            let schedule = schedule.with_total_steps(10).unwrap();
            assert_eq!(schedule.total_steps(), depends.then_some(10), "{text}");
            assert!(!schedule.needs_total_steps());
        }
        // One that was given before stays; one after which something follows is gone.
        assert_eq!(cosine(10).with_total_steps(20).unwrap().total_steps(), Some(10));
        let followed = cosine(10).then(4, Curve::Constant).unwrap();
        assert_eq!((followed.total_steps(), followed.rate(8.0, 2)), (None, 4.0));
    }

    #[test]
    fn starts_and_totals_out_of_order_are_refused() {
        let message = cosine(10).then(0, Curve::Constant).unwrap_err().to_string();
        assert_eq!(message, "schedule cosine@10 with a next part from step 0, expected a step after 0");
        let two = Schedule::default().then(5, Cosine::new()).unwrap();
        let message = two.clone().then(5, Curve::Constant).unwrap_err().to_string();
        let expected = "schedule constant@5+cosine with a next part from step 5, expected a step after 5";
        assert_eq!(message, expected);
        let message = two.with_total_steps(5).unwrap_err().to_string();
        assert_eq!(message, "schedule constant@5+cosine for 5 steps, expected more than 5 steps");
        assert!(Schedule::from(OneCycle::new()).with_total_steps(0).is_err());
    }

    #[test]
    #[should_panic(expected = "schedule one-cycle without a total, expected with_total_steps first")]
    fn a_missing_total_panics() {
        Schedule::from(OneCycle::new()).rate(0.1, 0);
    }
}
