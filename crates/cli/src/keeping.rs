//! The options for checkpoints during training, and the messages about them.

use std::{ffi::OsString, path::PathBuf};

use chainrule_trainer::{Checkpoints, Error, Every, OnCheckpointError, Resume};
use clap::Args;

use crate::{Result, Usage, args::at_least_one, call};

#[derive(Args, Debug)]
pub(crate) struct Keeping {
    /// Write checkpoints into this folder during training; a run resumed from them gives exactly the same result
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint_dir: Option<PathBuf>,
    /// How often to write a checkpoint: 50steps, 1epochs, 30s [default: 1epochs]
    #[arg(long, value_name = "EVERY", requires = "checkpoint_dir")]
    pub(crate) checkpoint_every: Option<Every>,
    /// How many of the newest checkpoints to keep, besides the one with the lowest validation loss [default: 2]
    #[arg(long, value_name = "N", value_parser = at_least_one::<usize>, allow_negative_numbers = true, requires = "checkpoint_dir")]
    pub(crate) keep: Option<usize>,
    /// Resume from this checkpoint, or with auto from the newest good one in --checkpoint-dir. Its settings are the
    /// defaults; a larger --epochs or --steps makes the run longer
    #[arg(long, value_name = "PATH|auto")]
    pub(crate) resume: Option<PathBuf>,
    /// Resume even if the checkpoint is of another version of the arithmetic (see inspect): the last bits of the result
    /// then differ
    #[arg(long, requires = "resume")]
    pub(crate) any_arithmetic: bool,
    /// When a checkpoint cannot be written: warn once and continue, or stop with the error [default: continue]
    #[arg(long, value_name = "HOW", value_parser = ["continue", "stop"], requires = "checkpoint_dir")]
    pub(crate) on_checkpoint_error: Option<String>,
}

impl Keeping {
    pub(crate) fn is_wanted(&self) -> bool {
        self.checkpoint_dir.is_some() || self.resume.is_some()
    }

    pub(crate) fn checkpoints(&self) -> Result<Checkpoints> {
        let checkpoints = match &self.checkpoint_dir {
            Some(folder) => Checkpoints::new(folder),
            None => Checkpoints::default(),
        };
        let resume = match &self.resume {
            None => Resume::Never,
            Some(path) if path.as_os_str() != "auto" => Resume::From(path.clone()),
            Some(_) if self.checkpoint_dir.is_some() => Resume::Auto,
            Some(_) => {
                return Usage::error(
                    "--resume auto looks for the newest checkpoint: add --checkpoint-dir DIR",
                );
            }
        };
        let keep = self.keep.unwrap_or(checkpoints.keep);
        let on_error = match self.on_checkpoint_error.as_deref() {
            Some("stop") => OnCheckpointError::Stop,
            _ => OnCheckpointError::Continue,
        };
        Ok(checkpoints
            .with_every(self.checkpoint_every.unwrap_or_default())
            .with_keep(keep)
            .with_resume(resume)
            .with_on_error(on_error)
            .with_any_arithmetic(self.any_arithmetic))
    }
}

/// The message of a run that failed: with the last good checkpoint, if training has diverged.
pub(crate) fn explain(error: Error, checkpoints: &Checkpoints) -> String {
    let diverged = matches!(error, Error::NotFinite { .. }) && checkpoints.folder.is_some();
    let last_good = diverged.then(|| checkpoints.clone().with_resume(Resume::Auto).newest());
    match last_good {
        Some(Ok(Some((path, _)))) => format!("{error}; the last good checkpoint is {}", path.display()),
        _ => {
            let remedy = match error {
                Error::FolderNotEmpty { .. } => " (--resume auto, or another --checkpoint-dir)",
                _ => "",
            };
            // The setting as the option that it is here.
            format!("{error}{remedy}").replace("(any_arithmetic ", "(--any-arithmetic ")
        }
    }
}

/// The call that resumes the run: this one again, `from` a file, or with `auto` from the folder's newest checkpoint.
pub(crate) fn call_to_go_on(from: OsString) -> String {
    let mut arguments = call::without(call::arguments(), &["--resume"], &[]);
    arguments.extend(["--resume".into(), from]);
    call::words(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_arithmetic_names_the_option() {
        // The words are the trainer's, whose tests have them.
        let expected =
            "1, as in the run that was saved (any_arithmetic goes on all the same, with other bits)";
        let (path, what) = (PathBuf::from("a.ckpt"), "the arithmetic".into());
        let error = Error::Resume { path, what, found: "2".into(), expected: expected.into() };
        let message = explain(error, &Checkpoints::default());
        assert!(message.contains("(--any-arithmetic goes on "), "{message}");
    }
}
