//! The outputs of a run: each is tried, whatever becomes of the others.

use std::path::PathBuf;

use crate::Result;

/// The outputs of a run: where each was written, and what failed.
#[derive(Default)]
pub(super) struct Results {
    /// Where the trained network is.
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) page: Option<PathBuf>,
    /// The newest checkpoint in the folder of checkpoints.
    pub(super) in_folder: Option<PathBuf>,
    /// Whether that is of the end of the run.
    pub(super) is_saved: bool,
    /// One sentence for each that could not be written.
    pub(super) failed: Vec<String>,
}

impl Results {
    /// The path, if it was written.
    pub(super) fn tried(&mut self, result: Result<PathBuf>) -> Option<PathBuf> {
        match result {
            Ok(path) => Some(path),
            Err(problem) => {
                self.failed.push(problem.to_string());
                None
            }
        }
    }

    /// The files of the trained network.
    pub(super) fn of_network(&self) -> impl Iterator<Item = &PathBuf> {
        self.checkpoint.iter().chain(self.in_folder.iter().filter(|_| self.is_saved))
    }
}
