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
/// w̄ ← w̄ + (1 − d)·(w − w̄)        after every step; after the first, w̄ = w
/// ```
/// Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging* (1992), with weights that fade,
/// as in PyTorch's `get_ema_multi_avg_fn`. Running statistics are averaged with the weights they belong to: those of the
/// latest weights would be wrong for the average. A decay that leaves the first step a weight above 30 % is
/// [warned of](crate::Event::Warning) before the run.
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

/// One line: `after step 1200 of 9600; schedule constant; 60000 samples, inputs 1a2b3c4d, targets 5e6f7a8b; optimizer
/// state of 39760 values`, and what else there is: an average, the best epoch.
impl fmt::Display for TrainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataIdentity { n_samples, inputs_crc32, targets_crc32, .. } = self.data;
        let n_state: usize = self.optimizer.slots.iter().map(Vec::len).sum();
        write!(f, "after step {} of {}; schedule {}", self.step, self.n_steps, self.schedule)?;
        write!(f, "; {n_samples} samples, inputs {inputs_crc32:08x}, targets {targets_crc32:08x}")?;
        write!(f, "; optimizer state of {n_state} values")?;
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
        // From `f64`: in `f32`, 1 − d has no digits left where d is near 1.
        let share = if self.n_steps == 0 { 1.0 } else { (1.0 - decay) as f32 };
        self.n_steps += 1;
        parallel::for_each_chunk(&mut self.values, values, |averages, values| {
            for (average, value) in averages.iter_mut().zip(values) {
                *average += share * (value - *average);
            }
        });
    }
}

/// What is counted while an epoch runs. Files hold the fields in this order; those that hold the number of steps in place of the
/// divisor, and the sum of their mean losses, are [read](EpochCounts::of_file) all the same.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct EpochCounts {
    pub(crate) number: u64,
    pub(crate) divisor: f64,
    pub(crate) sum_of_losses: f64,
    pub(crate) n_samples: u64,
    pub(crate) n_correct: Option<u64>,
    pub(crate) time: Duration,
}

impl EpochCounts {
    pub(crate) fn new(number: u64) -> Self {
        EpochCounts { number, n_correct: Some(0), ..EpochCounts::default() }
    }

    /// The counts in a file: a number of steps, read as `f64`, is less than any divisor. Its mean then counts by samples.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn of_file(self) -> Self {
        match self.divisor.to_bits() {
            n_steps @ 1..=0xffff_ffff => {
                let divisor = self.n_samples as f64;
                EpochCounts { divisor, sum_of_losses: self.sum_of_losses / n_steps as f64 * divisor, ..self }
            }
            _ => self,
        }
    }

    pub(crate) fn add(&mut self, outcome: &Outcome, time: Duration) {
        self.divisor += outcome.loss.divisor;
        self.sum_of_losses += outcome.loss.sum;
        self.n_samples += outcome.n_samples as u64;
        self.n_correct = self.n_correct.zip(outcome.n_correct).map(|(all, n)| all + n as u64);
        self.time += time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 0, w̄ of n more steps at w = 1 is 1 − dⁿ.
    #[test]
    fn an_average_near_1_follows_as_it_should() {
        // With 1 − d in `f32` the first two were off by 0.17 and by 7.4e-5; what is left are roundings of the sum.
        for (decay, n, tolerance) in [(0.9999999, 20_000, 1e-4), (0.9999, 20_000, 2e-6), (0.99, 300, 2e-7)] {
            let mut average = Average { n_steps: 0, values: vec![0.0] };
            average.follow(&[0.0], decay);
            (0..n).for_each(|_| average.follow(&[1.0], decay));
            let expected = -f64::exp_m1(f64::from(n) * decay.ln());
            let error = (f64::from(average.values[0]) / expected - 1.0).abs();
            assert!(error <= tolerance, "{decay}: {} and {expected}, {error:e}", average.values[0]);
        }
    }

    #[cfg(feature = "checkpoint")]
    #[test]
    fn counts_of_an_earlier_version_are_a_mean_of_steps() {
        // Three steps of 100 samples in all, whose mean losses sum to 6.
        let old = EpochCounts {
            divisor: f64::from_bits(3),
            sum_of_losses: 6.0,
            n_samples: 100,
            ..EpochCounts::new(1)
        };
        let read = old.of_file();
        assert_eq!((read.divisor, read.sum_of_losses), (100.0, 200.0));
        assert_eq!(read.clone().of_file(), read);
        assert_eq!(EpochCounts::new(1).of_file(), EpochCounts::new(1));
    }
}
