//! The errors of this crate: settings out of range, and unknown names.

use thiserror::Error;

/// Why a setting or a schedule was refused.
///
/// # Examples
/// ```
/// use chainrule_optimizers::Sgd;
/// let error = Sgd::new(f64::NAN).check().unwrap_err();
/// assert_eq!(error.to_string(), "learning rate NaN, expected a finite number above 0");
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of range.
    #[error("{name} {}, expected {expected}", chainrule_tensor::shown(*found))]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it was set to.
        found: f64,
        /// The valid range in words.
        expected: &'static str,
    },
    /// There is no optimizer, or no schedule, of this name.
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
}

chainrule_tensor::debug_is_display!(Error);
