//! Who watches over a run with checkpoints: puts it to where it was, and writes when it is time.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Checkpoint, Checkpoints, Every, OnCheckpointError, Resume, TrainingRecord,
    folder::{Found, Name},
    writer::{Job, Writer, Written},
};
use crate::{
    Error, Event, Network, Resumed, Samples, Saved, Summary, TrainConfig, TrainState,
    data_identity::DataIdentity,
    keep::{Keeper, Observer},
    train::Run,
};

/// Watches over one run.
pub(crate) struct Saver<'c> {
    settings: &'c Checkpoints,
    /// If there is a folder.
    writer: Option<Writer>,
    found: Option<Found>,
    data: Option<DataIdentity>,
    /// The step of the latest checkpoint that was handed to the writer, or that the run came from.
    last_step: Option<u64>,
    last_time: Instant,
    /// The state after the last step.
    state: Option<TrainState>,
    newest: Option<PathBuf>,
    /// Whether the latest could not be written.
    failing: bool,
}

impl<'c> Saver<'c> {
    /// For a folder that is locked, if there is one.
    pub(crate) fn new(settings: &'c Checkpoints, found: Found) -> Self {
        let folder = settings.folder.as_deref();
        Saver {
            settings,
            writer: folder.map(|folder| Writer::start(folder, settings.keep)),
            found: Some(found),
            data: None,
            last_step: None,
            last_time: Instant::now(),
            state: None,
            newest: None,
            failing: false,
        }
    }

    fn data(&self) -> DataIdentity {
        self.data.expect("a run begins before its state is asked for")
    }

    fn is_due<S: Samples>(&self, run: &Run<'_, S>) -> bool {
        match self.settings.every {
            Every::Steps(n) => run.n_taken.is_multiple_of(n),
            Every::Epochs(n) => run.whole_epochs().is_some_and(|epochs| epochs.is_multiple_of(n)),
            Every::Time(time) => self.last_time.elapsed() >= time,
        }
    }

    /// Hands the run as it is now to the writer.
    fn save<S: Samples>(
        &mut self,
        run: &mut Run<'_, S>,
        names: &[Name],
        observer: Observer<'_>,
    ) -> Result<(), Error> {
        run.check_parameters()?;
        let record = TrainingRecord::new(run.config.clone(), run.summary.history.clone());
        let state = run.state(self.data());
        let checkpoint = Checkpoint::new(run.usable().clone(), record).with_state(state);
        self.write(names, &checkpoint, observer)
    }

    fn write(
        &mut self,
        names: &[Name],
        checkpoint: &Checkpoint,
        observer: Observer<'_>,
    ) -> Result<(), Error> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let step = checkpoint.state.as_ref().map_or(0, TrainState::step);
        let results = writer.write(Job { names: names.to_vec(), step, bytes: checkpoint.to_bytes() });
        if names.contains(&Name::Step(step)) {
            (self.last_step, self.last_time) = (Some(step), Instant::now());
        }
        self.hear(results, observer)
    }

    /// Passes on what has become of checkpoints.
    fn hear(&mut self, results: VecDeque<Written>, observer: Observer<'_>) -> Result<(), Error> {
        for Written { path, step, result } in results {
            match result {
                Ok(()) => {
                    self.failing = false;
                    let _ = observer(Event::Saved(&Saved { path: path.clone(), step }));
                    self.newest = Some(path);
                }
                Err(error) if self.settings.on_error == OnCheckpointError::Stop => return Err(error),
                Err(error) => {
                    if !self.failing {
                        let _ = observer(Event::NotSaved(&error));
                    }
                    self.failing = true;
                }
            }
        }
        Ok(())
    }
}

impl Keeper for Saver<'_> {
    fn begin<S: Samples>(&mut self, run: &mut Run<'_, S>, observer: Observer<'_>) -> Result<(), Error> {
        let data = DataIdentity::of(run.samples);
        self.data = Some(data);
        let Some(Found { checkpoint, damaged }) = self.found.take() else { return Ok(()) };
        let (path, step) = match checkpoint {
            None => (None, 0),
            Some((path, checkpoint)) => {
                run.restore(&path, checkpoint, data, self.settings.any_arithmetic)?;
                (Some(path), run.n_taken)
            }
        };
        if let (Some(path), Some(folder)) = (&path, &self.settings.folder) {
            // Then there is nothing to write before the next step.
            let expected = Name::Step(step).in_folder(folder);
            self.last_step = (same_file(path, &expected)).then_some(step);
        }
        if path.is_some() || !damaged.is_empty() {
            let _ = observer(Event::Resumed(&Resumed { path: path.clone(), step, damaged }));
        }
        self.newest = path.filter(|_| self.settings.resume == Resume::Auto);
        Ok(())
    }

    fn after_step<S: Samples>(&mut self, run: &mut Run<'_, S>, observer: Observer<'_>) -> Result<(), Error> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let results = writer.results();
        self.hear(results, observer)?;
        let mut names = Vec::new();
        // The end of the run has a checkpoint of its own.
        if !run.is_done() && self.is_due(run) {
            names.push(Name::Step(run.n_taken));
        }
        if run.whole_epochs().is_some() && run.summary.is_best() {
            names.push(Name::Best);
        }
        if names.is_empty() { Ok(()) } else { self.save(run, &names, observer) }
    }

    fn halt<S: Samples>(
        &mut self,
        run: &mut Run<'_, S>,
        stopped: bool,
        observer: Observer<'_>,
    ) -> Result<(), Error> {
        self.state = Some(run.state(self.data()));
        // Evaluation may take its time, and whoever stopped the run may not have it.
        if stopped && !run.is_done() && self.last_step != Some(run.n_taken) {
            self.save(run, &[Name::Step(run.n_taken)], observer)?;
        }
        Ok(())
    }

    fn end(
        &mut self,
        net: &Network,
        config: &TrainConfig,
        summary: &mut Summary,
        observer: Observer<'_>,
    ) -> Result<(), Error> {
        let Some(state) = self.state.take() else { return Ok(()) };
        let step = state.step;
        if self.last_step != Some(step) {
            let record = TrainingRecord::new(config.clone(), summary.history.clone());
            let checkpoint = Checkpoint::new(net.clone(), record).with_state(state.clone());
            self.write(&[Name::Step(step)], &checkpoint, observer)?;
        }
        if let Some(writer) = self.writer.take() {
            self.hear(writer.finish(), observer)?;
        }
        summary.state = Some(state);
        summary.checkpoint = self.newest.take();
        Ok(())
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok().is_some_and(|a| b.canonicalize().ok() == Some(a))
}
