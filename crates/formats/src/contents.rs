//! `inspect`: the contents of a file of any format, which is told by its first bytes.

use std::{fmt, path::Path};

use crate::{
    Error, Problem, StateDict, file, npz,
    onnx::{self, Graph},
    safetensors,
};

/// Reading a file, making the network included, takes at most this many times the memory of the file, and 64 KiB.
///
/// What networks are exported to takes about four times its size; files that were made to waste memory take more.
pub const MEMORY_FACTOR: usize = 32;

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Tensors as `safetensors` writes them.
    Safetensors,
    /// Arrays as `numpy.savez` writes them.
    Npz,
    /// A graph of operators.
    Onnx,
}

impl Format {
    /// The format of a file that begins with these bytes.
    pub fn of(bytes: &[u8]) -> Option<Format> {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return Some(Format::Npz);
        }
        match bytes {
            [_, _, _, _, _, _, _, _, b'{', ..] => Some(Format::Safetensors),
            // Its first field is the version, a number.
            [0x08, ..] => Some(Format::Onnx),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Safetensors => "safetensors",
            Format::Npz => "npz",
            Format::Onnx => "ONNX",
        })
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Contents {
    /// Its format.
    pub format: Format,
    /// All tensors with their types and shapes, in ONNX without their values; and the network, where the file describes it.
    pub state: StateDict,
    /// The graph of an ONNX file.
    pub graph: Option<Graph>,
}

/// What the file at `path` holds; its format is told by its bytes.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::File`] if it is of no known format, or damaged.
///
/// # Examples
/// ```
/// use chainrule_formats::{Format, inspect, safetensors};
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.safetensors");
/// safetensors::save(&Mlp::new(&MlpConfig::new([3, 5, 2]))?, &path)?;
/// let contents = inspect(&path)?;
/// assert_eq!(contents.format, Format::Safetensors);
/// assert_eq!(contents.state.config().unwrap().sizes(), [3, 5, 2]);
/// assert_eq!(contents.state.tensors().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(path: impl AsRef<Path>) -> Result<Contents, Error> {
    inspect_up_to(path, 0)
}

/// The same for npz files whose arrays are up to `max_unpacked` bytes together, as in [`npz::read_up_to`].
///
/// # Errors
/// As [`inspect`].
pub fn inspect_up_to(path: impl AsRef<Path>, max_unpacked: u64) -> Result<Contents, Error> {
    file::read(path.as_ref(), |bytes| Contents::from_bytes_up_to(bytes, max_unpacked))
}

impl Contents {
    /// What the bytes of a file hold.
    ///
    /// # Errors
    /// The first [`Problem`] found.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        Contents::from_bytes_up_to(bytes, 0)
    }

    fn from_bytes_up_to(bytes: &[u8], max_unpacked: u64) -> Result<Self, Problem> {
        let format = Format::of(bytes)
            .ok_or_else(|| Problem::Unknown { found: bytes[..bytes.len().min(16)].to_vec() })?;
        let (state, graph) = match format {
            Format::Safetensors => (safetensors::from_bytes(bytes)?, None),
            Format::Npz => (npz::from_bytes_up_to(bytes, max_unpacked)?, None),
            Format::Onnx => {
                let (state, graph) = onnx::from_bytes(bytes)?;
                (state, Some(graph))
            }
        };
        Ok(Contents { format, state, graph })
    }
}
