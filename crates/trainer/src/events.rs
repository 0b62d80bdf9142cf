//! What the callback of a run is called with, and the summary that remains of the run.

use std::{fmt, ops::ControlFlow, path::PathBuf, time::Duration};

use crate::{Confusion, Error, Evaluation, Network, train_state::EpochCounts};

/// What a callback is called with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Called after every step.
    Step {
        /// The step.
        report: &'a StepReport,
        /// The network after its update.
        net: &'a Network,
    },
    /// Called after every epoch, and after the part of one in which a run ends.
    Epoch {
        /// The epoch.
        report: &'a EpochReport,
        /// The network as it would be used now: with a moving average, the average.
        net: &'a Network,
    },
    /// The run resumes from a checkpoint, or would have, were it not damaged. A break is ignored.
    Resumed(&'a Resumed),
    /// Something will not work out as the settings are; called before the first step, also of a run that resumes, or for learning
    /// rates after the first epoch, since most runs with such a rate diverge and say so. A break is ignored.
    Warning(&'a str),
    /// A checkpoint is on the disk. A break is ignored.
    Saved(&'a Saved),
    /// A checkpoint could not be written, and the run goes on; called for the first of such errors in a row. A break is
    /// ignored.
    NotSaved(&'a Error),
}

/// The callback of a run; a break ends it.
pub(crate) type Callback<'c> = dyn FnMut(Event<'_>) -> ControlFlow<()> + Send + 'c;

/// Where a run resumes from.
#[derive(Debug)]
#[non_exhaustive]
pub struct Resumed {
    /// The checkpoint; `None` if all were damaged, so that the run begins anew.
    pub path: Option<PathBuf>,
    /// Steps that have been taken.
    pub step: u64,
    /// What is wrong with newer checkpoints.
    pub damaged: Vec<Error>,
}

/// A checkpoint that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Steps that had been taken.
    pub step: u64,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport {
    /// The epoch, from 1.
    pub epoch: u64,
    /// Steps so far, this one included.
    pub step: u64,
    /// Steps that the run will have if nothing stops it.
    pub n_steps: u64,
    /// Steps in every whole epoch.
    pub steps_per_epoch: u64,
    /// The mean loss of the mini-batch before its update.
    pub loss: f64,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// Training time so far.
    pub seconds: f64,
    /// Samples trained on so far, repeats counted.
    pub n_samples: u64,
}

/// One epoch, or the part of one in which a run ended.
// Checkpoints of versions 1 to 3 hold the fields in this order; with another field they need a copy of today's.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: u64,
    /// Steps since the run began.
    pub step: u64,
    /// The training loss of the epoch, each mini-batch before its update: the sum over all samples, divided once, by the sum of the
    /// divisors. Of a network that doesn't change, it is what [`evaluate`](crate::evaluate) gives.
    pub train_loss: f64,
    /// The training accuracy, 0…1: measured on every mini-batch before its update. `None`, as all accuracies, where the
    /// targets are no classes.
    pub train_accuracy: Option<f64>,
    /// The mean loss of the test set after the epoch.
    pub test_loss: Option<f64>,
    /// The accuracy on the test set after the epoch, 0…1.
    pub test_accuracy: Option<f64>,
    /// The mean loss of the validation samples after the epoch.
    pub validation_loss: Option<f64>,
    /// The accuracy on the validation samples after the epoch, 0…1.
    pub validation_accuracy: Option<f64>,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// Training time of this epoch alone: no evaluation, no loading.
    pub seconds: f64,
    /// Samples trained on per second of training time.
    pub samples_per_second: f64,
}

impl EpochReport {
    /// The report of the epoch in which so much was counted, after `step`.
    pub(crate) fn new(
        counts: &EpochCounts,
        step: u64,
        learning_rate: f64,
        test: Option<&Evaluation>,
        validation: Option<&Evaluation>,
    ) -> Self {
        let loss = |evaluation: &Evaluation| evaluation.loss.mean();
        let accuracy = |evaluation: &Evaluation| evaluation.confusion.as_ref().map(Confusion::accuracy);
        EpochReport {
            epoch: counts.number,
            step,
            train_loss: counts.sum_of_losses / counts.divisor,
            train_accuracy: counts.n_correct.map(|n| n as f64 / counts.n_samples as f64),
            test_loss: test.map(loss),
            test_accuracy: test.and_then(accuracy),
            validation_loss: validation.map(loss),
            validation_accuracy: validation.and_then(accuracy),
            learning_rate,
            seconds: counts.time.as_secs_f64(),
            samples_per_second: counts.n_samples as f64 / counts.time.as_secs_f64(),
        }
    }
}

/// One line: `epoch 1: loss 1.6790, train 47.12 %, test 79.72 %, 0.16 s, 371657 samples/s`.
impl fmt::Display for EpochReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}: loss {:.4}", self.epoch, self.train_loss)?;
        if let Some(accuracy) = self.train_accuracy {
            write!(f, ", train {:.2} %", 100.0 * accuracy)?;
        }
        for (name, accuracy, loss) in [
            ("validation", self.validation_accuracy, self.validation_loss),
            ("test", self.test_accuracy, self.test_loss),
        ] {
            match (accuracy, loss) {
                (Some(accuracy), _) => write!(f, ", {name} {:.2} %", 100.0 * accuracy)?,
                (None, Some(loss)) => write!(f, ", {name} loss {loss:.4}")?,
                (None, None) => {}
            }
        }
        write!(f, ", {:.2} s, {:.0} samples/s", self.seconds, self.samples_per_second)
    }
}

/// What remains of a run.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Epochs that were completed.
    pub epochs: u64,
    /// Steps that were taken.
    pub steps: u64,
    /// The accuracy on the test set at the end, 0…1.
    pub test_accuracy: Option<f64>,
    /// Every epoch's report.
    pub history: Vec<EpochReport>,
    /// Whether the callback stopped the run before its end.
    pub stopped: bool,
    /// Whether early stopping ended the run.
    pub stopped_early: bool,
    /// With early stopping, the epoch after which the network was as it is now.
    pub best_epoch: Option<u64>,
    /// The newest checkpoint of the run in its folder, if there is one.
    pub checkpoint: Option<PathBuf>,
    /// What the run needs to go on, or to be extended; of a run with [`Checkpoints`](crate::Checkpoints) alone.
    #[cfg(feature = "checkpoint")]
    pub state: Option<crate::TrainState>,
    pub(crate) time: Duration,
    pub(crate) n_samples: u64,
}

impl Summary {
    /// Training time in seconds: no evaluation, no loading.
    pub fn seconds(&self) -> f64 {
        self.time.as_secs_f64()
    }

    /// Samples trained on per second of training time.
    pub fn samples_per_second(&self) -> f64 {
        self.n_samples as f64 / self.seconds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_line_that_a_person_can_read() {
        let mut report = EpochReport {
            epoch: 3,
            step: 1800,
            train_loss: 0.25,
            train_accuracy: Some(0.925),
            test_loss: Some(0.75),
            test_accuracy: Some(0.5),
            validation_loss: None,
            validation_accuracy: None,
            learning_rate: 0.1,
            seconds: 2.0,
            samples_per_second: 30_000.0,
        };
        assert_eq!(
            report.to_string(),
            "epoch 3: loss 0.2500, train 92.50 %, test 50.00 %, 2.00 s, 30000 samples/s"
        );
        report.validation_accuracy = Some(0.625);
        report.test_accuracy = None;
        assert_eq!(
            report.to_string(),
            "epoch 3: loss 0.2500, train 92.50 %, validation 62.50 %, test loss 0.7500, 2.00 s, 30000 samples/s"
        );
        (report.train_accuracy, report.validation_accuracy, report.test_loss) = (None, None, None);
        assert_eq!(report.to_string(), "epoch 3: loss 0.2500, 2.00 s, 30000 samples/s");
    }
}
