//! The state of a run: step, optimizer state, moving average, best epoch; with network, settings and data, all it needs to resume.

use std::{fmt, time::Duration};

use chainrule_layers::Layers;
use chainrule_optimizers::Optimizer;

use crate::{Outcome, TrainConfig, early_stopping::Best, parallel};

/// The state of a run after a step: with it in a [`Checkpoint`](crate::Checkpoint), the run can be continued.
///
/// The order of the samples, dropout's masks and the learning rate are functions of the seed and the number of the step,
/// so that they need no state. A run that has ended has a state too, and can be extended.
// A file holds the fields in this order, and every list without the gaps that the layout of a network may have.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct TrainState {
    /// Steps taken.
    pub(crate) step: u64,
    /// Steps that the run was to have.
    pub(crate) n_steps: u64,
    /// With its total of steps, if it depends on one.
    pub(crate) schedule: String,
    /// Zeros in a run without checkpoints.
    pub(crate) data: DataIdentity,
    /// In a file, the values to go on from, where the checkpoint's network has others: averages, or the best.
    pub(crate) latest: Option<Vec<f32>>,
    pub(crate) optimizer: OptimizerState,
    pub(crate) average: Option<Average>,
    pub(crate) best: Option<Best>,
    /// Whether early stopping has ended the run.
    pub(crate) stopped_early: bool,
    /// What was counted in the epoch that is under way.
    pub(crate) epoch: EpochCounts,
    /// Samples, and nanoseconds of training, in the whole epochs before it.
    pub(crate) n_samples: u64,
    pub(crate) nanoseconds: u64,
}

/// Which data a run is trained on: counts and checksums, enough to notice that they are others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DataIdentity {
    /// Samples.
    pub n_samples: u64,
    /// Values of a sample.
    pub n_inputs: u64,
    /// CRC-32 of all inputs as `f32`, sample after sample.
    pub inputs_crc32: u32,
    /// CRC-32 of all targets, classes as `u64` or values as `f32`, and their weights, in runs of 256 samples.
    pub targets_crc32: u32,
}

impl fmt::Display for DataIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataIdentity { n_samples, n_inputs, inputs_crc32, targets_crc32 } = self;
        write!(
            f,
            "{n_samples} samples of {n_inputs} values with checksums {inputs_crc32:08x} and {targets_crc32:08x}"
        )
    }
}

/// The optimizer state: the rule's name, the steps it has taken, and a list for each of its slots, as parameters lie.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct OptimizerState {
    pub(crate) rule: String,
    pub(crate) step: u64,
    pub(crate) slots: Vec<Vec<f32>>,
}

/// The exponential moving average (EMA) of all values of a network, in which a run ends.
///
/// ```text
/// w̄ ← d·w̄ + (1 − d)·w        after every step; after the first, w̄ = w
/// ```
/// Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging* (1992), with weights that fade,
/// as in PyTorch's `get_ema_multi_avg_fn`. Running statistics are averaged with the weights they belong to: those of the
/// latest weights would be wrong for the average.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Average {
    pub(crate) n_steps: u64,
    pub(crate) values: Vec<f32>,
}

impl TrainState {
    /// The state before the first step.
    pub(crate) fn new(
        layers: &Layers<f32>,
        optimizer: &dyn Optimizer<f32>,
        config: &TrainConfig,
        n_steps: u64,
        schedule: String,
    ) -> Self {
        let slots = optimizer.new_slots(layers.n_parameters()).into_iter().take(optimizer.n_slots());
        let average = || Average { n_steps: 0, values: vec![0.0; layers.n_values()] };
        TrainState {
            step: 0,
            n_steps,
            schedule,
            data: DataIdentity::default(),
            latest: None,
            optimizer: OptimizerState { rule: optimizer.name().to_string(), step: 0, slots: slots.collect() },
            average: config.average.map(|_| average()),
            best: config.early_stopping.map(|_| Best::default()),
            stopped_early: false,
            epoch: EpochCounts::new(1),
            n_samples: 0,
            nanoseconds: 0,
        }
    }

    /// The data that the run was trained on.
    pub fn data(&self) -> DataIdentity {
        self.data
    }

    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps that the run was to have.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Training time so far.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds) + self.epoch.time
    }

    /// Samples trained on so far, repeats counted.
    pub(crate) fn n_samples(&self) -> u64 {
        self.n_samples + self.epoch.n_samples
    }

    /// Begins the next epoch.
    pub(crate) fn begin_epoch(&mut self) {
        self.nanoseconds = self.time().as_nanos().try_into().unwrap_or(u64::MAX);
        self.n_samples = self.n_samples();
        self.epoch = EpochCounts::new(self.epoch.number + 1);
    }

    /// Every list of values with the name of what it is.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn lists_mut(&mut self) -> impl Iterator<Item = (String, &mut Vec<f32>)> {
        let slots = self.optimizer.slots.iter_mut().enumerate();
        let slots = slots.map(|(s, slot)| (format!("slot {s} of the optimizer state"), slot));
        let named = |name: &str| name.to_string();
        let latest = self.latest.iter_mut().map(move |values| (named("latest"), values));
        let average = self.average.iter_mut().map(move |average| (named("average"), &mut average.values));
        let best = self.best.iter_mut().filter_map(|best| best.values.as_mut());
        latest.chain(slots).chain(average).chain(best.map(move |values| (named("best"), values)))
    }
}

/// One line: `after step 1200 of 9600; schedule constant; 60000 samples, inputs 1a2b3c4d, targets 5e6f7a8b; the optimizer
/// remembers 39760 values`, and what else there is: an average, the best epoch.
impl fmt::Display for TrainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataIdentity { n_samples, inputs_crc32, targets_crc32, .. } = self.data;
        let remembered: usize = self.optimizer.slots.iter().map(Vec::len).sum();
        write!(f, "after step {} of {}; schedule {}", self.step, self.n_steps, self.schedule)?;
        write!(f, "; {n_samples} samples, inputs {inputs_crc32:08x}, targets {targets_crc32:08x}")?;
        write!(f, "; the optimizer remembers {remembered} values")?;
        if let Some(average) = &self.average {
            write!(f, "; an average over {} steps", average.n_steps)?;
        }
        if let Some(best) = self.best.as_ref().filter(|best| best.loss.is_finite()) {
            write!(f, "; the best epoch so far is {}, validation loss {:.4}", best.epoch, best.loss)?;
        }
        if self.stopped_early {
            write!(f, "; stopped early")?;
        }
        Ok(())
    }
}

/// Without the thousands of values.
impl fmt::Debug for TrainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainState")
            .field("step", &self.step)
            .field("n_steps", &self.n_steps)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

impl Average {
    /// Follows a network's `values` by one step.
    pub(crate) fn follow(&mut self, values: &[f32], decay: f64) {
        let decay = if self.n_steps == 0 { 0.0 } else { decay as f32 };
        self.n_steps += 1;
        parallel::for_each_chunk(&mut self.values, values, |averages, values| {
            for (average, value) in averages.iter_mut().zip(values) {
                *average = decay * *average + (1.0 - decay) * value;
            }
        });
    }
}

/// What is counted while an epoch runs. Files hold the fields in this order.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct EpochCounts {
    pub(crate) number: u64,
    pub(crate) n_steps: u64,
    pub(crate) sum_of_losses: f64,
    pub(crate) n_samples: u64,
    pub(crate) n_correct: Option<u64>,
    pub(crate) time: Duration,
}

impl EpochCounts {
    pub(crate) fn new(number: u64) -> Self {
        EpochCounts { number, n_correct: Some(0), ..EpochCounts::default() }
    }

    pub(crate) fn add(&mut self, outcome: &Outcome, time: Duration) {
        if outcome.loss.divisor != 0.0 {
            self.n_steps += 1;
            self.sum_of_losses += outcome.loss.mean();
        }
        self.n_samples += outcome.n_samples as u64;
        self.n_correct = self.n_correct.zip(outcome.n_correct).map(|(all, n)| all + n as u64);
        self.time += time;
    }
}
