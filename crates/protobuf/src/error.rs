//! Why bytes are no message.

use std::fmt::{self, Display};

/// The bytes break a rule of protobuf, or hold another kind of value than was asked for.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: found {found}, expected {expected}")]
#[non_exhaustive]
pub struct Malformed {
    /// The part of the message.
    pub what: String,
    /// What is there.
    pub found: String,
    /// What the format wants.
    pub expected: String,
}

// The sentence where `main` and `unwrap` show errors by `Debug`, as in all crates of chainrule.
impl fmt::Debug for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Malformed {
    /// The error for this part, with what is there and what was expected.
    ///
    /// # Examples
    /// ```
    /// let error = chainrule_protobuf::Malformed::new("a node", "no operator", "one");
    /// assert_eq!(error.to_string(), "a node: found no operator, expected one");
    /// ```
    pub fn new(what: &str, found: impl Display, expected: &str) -> Self {
        Malformed { what: what.to_string(), found: found.to_string(), expected: expected.to_string() }
    }
}
