//! Reading whole files of limited size, and writing them atomically.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use chainrule_trainer::write_file;

use crate::{Error, Problem};

/// The largest network has 2²⁸ parameters, which are 2 GiB in `f64`.
const MAX_LENGTH: u64 = 1 << 32;

/// The bytes of the file at `path`, interpreted by `parse`.
pub(crate) fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, Problem>) -> Result<T, Error> {
    let bytes = whole(path).map_err(|cause| Error::Io { doing: "read", path: path.to_path_buf(), cause })?;
    parse(&bytes).map_err(|problem| Error::File { path: path.to_path_buf(), problem })
}

fn whole(path: &Path) -> io::Result<Vec<u8>> {
    // A device or a pipe has no length that could bound the memory, and opening a pipe waits for somebody to write.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
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
    write_file(path, &bytes).map_err(|cause| Error::Io { doing: "written", path: path.to_path_buf(), cause })
}
