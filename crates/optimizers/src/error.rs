//! What can be wrong with settings and with a restored state; the checks that settings share.

use thiserror::Error;

/// Why a setting or a restored state was refused.
///
/// # Examples
/// ```
/// use chainrule_optimizers::Sgd;
/// let error = Sgd::new(f64::NAN).unwrap_err();
/// assert_eq!(error.to_string(), "learning rate NaN, expected a finite number above 0");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a rule is out of range.
    #[error("{name} {found}, expected {expected}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it was set to.
        found: f64,
        /// The good range in words.
        expected: &'static str,
    },
    /// A restored state was made by another rule.
    #[error("the state of the rule {found}, expected that of {expected}")]
    Rule {
        /// The rule in the state.
        found: String,
        /// The rule it is to be used with.
        expected: String,
    },
    /// A restored state is about another number of parameters.
    #[error("the state of {found} parameters, expected {expected}")]
    ParameterCount {
        /// Parameters in the state.
        found: usize,
        /// Parameters of the net.
        expected: usize,
    },
    /// A restored state has another parameter, or one of another length, at this place.
    #[error(
        "parameter {index} of the state is {found} with {found_length} values, expected {expected} with \
         {expected_length}"
    )]
    Parameter {
        /// Where, counted from 0.
        index: usize,
        /// The name in the state.
        found: String,
        /// The length in the state.
        found_length: usize,
        /// The name in the net.
        expected: String,
        /// The length in the net.
        expected_length: usize,
    },
    /// A restored state contradicts itself: the slots of a parameter have other lengths than it says.
    #[error("slots of {found:?} values for the parameter {name}, expected {expected} of {length}")]
    Slots {
        /// The parameter.
        name: String,
        /// The lengths of its slots.
        found: Vec<usize>,
        /// How many slots the rule has.
        expected: usize,
        /// The length of the parameter.
        length: usize,
    },
}

/// `found` if it is in the good range.
pub(crate) fn setting(
    name: &'static str,
    found: f64,
    is_good: bool,
    expected: &'static str,
) -> Result<f64, Error> {
    if is_good { Ok(found) } else { Err(Error::Setting { name, found, expected }) }
}

pub(crate) fn learning_rate(rate: f64) -> Result<f64, Error> {
    setting("learning rate", rate, rate > 0.0 && rate.is_finite(), "a finite number above 0")
}

pub(crate) fn weight_decay(decay: f64) -> Result<f64, Error> {
    setting("weight decay", decay, decay >= 0.0 && decay.is_finite(), "a finite number not below 0")
}
