//! Versions 1 and 2 of the format, which are read and no longer written: copies of the types of their time, since
//! those of today may grow and a file written years ago may not.

use chainrule_layers::{Activation, Encoding};
use chainrule_losses::LossConfig;
use chainrule_optimizers::{Clip, OptimizerConfig, schedule::Schedule};
use chainrule_tensor::Init;
use chainrule_tensor::in_words;
use serde::Deserialize;

use super::{
    container,
    content::{Content, NamedTensor, Settings},
};
use crate::{
    CheckpointProblem, EarlyStopping, EpochReport, GradientMethod, Length, MlpConfig, NetworkConfig,
    Sampling, TrainConfig, TrainState,
    early_stopping::Best,
    train_state::{self, Average, DataIdentity, EpochCounts},
};

/// [`MlpConfig`] in versions 1 and 2.
#[derive(Deserialize)]
struct MlpSettings {
    sizes: Vec<usize>,
    activations: Vec<Activation>,
    init: Option<Init>,
    batch_norm: bool,
    dropout: f64,
    loss: LossConfig,
    encoding: Option<Encoding>,
    seed: u64,
}

impl From<MlpSettings> for MlpConfig {
    fn from(settings: MlpSettings) -> Self {
        let MlpSettings { sizes, activations, init, batch_norm, dropout, loss, encoding, seed } = settings;
        let config = MlpConfig::new(sizes);
        MlpConfig { activations, init, batch_norm, dropout, loss, encoding, seed, ..config }
    }
}

/// [`TrainConfig`] in versions 1 and 2.
#[derive(Deserialize)]
struct TrainSettings {
    optimizer: OptimizerConfig,
    schedule: Schedule,
    clip: Option<Clip>,
    length: Length,
    batch_size: usize,
    sampling: Sampling,
    seed: u64,
    gradient: GradientMethod,
    validation: f64,
    early_stopping: Option<(u64, f64)>,
    average: Option<f64>,
    threads: Option<usize>,
}

impl From<TrainSettings> for TrainConfig {
    fn from(settings: TrainSettings) -> Self {
        TrainConfig {
            optimizer: settings.optimizer,
            schedule: settings.schedule,
            clip: settings.clip,
            length: settings.length,
            batch_size: settings.batch_size,
            sampling: settings.sampling,
            seed: settings.seed,
            gradient: settings.gradient,
            validation: settings.validation,
            early_stopping: settings
                .early_stopping
                .map(|(patience, min_delta)| EarlyStopping::new(patience).with_min_delta(min_delta)),
            average: settings.average,
            threads: settings.threads,
            groups: Vec::new(),
        }
    }
}

/// The payload of a network in version 2.
#[derive(Deserialize)]
struct Second {
    program_version: String,
    network: Network,
    /// Parameters, and then running statistics.
    parameters: Vec<NamedTensor>,
    config: TrainSettings,
    history: Vec<EpochReport>,
}

/// The payload of version 1.
#[derive(Deserialize)]
struct First {
    network: Network,
    parameters: Vec<NamedTensor>,
    program_version: String,
    config: TrainSettings,
    history: Vec<EpochReport>,
}

/// The kinds of network.
#[derive(Deserialize)]
enum Network {
    Mlp(MlpSettings),
}

/// The state of a run in version 2.
#[derive(Deserialize)]
struct StateSettings {
    step: u64,
    n_steps: u64,
    schedule: String,
    data: DataIdentity,
    latest: Option<Vec<f32>>,
    optimizer: OptimizerState,
    average: Option<Average>,
    best: Option<Best>,
    stopped_early: bool,
    epoch: EpochCounts,
    n_samples: u64,
    nanoseconds: u64,
}

/// What a payload of version 1 says.
pub(super) fn first(payload: &[u8]) -> Result<Content, CheckpointProblem> {
    let First { network, parameters, program_version, config, history } = container::decode(payload)?;
    content(Second { program_version, network, parameters, config, history }, None)
}

/// What the payload of a network or a run of version 2 says.
pub(super) fn second(payload: &[u8], is_run: bool) -> Result<Content, CheckpointProblem> {
    if !is_run {
        return content(container::decode(payload)?, None);
    }
    let (second, state): (Second, StateSettings) = container::decode(payload)?;
    let state = TrainState {
        step: state.step,
        n_steps: state.n_steps,
        schedule: state.schedule,
        data: state.data,
        latest: state.latest,
        optimizer: state.optimizer.flat(&second.parameters)?,
        average: state.average,
        best: state.best,
        stopped_early: state.stopped_early,
        epoch: state.epoch,
        n_samples: state.n_samples,
        nanoseconds: state.nanoseconds,
    };
    content(second, Some(state))
}

fn content(second: Second, state: Option<TrainState>) -> Result<Content, CheckpointProblem> {
    let Second { program_version, network: Network::Mlp(network), parameters, config, history } = second;
    let network = NetworkConfig::try_from(MlpConfig::from(network));
    let settings = Settings {
        program: program_version,
        // These versions are of the first.
        arithmetic: 1,
        network: network.map_err(|cause| CheckpointProblem::Decode(cause.to_string()))?,
        training: config.into(),
    };
    // In binary, a setting may be NaN, for which JSON has no number.
    let text = serde_json::to_string(&settings).and_then(|text| serde_json::from_str::<Settings>(&text));
    text.map_err(|cause| CheckpointProblem::Decode(in_words(&cause.to_string())))?;
    Ok(Content { settings, tensors: parameters, history, extra: Vec::new(), state })
}

/// The optimizer state in version 2: the rule's name, and its slots parameter by parameter.
#[derive(Deserialize)]
struct OptimizerState {
    rule: String,
    step: u64,
    parameters: Vec<OfParameter>,
}

/// The slots of one parameter, each as long as it.
#[derive(Deserialize)]
struct OfParameter {
    name: String,
    length: usize,
    slots: Vec<Vec<f32>>,
}

impl OptimizerState {
    /// Flat slots, if these are those of the tensors in the file.
    fn flat(self, tensors: &[NamedTensor]) -> Result<train_state::OptimizerState, CheckpointProblem> {
        let n_slots = self.parameters.first().map_or(0, |first| first.slots.len());
        let mut slots = vec![Vec::new(); n_slots];
        for (i, OfParameter { name, length, slots: found }) in self.parameters.into_iter().enumerate() {
            let refuse = |problem: String| Err(CheckpointProblem::Decode(problem));
            match tensors.get(i) {
                Some(tensor) if tensor.name == name && tensor.values.len() == length => {}
                Some(NamedTensor { name: expected, values, .. }) => {
                    let (n, expected_n) = (length, values.len());
                    return refuse(format!(
                        "parameter {i} of the optimizer state is {name} with {n} values, expected {expected} with {expected_n}"
                    ));
                }
                None => return refuse(format!("parameter {i} of the optimizer state is one too many")),
            }
            let lengths: Vec<usize> = found.iter().map(Vec::len).collect();
            if lengths != vec![length; n_slots] {
                return refuse(format!(
                    "slots of {lengths:?} values for the parameter {name}, expected {n_slots} of {length}"
                ));
            }
            slots.iter_mut().zip(found).for_each(|(flat, slot)| flat.extend(slot));
        }
        Ok(train_state::OptimizerState { rule: self.rule, step: self.step, slots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(of: &[(&str, usize)], slots: &[Vec<Vec<f32>>]) -> OptimizerState {
        let parameters = of.iter().zip(slots).map(|((name, length), slots)| OfParameter {
            name: name.to_string(),
            length: *length,
            slots: slots.clone(),
        });
        OptimizerState { rule: "adam".into(), step: 7, parameters: parameters.collect() }
    }

    fn tensors(of: &[(&str, usize)]) -> Vec<NamedTensor> {
        let tensor = |(name, n): &(&str, usize)| NamedTensor {
            name: name.to_string(),
            n_rows: *n as u64,
            n_columns: 1,
            values: vec![0.0; *n],
        };
        of.iter().map(tensor).collect()
    }

    #[test]
    fn slots_of_parameters_are_put_together() {
        let of = [("w", 2), ("b", 1)];
        let slots = [vec![vec![1.0, 2.0], vec![4.0, 5.0]], vec![vec![3.0], vec![6.0]]];
        let flat = state(&of, &slots).flat(&tensors(&[("w", 2), ("b", 1), ("mean", 3)])).unwrap();
        assert_eq!((flat.step, flat.slots), (7, vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]));
    }

    #[test]
    fn a_state_of_other_parameters_is_refused() {
        let slots = [vec![vec![1.0; 3]], vec![vec![1.0; 2]]];
        let message = |of: &[(&str, usize)]| {
            let state = state(&[("w", 3), ("b", 2)], &slots);
            state.flat(&tensors(of)).map(|flat| flat.slots).unwrap_err().to_string()
        };
        let refused = [
            (&[("w", 3)][..], "parameter 1 of the optimizer state is one too many"),
            (
                &[("b", 2), ("w", 3)],
                "parameter 0 of the optimizer state is w with 3 values, expected b with 2",
            ),
            (
                &[("w", 3), ("bias", 2)],
                "parameter 1 of the optimizer state is b with 2 values, expected bias with 2",
            ),
            (
                &[("w", 3), ("b", 5)],
                "parameter 1 of the optimizer state is b with 2 values, expected b with 5",
            ),
        ];
        for (of, expected) in refused {
            let message = message(of);
            assert!(message.ends_with(expected), "{message}");
        }
    }

    #[test]
    fn a_state_that_contradicts_itself_is_refused() {
        for (slots, found) in
            [(vec![], "[]"), (vec![vec![0.0; 1]], "[1]"), (vec![vec![0.0; 2]; 3], "[2, 2, 2]")]
        {
            let state = state(&[("w", 3), ("b", 2)], &[vec![vec![0.0; 3]], slots]);
            let message = state.flat(&tensors(&[("w", 3), ("b", 2)])).unwrap_err().to_string();
            let expected = format!("slots of {found} values for the parameter b, expected 1 of 2");
            assert!(message.ends_with(&expected), "{message}");
        }
    }
}
