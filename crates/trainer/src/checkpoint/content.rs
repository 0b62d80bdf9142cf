//! The payload of a checkpoint file of the current version.
//!
//! Settings and the description of the network are text that names its fields, so that a new setting has a default in files
//! that know nothing of it. Numbers that are many are lists of bincode.

use serde::{Deserialize, Serialize};

use crate::{EpochReport, NetworkConfig, TrainConfig, TrainState};

/// What a file of any version says.
pub(super) struct Content {
    pub(super) settings: Settings,
    /// Parameters, and then running statistics.
    pub(super) tensors: Vec<NamedTensor>,
    pub(super) history: Vec<EpochReport>,
    pub(super) extra: Vec<(String, Vec<u8>)>,
    pub(super) state: Option<TrainState>,
}

/// The part of a file that is text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The version of the program.
    pub(super) program: String,
    pub(super) arithmetic: u32,
    pub(super) network: NetworkConfig,
    pub(super) training: TrainConfig,
}

/// A parameter, or running statistics, with its name and shape.
#[derive(Serialize, Deserialize)]
pub(super) struct NamedTensor {
    pub(super) name: String,
    pub(super) n_rows: u64,
    pub(super) n_columns: u64,
    pub(super) values: Vec<f32>,
}
