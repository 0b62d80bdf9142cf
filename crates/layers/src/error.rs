//! What can be wrong with a layer's settings, or with a chain of layers.

use std::fmt::Display;

use chainrule_tensor::{shown, unmet};
use thiserror::Error;

/// Why settings or a chain of layers were refused.
///
/// # Examples
/// ```
/// use chainrule_layers::LeakyRelu;
/// let error = LeakyRelu::new(f64::NAN).check().unwrap_err();
/// assert_eq!(error.to_string(), "slope NaN, expected a finite number not below 0");
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a layer is out of range, or there is no such setting.
    #[error("{name} {found}, expected {expected}")]
    Setting {
        /// Which setting.
        name: String,
        /// What it was set to.
        found: String,
        /// What is allowed, in words.
        expected: String,
    },
    /// A layer cannot take what the one before it gives, or its settings are out of range.
    #[error("layer {position} ({name}): {problem}")]
    Layer {
        /// Counting from 1.
        position: usize,
        /// The layer's name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A layer of a program's own that this program does not know.
    #[error("\"{name}\" is a layer of a program's own, which this one does not know")]
    Own {
        /// Its name.
        name: String,
    },
    /// There is no layer, or more than any network of this size class has.
    #[error("a network of {found} layers, expected 1 to {expected}")]
    Layers {
        /// How many there are.
        found: usize,
        /// The most layers that there may be.
        expected: usize,
    },
    /// There would be more values than any network of this size class has.
    #[error("more values than a network can have, expected at most {expected}")]
    Size {
        /// The most values that there may be.
        expected: usize,
    },
}

chainrule_tensor::debug_is_display!(Error);

impl Error {
    pub(crate) fn setting(name: impl Display, found: impl Display, expected: impl Display) -> Error {
        let [name, found, expected] = [name.to_string(), found.to_string(), expected.to_string()];
        Error::Setting { name, found, expected }
    }
}

/// Refuses a setting unless it is `good`.
pub(crate) fn check(
    name: impl Display,
    found: impl Display,
    good: bool,
    expected: impl Display,
) -> Result<(), Error> {
    if good { Ok(()) } else { Err(Error::setting(name, found, expected)) }
}

/// Refuses a setting unless it is `good`, and a number that `f32` can hold.
pub(crate) fn check_number(name: &str, found: f64, good: bool, expected: &'static str) -> Result<(), Error> {
    unmet(found, good, expected).map_or(Ok(()), |expected| Err(Error::setting(name, shown(found), expected)))
}

/// Refuses a setting unless it is finite and not below 0.
pub(crate) fn check_not_negative(name: &str, found: f64) -> Result<(), Error> {
    check_number(name, found, found >= 0.0 && found.is_finite(), "a finite number not below 0")
}
