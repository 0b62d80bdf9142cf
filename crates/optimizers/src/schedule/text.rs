//! Schedules as text: parts joined by `+`, each a curve `name:setting:…` and, after an `@`, the step where it ends.

use std::{fmt, str::FromStr};

use super::{Cosine, Curve, Exponential, OneCycle, Schedule, StepDecay, Warmup};
use crate::Error;

const CURVES: &str = "constant, step:EVERY:GAMMA, exponential:GAMMA, cosine:MINIMUM, warmup:STEPS:START, \
                      one-cycle:PCT_START:DIV_FACTOR:FINAL_DIV_FACTOR";

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Curve::Constant => write!(f, "constant"),
            Curve::StepDecay(StepDecay { every, gamma }) => write!(f, "step:{every}:{gamma}"),
            Curve::Exponential(Exponential { gamma }) => write!(f, "exponential:{gamma}"),
            Curve::Cosine(Cosine { minimum: 0.0 }) => write!(f, "cosine"),
            Curve::Cosine(Cosine { minimum }) => write!(f, "cosine:{minimum}"),
            Curve::Warmup(Warmup { steps, start }) if *start == Warmup::START => write!(f, "warmup:{steps}"),
            Curve::Warmup(Warmup { steps, start }) => write!(f, "warmup:{steps}:{start}"),
            Curve::OneCycle(curve) if *curve == OneCycle::default() => write!(f, "one-cycle"),
            Curve::OneCycle(OneCycle { pct_start, div_factor, final_div_factor }) => {
                write!(f, "one-cycle:{pct_start}:{div_factor}:{final_div_factor}")
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (start, curve)) in self.parts.iter().enumerate() {
            write!(f, "{curve}")?;
            match self.parts.get(i + 1) {
                Some((next, _)) if curve.own_end(*start) == Some(*next) => write!(f, "+")?,
                Some((next, _)) => write!(f, "@{next}+")?,
                None => {}
            }
        }
        self.total_steps.map_or(Ok(()), |total| write!(f, "@{total}"))
    }
}

impl FromStr for Curve {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut settings = text.split(':');
        let name = settings.next().unwrap_or_default();
        let settings: Vec<&str> = settings.collect();
        Ok(match (name, &settings[..]) {
            ("constant", []) => Curve::Constant,
            ("step", [every]) => StepDecay::new(number(text, every)?)?.into(),
            ("step", [every, gamma]) => {
                StepDecay::new(number(text, every)?)?.with_gamma(number(text, gamma)?)?.into()
            }
            ("exponential", [gamma]) => Exponential::new(number(text, gamma)?)?.into(),
            ("cosine", []) => Cosine::new().into(),
            ("cosine", [minimum]) => Cosine::new().with_minimum(number(text, minimum)?)?.into(),
            ("warmup", [steps]) => Warmup::new(number(text, steps)?)?.into(),
            ("warmup", [steps, start]) => {
                Warmup::new(number(text, steps)?)?.with_start(number(text, start)?)?.into()
            }
            ("one-cycle", []) => OneCycle::new().into(),
            ("one-cycle", [pct_start, div_factor, final_div_factor]) => OneCycle::new()
                .with_pct_start(number(text, pct_start)?)?
                .with_div_factor(number(text, div_factor)?)?
                .with_final_div_factor(number(text, final_div_factor)?)?
                .into(),
            ("constant" | "step" | "exponential" | "cosine" | "warmup" | "one-cycle", _) => {
                let expected = format!("another number of settings, as in {CURVES}");
                return Err(Error::Schedule { found: text.to_owned(), expected });
            }
            _ => {
                let expected = CURVES.to_owned();
                return Err(Error::Name { kind: "schedule", found: name.to_owned(), expected });
            }
        })
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('+').map(part);
        let (curve, mut end) = parts.next().expect("a split gives at least one part")?;
        let mut schedule = Schedule::from(curve);
        for part in parts {
            let (curve, next_end) = part?;
            let start = end.or(schedule.own_end()).ok_or_else(|| {
                let expected = format!("{schedule}@STEP, the step where the next part takes over");
                Error::Schedule { found: text.to_owned(), expected }
            })?;
            schedule = schedule.then(start, curve)?;
            end = next_end;
        }
        match end {
            None => Ok(schedule),
            Some(total) if schedule.needs_total_steps() => schedule.with_total_steps(total),
            Some(end) => {
                let expected = format!("something to take over at step {end}");
                Err(Error::Schedule { found: text.to_owned(), expected })
            }
        }
    }
}

/// A curve, and the step after `@` if there is one.
fn part(text: &str) -> Result<(Curve, Option<u64>), Error> {
    match text.split_once('@') {
        Some((curve, end)) => Ok((curve.parse()?, Some(number(text, end)?))),
        None => Ok((text.parse()?, None)),
    }
}

fn number<N: FromStr>(text: &str, number: &str) -> Result<N, Error> {
    number.parse().map_err(|_| {
        let expected = format!("a number instead of {number:?}, as in {CURVES}");
        Error::Schedule { found: text.to_owned(), expected }
    })
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

impl Schedule {
    /// Where the last curve ends by itself.
    fn own_end(&self) -> Option<u64> {
        let (start, curve) = self.last();
        curve.own_end(start)
    }
}

impl Curve {
    fn own_end(&self, start: u64) -> Option<u64> {
        match self {
            Curve::Warmup(warmup) => Some(start.saturating_add(warmup.steps)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let warmup = Warmup::new(500).unwrap().with_start(0.1).unwrap();
        let cosine = Cosine::new().with_minimum(1e-5).unwrap();
        let schedule = Schedule::from(warmup).then(500, cosine).unwrap().with_total_steps(6000).unwrap();
        assert_eq!("warmup:500:0.1+cosine:1e-5@6000".parse(), Ok(schedule));
        let steps = StepDecay::new(3).unwrap().with_gamma(0.5).unwrap();
        assert_eq!("step:3:0.5".parse(), Ok(Schedule::from(steps)));
        assert_eq!("exponential:0.9".parse(), Ok(Schedule::from(Exponential::new(0.9).unwrap())));
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
            ("step:0:0.1", "steps between two falls 0, expected at least 1".into()),
            ("exponential:NaN", "gamma NaN, expected a finite number above 0".into()),
            ("cosine:inf", "smallest rate inf, expected a finite number not below 0".into()),
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
