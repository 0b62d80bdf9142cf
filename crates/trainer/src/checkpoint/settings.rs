//! Settings and reports as they lie in files: copies of the types that a program uses, since those may grow and a file
//! written years ago may not.
//!
//! A new setting does not compile here until somebody says what it is in files: that is a new version of the format,
//! with types of its own beside these, and a default for what older files don't have.

use chainrule_losses::LossConfig;
use chainrule_optimizers::{Clip, MAX_SLOTS, Optimizer, OptimizerConfig, schedule::Schedule};
use chainrule_tensor::Init;
use serde::{Deserialize, Serialize};

use crate::{
    Activation, EarlyStopping, Encoding, EpochReport, GradientMethod, Length, MlpConfig, Sampling,
    TrainConfig,
};

/// [`MlpConfig`] in versions 1 and 2.
#[derive(Serialize, Deserialize)]
pub(super) struct MlpSettings {
    sizes: Vec<usize>,
    activations: Vec<Activation>,
    init: Option<Init>,
    batch_norm: bool,
    dropout: f64,
    loss: LossConfig,
    encoding: Option<Encoding>,
    seed: u64,
}

impl From<MlpConfig> for MlpSettings {
    fn from(config: MlpConfig) -> Self {
        let MlpConfig { sizes, activations, init, batch_norm, dropout, loss, encoding, seed } = config;
        MlpSettings { sizes, activations, init, batch_norm, dropout, loss, encoding, seed }
    }
}

impl From<MlpSettings> for MlpConfig {
    fn from(settings: MlpSettings) -> Self {
        let MlpSettings { sizes, activations, init, batch_norm, dropout, loss, encoding, seed } = settings;
        MlpConfig { sizes, activations, init, batch_norm, dropout, loss, encoding, seed }
    }
}

/// [`TrainConfig`] in versions 1 and 2.
#[derive(Serialize, Deserialize)]
pub(super) struct TrainSettings {
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

impl From<TrainConfig> for TrainSettings {
    fn from(config: TrainConfig) -> Self {
        let TrainConfig {
            optimizer,
            schedule,
            clip,
            length,
            batch_size,
            sampling,
            seed,
            gradient,
            validation,
            early_stopping,
            average,
            threads,
        } = config;
        let early_stopping =
            early_stopping.map(|EarlyStopping { patience, min_delta }| (patience, min_delta));
        TrainSettings {
            optimizer,
            schedule,
            clip,
            length,
            batch_size,
            sampling,
            seed,
            gradient,
            validation,
            early_stopping,
            average,
            threads,
        }
    }
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
        }
    }
}

/// [`EpochReport`] in versions 1 and 2.
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

/// The optimizer state in version 2: the rule's name, and its slots parameter by parameter.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OptimizerState {
    rule: String,
    pub(crate) step: u64,
    parameters: Vec<OfParameter>,
}

/// The slots of one parameter, each as long as it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct OfParameter {
    name: String,
    length: usize,
    slots: Vec<Vec<f32>>,
}

impl OptimizerState {
    /// Of flat slots, in which the parameters lie in order, given by name and length.
    pub(crate) fn new(
        rule: &dyn Optimizer<f32>,
        step: u64,
        slots: &[Vec<f32>; MAX_SLOTS],
        parameters: Vec<(String, usize)>,
    ) -> Self {
        let mut start = 0;
        let of_parameter = |(name, length)| {
            let range = start..start + length;
            start = range.end;
            let slots = slots[..rule.n_slots()].iter().map(|slot| slot[range.clone()].to_vec()).collect();
            OfParameter { name, length, slots }
        };
        let parameters = parameters.into_iter().map(of_parameter).collect();
        OptimizerState { rule: rule.name().to_owned(), step, parameters }
    }

    /// Every slot of every parameter, with their numbers: parameter, slot.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, usize, &[f32])> {
        self.parameters.iter().enumerate().flat_map(|(i, parameter)| {
            parameter.slots.iter().enumerate().map(move |(s, slot)| (i, s, &slot[..]))
        })
    }

    /// Whether this is a state of `rule` for these parameters, or why not.
    pub(crate) fn check(
        &self,
        rule: &dyn Optimizer<f32>,
        parameters: &[(String, usize)],
    ) -> Result<(), String> {
        if self.rule != rule.name() {
            return Err(format!("the state of the rule {}, expected that of {}", self.rule, rule.name()));
        }
        if self.parameters.len() != parameters.len() {
            let (found, expected) = (self.parameters.len(), parameters.len());
            return Err(format!("the state of {found} parameters, expected {expected}"));
        }
        for (i, (of_parameter, (name, length))) in self.parameters.iter().zip(parameters).enumerate() {
            let OfParameter { name: found, length: found_length, slots } = of_parameter;
            if (found, found_length) != (name, length) {
                return Err(format!(
                    "parameter {i} of the state is {found} with {found_length} values, expected {name} with {length}"
                ));
            }
            let (slots, n_slots) = (slots.iter().map(Vec::len).collect::<Vec<_>>(), rule.n_slots());
            if slots != vec![*length; n_slots] {
                return Err(format!(
                    "slots of {slots:?} values for the parameter {name}, expected {n_slots} of {length}"
                ));
            }
        }
        Ok(())
    }

    /// Flat slots.
    pub(crate) fn into_flat(self) -> [Vec<f32>; MAX_SLOTS] {
        let mut flat: [Vec<f32>; MAX_SLOTS] = Default::default();
        for of_parameter in self.parameters {
            flat.iter_mut().zip(of_parameter.slots).for_each(|(flat, slot)| flat.extend(slot));
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use chainrule_optimizers::{Adam, Momentum, Sgd};

    use super::*;

    fn parameters(parameters: &[(&str, usize)]) -> Vec<(String, usize)> {
        parameters.iter().map(|(name, length)| (name.to_string(), *length)).collect()
    }

    fn state(rule: &dyn Optimizer<f32>, of: &[(&str, usize)]) -> OptimizerState {
        let n_values = of.iter().map(|(_, length)| length).sum();
        OptimizerState::new(rule, 1, &rule.new_slots(n_values), parameters(of))
    }

    #[test]
    fn flat_slots_are_cut_by_parameter_and_put_together_again() {
        let slots = [vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]];
        let state = OptimizerState::new(&Adam::default(), 7, &slots, parameters(&[("w", 2), ("b", 1)]));
        let found: Vec<(usize, usize, &[f32])> = state.slots().collect();
        assert_eq!(found, [(0, 0, &[1.0, 2.0][..]), (0, 1, &[4.0, 5.0]), (1, 0, &[3.0]), (1, 1, &[6.0])]);
        assert_eq!((state.step, state.into_flat()), (7, slots));
    }

    #[test]
    fn a_state_is_checked_against_the_net() {
        let rule = Momentum::default();
        let state = state(&rule, &[("w", 3), ("b", 2)]);
        assert_eq!(state.check(&rule, &parameters(&[("w", 3), ("b", 2)])), Ok(()));
        let message =
            |rule: &dyn Optimizer<f32>, of: &[(&str, usize)]| state.check(rule, &parameters(of)).unwrap_err();
        assert_eq!(
            message(&Sgd::default(), &[("w", 3), ("b", 2)]),
            "the state of the rule momentum, expected that of sgd"
        );
        assert_eq!(message(&rule, &[("w", 3)]), "the state of 2 parameters, expected 1");
        let swapped = "parameter 0 of the state is w with 3 values, expected b with 2";
        assert_eq!(message(&rule, &[("b", 2), ("w", 3)]), swapped);
        let renamed = "parameter 1 of the state is b with 2 values, expected bias with 2";
        assert_eq!(message(&rule, &[("w", 3), ("bias", 2)]), renamed);
        let longer = "parameter 1 of the state is b with 2 values, expected b with 5";
        assert_eq!(message(&rule, &[("w", 3), ("b", 5)]), longer);
    }

    #[test]
    fn a_state_that_contradicts_itself_is_refused() {
        let rule = Momentum::default();
        for (slots, found) in
            [(vec![], "[]"), (vec![vec![0.0; 2]], "[2]"), (vec![vec![0.0; 3]; 3], "[3, 3, 3]")]
        {
            let mut state = state(&rule, &[("w", 3)]);
            state.parameters[0].slots = slots;
            let message = state.check(&rule, &parameters(&[("w", 3)])).unwrap_err();
            assert_eq!(message, format!("slots of {found} values for the parameter w, expected 1 of 3"));
        }
    }
}
