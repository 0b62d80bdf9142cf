//! The errors of this crate: settings out of range, and unknown names.

use chainrule_tensor::unmet;
use thiserror::Error;

/// Why a loss, or a setting of one, is refused.
///
/// # Examples
/// ```
/// use chainrule_losses::{Huber, SoftmaxCrossEntropy};
/// let error = Huber::new(0.0).check().unwrap_err();
/// assert_eq!(error.to_string(), "delta 0, expected a finite number above 0");
/// let error = SoftmaxCrossEntropy::new().with_class_weights([1.0, -1.0]).check().unwrap_err();
/// assert_eq!(error.to_string(), "weight -1 of class 1, expected a finite number not below 0");
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a loss is out of range.
    #[error("{name} {}, expected {expected}", chainrule_tensor::shown(*found))]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it was set to.
        found: f64,
        /// The valid range in words.
        expected: &'static str,
    },
    /// The weight of a class is out of range, or the loss cannot be used with this number of outputs.
    #[error("{found}, expected {expected}")]
    Classes {
        /// What is wrong.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// There is no loss of this name.
    #[error("no loss is called \"{found}\", expected one of {expected}")]
    Name {
        /// What was asked for.
        found: String,
        /// All names.
        expected: String,
    },
}

chainrule_tensor::debug_is_display!(Error);

/// Refuses a setting unless it is `good`, and a number that `f32` can hold.
pub(crate) fn check(name: &'static str, found: f64, good: bool, expected: &'static str) -> Result<(), Error> {
    unmet(found, good, expected).map_or(Ok(()), |expected| Err(Error::Setting { name, found, expected }))
}

impl Error {
    /// What is wrong with classes, as a result to return.
    pub(crate) fn classes(found: impl Into<String>, expected: impl Into<String>) -> Result<(), Error> {
        Err(Error::Classes { found: found.into(), expected: expected.into() })
    }
}
