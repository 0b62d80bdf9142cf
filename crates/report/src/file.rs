//! Files that are whole under their name, or not there.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::Path,
    process,
};

use crate::Error;

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_whole(path, bytes).map_err(|cause| Error::Io { path: path.to_path_buf(), cause })
}

/// Under a temporary name in the same folder, and then renamed.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = match fs::metadata(path) {
        // Behind a link, what it points to.
        Ok(metadata) if metadata.is_file() => fs::canonicalize(path)?,
        // A rename would replace a device or a pipe by a file.
        Ok(_) => return Err(io::Error::other("there is something else than a file of this name")),
        Err(cause) if cause.kind() == ErrorKind::NotFound => path.to_path_buf(),
        Err(cause) => return Err(cause),
    };
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
