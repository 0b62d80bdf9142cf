//! Learning-rate schedules: curves, one after another.
//!
//! A [`Schedule`] is a pure function of the base learning rate and the number of the step, so that a run resumed from a
//! checkpoint needs nothing but that number. Steps are mini-batches, not epochs, and count from 0.

mod cosine;
mod exponential;
mod one_cycle;
mod sequence;
mod step_decay;
mod warmup;

use std::{fmt, str::FromStr};

pub use cosine::Cosine;
pub use exponential::Exponential;
pub use one_cycle::OneCycle;
pub use sequence::Schedule;
pub use step_decay::StepDecay;
pub use warmup::Warmup;

use crate::Error;

const CURVES: &str = "constant, step:EVERY:GAMMA, exponential:GAMMA, cosine:MINIMUM, warmup:STEPS:START, \
                      one-cycle:PCT_START:DIV_FACTOR:FINAL_DIV_FACTOR";

/// One curve of the learning rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Curve {
    /// The base learning rate at every step.
    #[default]
    Constant,
    /// Multiplied by a factor every so many steps.
    StepDecay(StepDecay),
    /// Multiplied by a factor at every step.
    Exponential(Exponential),
    /// Cosine annealing down to a minimum.
    Cosine(Cosine),
    /// Linear warm-up.
    Warmup(Warmup),
    /// One cycle: up to the base learning rate, and down.
    OneCycle(OneCycle),
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

impl Curve {
    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Curve::Constant => Ok(()),
            Curve::StepDecay(curve) => curve.check(),
            Curve::Exponential(curve) => curve.check(),
            Curve::Cosine(curve) => curve.check(),
            Curve::Warmup(curve) => curve.check(),
            Curve::OneCycle(curve) => curve.check(),
        }
    }

    /// The rate at a step of the `n_steps` that the curve has.
    fn rate(&self, base: f64, step: u64, n_steps: u64) -> f64 {
        match self {
            Curve::Constant => base,
            Curve::StepDecay(curve) => curve.rate(base, step),
            Curve::Exponential(curve) => curve.rate(base, step),
            Curve::Cosine(curve) => curve.rate(base, step, n_steps),
            Curve::Warmup(curve) => curve.rate(base, step),
            Curve::OneCycle(curve) => curve.rate(base, step, n_steps),
        }
    }

    /// Whether it is spread over the steps it has.
    fn is_spread(&self) -> bool {
        matches!(self, Curve::Cosine(_) | Curve::OneCycle(_))
    }

    /// Where it ends by itself, if it does.
    fn own_end(&self, start: u64) -> Option<u64> {
        if let Curve::Warmup(Warmup { steps, .. }) = self { Some(start.saturating_add(*steps)) } else { None }
    }

    /// The curve that [`Display`](fmt::Display) writes as `text`. Settings may be out of range.
    fn read(text: &str) -> Result<Self, Error> {
        let mut settings = text.split(':');
        let name = settings.next().unwrap_or_default();
        let (steps, n) = (|setting| number::<u64>(text, setting), |setting| number::<f64>(text, setting));
        Ok(match (name, &settings.collect::<Vec<_>>()[..]) {
            ("constant", []) => Curve::Constant,
            ("step", [every]) => StepDecay::new(steps(every)?).into(),
            ("step", [every, gamma]) => StepDecay::new(steps(every)?).with_gamma(n(gamma)?).into(),
            ("exponential", [gamma]) => Exponential::new(n(gamma)?).into(),
            ("cosine", []) => Cosine::new().into(),
            ("cosine", [minimum]) => Cosine::new().with_minimum(n(minimum)?).into(),
            ("warmup", [rising]) => Warmup::new(steps(rising)?).into(),
            ("warmup", [rising, start]) => Warmup::new(steps(rising)?).with_start(n(start)?).into(),
            ("one-cycle", []) => OneCycle::new().into(),
            ("one-cycle", [a, b, c]) => {
                OneCycle { pct_start: n(a)?, div_factor: n(b)?, final_div_factor: n(c)? }.into()
            }
            ("constant" | "step" | "exponential" | "cosine" | "warmup" | "one-cycle", _) => {
                return Err(refused(text, "another number of settings"));
            }
            _ => {
                let (found, expected) = (name.to_owned(), CURVES.to_owned());
                return Err(Error::Name { kind: "schedule", found, expected });
            }
        })
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Curve::Constant => write!(f, "constant"),
            Curve::StepDecay(c) => write!(f, "step:{}:{}", c.every, c.gamma),
            Curve::Exponential(c) => write!(f, "exponential:{}", c.gamma),
            Curve::Cosine(c) if c.minimum == 0.0 => write!(f, "cosine"),
            Curve::Cosine(c) => write!(f, "cosine:{}", c.minimum),
            Curve::Warmup(c) if *c == Warmup::new(c.steps) => write!(f, "warmup:{}", c.steps),
            Curve::Warmup(c) => write!(f, "warmup:{}:{}", c.steps, c.start),
            Curve::OneCycle(c) if *c == OneCycle::new() => write!(f, "one-cycle"),
            Curve::OneCycle(c) => {
                write!(f, "one-cycle:{}:{}:{}", c.pct_start, c.div_factor, c.final_div_factor)
            }
        }
    }
}

/// A number in the text of a curve.
fn number<N: FromStr>(text: &str, number: &str) -> Result<N, Error> {
    number.parse().map_err(|_| refused(text, &format!("a number instead of {number:?}")))
}

fn refused(text: &str, expected: &str) -> Error {
    Error::Schedule { found: text.to_owned(), expected: format!("{expected}, as in {CURVES}") }
}
