//! Resuming: whether a checkpoint is of this run, so that going on from it gives the bits of a run that never stopped.

use std::path::Path;

use chainrule_data::Order;
use chainrule_tensor::ARITHMETIC;
use serde_json::{Value, json};

use crate::{
    Checkpoint, Error, Network, NetworkConfig, TrainConfig, TrainState,
    checkpoint::no_state,
    differences::{Difference, differences},
    train_state::DataIdentity,
};

/// A run before its first step.
pub(crate) struct Fresh<'a> {
    pub(crate) net: &'a Network,
    pub(crate) config: &'a TrainConfig,
    pub(crate) order: &'a Order,
    pub(crate) state: &'a TrainState,
}

impl Fresh<'_> {
    /// The state in a checkpoint, if this run can go on from it.
    pub(crate) fn check(
        &self,
        path: &Path,
        checkpoint: &Checkpoint,
        any_arithmetic: bool,
    ) -> Result<TrainState, Error> {
        let Checkpoint { net, training, state, .. } = checkpoint;
        let refuse = |what: &str, found: String, expected: String| {
            Err(Error::Resume { path: path.to_path_buf(), what: what.to_string(), found, expected })
        };
        let Some(state) = state else {
            return Err(no_state(path));
        };
        if training.arithmetic != ARITHMETIC && !any_arithmetic {
            let expected = format!(
                "{}, as in the run that was saved (any_arithmetic goes on all the same, with other bits)",
                training.arithmetic
            );
            return refuse("the arithmetic", ARITHMETIC.to_string(), expected);
        }
        let mut before = training.config.clone();
        if let (Some(now), Some(then)) = (self.config.early_stopping, &mut before.early_stopping) {
            // More of it changes no step that was taken.
            then.patience = then.patience.max(now.patience);
        }
        let saved = settings(net.config(), &before, &state.data);
        if let Some(Difference { name, found, expected }) =
            // How many samples there are says more than their checksum.
            differences(&settings(self.net.config(), self.config, &self.state.data), &saved)
                    .into_iter()
                    .min_by_key(|difference| difference.name.contains("crc32"))
        {
            return refuse(&name, found, format!("{expected}, as in the run that was saved"));
        }
        let n_steps = self.state.n_steps;
        if self.state.schedule != state.schedule {
            let expected = format!(
                "{} as in the run that was saved: the schedule is spread over all steps, so a longer run would have \
                 had other learning rates from the start",
                state.n_steps
            );
            return refuse("the number of steps", n_steps.to_string(), expected);
        }
        if n_steps < state.step {
            let expected = format!("at least {}, which the run that was saved has taken", state.step);
            return refuse("the number of steps", n_steps.to_string(), expected);
        }
        let (rule, saved_rule) = (&self.state.optimizer.rule, &state.optimizer.rule);
        if rule != saved_rule {
            let expected = format!("that of {rule}, the rule of the run");
            return refuse("the optimizer", format!("the state of the rule {saved_rule}"), expected);
        }
        let mut state = TrainState { epoch: state.epoch.clone().of_file(), ..state.clone() };
        if let Some(contradiction) = self.contradiction(&state, training.history.len()) {
            return refuse("the state", contradiction.into(), "one that a run can have".into());
        }
        if let (Some(rule), Some(best)) = (self.config.early_stopping, &state.best) {
            state.stopped_early &= rule.stops(best, state.step / self.order.steps_per_epoch());
        }
        Ok(state)
    }

    /// What is wrong with a state that no run has, as somebody may have made one up.
    fn contradiction(&self, state: &TrainState, n_epochs: usize) -> Option<&'static str> {
        let steps_per_epoch = self.order.steps_per_epoch();
        let (whole_epochs, in_epoch) = (state.step / steps_per_epoch, state.step % steps_per_epoch);
        let n_values = self.net.sequential().pack().len();
        let fits = |values: &Vec<f32>| values.len() == n_values;
        let most_samples = state.step.saturating_mul(self.order.batch_size() as u64);
        let n_samples = state.n_samples.checked_add(state.epoch.n_samples);
        let checks = [
            (
                state.optimizer.slots.len() == self.state.optimizer.slots.len()
                    && state.optimizer.slots.iter().all(|slot| slot.len() == self.net.n_parameters()),
                "an optimizer state of another network",
            ),
            (state.optimizer.step == state.step, "steps of the optimizer that are not those of the run"),
            (state.epoch.number == whole_epochs + 1, "an epoch that is not that of the step"),
            (
                state.epoch.divisor >= 0.0
                    && [state.epoch.divisor, state.epoch.sum_of_losses].iter().all(|x| x.is_finite()),
                "a loss of the epoch that is no number",
            ),
            (in_epoch > 0 || state.epoch.divisor == 0.0, "more steps in the epoch than were taken"),
            (n_epochs as u64 >= whole_epochs, "fewer reports than epochs"),
            (n_samples.is_some_and(|n| n <= most_samples && n < FAR), "more samples than were trained on"),
            (
                state.epoch.n_correct.is_none_or(|n| n <= state.epoch.n_samples),
                "more correct samples than there were",
            ),
            (state.epoch.time.as_secs() < FAR, "a time longer than any"),
            (state.latest.iter().all(fits), "values to go on from that are not those of the network"),
            (state.average.iter().all(|a| fits(&a.values)), "an average of another network"),
            (state.average.iter().all(|a| a.n_steps == state.step), "an average of other steps"),
            (
                state.average.is_some() == self.state.average.is_some(),
                "only one of run and checkpoint has an average",
            ),
            (
                state.best.is_some() == self.state.best.is_some(),
                "only one of run and checkpoint has a best epoch",
            ),
            (state.best.iter().flat_map(|best| &best.values).all(fits), "a best network of another size"),
            (state.best.iter().all(|best| !best.loss.is_nan()), "a best loss that is no number"),
            (state.best.iter().all(|best| best.epoch <= whole_epochs), "a best epoch that is yet to come"),
        ];
        checks.into_iter().find(|(good, _)| !good).map(|(_, problem)| problem)
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
