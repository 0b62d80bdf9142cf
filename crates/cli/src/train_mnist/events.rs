//! What `train-mnist --json` prints: an object for every epoch and one at the end.

use chainrule_trainer::{EpochReport, Mlp, Summary};
use serde::Serialize;

use super::{TrainMnist, words::saved_to};

/// `{"event":"epoch",…}`; what concerns validation is there if some is.
#[derive(Serialize)]
pub(super) struct Epoch {
    event: &'static str,
    epoch: u64,
    step: u64,
    train_loss: f64,
    train_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_loss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_accuracy: Option<f64>,
    seconds: f64,
    samples_per_second: f64,
}

impl Epoch {
    pub(super) fn new(report: &EpochReport) -> Self {
        Epoch {
            event: "epoch",
            epoch: report.epoch,
            step: report.step,
            train_loss: report.train_loss,
            train_accuracy: report.train_accuracy,
            test_accuracy: report.test_accuracy,
            validation_loss: report.validation_loss,
            validation_accuracy: report.validation_accuracy,
            seconds: report.seconds,
            samples_per_second: report.samples_per_second,
        }
    }
}

/// `{"event":"done",…}`
#[derive(Serialize)]
pub(super) struct Done {
    event: &'static str,
    epochs: u64,
    steps: u64,
    test_accuracy: Option<f64>,
    seconds: f64,
    samples_per_second: f64,
    checkpoint: Option<String>,
    parameters_crc32: String,
}

impl Done {
    pub(super) fn new(summary: &Summary, net: &Mlp, options: &TrainMnist) -> Self {
        Done {
            event: "done",
            epochs: summary.epochs,
            steps: summary.steps,
            test_accuracy: summary.test_accuracy,
            seconds: summary.seconds(),
            samples_per_second: summary.samples_per_second(),
            // JSON has no other than Unicode text.
            checkpoint: saved_to(summary, options).next().map(|path| path.to_string_lossy().into_owned()),
            parameters_crc32: format!("{:08x}", net.parameters_crc32()),
        }
    }
}
