//! The checkpoint folder of one run: its last few checkpoints and the best by validation loss.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use chainrule_files::{Disk, lock, make_folder, remove_temporaries, write_whole};
use chainrule_layers::OwnLayers;

use super::{Checkpoint, container};
use crate::Error;

/// The best by validation.
const BEST: &str = "best.ckpt";
/// Locked by the run that works here; the lock goes with the process, however it ends.
pub(super) const LOCK: &str = ".lock";

/// Which of the checkpoints in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// That after a step.
    Step(u64),
    /// The best by validation.
    Best,
}

impl Name {
    pub(crate) fn in_folder(self, folder: &Path) -> PathBuf {
        match self {
            // Names sort as their steps do, up to a billion.
            Name::Step(step) => folder.join(format!("step-{step:09}.ckpt")),
            Name::Best => folder.join(BEST),
        }
    }
}

/// Makes the folder if it is missing, and removes what a run that was killed has left half-written. The folder is this
/// run's until the file is closed.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let cannot = |doing| move |cause| Error::Folder { doing, path: path.to_path_buf(), cause };
    make_folder(path).map_err(cannot("make"))?;
    let lock = lock(path.join(LOCK)).map_err(cannot("write to"))?;
    let lock = lock.ok_or_else(|| Error::FolderInUse { path: path.to_path_buf() })?;
    remove_temporaries(path, is_ours).map_err(cannot("clear"))?;
    Ok(lock)
}

/// Whether runs write files of this name into their folders.
pub(super) fn is_ours(name: &OsStr) -> bool {
    name == BEST || step_of(name).is_some()
}

/// The step of a checkpoint of this name.
fn step_of(name: &OsStr) -> Option<u64> {
    let step = name.to_str()?.strip_prefix("step-")?.strip_suffix(".ckpt")?.parse().ok()?;
    // Another spelling is not ours.
    (Name::Step(step).in_folder(Path::new("")).as_os_str() == name).then_some(step)
}

/// The checkpoints of a folder by step, the newest first; none if there is no folder.
pub(crate) fn steps(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut steps = Vec::new();
    for entry in entries {
        steps.extend(step_of(&entry?.file_name()));
    }
    steps.sort_unstable_by(|a, b| b.cmp(a));
    Ok(steps)
}

/// A checkpoint that was found in a folder.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) checkpoint: Option<(PathBuf, Checkpoint)>,
    /// Newer ones that are damaged, or that no run can go on from.
    pub(crate) damaged: Vec<Error>,
}

/// The newest checkpoint of a run that is good.
pub(crate) fn newest(folder: &Path, own: OwnLayers<'_, f32>) -> Result<Found, Error> {
    let steps =
        steps(folder).map_err(|cause| Error::Folder { doing: "read", path: folder.to_path_buf(), cause })?;
    let mut damaged = Vec::new();
    for name in steps.into_iter().map(Name::Step).chain([Name::Best]) {
        let path = name.in_folder(folder);
        match Checkpoint::load_with_own(&path, own) {
            Ok(checkpoint) if checkpoint.state.is_some() => {
                return Ok(Found { checkpoint: Some((path, checkpoint)), damaged });
            }
            Ok(_) => damaged.push(super::no_state(&path)),
            Err(Error::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(problem @ Error::Checkpoint { .. }) => damaged.push(problem),
            Err(error) => return Err(error),
        }
    }
    Ok(Found { checkpoint: None, damaged })
}

/// Writes a checkpoint into `folder`, and then removes those of earlier steps but the last `keep - 1`.
pub(crate) fn write(
    disk: &impl Disk,
    folder: &Path,
    name: Name,
    bytes: &[u8],
    keep: usize,
) -> io::Result<()> {
    let path = name.in_folder(folder);
    // Somebody has put a network alone there: it is not ours to replace, or to remove.
    if container::is_network(&path) {
        return Err(io::Error::other("a network alone has this name, which no run has written"));
    }
    write_whole(disk, &path, bytes)?;
    if let Name::Step(step) = name {
        let earlier =
            steps(folder)?.into_iter().filter(|old| *old < step).map(|old| Name::Step(old).in_folder(folder));
        for old in earlier.filter(|path| !container::is_network(path)).skip(keep - 1) {
            match disk.remove(&old) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                _ => {}
            }
        }
    }
    Ok(())
}
