//! The bytes of a file: written in the current version, read in any.

use std::sync::Arc;

use chainrule_layers::{Layer, LayerConfig, OwnLayers, Tensor};

use super::{
    Checkpoint, TrainingRecord,
    container::{self, Kind},
    content::{Content, EpochLine, NamedTensor, Settings},
    old,
};
use crate::{CheckpointProblem, Network, NetworkConfig, TrainState};

/// The payload of a network, with the settings as JSON.
type Payload = (String, Vec<NamedTensor>, Vec<EpochLine>, Vec<(String, Vec<u8>)>);

/// The layers of a program's own that `net` has, by their names and settings.
pub(super) fn layers_of(net: &Network) -> impl Fn(&str, &str) -> Option<Arc<dyn Layer<f32>>> {
    move |name, settings| {
        let is_it = |layer: &LayerConfig| match layer {
            LayerConfig::Own { name: n, settings: s } => (&**n, &**s) == (name, settings),
            _ => false,
        };
        net.config().layers.iter().position(is_it).map(|l| net.layers().layer(l))
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
