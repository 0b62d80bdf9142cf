//! The errors of this crate, one sentence each.

use std::{io, path::PathBuf};

/// Why there is no report.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to write the page.
    #[error("{}: cannot be written: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
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

chainrule_trainer::tensor::debug_is_display!(Error);

impl Error {
    pub(crate) fn of_samples(run: &str) -> impl FnOnce(chainrule_trainer::Error) -> Error {
        |cause| Error::Samples { run: run.to_string(), cause: cause.into() }
    }
}
