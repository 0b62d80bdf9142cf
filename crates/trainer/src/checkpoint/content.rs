//! The payload: what a checkpoint says, in the types that lie in files.

use serde::{Deserialize, Serialize};

use super::{
    Checkpoint, TrainingRecord,
    container::{self, Kind},
    settings::{EpochLine, MlpSettings, TrainSettings},
};
use crate::{CheckpointProblem, Mlp, MlpConfig, TrainState};

/// The payload of version 1.
#[derive(Serialize, Deserialize)]
struct First {
    network: Network,
    parameters: Vec<NamedParameter>,
    program_version: String,
    config: TrainSettings,
    history: Vec<EpochLine>,
}

/// The payload of a network in version 2.
#[derive(Serialize, Deserialize)]
struct Trained {
    program_version: String,
    network: Network,
    /// Parameters, and then running statistics.
    parameters: Vec<NamedParameter>,
    config: TrainSettings,
    history: Vec<EpochLine>,
}

/// The kinds of network; a new kind gets a new variant at the end.
#[derive(Serialize, Deserialize)]
enum Network {
    Mlp(MlpSettings),
}

/// A parameter with its name and shape.
#[derive(Serialize, Deserialize)]
struct NamedParameter {
    name: String,
    n_rows: u64,
    n_columns: u64,
    values: Vec<f32>,
}

/// The bytes of a file of the current version.
pub(super) fn to_bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    let TrainingRecord { program_version, config, history } = &checkpoint.training;
    let trained = Trained {
        program_version: program_version.clone(),
        network: Network::Mlp(checkpoint.net.config().clone().into()),
        parameters: named_parameters(&checkpoint.net),
        config: config.clone().into(),
        history: history.iter().cloned().map(EpochLine::from).collect(),
    };
    match &checkpoint.state {
        None => container::seal(Kind::Network, &trained),
        Some(state) => container::seal(Kind::Run, &(trained, state)),
    }
}

/// What the bytes of a file of any version say.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, CheckpointProblem> {
    let (kind, payload) = container::open(bytes)?;
    let (trained, state) = match kind {
        Kind::First => {
            let First { network, parameters, program_version, config, history } = container::decode(payload)?;
            (Trained { program_version, network, parameters, config, history }, None)
        }
        Kind::Network => (container::decode::<Trained>(payload)?, None),
        Kind::Run => {
            let (trained, state) = container::decode::<(Trained, TrainState)>(payload)?;
            (trained, Some(state))
        }
    };
    let Trained { program_version, network: Network::Mlp(config), parameters, config: training, history } =
        trained;
    let net = network(config.into(), &parameters)?;
    for (name, values) in state.iter().flat_map(TrainState::lists) {
        check_finite(&name, values)?;
    }
    let history = history.into_iter().map(Into::into).collect();
    let training = TrainingRecord { program_version, config: training.into(), history };
    Ok(Checkpoint { net, training, state })
}

fn named_parameters(net: &Mlp) -> Vec<NamedParameter> {
    let named = net.tensors().map(|(tensor, values)| NamedParameter {
        name: tensor.name.clone(),
        n_rows: tensor.n_rows as u64,
        n_columns: tensor.n_columns as u64,
        values: values.as_slice().to_vec(),
    });
    named.collect()
}

/// The network that `config` describes, with `parameters`, if they are its own.
fn network(config: MlpConfig, parameters: &[NamedParameter]) -> Result<Mlp, CheckpointProblem> {
    let decode = |cause: crate::Error| CheckpointProblem::Decode(cause.to_string());
    config.check().map_err(decode)?;
    let layers = config.structure::<f32>().map_err(decode)?;
    let expected: Vec<_> = layers.tensors().collect();
    for i in 0..expected.len().max(parameters.len()) {
        let expected = expected.get(i).map(|t| (&*t.name, t.n_rows as u64, t.n_columns as u64));
        let found = parameters.get(i).map(|p| (&*p.name, p.n_rows, p.n_columns));
        let whole = parameters
            .get(i)
            .is_some_and(|p| p.n_rows.checked_mul(p.n_columns) == Some(p.values.len() as u64));
        if found != expected || !whole {
            let show = |parameter: Option<(&str, u64, u64)>| match parameter {
                Some((name, n_rows, n_columns)) => format!("{name} ({n_rows}×{n_columns})"),
                None => "none".to_string(),
            };
            return Err(CheckpointProblem::Parameter { found: show(found), expected: show(expected) });
        }
    }
    for parameter in parameters {
        check_finite(&parameter.name, &parameter.values)?;
    }
    let values: Vec<f32> = parameters.iter().flat_map(|parameter| &parameter.values).copied().collect();
    Mlp::with_values(&config, &values).map_err(decode)
}

fn check_finite(name: &str, values: &[f32]) -> Result<(), CheckpointProblem> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, &value)) => Err(CheckpointProblem::NotFinite { name: name.to_string(), index, value }),
    }
}
