//! All that a run needs to go on, besides its network and settings: taken after a step, and put into another run.

use std::{fmt, path::Path};

use chainrule_optimizers::{Optimizer, State};

use crate::{
    Checkpoint, EpochReport, Error, Mlp, MlpConfig, Samples, TrainConfig, data_identity::DataIdentity,
    progress::Epoch, train::Run,
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
    pub(crate) optimizer: State<f32>,
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
        let slots = (0..self.optimizer.n_parameters()).flat_map(|i| {
            let slots = self.optimizer.slots(i).iter().enumerate();
            slots.map(move |(s, slot)| (format!("slot {s} of parameter {i}"), &slot[..]))
        });
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
        let slots = (0..self.optimizer.n_parameters()).flat_map(|i| self.optimizer.slots(i));
        let remembered: usize = slots.map(Vec::len).sum();
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
            optimizer: self.state.clone(),
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
    ) -> Result<(), Error> {
        let Checkpoint { net, training, state } = checkpoint;
        let refuse = |what: &str, found: String, expected: String| {
            Err(Error::Resume { path: path.to_path_buf(), what: what.to_string(), found, expected })
        };
        let Some(state) = state else {
            return refuse("the file", "a network alone".into(), "the state of a run as well".into());
        };
        let settings = network_settings(self.net.config()).into_iter().zip(network_settings(net.config()));
        let others = run_settings(self.config).into_iter().zip(run_settings(&training.config));
        let of_data = data_settings(&data).into_iter().zip(data_settings(&state.data));
        for ((what, found), (_, expected)) in settings.chain(others).chain(of_data) {
            if found != expected {
                return refuse(what, found, format!("{expected}, as in the run that was saved"));
            }
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
        let names = self.net.parameter_names();
        if let Err(cause) = state.optimizer.check(self.optimizer, names) {
            return refuse("the optimizer", cause.to_string(), "the rule of the run that was saved".into());
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
            (state.optimizer.step() == state.step, "steps of the optimizer that are not those of the run"),
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
    fn take_over(&mut self, net: Mlp, mut history: Vec<EpochReport>, state: TrainState) {
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
        self.state = state.optimizer;
        self.patience_ended = state.stopped_early;
        self.epoch = state.epoch;
    }
}

/// Beyond all counts and times that there can be, and far from the end of the numbers.
const FAR: u64 = 1 << 56;

/// A setting's name, and its value in words.
type Setting = (&'static str, String);

fn network_settings(config: &MlpConfig) -> Vec<Setting> {
    let sizes = config.sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    vec![
        ("the network", sizes),
        ("the list of activations", format!("{:?}", config.activations)),
        ("batch normalisation", config.batch_norm.to_string()),
        ("dropout", config.dropout.to_string()),
        ("the loss", format!("{:?}", config.loss)),
        ("the encoding", format!("{:?}", config.encoding)),
        ("the distribution of initial weights", format!("{:?}", config.init)),
        ("the seed of the network", config.seed.to_string()),
    ]
}

/// All but the length and the number of threads, which may change.
fn run_settings(config: &TrainConfig) -> Vec<Setting> {
    vec![
        ("batch size", config.batch_size.to_string()),
        ("the optimizer", Optimizer::<f32>::name(&config.optimizer).to_string()),
        ("the learning rate", Optimizer::<f32>::learning_rate(&config.optimizer).to_string()),
        ("the rest of the optimizer", format!("{:?}", config.optimizer)),
        ("the schedule", config.schedule.to_string()),
        ("the bound on the gradient", format!("{:?}", config.clip)),
        ("the sampling", format!("{:?}", config.sampling)),
        ("the seed", config.seed.to_string()),
        ("the gradient", format!("{:?}", config.gradient)),
        ("the share for validation", config.validation.to_string()),
        ("early stopping", format!("{:?}", config.early_stopping)),
        ("the decay of the average", format!("{:?}", config.average)),
    ]
}

fn data_settings(data: &DataIdentity) -> Vec<Setting> {
    vec![
        ("the number of training samples", data.n_samples.to_string()),
        ("values per training sample", data.n_inputs.to_string()),
        ("the checksum of the training inputs", format!("{:08x}", data.inputs_crc32)),
        ("the checksum of the training targets", format!("{:08x}", data.targets_crc32)),
    ]
}
