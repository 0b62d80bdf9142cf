//! The errors of this crate, one sentence each.

use std::{io, path::PathBuf};

/// Why logs could not be written or read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot be {doing}: {cause}", path.display())]
    Io {
        /// "made", "read" or "written".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },

    /// A new run would be mixed with the logs of another.
    #[error("{}: holds the logs of a run already (\"{found}\"), expected a folder without any", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// One of its files.
        found: String,
    },

    /// A line is not a scalar.
    #[error(
        "{}, line {line}: {problem}, expected an object such as \
         {{\"step\":600,\"epoch\":1,\"tag\":\"loss/train\",\"value\":1.5,\"wall_time\":1764082800.5}}",
        path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

chainrule_trainer::tensor::debug_is_display!(Error);

impl Error {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>, cause: io::Error) -> Self {
        Error::Io { doing, path: path.into(), cause }
    }
}
