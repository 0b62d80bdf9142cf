//! Checkpoints: a trained network in a file, how it came about, and what a run needs to go on.

mod bytes;
mod checkpoints;
mod container;
mod content;
mod every;
#[cfg(test)]
mod faults;
mod folder;
mod keeper;
mod old;
mod writer;

use std::{collections::BTreeMap, path::Path};

use chainrule_files::{check_file_path, write_file};
use chainrule_layers::{OwnLayers, no_own_layers};
use chainrule_tensor::ARITHMETIC;

use crate::{CheckpointProblem, EpochReport, Error, Network, TrainConfig, TrainState};

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
    pub net: Network,
    /// How it was trained.
    pub training: TrainingRecord,
    /// What the run needs to go on from here; then `net` is the network as it would be used, an average, say.
    pub state: Option<TrainState>,
    /// What a program wants to keep with the network, by names of its own: the columns of a table, say.
    pub extra: BTreeMap<String, Vec<u8>>,
}

/// How a network was trained.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TrainingRecord {
    /// The version of this crate.
    pub program_version: String,
    /// The number of the [arithmetic](ARITHMETIC): runs of equal settings have equal bits where it is the same.
    pub arithmetic: u32,
    /// The settings of the run.
    pub config: TrainConfig,
    /// Every epoch's report.
    pub history: Vec<EpochReport>,
}

impl TrainingRecord {
    /// A record of a run of this version.
    pub fn new(config: TrainConfig, history: Vec<EpochReport>) -> Self {
        let program_version = env!("CARGO_PKG_VERSION").to_string();
        TrainingRecord { program_version, arithmetic: ARITHMETIC, config, history }
    }
}

impl Checkpoint {
    /// A checkpoint of `net`.
    pub fn new(net: Network, training: TrainingRecord) -> Self {
        Checkpoint { net, training, state: None, extra: BTreeMap::new() }
    }

    /// The same, from which the run can go on: with [`Summary::state`](crate::Summary::state).
    pub fn with_state(self, state: TrainState) -> Self {
        Checkpoint { state: Some(state), ..self }
    }

    /// The same with data of the program's own under a name.
    pub fn with_extra(mut self, name: &str, data: impl Into<Vec<u8>>) -> Self {
        self.extra.insert(name.to_string(), data.into());
        self
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
        Checkpoint::from_bytes_with_own(&bytes, &bytes::layers_of(&self.net))
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
        Checkpoint::load_with_own(path, &no_own_layers)
    }

    /// The same for a network with layers of a program's own, which `own` makes of their names and settings.
    ///
    /// # Errors
    /// As [`load`](Checkpoint::load).
    pub fn load_with_own(path: impl AsRef<Path>, own: OwnLayers<'_, f32>) -> Result<Self, Error> {
        let path = path.as_ref();
        let damaged = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let bytes = container::read(path)
            .map_err(|cause| Error::Io { doing: "read", path: path.to_path_buf(), cause })?
            .map_err(damaged)?;
        Checkpoint::from_bytes_with_own(&bytes, own).map_err(damaged)
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
        bytes::to_bytes(self)
    }

    /// Reads the bytes of a file: first whether they are a checkpoint, then whether they are whole, then what they say.
    ///
    /// # Errors
    /// The first [`CheckpointProblem`] found.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointProblem> {
        Checkpoint::from_bytes_with_own(bytes, &no_own_layers)
    }

    /// The same for a network with layers of a program's own.
    ///
    /// # Errors
    /// As [`from_bytes`](Checkpoint::from_bytes).
    pub fn from_bytes_with_own(bytes: &[u8], own: OwnLayers<'_, f32>) -> Result<Self, CheckpointProblem> {
        bytes::from_bytes(bytes, own)
    }
}
