//! Settings and reports as they lie in files: copies of the types that a program uses, since those may grow and a file
//! written years ago may not.
//!
//! A new setting does not compile here until somebody says what it is in files: that is a new version of the format,
//! with types of its own beside these, and a default for what older files don't have.

use chainrule_losses::LossConfig;
use chainrule_optimizers::{Clip, OptimizerConfig, schedule::Schedule};
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
