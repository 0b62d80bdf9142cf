//! What can be wrong with the choice and the settings of a loss.

use thiserror::Error;

/// Why a setting was refused.
///
/// # Examples
/// ```
/// use chainrule_losses::{Huber, SoftmaxCrossEntropy};
/// let error = Huber::new(0.0).unwrap_err();
/// assert_eq!(error.to_string(), "delta 0, expected a finite number above 0");
/// let error = SoftmaxCrossEntropy::new().with_class_weights([1.0, -1.0]).unwrap_err();
/// assert_eq!(error.to_string(), "weight -1 of class 1, expected a finite number not below 0");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a loss is out of range.
    #[error("{name} {found}, expected {expected}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it was set to.
        found: f64,
        /// The good range in words.
        expected: &'static str,
    },
    /// The weight of a class is out of range.
    #[error("weight {found} of class {class}, expected a finite number not below 0")]
    ClassWeight {
        /// Which class, counted from 0.
        class: usize,
        /// Its weight.
        found: f64,
    },
    /// There is no class, or none that counts.
    #[error("{n_classes} class weights and none above 0, expected one above 0 at least")]
    NoClassCounts {
        /// How many weights there are.
        n_classes: usize,
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
