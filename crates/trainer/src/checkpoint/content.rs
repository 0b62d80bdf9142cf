//! The payload: what a checkpoint says, in the types that lie in files of the version that is written.
//!
//! Settings and the description of the network are text that names its fields, so that a new setting has a default in files
//! that know nothing of it. Numbers that are many are lists of bincode.

use chainrule_layers::{OwnLayers, Tensor};
use serde::{Deserialize, Serialize};

use super::{
    Checkpoint, TrainingRecord,
    container::{self, Kind},
    old,
};
use crate::{CheckpointProblem, EpochReport, Network, NetworkConfig, TrainConfig, TrainState};

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

/// The payload of a network, with the settings as JSON.
type Payload = (String, Vec<NamedTensor>, Vec<EpochLine>, Vec<(String, Vec<u8>)>);

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

/// The bytes of a file of the current version.
pub(super) fn to_bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    let TrainingRecord { program_version, arithmetic, config, history } = &checkpoint.training;
    let settings = Settings {
        program: program_version.clone(),
        arithmetic: *arithmetic,
        network: checkpoint.net.config().clone(),
        training: config.clone(),
    };
    let tensors = checkpoint.net.tensors().map(|(tensor, values)| NamedTensor {
        name: tensor.name.clone(),
        n_rows: tensor.n_rows as u64,
        n_columns: tensor.n_columns as u64,
        values: values.as_slice().to_vec(),
    });
    let payload: Payload = (
        serde_json::to_string(&settings).expect("numbers, strings and lists always have a JSON form"),
        tensors.collect(),
        history.iter().cloned().map(EpochLine::from).collect(),
        checkpoint.extra.iter().map(|(name, data)| (name.clone(), data.clone())).collect(),
    );
    match &checkpoint.state {
        None => container::seal(Kind::Network, &payload),
        Some(state) => container::seal(Kind::Run, &(payload, state)),
    }
}

/// What the bytes of a file of any version say.
pub(super) fn from_bytes(bytes: &[u8], own: OwnLayers<'_, f32>) -> Result<Checkpoint, CheckpointProblem> {
    let (version, kind, payload) = container::open(bytes)?;
    let content = match version {
        1 => old::first(payload)?,
        2 => old::second(payload, kind == Kind::Run)?,
        _ => current(payload, kind)?,
    };
    let Content { settings, tensors, history, extra, state } = content;
    let net = network(settings.network, &tensors, own)?;
    for (name, values) in state.iter().flat_map(TrainState::lists) {
        check_finite(&name, values)?;
    }
    let training = TrainingRecord {
        program_version: settings.program,
        arithmetic: settings.arithmetic,
        config: settings.training,
        history: history.into_iter().map(Into::into).collect(),
    };
    Ok(Checkpoint { net, training, state, extra: extra.into_iter().collect() })
}

fn current(payload: &[u8], kind: Kind) -> Result<Content, CheckpointProblem> {
    let ((text, tensors, history, extra), state): (Payload, _) = match kind {
        Kind::Network => (container::decode(payload)?, None),
        Kind::Run => {
            let (payload, state) = container::decode(payload)?;
            (payload, Some(state))
        }
    };
    let settings =
        serde_json::from_str(&text).map_err(|cause| CheckpointProblem::Decode(cause.to_string()))?;
    Ok(Content { settings, tensors, history, extra, state })
}

/// The network that `config` describes, with these tensors, if they are its own.
fn network(
    config: NetworkConfig,
    tensors: &[NamedTensor],
    own: OwnLayers<'_, f32>,
) -> Result<Network, CheckpointProblem> {
    let decode = |cause: crate::Error| CheckpointProblem::Decode(cause.to_string());
    let layers = config.structure::<f32>(own).map_err(decode)?;
    let expected: Vec<&Tensor> = layers.tensors().collect();
    for i in 0..expected.len().max(tensors.len()) {
        let expected = expected.get(i).map(|t| (&*t.name, t.n_rows as u64, t.n_columns as u64));
        let found = tensors.get(i).map(|t| (&*t.name, t.n_rows, t.n_columns));
        let is_whole = |t: &NamedTensor| t.n_rows.checked_mul(t.n_columns) == Some(t.values.len() as u64);
        if found != expected || !tensors.get(i).is_some_and(is_whole) {
            let show = |tensor: Option<(&str, u64, u64)>| match tensor {
                Some((name, n_rows, n_columns)) => format!("{name} ({n_rows}×{n_columns})"),
                None => "none".to_string(),
            };
            return Err(CheckpointProblem::Parameter { found: show(found), expected: show(expected) });
        }
    }
    for tensor in tensors {
        check_finite(&tensor.name, &tensor.values)?;
    }
    let values: Vec<f32> = tensors.iter().flat_map(|tensor| &tensor.values).copied().collect();
    Network::with_values(config, &values, own).map_err(decode)
}

fn check_finite(name: &str, values: &[f32]) -> Result<(), CheckpointProblem> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, &value)) => Err(CheckpointProblem::NotFinite { name: name.to_string(), index, value }),
    }
}
