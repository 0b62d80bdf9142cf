//! Atomic writes: a file is whole or not there. It is written under a temporary name, synced, renamed, and the folder synced.
//!
//! ```text
//! create .NAME.PROCESS-NUMBER.tmp → write → fsync → rename to NAME → fsync of the folder
//! ```
//! Whatever stops this half-way, the file of that name is the one from before or the new one.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Writes `bytes` to `path`, so that a file of this name is whole or not there: what was there before stays until the new
/// file is on the disk, with its permissions, and behind links.
///
/// # Errors
/// What the operating system says; nothing has changed then, unless it is about the folder: then the new file is there,
/// and only its name may not outlive a loss of power.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net");
/// chainrule_files::write_file(&path, b"first")?;
/// chainrule_files::write_file(&path, b"second")?;
/// assert_eq!(std::fs::read(&path)?, b"second");
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_file(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    write_whole(&System, path.as_ref(), bytes)
}

/// What writing a file asks of the operating system: a trait, so that tests can have a disk on which each of these fails.
pub trait Disk {
    /// An open file.
    type File: Write;

    /// A new file, with these permissions if there are any.
    ///
    /// # Errors
    /// What the operating system says, here and below.
    fn create(&self, path: &Path, permissions: Option<Permissions>) -> io::Result<Self::File>;

    /// Waits until the content is on the disk (fsync).
    fn sync(&self, file: &mut Self::File) -> io::Result<()>;

    /// Gives a file another name; a file that has it already is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the names in a folder are on the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Disk for System {
    type File = File;

    fn create(&self, path: &Path, permissions: Option<Permissions>) -> io::Result<File> {
        let file = File::create(path)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        Ok(file)
    }

    fn sync(&self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Only Unix can open a folder for that.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// [`write_file`] on any [`Disk`].
///
/// # Errors
/// As [`write_file`].
pub fn write_whole(disk: &impl Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = destination(path)?;
    let temporary = temporary_beside(&path)?;
    let write = || {
        let permissions = fs::metadata(&path).ok().map(|before| before.permissions());
        let mut file = disk.create(&temporary, permissions)?;
        file.write_all(bytes)?;
        disk.sync(&mut file)?;
        disk.rename(&temporary, &path)
    };
    write().inspect_err(|_| {
        // What went wrong first is what the caller has to know.
        let _ = disk.remove(&temporary);
    })?;
    disk.sync_folder(folder_of(&path))
}

/// Writes `bytes` to `path`, where nothing is yet: of several processes that do so at the same moment one succeeds.
///
/// # Errors
/// [`AlreadyExists`](ErrorKind::AlreadyExists) if something has this name, which stays as it is; what the operating system says.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net");
/// chainrule_files::write_new_file(&path, b"first")?;
/// let error = chainrule_files::write_new_file(&path, b"second").unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
/// assert_eq!(std::fs::read(&path)?, b"first");
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_new_file(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let path = path.as_ref();
    let temporary = temporary_beside(path)?;
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // A rename would replace what another process has just written.
        match fs::hard_link(&temporary, path) {
            // There are file systems without links.
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists && path.symlink_metadata().is_err() => {
                fs::rename(&temporary, path)
            }
            linked => linked,
        }
    };
    let written = write();
    let _ = fs::remove_file(&temporary);
    written?;
    System.sync_folder(folder_of(path))
}

/// Finds out whether [`write_file`] can write to `path`, without changing what is there: before long work, not after it. What
/// processes that were killed left beside it when they wrote this file is removed.
///
/// # Errors
/// What the operating system says, as `write_file` would say it now.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// assert!(chainrule_files::check_file_path(folder.path().join("net")).is_ok());
/// assert!(chainrule_files::check_file_path(folder.path()).is_err());
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn check_file_path(path: impl AsRef<Path>) -> io::Result<()> {
    let path = destination(path.as_ref())?;
    clear_up(&path);
    let temporary = temporary_beside(&path)?;
    File::create(&temporary)?;
    fs::remove_file(&temporary)
}

/// Removes the temporary files that killed processes have left in `folder` when they wrote files whose names are `ours`; nobody
/// may be writing these. Whatever else is there stays, also if it ends in `.tmp`.
///
/// # Errors
/// What the operating system says.
pub fn remove_temporaries(folder: &Path, ours: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let ours = |name| std::str::from_utf8(name).is_ok_and(|name| ours(OsStr::new(name)));
        if written_by(&entry.file_name()).is_some_and(|(name, _)| ours(name)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The name of the file that is written under the name `temporary`, as [`temporary_beside`] makes it, and the number of the process.
fn written_by(temporary: &OsStr) -> Option<(&[u8], u32)> {
    let bytes = temporary.as_encoded_bytes();
    let between = bytes.strip_prefix(b".")?.strip_suffix(b".tmp")?;
    let dot = between.iter().rposition(|byte| *byte == b'.')?;
    let (process, count) = std::str::from_utf8(&between[dot + 1..]).ok()?.split_once('-')?;
    let (process, count) = (process.parse::<u32>().ok()?, count.parse::<u64>().ok()?);
    // As we write numbers: dates have zeros in front, or are a year and one of its last months, which we don't count with.
    let is_month = (1900..2100).contains(&process) && (10..=12).contains(&count);
    let is_ours = dot > 0 && !is_month && between[dot + 1..] == *format!("{process}-{count}").as_bytes();
    is_ours.then_some((&between[..dot], process))
}

/// Removes what processes that are gone have left of writing `path`. Where processes cannot be told, nothing is removed.
pub fn clear_up(path: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return };
    let is_gone = |process: u32| {
        process != process::id()
            && Path::new("/proc/self").exists()
            && !Path::new("/proc").join(process.to_string()).exists()
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_of_path = |name: &[u8]| path.file_name().is_some_and(|path| path.as_encoded_bytes() == name);
        if written_by(&name).is_some_and(|(name, process)| is_of_path(name) && is_gone(process)) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes a folder and those above it, so that they outlive a loss of power: the names of new ones are on the disk.
///
/// # Errors
/// What the operating system says.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// chainrule_files::make_folder(folder.path().join("a/b"))?;
/// assert!(folder.path().join("a/b").is_dir());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn make_folder(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref();
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(path)?;
    missing
        .into_iter()
        .filter(|folder| !folder.as_os_str().is_empty())
        .try_for_each(|folder| System.sync_folder(folder_of(folder)))
}

/// Where a file of this name is to be written: behind a link, what it points to.
fn destination(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::canonicalize(path),
        // A rename would replace a device or a pipe by a file.
        Ok(_) => Err(io::Error::other("there is something else than a file of this name")),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(path.to_path_buf()),
        Err(cause) => Err(cause),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name in the same folder that nobody else uses.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    // Behind the months: a process 2024 has names of its own, too.
    static NEXT: AtomicU64 = AtomicU64::new(13);
    let name = path.file_name().ok_or_else(|| io::Error::other("the path does not name a file"))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{}.tmp", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(temporary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_files_are_known_by_their_names() {
        let of = |name: &'static str| {
            let (name, process) = written_by(OsStr::new(name))?;
            Some((std::str::from_utf8(name).unwrap(), process))
        };
        assert_eq!(of(".net.ckpt.12-0.tmp"), Some(("net.ckpt", 12)));
        assert_eq!(of(".step-000000001.ckpt.1-99.tmp"), Some(("step-000000001.ckpt", 1)));
        for name in [
            "net.ckpt.12-0.tmp",
            ".net.ckpt.tmp",
            ".net.12-.tmp",
            ".lock",
            ".a.1-2.tmp.ckpt",
            ".mine.tmp",
            "..1-2.tmp",
            ".notes.2024-01.tmp",
            ".notes.2024-11.tmp",
            ".net.ckpt.2024-12.tmp",
            ".net.ckpt.+1-2.tmp",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
        assert_eq!(of(".net.ckpt.2024-9.tmp"), Some(("net.ckpt", 2024)));
        // A name as we make it of a file that is not ours: it depends on the file.
        assert_eq!(of(".notes.2024-13.tmp"), Some(("notes", 2024)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_killed_processes_left_of_a_file_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        // No process has such a number.
        let dead = u32::MAX;
        let ours = process::id();
        let left = format!(".net.ckpt.{dead}-1.tmp");
        let of_any_bytes = {
            use std::os::unix::ffi::OsStrExt;
            let path = folder.path().join(OsStr::from_bytes(b"n\xff.ckpt"));
            fs::write(folder.path().join(OsStr::from_bytes(b".n\xff.ckpt.4294967295-0.tmp")), "half")
                .unwrap();
            path
        };
        let stays = [
            format!(".net.ckpt.{ours}-999999.tmp"),
            format!(".other.ckpt.{dead}-1.tmp"),
            ".net.ckpt.mine.tmp".into(),
        ];
        for name in stays.iter().chain([&left]) {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        check_file_path(folder.path().join("net.ckpt")).unwrap();
        assert!(!folder.path().join(&left).exists());
        assert!(stays.iter().all(|name| folder.path().join(name).exists()));
        check_file_path(of_any_bytes).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), stays.len());
    }
}
