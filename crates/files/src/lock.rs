//! A file lock, which one process at a time can have.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

/// Locks the file at `path`, which is made if it is not there; `None` if another process has the lock. It is held until
/// the file is closed, and goes with the process, however it ends.
///
/// # Errors
/// What the operating system says if the file cannot be opened or locked, or is something else than a file.
///
/// # Examples
/// ```
/// use chainrule_files::lock;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join(".lock");
/// let ours = lock(&path)?;
/// assert!(ours.is_some() && lock(&path)?.is_none());
/// drop(ours);
/// assert!(lock(&path)?.is_some());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn lock(path: impl AsRef<Path>) -> io::Result<Option<File>> {
    let path = path.as_ref();
    // Opening a pipe would wait for somebody to read.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::other(format!("{} is not a file", path.display())));
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => {
            Err(io::Error::new(cause.kind(), format!("it cannot be locked: {cause}")))
        }
    }
}
