//! What can go wrong, in one sentence each.

use std::{io, path::PathBuf};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot be {doing}: {cause}", path.display())]
    Io {
        /// "read" or "written".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },

    /// A line of `scalars.jsonl` is not a record.
    #[error(
        "{}, line {line}: {problem}; expected {{\"step\":600,\"epoch\":1,\"tag\":\"loss/train\",\"value\":1.679}}",
        path.display()
    )]
    Scalar {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },

    /// There is nothing to report on.
    #[error("found no run to report on, expected at least one")]
    NoRun,

    /// The network and the samples don't fit together.
    #[error("{run}: {cause}")]
    Samples {
        /// The name of the run.
        run: String,
        /// What doesn't fit.
        cause: Box<chainrule_trainer::Error>,
    },

    /// The samples have no classes.
    #[error(
        "sample {sample} has no class that the network knows; a report tells how classes are recognised, expected one for \
         every sample"
    )]
    NoClass {
        /// The first sample without, from 0.
        sample: usize,
    },

    /// The samples are no images of this size.
    #[error(
        "images of {n_rows}×{n_columns} pixels: found samples of {found} values, expected {}",
        n_rows.saturating_mul(*n_columns)
    )]
    Images {
        /// The height that was given.
        n_rows: usize,
        /// The width that was given.
        n_columns: usize,
        /// Values per sample.
        found: usize,
    },
}
