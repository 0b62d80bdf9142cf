//! What a check of one tensor found, and how it reads.

use std::fmt;

use crate::comparison::{Comparison, Worst};

/// The result of checking the gradient of one tensor.
///
/// It prints as one line that begins with `ok`, `wrong` or `refused`, after the tensor's name if it has
/// one.
///
/// # Examples
/// ```
/// use chainrule_gradcheck::Check;
/// let report = Check::new().compare(&[6.0, 8.0], &[6.0, -8.0]).named("w");
/// assert!(!report.passed());
/// assert_eq!(
///     report.to_string(),
///     "w: wrong: 1 of 2 derivatives disagree; worst relative error 2.00e0 at [1], tolerance 1e-7: \
///      given 8.0, numerical -8.0",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a report that nobody reads checks nothing"]
pub struct Report {
    pub(crate) name: String,
    pub(crate) n_total: usize,
    pub(crate) tolerance: f64,
    pub(crate) outcome: Result<Comparison, Refusal>,
}

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
    /// The numerical derivative is not finite: either `f` is not, near `x`, or the step was too small to
    /// change `x[index]`.
    Numeric {
        /// Where.
        index: usize,
        /// What is there.
        value: f64,
    },
}

impl Report {
    /// The same report under the name of its tensor.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name of the tensor, empty if it was given none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether every derivative that was checked, and there was one, has `relative_error <= tolerance`.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.relative_error() <= self.tolerance
    }

    /// The largest relative error, NaN if nothing could be compared.
    pub fn relative_error(&self) -> f64 {
        self.worst().map_or(f64::NAN, |worst| worst.relative_error)
    }

    /// The derivative with the largest relative error, `None` if nothing could be compared.
    pub fn worst(&self) -> Option<Worst> {
        self.outcome.as_ref().ok().map(|comparison| comparison.worst)
    }

    /// Why nothing could be compared, `None` if it could.
    pub fn refusal(&self) -> Option<Refusal> {
        self.outcome.as_ref().err().copied()
    }

    /// How many derivatives were compared.
    pub fn n_checked(&self) -> usize {
        self.outcome.as_ref().map_or(0, |comparison| comparison.n_checked)
    }

    /// How many of those had `relative_error <= tolerance`.
    pub fn n_agreeing(&self) -> usize {
        self.outcome.as_ref().map_or(0, |comparison| comparison.n_agreeing)
    }

    /// How many elements the tensor has.
    pub fn n_total(&self) -> usize {
        self.n_total
    }

    /// The largest relative error that passes.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// For tests: demands that the gradient is right.
    ///
    /// # Panics
    /// Unless the check [passed](Report::passed), with the report.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.passed(), "{self}");
    }

    /// For negative controls: demands that the gradient, which is wrong on purpose, did not pass.
    ///
    /// Keep [`assert_passed`](Report::assert_passed) for the right gradient of the same `f` and `x`
    /// beside it: then a refusal cannot be due to a NaN in those.
    ///
    /// # Panics
    /// If the check [passed](Report::passed), with the report.
    #[track_caller]
    pub fn assert_refused(&self) {
        assert!(!self.passed(), "this gradient was to be refused, but {self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        let Comparison { n_checked, n_agreeing, worst } = match &self.outcome {
            Ok(comparison) => comparison,
            Err(refusal) => return write!(f, "refused: {refusal}"),
        };
        let (verdict, n, verb) = match self.passed() {
            true => ("ok", *n_agreeing, "agree"),
            false => ("wrong", n_checked - n_agreeing, "disagree"),
        };
        write!(f, "{verdict}: {n} of {n_checked} ")?;
        if *n_checked < self.n_total {
            write!(f, "checked derivatives ({} in all) ", self.n_total)?;
        } else {
            write!(f, "derivatives ")?;
        }
        write!(f, "{verb}; worst relative error {:.2e} at [{}]", worst.relative_error, worst.index)?;
        if !self.passed() {
            write!(f, ", tolerance {:e}", self.tolerance)?;
        }
        // All digits: the first that differ are the ones to look at.
        write!(f, ": given {:?}, numerical {:?}", worst.analytic, worst.numeric)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Empty => write!(f, "the tensor is empty, nothing was checked"),
            Refusal::Input { index, value } => write!(f, "x[{index}] is {value}"),
            Refusal::Analytic { index, value } => write!(f, "the given derivative at [{index}] is {value}"),
            Refusal::Value { value } => write!(f, "f(x) is {value}"),
            Refusal::Numeric { index, value } => {
                write!(f, "the numerical derivative at [{index}] is {value}")
            }
        }
    }
}
