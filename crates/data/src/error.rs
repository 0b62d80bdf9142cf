//! The errors of this crate, one sentence each.

/// Why data were refused.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data are not what a data set is made of.
    #[error("{what}: found {found}, expected {expected}")]
    Data {
        /// What does not fit.
        what: String,
        /// What the data have.
        found: String,
        /// What is allowed.
        expected: String,
    },

    /// The fraction of samples to hold out is out of range.
    #[error("the fraction to hold out is {found}, expected a number from 0 to 1")]
    Share {
        /// The fraction.
        found: f64,
    },

    /// The number of folds is out of range.
    #[error("{found} folds of {n_samples} samples, expected from 2 to {n_samples}")]
    Folds {
        /// The number of folds.
        found: usize,
        /// The number of samples, of which every fold holds out at least one.
        n_samples: usize,
    },
}

chainrule_tensor::debug_is_display!(Error);
