//! What can be wrong with settings and with a restored state.

use thiserror::Error;

/// Why a setting, a schedule or a restored state was refused.
///
/// # Examples
/// ```
/// use chainrule_optimizers::Sgd;
/// let error = Sgd::new(f64::NAN).check().unwrap_err();
/// assert_eq!(error.to_string(), "learning rate NaN, expected a finite number above 0");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of range.
    #[error("{name} {found}, expected {expected}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it was set to.
        found: f64,
        /// The good range in words.
        expected: &'static str,
    },
    /// There is no rule, or no schedule, of this name.
    #[error("no {kind} is called {found:?}, expected one of {expected}")]
    Name {
        /// Optimizer or schedule.
        kind: &'static str,
        /// The name that was given.
        found: String,
        /// All names.
        expected: String,
    },
    /// The rule has no such setting.
    #[error("{rule} has no {setting}, expected one of {expected}")]
    NoSetting {
        /// The rule.
        rule: &'static str,
        /// What was to be set.
        setting: &'static str,
        /// The rules that have it.
        expected: &'static str,
    },
    /// A schedule contradicts itself, doesn't fit the run, or its text cannot be read.
    #[error("schedule {found}, expected {expected}")]
    Schedule {
        /// The schedule, or what is wrong in it.
        found: String,
        /// What it would have to be.
        expected: String,
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
