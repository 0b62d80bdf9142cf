//! Checkpoints: a trained network in a file, how it came about, and what a run needs to go on.

mod checkpoints;
mod container;
mod content;
mod every;
#[cfg(test)]
mod faults;
mod folder;
mod keeper;
mod settings;
mod writer;

use std::path::Path;

use chainrule_files::{check_file_path, write_file};

use crate::{CheckpointProblem, EpochReport, Error, Mlp, TrainConfig, TrainState};

pub use checkpoints::{Checkpoints, OnCheckpointError, Resume};
pub use every::Every;

/// Reading a checkpoint takes at most this many times the memory of the file, the file included, and
/// [`MEMORY_MORE`].
pub const MEMORY_FACTOR: usize = 7;

/// Bytes that reading takes besides: a list begins with room for a megabyte at most, and there are lists in lists.
pub const MEMORY_MORE: usize = 3 << 20;

/// A trained network, and how it came about.
///
/// # Examples
/// ```
/// use chainrule_trainer::{Checkpoint, Mlp, MlpConfig, TrainConfig, TrainingRecord};
/// let net = Mlp::new(&MlpConfig::new([4, 3, 2]))?;
/// let crc32 = net.parameters_crc32();
/// let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.ckpt");
/// Checkpoint::new(net, record).save(&path)?;
/// assert_eq!(Checkpoint::load(&path)?.net.parameters_crc32(), crc32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The network.
    pub net: Mlp,
    /// How it was trained.
    pub training: TrainingRecord,
    /// What the run needs to go on from here; then `net` is the network as it would be used, an average, say.
    pub state: Option<TrainState>,
}

/// How a network was trained.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TrainingRecord {
    /// The version of this crate.
    pub program_version: String,
    /// The settings of the run.
    pub config: TrainConfig,
    /// Every epoch's report.
    pub history: Vec<EpochReport>,
}

impl TrainingRecord {
    /// A record of a run of this version.
    pub fn new(config: TrainConfig, history: Vec<EpochReport>) -> Self {
        TrainingRecord { program_version: env!("CARGO_PKG_VERSION").to_string(), config, history }
    }
}

impl Checkpoint {
    /// A checkpoint of `net`.
    pub fn new(net: Mlp, training: TrainingRecord) -> Self {
        Checkpoint { net, training, state: None }
    }

    /// The same, from which the run can go on: with [`Summary::state`](crate::Summary::state).
    pub fn with_state(self, state: TrainState) -> Self {
        Checkpoint { state: Some(state), ..self }
    }

    /// Writes the checkpoint to `path`. What was there before stays until the new file is whole.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder is missing or cannot be written to, or the disk is full; [`Error::Checkpoint`], and
    /// nothing is written, if the network could not be loaded again: a parameter is not finite, or its layers are no longer
    /// those of its configuration.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let bytes = self.to_bytes();
        // What could not be loaded is not worth replacing what is there.
        Checkpoint::from_bytes(&bytes)
            .map_err(|problem| Error::Checkpoint { path: path.to_path_buf(), problem })?;
        write_file(path, &bytes).map_err(|cause| Error::Io {
            doing: "write",
            path: path.to_path_buf(),
            cause,
        })
    }

    /// Reads a checkpoint from `path`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Checkpoint`] if it is not a checkpoint, or damaged.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let damaged = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let bytes = container::read(path)
            .map_err(|cause| Error::Io { doing: "read", path: path.to_path_buf(), cause })?
            .map_err(damaged)?;
        Checkpoint::from_bytes(&bytes).map_err(damaged)
    }

    /// Finds out whether a checkpoint can be saved to `path`, without changing what is there: before a long run, not
    /// after it.
    ///
    /// # Errors
    /// [`Error::Io`] as [`save`](Checkpoint::save) would give it now.
    pub fn check_path(path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        check_file_path(path).map_err(|cause| Error::Io { doing: "write", path: path.to_path_buf(), cause })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        content::to_bytes(self)
    }

    /// Reads the bytes of a file: first whether they are a checkpoint, then whether they are whole, then what they say.
    ///
    /// # Errors
    /// The first [`CheckpointProblem`] found.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointProblem> {
        content::from_bytes(bytes)
    }
}
