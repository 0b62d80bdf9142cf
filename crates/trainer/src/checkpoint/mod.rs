//! Checkpoints: a trained network in a file, how it was trained, and what a run needs to resume.

mod checkpoints;
mod container;
mod content;
mod every;
#[cfg(test)]
mod faults;
mod folder;
mod old;
mod saver;
mod writer;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use chainrule_files::{check_file_path, write_file};
use chainrule_layers::{Layer, LayerConfig, OwnLayers, Tensor, no_own_layers};
use chainrule_optimizers::OptimizerConfig;
use chainrule_tensor::{ARITHMETIC, in_words};

use self::{
    container::Kind,
    content::{Content, NamedTensor, Settings},
};
use crate::{
    CheckpointProblem, EpochReport, Error, Network, NetworkConfig, TrainConfig, TrainState,
    train_state::OptimizerState,
};

pub use checkpoints::{Checkpoints, OnCheckpointError, Resume};
pub use every::Every;
pub(crate) use folder::{Found, Name};
pub(crate) use saver::Saver;

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
        Checkpoint::from_bytes_with_own(&bytes, &layers_of(&self.net))
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
        let TrainingRecord { program_version, arithmetic, config, history } = &self.training;
        let settings = Settings {
            program: program_version.clone(),
            arithmetic: *arithmetic,
            network: self.net.config().clone(),
            training: config.clone(),
        };
        let tensors = self.net.tensors().map(|(tensor, values)| NamedTensor {
            name: tensor.name.clone(),
            n_rows: tensor.n_rows as u64,
            n_columns: tensor.n_columns as u64,
            values: values.as_slice().to_vec(),
        });
        let payload: Payload = (
            serde_json::to_string(&settings).expect("numbers, strings and lists always have a JSON form"),
            tensors.collect(),
            history.clone(),
            self.extra.iter().map(|(name, data)| (name.clone(), data.clone())).collect(),
        );
        match &self.state {
            None => container::seal(Kind::Network, &payload),
            Some(state) => container::seal(Kind::Run, &(payload, state)),
        }
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
        let (version, kind, payload) = container::open(bytes)?;
        let content = match version {
            1 => old::first(payload)?,
            2 => old::second(payload, kind == Kind::Run)?,
            _ => current(payload, kind)?,
        };
        let Content { settings, tensors, history, extra, mut state } = content;
        let net = network(settings.network, &tensors, own)?;
        for (name, values) in state.iter_mut().flat_map(TrainState::lists_mut) {
            check_finite(&name, values)?;
            check_variances(&net, values, |_| name.clone())?;
        }
        if let Some(state) = &state {
            check_squares(&state.optimizer, &settings.training.optimizer)?;
        }
        let training = TrainingRecord {
            program_version: settings.program,
            arithmetic: settings.arithmetic,
            config: settings.training,
            history,
        };
        Ok(Checkpoint { net, training, state, extra: extra.into_iter().collect() })
    }
}

/// The payload of a network, with the settings as JSON.
type Payload = (String, Vec<NamedTensor>, Vec<EpochReport>, Vec<(String, Vec<u8>)>);

/// The layers of a program's own that `net` has, by their names and settings.
fn layers_of(net: &Network) -> impl Fn(&str, &str) -> Option<Arc<dyn Layer<f32>>> {
    move |name, settings| {
        let is_it = |layer: &LayerConfig| match layer {
            LayerConfig::Own { name: n, settings: s } => (&**n, &**s) == (name, settings),
            _ => false,
        };
        net.config().layers.iter().position(is_it).map(|l| net.layers().layer(l))
    }
}

/// A file from which no run can go on.
pub(crate) fn no_state(path: &Path) -> Error {
    Error::Resume {
        path: path.to_path_buf(),
        what: "the file".into(),
        found: "a network alone".into(),
        expected: "the state of a run as well".into(),
    }
}

fn current(payload: &[u8], kind: Kind) -> Result<Content, CheckpointProblem> {
    let ((text, tensors, history, extra), state): (Payload, _) = match kind {
        Kind::Network => (container::decode(payload)?, None),
        Kind::Run => {
            let (payload, state) = container::decode(payload)?;
            (payload, Some(state))
        }
    };
    let settings = serde_json::from_str(&text)
        .map_err(|cause| CheckpointProblem::Decode(in_words(&cause.to_string())))?;
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
    let net = Network::with_values(config, &values, own).map_err(decode)?;
    check_variances(&net, &values, |tensor| tensor.name.clone())?;
    Ok(net)
}

/// Refuses running variances below 0, whose square roots would be NaN, in a list of a network's values as files have it:
/// tensor after tensor, without gaps.
fn check_variances(
    net: &Network,
    values: &[f32],
    name: impl Fn(&Tensor) -> String,
) -> Result<(), CheckpointProblem> {
    let mut begin = 0;
    for tensor in net.layers().tensors() {
        let of_tensor = begin..begin + tensor.n_rows * tensor.n_columns;
        begin = of_tensor.end;
        let is_norm = matches!(net.config().layers[tensor.layer], LayerConfig::BatchNorm(_));
        // A list of another length is refused where the run goes on.
        let Some(found) = values.get(of_tensor).filter(|_| is_norm && tensor.short_name() == "running_var")
        else {
            continue;
        };
        if let Some((index, &value)) = found.iter().enumerate().find(|(_, value)| **value < 0.0) {
            return Err(CheckpointProblem::Variance { name: name(tensor), index, value });
        }
    }
    Ok(())
}

/// Refuses squared gradients below 0 in the state of one of our rules: their square roots would be NaN, too.
fn check_squares(state: &OptimizerState, rule: &OptimizerConfig) -> Result<(), CheckpointProblem> {
    let slot = rule.slot_of_squares().filter(|_| state.rule == rule.name());
    let Some((s, squares)) = slot.and_then(|s| Some((s, state.slots.get(s)?))) else { return Ok(()) };
    match squares.iter().enumerate().find(|(_, value)| **value < 0.0) {
        None => Ok(()),
        Some((index, &value)) => {
            let name = format!("slot {s} of the optimizer state");
            Err(CheckpointProblem::Square { name, index, value })
        }
    }
}

fn check_finite(name: &str, values: &[f32]) -> Result<(), CheckpointProblem> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, &value)) => Err(CheckpointProblem::NotFinite { name: name.to_string(), index, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mlp, MlpConfig};

    #[test]
    fn squared_gradients_below_0_are_refused() {
        for rule in OptimizerConfig::all() {
            let (name, config) = (rule.name(), TrainConfig::new().with_optimizer(rule));
            let net = Mlp::new(MlpConfig::new([2, 2])).unwrap();
            let state = TrainState::new(net.layers(), config.optimizer.rule(), &config, 9, "constant".into());
            let squares = match name {
                "adagrad" | "rmsprop" => Some(0),
                "adam" | "adamw" => Some(1),
                _ => None,
            };
            for (slot, value) in
                (0..state.optimizer.slots.len()).flat_map(|slot| [(slot, -0.0), (slot, -1e-30)])
            {
                let mut state = state.clone();
                state.optimizer.slots[slot][3] = value;
                let record = TrainingRecord::new(config.clone(), Vec::new());
                let checkpoint = Checkpoint::new(net.clone(), record).with_state(state);
                let read = Checkpoint::from_bytes(&checkpoint.to_bytes()).map(drop);
                let refused = value < 0.0 && squares == Some(slot);
                let message = format!(
                    "has a squared gradient below 0: slot {slot} of the optimizer state[3] is {value}"
                );
                let expected = if refused { Err(message) } else { Ok(()) };
                assert_eq!(read.map_err(|problem| problem.to_string()), expected, "{name}");
            }
        }
    }
}
