//! The checkpoints of one run: where it resumes from, when the next is due, and the result of each write.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Checkpoint, Checkpoints, Every, OnCheckpointError, Resume,
    folder::{self, Found, Name},
    writer::{Job, Writer, Written, write_job},
};
use crate::{Error, Event, Network, Saved, TrainState, events::Callback};

/// Writes the checkpoints of one run, whose folder is locked meanwhile.
pub(crate) struct Saver<'c> {
    pub(crate) settings: &'c Checkpoints,
    /// If there is a folder. Before the lock, so that it is released when everything is written.
    writer: Option<Writer>,
    _lock: Option<File>,
    /// The step of the latest checkpoint that was handed to the writer, or that the run came from.
    last_step: Option<u64>,
    last_time: Instant,
    newest: Option<PathBuf>,
    /// Whether the latest could not be written.
    failing: bool,
}

impl<'c> Saver<'c> {
    /// Locks the folder, if there is one, and finds the checkpoint from which a run of `net` resumes.
    pub(crate) fn open(settings: &'c Checkpoints, net: &Network) -> Result<(Self, Found), Error> {
        settings.check()?;
        let folder = settings.folder.as_deref();
        let lock = folder.map(folder::open).transpose()?;
        let found = settings.find(&super::layers_of(net))?;
        let saver = Saver {
            settings,
            writer: folder.map(|folder| Writer::start(folder, settings.keep)).transpose()?,
            _lock: lock,
            last_step: None,
            last_time: Instant::now(),
            newest: None,
            failing: false,
        };
        Ok((saver, found))
    }

    /// The run resumes from `path` after `step`.
    pub(crate) fn resumes(&mut self, path: Option<&Path>, step: u64) {
        if let (Some(path), Some(folder)) = (path, &self.settings.folder) {
            // Then there is nothing to write before the next step.
            let expected = Name::Step(step).in_folder(folder);
            self.last_step = same_file(path, &expected).then_some(step);
        }
        self.newest = path.filter(|_| self.settings.resume == Resume::Auto).map(Path::to_path_buf);
    }

    /// Whether a checkpoint is due after a step, which may be the last of so many whole epochs.
    pub(crate) fn is_due(&self, step: u64, epochs: Option<u64>) -> bool {
        match self.settings.every {
            Every::Steps(n) => step.is_multiple_of(n),
            Every::Epochs(n) => epochs.is_some_and(|epochs| epochs.is_multiple_of(n)),
            Every::Time(time) => self.last_time.elapsed() >= time,
        }
    }

    /// Hands a checkpoint to the writer, unless the one of its step is there already.
    pub(crate) fn save(
        &mut self,
        names: &[Name],
        checkpoint: &Checkpoint,
        callback: &mut Callback<'_>,
    ) -> Result<(), Error> {
        let step = checkpoint.state.as_ref().map_or(0, TrainState::step);
        let is_new = |name: &Name| *name == Name::Best || self.last_step != Some(step);
        let names: Vec<Name> = names.iter().copied().filter(is_new).collect();
        let Some(writer) = self.writer.as_mut().filter(|_| !names.is_empty()) else { return Ok(()) };
        if names.contains(&Name::Step(step)) {
            (self.last_step, self.last_time) = (Some(step), Instant::now());
        }
        writer.write(Job { names, step, bytes: checkpoint.to_bytes() });
        self.report(callback)
    }

    /// Passes on the results of writes.
    pub(crate) fn report(&mut self, callback: &mut Callback<'_>) -> Result<(), Error> {
        let results = self.writer.as_ref().map(Writer::results).unwrap_or_default();
        results.into_iter().try_for_each(|written| self.take(written, callback))
    }

    fn take(&mut self, written: Written, callback: &mut Callback<'_>) -> Result<(), Error> {
        let Written { path, step, result } = written;
        match result {
            Ok(()) => {
                self.failing = false;
                let _ = callback(Event::Saved(&Saved { path: path.clone(), step }));
                self.newest = Some(path);
            }
            Err(error) if self.settings.on_error == OnCheckpointError::Stop => return Err(error),
            Err(error) => {
                if !self.failing {
                    let _ = callback(Event::NotSaved(&error));
                }
                self.failing = true;
            }
        }
        Ok(())
    }

    /// Writes the last checkpoint, and waits for all. Returns the newest in the folder.
    pub(crate) fn finish(
        mut self,
        last: &Checkpoint,
        callback: &mut Callback<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        let step = last.state.as_ref().map_or(0, TrainState::step);
        self.save(&[Name::Step(step)], last, callback)?;
        if let Some(writer) = &mut self.writer {
            writer.wait();
        }
        self.report(callback)?;
        if let Some(folder) = self.settings.folder.as_deref().filter(|_| !self.failing)
            && !Name::Step(step).in_folder(folder).is_file()
        {
            // Somebody has removed what was written.
            let job = Job { names: vec![Name::Step(step)], step, bytes: last.to_bytes() };
            write_job(folder, job, self.settings.keep)
                .try_for_each(|written| self.take(written, callback))?;
        }
        // Nobody is sent to a file that is gone.
        Ok(self.newest.filter(|path| path.is_file()))
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok().is_some_and(|a| b.canonicalize().ok() == Some(a))
}
