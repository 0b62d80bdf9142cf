//! A run and its checkpoints: where it goes on from, and what it saves.

use super::Run;
use crate::{
    Checkpoint, Error, Event, Resumed, TrainState, TrainingRecord,
    checkpoint::{Found, Name},
    data_identity::identity_of,
    events::EpochReport,
    resume::Fresh,
};

impl Run<'_> {
    /// The run where the checkpoint that was found left off.
    pub(super) fn resumed(mut self, found: Option<Found>) -> Result<Self, Error> {
        let (Some(saver), Some(Found { checkpoint, damaged })) = (&mut self.saver, found) else {
            return Ok(self);
        };
        self.state.data = identity_of(self.samples);
        let (path, checkpoint) = checkpoint.unzip();
        if let (Some(path), Some(checkpoint)) = (&path, checkpoint) {
            let fresh = Fresh { net: self.net, config: self.config, order: &self.order, state: &self.state };
            let state = fresh.check(path, &checkpoint, saver.settings.any_arithmetic)?;
            // The run may be longer now.
            self.state = TrainState { n_steps: self.state.n_steps, ..state };
            self.net.clone_from(&checkpoint.net);
            if let Some(latest) = self.state.latest.take() {
                self.net.sequential_mut().unpack(&latest);
            }
            for (_, list) in self.state.lists_mut() {
                *list = self.net.layers().unpack(list);
            }
            // The report of an epoch that a run ended in is not one of a whole epoch.
            self.history = checkpoint.training.history;
            self.history.truncate((self.state.step / self.order.steps_per_epoch()) as usize);
        }
        let step = self.state.step;
        saver.resumes(path.as_deref(), step);
        if path.is_some() || !damaged.is_empty() {
            let _ = (self.callback)(Event::Resumed(&Resumed { path, step, damaged }));
        }
        Ok(self)
    }

    /// After a step: a checkpoint if one is due, and the best one after the best epoch.
    pub(super) fn save_if_due(&mut self) -> Result<(), Error> {
        let (is_done, ends_epoch) = (self.is_done(), self.ends_epoch());
        let Some(saver) = &mut self.saver else { return Ok(()) };
        saver.report(self.callback)?;
        let epochs = self.state.step / self.order.steps_per_epoch();
        let mut names = Vec::new();
        // The end of the run has a checkpoint of its own.
        if !is_done && saver.is_due(self.state.step, ends_epoch.then_some(epochs)) {
            names.push(Name::Step(self.state.step));
        }
        if ends_epoch && is_best(&self.history) {
            names.push(Name::Best);
        }
        if names.is_empty() { Ok(()) } else { self.save(&names) }
    }

    /// After the last step: the state to resume from, before a part of an epoch is ended; saved at once if the run was
    /// stopped, since evaluation takes time that a process told to stop may not have.
    pub(super) fn save_if_stopped(&mut self, stopped: bool) -> Result<Option<TrainState>, Error> {
        if self.saver.is_none() {
            return Ok(None);
        }
        if stopped && !self.is_done() {
            self.save(&[Name::Step(self.state.step)])?;
        }
        Ok(Some(self.packed_state()))
    }

    /// The state as a file has it.
    fn packed_state(&self) -> TrainState {
        let mut state = self.state.clone();
        if state.average.is_some() || state.best.is_some() {
            state.latest = Some(self.net.sequential().values().to_vec());
        }
        for (_, list) in state.lists_mut() {
            *list = self.net.layers().pack(list);
        }
        state
    }

    fn save(&mut self, names: &[Name]) -> Result<(), Error> {
        self.check_values()?;
        let (record, state) =
            (TrainingRecord::new(self.config.clone(), self.history.clone()), self.packed_state());
        self.swap_average();
        let mut checkpoint = Checkpoint::new(self.net.clone(), record).with_state(state);
        self.swap_average();
        match &mut self.saver {
            Some(saver) => {
                checkpoint.extra.clone_from(&saver.settings.extra);
                saver.save(names, &checkpoint, self.callback)
            }
            None => Ok(()),
        }
    }
}

/// Whether the latest epoch has a lower validation loss than all before it.
fn is_best(history: &[EpochReport]) -> bool {
    let loss = |report: &EpochReport| report.validation_loss.unwrap_or(f64::INFINITY);
    let best = |before: &[EpochReport]| before.iter().map(loss).fold(f64::INFINITY, f64::min);
    history.split_last().is_some_and(|(latest, before)| loss(latest) < best(before))
}
