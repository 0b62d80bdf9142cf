//! How a command fails.

use std::fmt;

/// A failure is one sentence, with the remedy where there is one.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Options that contradict each other in a way that only the command itself can tell: exit code 2, and the message points
/// to the command's help.
pub struct Usage(pub String);

impl Usage {
    /// # Errors
    /// Always: this call is wrong, for this reason.
    pub fn error<T>(reason: impl Into<String>) -> Result<T> {
        Err(Usage(reason.into()).into())
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

chainrule_tensor::debug_is_display!(Usage);

impl std::error::Error for Usage {}
