//! The payload: what a checkpoint says, in the types that lie in files of the version that is written.
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
    pub(super) history: Vec<EpochLine>,
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

/// [`EpochReport`] as it lies in files of every version: a copy, since that may grow.
#[derive(Serialize, Deserialize)]
pub(super) struct EpochLine {
    epoch: u64,
    step: u64,
    train_loss: f64,
    train_accuracy: Option<f64>,
    test_loss: Option<f64>,
    test_accuracy: Option<f64>,
    validation_loss: Option<f64>,
    validation_accuracy: Option<f64>,
    learning_rate: f64,
    seconds: f64,
    samples_per_second: f64,
}

impl From<EpochReport> for EpochLine {
    fn from(report: EpochReport) -> Self {
        let EpochReport {
            epoch,
            step,
            train_loss,
            train_accuracy,
            test_loss,
            test_accuracy,
            validation_loss,
            validation_accuracy,
            learning_rate,
            seconds,
            samples_per_second,
        } = report;
        EpochLine {
            epoch,
            step,
            train_loss,
            train_accuracy,
            test_loss,
            test_accuracy,
            validation_loss,
            validation_accuracy,
            learning_rate,
            seconds,
            samples_per_second,
        }
    }
}

impl From<EpochLine> for EpochReport {
    fn from(line: EpochLine) -> Self {
        EpochReport {
            epoch: line.epoch,
            step: line.step,
            train_loss: line.train_loss,
            train_accuracy: line.train_accuracy,
            test_loss: line.test_loss,
            test_accuracy: line.test_accuracy,
            validation_loss: line.validation_loss,
            validation_accuracy: line.validation_accuracy,
            learning_rate: line.learning_rate,
            seconds: line.seconds,
            samples_per_second: line.samples_per_second,
        }
    }
}
