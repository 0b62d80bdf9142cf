//! Opening files that somebody named, which may be anything.

use std::{fs::File, io, path::Path};

/// Opens a file for reading, but no pipe that has a name: that would wait, maybe for ever, for somebody to write. What the process
/// has been given open, as `/dev/stdin` or `/dev/fd/63` of a shell's `<(…)`, is opened.
///
/// # Errors
/// What the operating system says; that it is a pipe.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net");
/// assert!(chainrule_files::open(&path).is_err());
/// std::fs::write(&path, "content")?;
/// assert_eq!(std::io::read_to_string(chainrule_files::open(&path)?)?, "content");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    let is_given = path.starts_with("/dev") || path.starts_with("/proc");
    match !is_given && is_pipe(&std::fs::metadata(path)?) {
        true => Err(io::Error::other("it is a pipe, not a file")),
        false => File::open(path),
    }
}

#[cfg(unix)]
fn is_pipe(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}
