//! What can be wrong with the settings of a layer.

use thiserror::Error;

/// Why a setting was refused.
///
/// # Examples
/// ```
/// use chainrule_layers::LeakyRelu;
/// let error = LeakyRelu::new(f64::NAN).unwrap_err();
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
}

/// `found` if it is finite and not below 0.
pub(crate) fn not_negative(name: &'static str, found: f64) -> Result<f64, Error> {
    if found >= 0.0 && found.is_finite() {
        Ok(found)
    } else {
        Err(Error::Setting { name, found, expected: "a finite number not below 0" })
    }
}
