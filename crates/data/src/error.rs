//! What can be wrong with data, in one sentence each.

/// Why data were refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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

    /// Nobody can hold out such a share of the samples.
    #[error("the share to hold out is {found}, expected a number from 0 to 1")]
    Share {
        /// The share.
        found: f64,
    },
}
