//! All that a run needs to go on, besides its network and settings: taken after a step, and put into another run.

use std::{fmt, path::Path};

use chainrule_tensor::ARITHMETIC;
use serde_json::{Value, json};

use crate::{
    Checkpoint, EpochReport, Error, Network, NetworkConfig, Samples, TrainConfig,
    data_identity::DataIdentity,
    differences::{Difference, differences},
    progress::Epoch,
    train::Run,
};

/// The state of a run after a step: with it in a [`Checkpoint`], the run can be continued.
///
/// The order of the samples, dropout's masks and the learning rate are functions of the seed and the number of the step,
/// so that they need no state. A run that has ended has a state too, and can be extended.
// A file holds the fields in this order; see the module `checkpoint`.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TrainState {
    /// Steps taken.
    pub(crate) step: u64,
    /// Steps that the run was to have.
    pub(crate) n_steps: u64,
    /// With its total of steps, if it depends on one.
    pub(crate) schedule: String,
    pub(crate) data: DataIdentity,
    /// The values to go on from, where the checkpoint's network has others: averages, or the best.
    pub(crate) latest: Option<Vec<f32>>,
    pub(crate) optimizer: FlatSlots,
    pub(crate) average: Option<AverageState>,
    pub(crate) best: Option<BestState>,
    /// Whether early stopping has ended the run.
    pub(crate) stopped_early: bool,
    /// What was counted in the epoch that is under way.
    pub(crate) epoch: Epoch,
    /// Samples, and nanoseconds of training, in the whole epochs before it.
    pub(crate) n_samples: u64,
    pub(crate) nanoseconds: u64,
}

/// The optimizer state: the rule's name, the steps it has taken, and a list for each of its slots, as parameters lie.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct FlatSlots {
    pub(crate) rule: String,
    pub(crate) step: u64,
    pub(crate) slots: Vec<Vec<f32>>,
}

/// The moving average.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct AverageState {
    pub(crate) n_steps: u64,
    pub(crate) values: Vec<f32>,
}

/// The best epoch so far, by which early stopping goes.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct BestState {
    /// Infinite before the first.
    pub(crate) loss: f64,
    pub(crate) epoch: u64,
    pub(crate) values: Option<Vec<f32>>,
}

impl TrainState {
    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps that the run was to have.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Every list of values with the name of what it is, for a look at whether they are finite.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (String, &[f32])> {
        let slots = self.optimizer.slots.iter().enumerate();
        let slots = slots.map(|(s, slot)| (format!("slot {s} of the optimizer state"), &slot[..]));
        let named = |name: &str| name.to_string();
        let latest = self.latest.iter().map(move |values| (named("latest"), &values[..]));
        let average = self.average.iter().map(move |average| (named("average"), &average.values[..]));
        let best = self.best.iter().filter_map(|best| best.values.as_deref());
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

impl<S: Samples> Run<'_, S> {
    /// The state after the latest step.
    pub(crate) fn state(&self, data: DataIdentity) -> TrainState {
        let average = self.average.as_ref().map(|(average, _)| average);
        let pack = |values: &[f32]| self.net.layers().pack(values);
        TrainState {
            step: self.n_taken,
            n_steps: self.n_steps,
            schedule: self.schedule.to_string(),
            data,
            latest: (average.is_some() || self.best.is_some()).then(|| self.net.sequential().pack()),
            optimizer: FlatSlots {
                rule: self.optimizer.name().to_string(),
                step: self.n_taken,
                slots: self.slots[..self.optimizer.n_slots()].iter().map(|slot| pack(slot)).collect(),
            },
            average: average
                .map(|average| AverageState { n_steps: average.n_steps, values: pack(&average.values) }),
            best: self.best.as_ref().map(|best| BestState {
                loss: best.loss,
                epoch: best.epoch,
                values: best.values.as_ref().map(|values| pack(values)),
            }),
            stopped_early: self.patience_ended,
            epoch: self.epoch.clone(),
            n_samples: self.summary.n_samples,
            nanoseconds: self.summary.time.as_nanos().try_into().unwrap_or(u64::MAX),
        }
    }

    /// Puts the run to where `checkpoint` left off, if that was a run like this one.
    pub(crate) fn restore(
        &mut self,
        path: &Path,
        checkpoint: Checkpoint,
        data: DataIdentity,
        any_arithmetic: bool,
    ) -> Result<(), Error> {
        let Checkpoint { net, training, state, .. } = checkpoint;
        let refuse = |what: &str, found: String, expected: String| {
            Err(Error::Resume { path: path.to_path_buf(), what: what.to_string(), found, expected })
        };
        let Some(state) = state else {
            return refuse("the file", "a network alone".into(), "the state of a run as well".into());
        };
        if training.arithmetic != ARITHMETIC && !any_arithmetic {
            let expected = format!(
                "{}, as in the run that was saved (any_arithmetic goes on all the same, with other bits)",
                training.arithmetic
            );
            return refuse("the arithmetic", ARITHMETIC.to_string(), expected);
        }
        let saved = settings(net.config(), &training.config, &state.data);
        if let Some(Difference { name, found, expected }) =
            // How many samples there are says more than their checksum.
            differences(&settings(self.net.config(), self.config, &data), &saved)
                    .into_iter()
                    .min_by_key(|difference| difference.name.contains("crc32"))
        {
            return refuse(&name, found, format!("{expected}, as in the run that was saved"));
        }
        let schedule = self.schedule.to_string();
        if schedule != state.schedule {
            let expected = format!(
                "{} as in the run that was saved: the schedule is spread over all steps, so a longer run would have \
                 had other learning rates from the start",
                state.n_steps
            );
            return refuse("the number of steps", self.n_steps.to_string(), expected);
        }
        if self.n_steps < state.step {
            let expected = format!("at least {}, which the run that was saved has taken", state.step);
            return refuse("the number of steps", self.n_steps.to_string(), expected);
        }
        if state.optimizer.rule != self.optimizer.name() {
            let expected = format!("that of {}, the rule of the run", self.optimizer.name());
            return refuse(
                "the optimizer",
                format!("the state of the rule {}", state.optimizer.rule),
                expected,
            );
        }
        if let Some(contradiction) = self.contradiction(&state, training.history.len()) {
            return refuse("the state", contradiction, "one that a run can have".into());
        }
        self.take_over(net, training.history, state);
        Ok(())
    }

    /// What is wrong with a state that no run has, as somebody may have made one up.
    fn contradiction(&self, state: &TrainState, n_epochs: usize) -> Option<String> {
        let whole_epochs = state.step / self.order.steps_per_epoch();
        let n_values = self.net.sequential().pack().len();
        let fits = |values: &Vec<f32>| values.len() == n_values;
        let in_epoch = state.step % self.order.steps_per_epoch();
        let most_samples = state.step.saturating_mul(self.order.batch_size() as u64);
        let n_samples = state.n_samples.checked_add(state.epoch.n_samples);
        let checks = [
            (
                state.optimizer.slots.len() == self.optimizer.n_slots()
                    && state.optimizer.slots.iter().all(|slot| slot.len() == self.net.n_parameters()),
                "an optimizer state of another network",
            ),
            (state.optimizer.step == state.step, "steps of the optimizer that are not those of the run"),
            (state.epoch.number == whole_epochs + 1, "an epoch that is not that of the step"),
            (state.epoch.n_steps <= in_epoch, "more steps in the epoch than were taken"),
            (n_epochs as u64 >= whole_epochs, "fewer reports than epochs"),
            (n_samples.is_some_and(|n| n <= most_samples && n < FAR), "more samples than were trained on"),
            (
                state.epoch.n_correct.is_none_or(|n| n <= state.epoch.n_samples),
                "more samples recognised than there were",
            ),
            (state.epoch.time.as_secs() < FAR, "a time longer than any"),
            (state.latest.iter().all(fits), "values to go on from that are not those of the network"),
            (state.average.iter().all(|a| fits(&a.values)), "an average of another network"),
            (state.average.iter().all(|a| a.n_steps == state.step), "an average of other steps"),
            (state.average.is_some() == self.average.is_some(), "an average where there is none, or none"),
            (state.best.is_some() == self.best.is_some(), "a best epoch where there is none, or none"),
            (state.best.iter().flat_map(|best| &best.values).all(fits), "a best network of another size"),
            (state.best.iter().all(|best| !best.loss.is_nan()), "a best loss that is no number"),
            (state.best.iter().all(|best| best.epoch <= whole_epochs), "a best epoch that is yet to come"),
        ];
        checks.into_iter().find(|(good, _)| !good).map(|(_, problem)| problem.to_string())
    }

    /// Everything has been compared: from here on, this is the run that was saved.
    fn take_over(&mut self, net: Network, mut history: Vec<EpochReport>, state: TrainState) {
        self.net.clone_from(&net);
        if let Some(latest) = &state.latest {
            self.net.sequential_mut().unpack(latest);
        }
        let layers = self.net.layers();
        let unpack = |packed: Vec<f32>| {
            let mut values = vec![0.0; layers.n_values()];
            layers.unpack(&packed, &mut values);
            values
        };
        if let (Some((average, _)), Some(saved)) = (&mut self.average, state.average) {
            (average.n_steps, average.values) = (saved.n_steps, unpack(saved.values));
        }
        if let (Some(best), Some(saved)) = (&mut self.best, state.best) {
            (best.loss, best.epoch, best.values) = (saved.loss, saved.epoch, saved.values.map(unpack));
        }
        // The report of an epoch that a run ended in is not one of a whole epoch.
        history.truncate((state.step / self.order.steps_per_epoch()) as usize);
        self.summary.restore(history, state.n_samples, state.nanoseconds, self.order.steps_per_epoch());
        self.n_taken = state.step;
        for (slot, saved) in self.slots.iter_mut().zip(&state.optimizer.slots) {
            layers.unpack(saved, slot);
        }
        self.patience_ended = state.stopped_early;
        self.epoch = state.epoch;
    }
}

/// Beyond all counts and times that there can be, and far from the end of the numbers.
const FAR: u64 = 1 << 56;

/// All settings that a run must have in common with the one that it goes on: not its length, nor its threads.
fn settings(network: &NetworkConfig, training: &TrainConfig, data: &DataIdentity) -> Value {
    let mut training = serde_json::to_value(training).expect("settings have a JSON form");
    for free in ["length", "threads"] {
        training.as_object_mut().and_then(|fields| fields.remove(free));
    }
    json!({ "network": network, "training": training, "data": data })
}
