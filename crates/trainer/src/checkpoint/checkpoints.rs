//! The settings of checkpoints: where and when they are written, and from which one a run resumes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chainrule_layers::{OwnLayers, no_own_layers};

use super::{
    Checkpoint, Every,
    folder::{self, Found},
};
use crate::Error;

/// Where a run begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resume {
    /// At the beginning, in a folder without checkpoints.
    #[default]
    Never,
    /// Where the newest good checkpoint in the folder left off; at the beginning, if there is none.
    Auto,
    /// Where this checkpoint left off.
    From(PathBuf),
}

/// What becomes of a run whose checkpoint could not be written: the disk is full, say, or the folder is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnCheckpointError {
    /// It goes on, and the callback is called with the first of such errors in a row.
    #[default]
    Continue,
    /// It ends with the error.
    Stop,
}

/// Checkpoints of a run: with them, [`train`](crate::train) may be killed at any moment and called again the same way, until it
/// comes to its end with the bits of a run that was never stopped.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `folder` | none: nothing is written on the way | where `step-….ckpt` and `best.ckpt` are | one run at a time |
/// | `every` | 1 epoch | when one is written | at least 1 |
/// | `keep` | 2 | how many of the last are kept, besides the best by validation | at least 1 |
/// | `resume` | never | where the run begins | |
/// | `on_error` | continue | what becomes of the run when none can be written | |
/// | `extra` | none | data of a program's own, in every checkpoint | |
/// | `any_arithmetic` | no | whether a run of another arithmetic may go on, with other bits than if it had not been stopped | |
///
/// Whatever these are, one is written at the end, and one when the callback stops the run. They are written on a thread of
/// their own while training goes on; what they hold is copied before.
///
/// # Examples
/// ```
/// use std::ops::ControlFlow;
/// use chainrule_trainer::{Checkpoints, Dataset, Event, Every, Mlp, MlpConfig, Resume, TrainConfig, train};
/// let data = Dataset::from_rows(&[0.0, 0.2, 0.8, 1.0], 1)?.with_classes(&[0, 0, 1, 1])?;
/// let net = || Mlp::new(&MlpConfig::new([1, 3, 2]));
/// let config = TrainConfig::new().with_epochs(10).with_batch_size(2);
///
/// let folder = tempfile::tempdir()?;
/// let checkpoints = Checkpoints::new(folder.path()).with_every(Every::Steps(5)).with_resume(Resume::Auto);
/// // The first run is stopped in the middle of the fourth epoch,
/// let mut resumed = net()?;
/// let stop = |event: Event<'_>| match event {
///     Event::Step { report, .. } if report.step == 7 => ControlFlow::Break(()),
///     _ => ControlFlow::Continue(()),
/// };
/// train(&mut resumed, &data).config(&config).checkpoints(&checkpoints).callback(stop).run()?;
/// // the second goes on there,
/// let mut resumed = net()?;
/// let summary = train(&mut resumed, &data).config(&config).checkpoints(&checkpoints).run()?;
/// assert_eq!((summary.steps, summary.history.len()), (20, 10));
/// // and nobody can tell.
/// let mut never_stopped = net()?;
/// train(&mut never_stopped, &data).config(&config).run()?;
/// assert_eq!(resumed.parameters_crc32(), never_stopped.parameters_crc32());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checkpoints {
    /// Where checkpoints are written.
    pub folder: Option<PathBuf>,
    /// When one is written.
    pub every: Every,
    /// How many of the last are kept.
    pub keep: usize,
    /// Where the run begins.
    pub resume: Resume,
    /// What becomes of the run when none can be written.
    pub on_error: OnCheckpointError,
    /// Whether a run of another [arithmetic](chainrule_tensor::ARITHMETIC) may go on, with other bits.
    pub any_arithmetic: bool,
    /// What every checkpoint has as its [extra](Checkpoint::extra) data.
    pub extra: BTreeMap<String, Vec<u8>>,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Checkpoints {
            folder: None,
            every: Every::default(),
            keep: 2,
            resume: Resume::default(),
            on_error: OnCheckpointError::default(),
            any_arithmetic: false,
            extra: BTreeMap::new(),
        }
    }
}

impl Checkpoints {
    /// Checkpoints in `folder`, which is made if it is missing.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Checkpoints { folder: Some(folder.into()), ..Checkpoints::default() }
    }

    /// Sets when a checkpoint is written.
    pub fn with_every(self, every: Every) -> Self {
        Checkpoints { every, ..self }
    }

    /// Sets how many of the last are kept.
    pub fn with_keep(self, keep: usize) -> Self {
        Checkpoints { keep, ..self }
    }

    /// Sets where the run begins.
    pub fn with_resume(self, resume: Resume) -> Self {
        Checkpoints { resume, ..self }
    }

    /// Sets what becomes of the run when no checkpoint can be written.
    pub fn with_on_error(self, on_error: OnCheckpointError) -> Self {
        Checkpoints { on_error, ..self }
    }

    /// Sets whether a run of another [arithmetic](chainrule_tensor::ARITHMETIC) may go on, with other bits.
    pub fn with_any_arithmetic(self, any_arithmetic: bool) -> Self {
        Checkpoints { any_arithmetic, ..self }
    }

    /// Adds data of the program's own under a name.
    pub fn with_extra(mut self, name: &str, data: impl Into<Vec<u8>>) -> Self {
        self.extra.insert(name.to_string(), data.into());
        self
    }

    /// Whether `path` has a name that runs give to the files in their folders: `step-….ckpt`, `best.ckpt`, `.lock`.
    pub fn has_name(path: &Path) -> bool {
        path.file_name().is_some_and(|name| folder::is_ours(name) || name == folder::LOCK)
    }

    /// The checkpoint that a run would go on from, and where it is.
    ///
    /// # Errors
    /// As [`Train::run`](crate::Train::run), if it cannot be read. Damaged ones in the folder are skipped.
    pub fn newest(&self) -> Result<Option<(PathBuf, Checkpoint)>, Error> {
        self.newest_with_own(&no_own_layers)
    }

    /// The same; why newer ones in the folder were skipped is added to `skipped`: they are damaged, or no run can go on from them.
    ///
    /// # Errors
    /// As [`newest`](Checkpoints::newest).
    pub fn newest_and_skipped(
        &self,
        skipped: &mut Vec<Error>,
    ) -> Result<Option<(PathBuf, Checkpoint)>, Error> {
        let Found { checkpoint, damaged } = self.find(&no_own_layers)?;
        skipped.extend(damaged);
        Ok(checkpoint)
    }

    /// [`newest`](Checkpoints::newest) for a network with layers of a program's own.
    ///
    /// # Errors
    /// As [`newest`](Checkpoints::newest).
    pub fn newest_with_own(&self, own: OwnLayers<'_, f32>) -> Result<Option<(PathBuf, Checkpoint)>, Error> {
        Ok(self.find(own)?.checkpoint)
    }

    pub(super) fn find(&self, own: OwnLayers<'_, f32>) -> Result<Found, Error> {
        match (&self.resume, self.folder.as_deref()) {
            (Resume::From(path), folder) => {
                self.check_unused(folder.filter(|folder| !is_in(path, folder)))?;
                Ok(Found {
                    checkpoint: Some((path.clone(), Checkpoint::load_with_own(path, own)?)),
                    damaged: Vec::new(),
                })
            }
            (Resume::Auto, Some(folder)) => folder::newest(folder, own),
            (Resume::Never, folder) => {
                self.check_unused(folder)?;
                Ok(Found { checkpoint: None, damaged: Vec::new() })
            }
            (Resume::Auto, None) => {
                Err(Error::config("the folder of checkpoints", "none", "one, to look for the newest in"))
            }
        }
    }

    /// Refuses a folder whose checkpoints this run would replace.
    fn check_unused(&self, folder: Option<&Path>) -> Result<(), Error> {
        let Some(folder) = folder else { return Ok(()) };
        let steps = folder::steps(folder).map_err(|cause| Error::Folder {
            doing: "read",
            path: folder.to_path_buf(),
            cause,
        })?;
        match steps.first() {
            None => Ok(()),
            Some(&step) => Err(Error::FolderNotEmpty { path: folder.to_path_buf(), step }),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.every.check()?;
        match self.keep {
            0 => Err(Error::config("the number of checkpoints to keep", 0, "at least 1")),
            _ => Ok(()),
        }
    }
}

/// Whether `path` is in `folder`, whatever way they are written.
fn is_in(path: &Path, folder: &Path) -> bool {
    let parent = path.canonicalize().ok().and_then(|path| Some(path.parent()?.to_path_buf()));
    parent.is_some() && parent == folder.canonicalize().ok()
}
