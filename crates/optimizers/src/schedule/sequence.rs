//! `Schedule`: curves one after another, and their text: parts joined by `+`, each a curve and, after an `@`, its end.

use std::{fmt, str::FromStr};

use super::{Curve, number};
use crate::Error;

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
/// | `step:30:0.1`, `step:30` | [`StepDecay`](super::StepDecay): to a tenth every 30 steps |
/// | `exponential:0.999` | [`Exponential`](super::Exponential) |
/// | `cosine`, `cosine:0.001` | [`Cosine`](super::Cosine) down to 0, or to a minimum |
/// | `one-cycle`, `one-cycle:0.3:25:10000` | [`OneCycle`](super::OneCycle) |
/// | `warmup:500`, `warmup:500:0.1` | [`Warmup`](super::Warmup) over 500 steps, from a third or a tenth of the rate |
/// | `warmup:500+cosine` | a cosine after the warm-up |
/// | `constant@100+step:30@400+cosine` | each up to the step after the `@`, where the next takes over |
/// | `cosine@6000` | the total number of steps, where it is not to be that of the run |
///
/// # Examples
/// ```
/// use chainrule_optimizers::schedule::{Cosine, Schedule, Warmup};
/// let schedule = Schedule::from(Warmup::new(2).with_start(0.5)).then(2, Cosine::new());
/// assert_eq!(schedule, "warmup:2:0.5+cosine".parse()?);
/// assert!(schedule.needs_total_steps());
///
/// let schedule = schedule.with_total_steps(4); // a cosine over two steps
/// assert_eq!([0, 1, 2, 3, 4].map(|step| schedule.rate(8.0, step)), [4.0, 6.0, 8.0, 4.0, 0.0]);
/// assert_eq!((schedule.total_steps(), schedule.to_string().as_str()), (Some(4), "warmup:2:0.5+cosine@4"));
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Schedule {
    /// The curves before the last, each with the step where it ends and the next takes over; the steps increase.
    before: Vec<(Curve, u64)>,
    last: Curve,
    /// The end of the last curve, if that depends on it and it is known.
    total_steps: Option<u64>,
}

impl<C: Into<Curve>> From<C> for Schedule {
    fn from(curve: C) -> Self {
        Schedule { last: curve.into(), ..Schedule::default() }
    }
}

impl Schedule {
    /// The same schedule up to step `start`, and `curve` from there on. A total number of steps is forgotten.
    pub fn then(mut self, start: u64, curve: impl Into<Curve>) -> Self {
        self.before.push((self.last, start));
        Schedule { last: curve.into(), total_steps: None, ..self }
    }

    /// The same schedule for a run of so many steps, unless it depends on no total or already has one.
    pub fn with_total_steps(mut self, total: u64) -> Self {
        if self.needs_total_steps() {
            self.total_steps = Some(total);
        }
        self
    }

    /// The number of steps for which this schedule was made, if it depends on one: a run cannot be extended then.
    pub fn total_steps(&self) -> Option<u64> {
        self.total_steps
    }

    /// Whether [`with_total_steps`](Schedule::with_total_steps) is wanted before [`rate`](Schedule::rate).
    pub fn needs_total_steps(&self) -> bool {
        self.total_steps.is_none() && self.last.is_spread()
    }

    /// Refuses settings of curves that are out of range, and curves that begin before the one before them or after the end.
    ///
    /// # Errors
    /// [`Error::Setting`] or [`Error::Schedule`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        let mut start = 0;
        for (i, &(curve, end)) in self.before.iter().enumerate() {
            curve.check()?;
            if end <= start {
                let so_far = Schedule { before: self.before[..i].to_vec(), ..curve.into() };
                let found = format!("{so_far} with a next part from step {end}");
                return Err(Error::Schedule { found, expected: format!("a step after {start}") });
            }
            start = end;
        }
        self.last.check()?;
        if let Some(total) = self.total_steps.filter(|total| *total <= start) {
            let endless = Schedule { total_steps: None, ..self.clone() };
            let found = format!("{endless} for {total} steps");
            return Err(Error::Schedule { found, expected: format!("more than {start} steps") });
        }
        Ok(())
    }

    /// The learning rate of step `step`, counted from 0.
    ///
    /// # Panics
    /// If the total number of steps is needed and not known, or [`check`](Schedule::check) refuses the schedule.
    #[track_caller]
    pub fn rate(&self, base_rate: f64, step: u64) -> f64 {
        let is_complete = !self.needs_total_steps();
        assert!(is_complete, "schedule {self} without a total, expected with_total_steps first");
        self.check().unwrap_or_else(|error| panic!("{error}"));
        let mut start = 0;
        for &(curve, end) in &self.before {
            if step < end {
                return curve.rate(base_rate, step - start, end - start);
            }
            start = end;
        }
        // A last curve without an end is none of those that look at their number of steps.
        self.last.rate(base_rate, step - start, self.total_steps.map_or(0, |end| end - start))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut start = 0;
        for &(curve, end) in &self.before {
            match curve.own_end(start) {
                Some(own_end) if own_end == end => write!(f, "{curve}+")?,
                _ => write!(f, "{curve}@{end}+")?,
            }
            start = end;
        }
        write!(f, "{}", self.last)?;
        self.total_steps.map_or(Ok(()), |total| write!(f, "@{total}"))
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |expected| Error::Schedule { found: text.to_owned(), expected };
        let mut parts = text.split('+').map(part);
        let (curve, mut end) = parts.next().expect("a split gives at least one part")?;
        let mut schedule = Schedule::from(curve);
        for part in parts {
            let (curve, next_end) = part?;
            let start = schedule.before.last().map_or(0, |(_, end)| *end);
            let next = end.or(schedule.last.own_end(start)).ok_or_else(|| {
                refused(format!("{schedule}@STEP, the step where the next part takes over"))
            })?;
            (schedule, end) = (schedule.then(next, curve), next_end);
        }
        if let Some(end) = end {
            if !schedule.needs_total_steps() {
                return Err(refused(format!("something to take over at step {end}")));
            }
            schedule = schedule.with_total_steps(end);
        }
        schedule.check().map(|()| schedule)
    }
}

/// A curve, and the step after `@` if there is one.
fn part(text: &str) -> Result<(Curve, Option<u64>), Error> {
    match text.split_once('@') {
        Some((curve, end)) => Ok((Curve::read(curve)?, Some(number(text, end)?))),
        None => Ok((Curve::read(text)?, None)),
    }
}

impl TryFrom<String> for Schedule {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{CURVES, Cosine, Exponential, OneCycle, StepDecay, Warmup},
        *,
    };

    fn cosine(total: u64) -> Schedule {
        Schedule::from(Cosine::new()).with_total_steps(total)
    }

    #[test]
    fn a_constant_is_the_base_rate() {
        assert_eq!([0, 1, u64::MAX].map(|step| Schedule::default().rate(0.3, step)), [0.3; 3]);
    }

    #[test]
    fn every_curve_counts_from_its_own_start() {
        let halves = StepDecay::new(1).with_gamma(0.5);
        let schedule = Schedule::from(Warmup::new(2).with_start(0.5))
            .then(3, halves)
            .then(5, Cosine::new())
            .then(7, Curve::Constant);
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
            let schedule = schedule.with_total_steps(10);
            assert_eq!(schedule.total_steps(), depends.then_some(10), "{text}");
            assert!(!schedule.needs_total_steps());
        }
        // One that was given before stays; one after which something follows is gone.
        assert_eq!(cosine(10).with_total_steps(20).total_steps(), Some(10));
        let followed = cosine(10).then(4, Curve::Constant);
        assert_eq!((followed.total_steps(), followed.rate(8.0, 2)), (None, 4.0));
    }

    #[test]
    fn starts_and_totals_out_of_order_are_refused() {
        let message = cosine(10).then(0, Curve::Constant).check().unwrap_err().to_string();
        assert_eq!(message, "schedule cosine with a next part from step 0, expected a step after 0");
        let two = Schedule::default().then(5, Cosine::new());
        let message = two.clone().then(5, Curve::Constant).check().unwrap_err().to_string();
        let expected = "schedule constant@5+cosine with a next part from step 5, expected a step after 5";
        assert_eq!(message, expected);
        let message = two.with_total_steps(5).check().unwrap_err().to_string();
        assert_eq!(message, "schedule constant@5+cosine for 5 steps, expected more than 5 steps");
        assert!(Schedule::from(OneCycle::new()).with_total_steps(0).check().is_err());
    }

    #[test]
    #[should_panic(expected = "gamma -1, expected a finite number above 0")]
    fn a_setting_out_of_range_panics() {
        Schedule::from(Exponential::new(-1.0)).rate(0.1, 0);
    }

    #[test]
    #[should_panic(expected = "schedule one-cycle without a total, expected with_total_steps first")]
    fn a_missing_total_panics() {
        Schedule::from(OneCycle::new()).rate(0.1, 0);
    }

    #[test]
    fn what_is_written_is_read() {
        for text in [
            "constant",
            "step:30:0.1",
            "exponential:0.95",
            "cosine",
            "cosine:0.001",
            "cosine@6000",
            "one-cycle",
            "one-cycle:0.25:10:1000@600",
            "warmup:5",
            "warmup:5:0.2",
            "warmup:5+cosine@100",
            "warmup:5@7+one-cycle",
            "constant@100+step:30:0.5@400+warmup:50:0.01+cosine:0.0001@1000",
        ] {
            let schedule: Schedule = text.parse().unwrap();
            assert_eq!(schedule.to_string(), text);
        }
    }

    #[test]
    fn short_forms_have_the_defaults() {
        for (short, long) in [
            ("step:30", "step:30:0.1"),
            ("cosine:0", "cosine"),
            ("cosine:-0", "cosine"),
            ("one-cycle:0.3:25:1e4", "one-cycle"),
            ("warmup:5:0.3333333333333333", "warmup:5"),
            ("warmup:5@5+cosine", "warmup:5+cosine"),
            ("constant@3+warmup:5@8+constant", "constant@3+warmup:5+constant"),
        ] {
            assert_eq!(short.parse::<Schedule>().unwrap(), long.parse().unwrap(), "{short}");
            assert_eq!(short.parse::<Schedule>().unwrap().to_string(), long);
        }
    }

    #[test]
    fn built_and_read_are_the_same() {
        let warmup = Warmup::new(500).with_start(0.1);
        let cosine = Cosine::new().with_minimum(1e-5);
        let schedule = Schedule::from(warmup).then(500, cosine).with_total_steps(6000);
        assert_eq!("warmup:500:0.1+cosine:1e-5@6000".parse(), Ok(schedule));
        let steps = StepDecay::new(3).with_gamma(0.5);
        assert_eq!("step:3:0.5".parse(), Ok(Schedule::from(steps)));
        assert_eq!("exponential:0.9".parse(), Ok(Schedule::from(Exponential::new(0.9))));
    }

    #[test]
    fn anything_else_is_refused() {
        let message = |text: &str| text.parse::<Schedule>().unwrap_err().to_string();
        for name in ["", "cosin", "Cosine", " cosine", "cosine+", "+cosine", "warmup:5++cosine", "@5"] {
            assert!(message(name).starts_with("no schedule is called \""), "{name}: {}", message(name));
        }
        for text in ["step", "step:1:2:3", "exponential", "constant:1", "one-cycle:0.3", "warmup", "cosine:"]
        {
            assert!(message(text).contains(CURVES), "{text}: {}", message(text));
        }
        for (text, expected) in [
            (
                "step:x:0.1",
                format!("schedule step:x:0.1, expected a number instead of \"x\", as in {CURVES}"),
            ),
            ("step:-3", format!("schedule step:-3, expected a number instead of \"-3\", as in {CURVES}")),
            (
                "cosine@1.5",
                format!("schedule cosine@1.5, expected a number instead of \"1.5\", as in {CURVES}"),
            ),
            ("step:0:0.1", "steps between two decays 0, expected at least 1".into()),
            ("exponential:NaN", "gamma NaN, expected a finite number above 0".into()),
            ("cosine:inf", "minimum learning rate inf, expected a finite number not below 0".into()),
            (
                "constant+cosine",
                "schedule constant+cosine, expected constant@STEP, the step where the next part takes over"
                    .into(),
            ),
            ("warmup:5@100", "schedule warmup:5@100, expected something to take over at step 100".into()),
            ("warmup:5+cosine@5", "schedule warmup:5+cosine for 5 steps, expected more than 5 steps".into()),
            ("cosine@0", "schedule cosine for 0 steps, expected more than 0 steps".into()),
            (
                "constant@9+step:2@9+constant",
                "schedule constant@9+step:2:0.1 with a next part from step 9, expected a step after 9".into(),
            ),
        ] {
            assert_eq!(message(text), expected);
        }
    }
}
