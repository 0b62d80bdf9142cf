//! Whole files: read within limits, and written so that under their name they are whole or not there.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process,
};

use crate::{Error, Problem};

/// The largest network has 2²⁸ parameters, which are 2 GiB in `f64`.
const MAX_LENGTH: u64 = 1 << 32;

/// The bytes of the file at `path`, interpreted by `parse`.
pub(crate) fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, Problem>) -> Result<T, Error> {
    let bytes = whole(path).map_err(|cause| Error::Io { doing: "read", path: path.to_path_buf(), cause })?;
    parse(&bytes).map_err(|problem| Error::File { path: path.to_path_buf(), problem })
}

fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    // A device or a pipe has no length that could bound the memory.
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let length = metadata.len();
    if length > MAX_LENGTH {
        return Err(io::Error::other(format!("it has {length} bytes, expected at most {MAX_LENGTH}")));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length as usize).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes what `make` gives to `path`; what was there before stays until the new file is whole.
pub(crate) fn write(path: &Path, make: impl FnOnce() -> Result<Vec<u8>, Problem>) -> Result<(), Error> {
    let bytes = make().map_err(|problem| Error::File { path: path.to_path_buf(), problem })?;
    write_whole(path, &bytes).map_err(|cause| Error::Io { doing: "written", path: path.to_path_buf(), cause })
}

/// Under a temporary name in the same folder, flushed to the disk, and then renamed.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = destination(path)?;
    let name = path.file_name().ok_or_else(|| io::Error::other("the path does not name a file"))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", process::id()));
    let temporary = path.with_file_name(temporary);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    };
    write().inspect_err(|_| {
        // What went wrong first is what the caller has to know.
        let _ = fs::remove_file(&temporary);
    })
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
