//! What can be wrong with a layer's settings, or with a chain of layers.

use thiserror::Error;

/// Why settings or a chain of layers were refused.
///
/// # Examples
/// ```
/// use chainrule_layers::LeakyRelu;
/// let error = LeakyRelu::new(f64::NAN).check().unwrap_err();
/// assert_eq!(error.to_string(), "slope NaN, expected a finite number not below 0");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a layer is out of range.
    #[error("{name} {found}, expected {expected}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it was set to.
        found: f64,
        /// The good range in words.
        expected: &'static str,
    },
    /// Rows have no encoding, or it was not made of any.
    #[error("{what} {found}, expected {expected}")]
    Encoding {
        /// What is wrong, up to its value.
        what: String,
        /// What there is.
        found: String,
        /// What is allowed.
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
    /// There is no activation of this name.
    #[error("activation is {found:?}, expected one of {expected}")]
    Activation {
        /// The name.
        found: String,
        /// Those that there are.
        expected: String,
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

/// Refuses a setting unless it is `good`.
pub(crate) fn check(name: &'static str, found: f64, good: bool, expected: &'static str) -> Result<(), Error> {
    if good { Ok(()) } else { Err(Error::Setting { name, found, expected }) }
}

/// Refuses a setting unless it is finite and not below 0.
pub(crate) fn check_not_negative(name: &'static str, found: f64) -> Result<(), Error> {
    check(name, found, found >= 0.0 && found.is_finite(), "a finite number not below 0")
}
