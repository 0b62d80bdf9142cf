//! `Refusal`: why a check could not compare anything.

use std::fmt;

/// Why nothing could be compared. `index` is the first place where it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The tensor has no elements.
    Empty,
    /// `x[index]` is not finite.
    Input {
        /// Where.
        index: usize,
        /// What is there.
        value: f64,
    },
    /// The given derivative is not finite, whether or not it was to be checked.
    Analytic {
        /// Where.
        index: usize,
        /// What is there.
        value: f64,
    },
    /// `f(x)` itself is not finite.
    Value {
        /// What it is.
        value: f64,
    },
    /// One of several outputs of `f` at `x` is not finite, or was not written.
    Output {
        /// Which.
        index: usize,
        /// What it is; NaN if it was not written.
        value: f64,
    },
    /// The cotangent of [`vjp`](crate::Check::vjp), or the direction of [`jvp`](crate::Check::jvp), is not finite.
    Direction {
        /// Where.
        index: usize,
        /// What is there.
        value: f64,
    },
    /// The cotangent or the direction is 0, with which every derivative is 0.
    ZeroDirection,
    /// The numerical derivative is not finite: either `f` is not, near `x`, or the step was too small to
    /// change `x[index]`.
    Numeric {
        /// Where.
        index: usize,
        /// What is there.
        value: f64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Empty => write!(f, "the tensor is empty, nothing was checked"),
            Refusal::Input { index, value } => write!(f, "x[{index}] is {value}"),
            Refusal::Analytic { index, value } => write!(f, "the given derivative at [{index}] is {value}"),
            Refusal::Value { value } => write!(f, "f(x) is {value}"),
            Refusal::Output { index, value } => write!(f, "f(x)[{index}] is {value}"),
            Refusal::Direction { index, value } => write!(f, "the direction at [{index}] is {value}"),
            Refusal::ZeroDirection => write!(f, "the direction is 0, nothing was checked"),
            Refusal::Numeric { index, value } => {
                write!(f, "the numerical derivative at [{index}] is {value}")
            }
        }
    }
}
