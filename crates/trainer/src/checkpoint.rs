//! Checkpoints: a trained network in a file, and how it came about. All use of bincode is in this module.
//!
//! | bytes | content |
//! | --- | --- |
//! | 8 | `chainrul` |
//! | 4 | format version, 1 |
//! | 8 | length of the payload |
//! | … | payload: [`Payload`] by bincode 2.0.1 through serde, fixed integers |
//! | 4 | CRC-32 of everything before |
//!
//! Integers are little-endian. A file is written under a temporary name in the same folder and then renamed, so that
//! under its own name there is always a whole file or none. bincode's project has stopped; another implementation
//! (wincode) reads the same bytes.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use bincode::{
    config::{Configuration, Fixint, Limit, LittleEndian},
    error::DecodeError,
};
use serde::{Deserialize, Serialize};

use crate::{CheckpointProblem, EpochReport, Error, Mlp, MlpConfig, TrainConfig};

const MAGIC: [u8; 8] = *b"chainrul";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8;
const CHECKSUM: usize = 4;

/// Fixed integers, little-endian. bincode allocates what a length prefix claims, up to `LIMIT` bytes.
fn format<const LIMIT: usize>() -> Configuration<LittleEndian, Fixint, Limit<LIMIT>> {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<LIMIT>()
}

/// A trained network, and how it came about.
///
/// # Examples
/// ```
/// use chainrule_trainer::{Checkpoint, Mlp, MlpConfig, TrainConfig, TrainingRecord};
/// let net = Mlp::new(&MlpConfig::new([4, 3, 2]))?;
/// let crc32 = net.parameters_crc32();
/// let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.ckpt");
/// Checkpoint::new(net, record).save(&path)?;
/// assert_eq!(Checkpoint::load(&path)?.net.parameters_crc32(), crc32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The network.
    pub net: Mlp,
    /// How it was trained.
    pub training: TrainingRecord,
}

/// How a network was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrainingRecord {
    /// The version of this crate.
    pub program_version: String,
    /// The settings of the run.
    pub config: TrainConfig,
    /// Every epoch's report.
    pub history: Vec<EpochReport>,
}

impl TrainingRecord {
    /// A record of a run of this version.
    pub fn new(config: TrainConfig, history: Vec<EpochReport>) -> Self {
        TrainingRecord { program_version: env!("CARGO_PKG_VERSION").to_string(), config, history }
    }
}

/// What stands between header and checksum.
#[derive(Serialize, Deserialize)]
struct Payload {
    network: Network,
    /// Parameters, and then running statistics.
    parameters: Vec<NamedParameter>,
    training: TrainingRecord,
}

/// The kinds of network; a new kind gets a new variant at the end.
#[derive(Serialize, Deserialize)]
enum Network {
    Mlp(MlpConfig),
}

/// A parameter with its name and shape.
#[derive(Serialize, Deserialize)]
struct NamedParameter {
    name: String,
    n_rows: u64,
    n_columns: u64,
    values: Vec<f32>,
}

impl Checkpoint {
    /// A checkpoint of `net`.
    pub fn new(net: Mlp, training: TrainingRecord) -> Self {
        Checkpoint { net, training }
    }

    /// Writes the checkpoint to `path`. What was there before stays until the new file is whole.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder is missing or cannot be written to, or the disk is full; [`Error::Checkpoint`], and
    /// nothing is written, if the network could not be loaded again: a parameter is not finite, or its layers are no longer
    /// those of its configuration.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let bytes = self.to_bytes();
        // What could not be loaded is not worth replacing what is there.
        Checkpoint::from_bytes(&bytes)
            .map_err(|problem| Error::Checkpoint { path: path.to_path_buf(), problem })?;
        write_whole(path, &bytes).map_err(|cause| Error::Io {
            doing: "write",
            path: path.to_path_buf(),
            cause,
        })
    }

    /// Reads a checkpoint from `path`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Checkpoint`] if it is not a checkpoint, or damaged.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let damaged = |problem| Error::Checkpoint { path: path.to_path_buf(), problem };
        let bytes = read_whole(path)
            .map_err(|cause| Error::Io { doing: "read", path: path.to_path_buf(), cause })?
            .map_err(damaged)?;
        Checkpoint::from_bytes(&bytes).map_err(damaged)
    }

    /// Finds out whether a checkpoint can be saved to `path`, without changing what is there: before a long run, not
    /// after it.
    ///
    /// # Errors
    /// [`Error::Io`] as [`save`](Checkpoint::save) would give it now.
    pub fn check_path(path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let check = || {
            let temporary = temporary_beside(&destination(path)?)?;
            File::create(&temporary)?;
            fs::remove_file(&temporary)
        };
        check().map_err(|cause| Error::Io { doing: "write", path: path.to_path_buf(), cause })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let payload = Payload {
            network: Network::Mlp(self.net.config().clone()),
            parameters: named_parameters(&self.net),
            training: self.training.clone(),
        };
        let payload = bincode::serde::encode_to_vec(&payload, format::<{ usize::MAX }>())
            .expect("every type of the payload has an encoding, and memory is its only limit");
        let mut bytes = Vec::with_capacity(HEADER + payload.len() + CHECKSUM);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((payload.len() as u64).to_le_bytes());
        bytes.extend(payload);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the bytes of a file: first whether they are a checkpoint, then whether they are whole, then what they say.
    ///
    /// # Errors
    /// The first [`CheckpointProblem`] found.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointProblem> {
        let payload = checked_payload(bytes)?;
        let (content, n_read) =
            decode(payload).map_err(|cause| CheckpointProblem::Decode(cause.to_string()))?;
        if n_read < payload.len() {
            let rest = payload.len() - n_read;
            return Err(CheckpointProblem::Decode(format!("{rest} bytes follow the last value")));
        }
        let Network::Mlp(config) = content.network;
        Ok(Checkpoint { net: network(config, &content.parameters)?, training: content.training })
    }
}

/// Decodes with the smallest limit that covers the payload, so that no prefix can claim much more than there is.
fn decode(payload: &[u8]) -> Result<(Payload, usize), DecodeError> {
    use bincode::serde::decode_from_slice;
    match payload.len() {
        0..=0xffff => decode_from_slice(payload, format::<0xffff>()),
        0x1_0000..=0xf_ffff => decode_from_slice(payload, format::<0xf_ffff>()),
        0x10_0000..=0xff_ffff => decode_from_slice(payload, format::<0xff_ffff>()),
        0x100_0000..=0xfff_ffff => decode_from_slice(payload, format::<0xfff_ffff>()),
        _ => decode_from_slice(payload, format::<0x7fff_ffff>()),
    }
}

/// The length of the whole file that begins with these bytes, if they are the header of a checkpoint.
fn length_by_header(start: &[u8]) -> Result<u64, CheckpointProblem> {
    let shown = start.len().min(MAGIC.len());
    if start[..shown] != MAGIC[..shown] {
        return Err(CheckpointProblem::Foreign { found: start[..shown].to_vec(), expected: MAGIC });
    }
    let Some(header) = start.first_chunk::<HEADER>() else {
        let (found, expected) = (start.len() as u64, (HEADER + CHECKSUM) as u64);
        return Err(CheckpointProblem::TooShort { found, expected });
    };
    let [_, _, _, _, _, _, _, _, v0, v1, v2, v3, length @ ..] = *header;
    let found = u32::from_le_bytes([v0, v1, v2, v3]);
    if found != VERSION {
        return Err(CheckpointProblem::Version { found, expected: VERSION });
    }
    Ok(u64::from_le_bytes(length).saturating_add((HEADER + CHECKSUM) as u64))
}

/// The payload, if header, length and checksum are right.
fn checked_payload(bytes: &[u8]) -> Result<&[u8], CheckpointProblem> {
    let expected = length_by_header(bytes)?;
    let found = bytes.len() as u64;
    if found != expected {
        return Err(CheckpointProblem::Length { found, expected });
    }
    let (checked, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    let expected = u32::from_le_bytes(checksum.try_into().expect("four bytes"));
    let found = crc32fast::hash(checked);
    if found != expected {
        return Err(CheckpointProblem::Checksum { found, expected });
    }
    Ok(&checked[HEADER..])
}

/// Reads a file whose header and length fit; of any other file, only the header.
fn read_whole(path: &Path) -> io::Result<Result<Vec<u8>, CheckpointProblem>> {
    let file = File::open(path)?;
    let found = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&file).take(HEADER as u64).read_to_end(&mut bytes)?;
    match length_by_header(&bytes) {
        Err(problem) => Ok(Err(problem)),
        Ok(expected) if found != expected => Ok(Err(CheckpointProblem::Length { found, expected })),
        Ok(expected) => {
            (&file).take(expected - HEADER as u64).read_to_end(&mut bytes)?;
            Ok(Ok(bytes))
        }
    }
}

fn named_parameters(net: &Mlp) -> Vec<NamedParameter> {
    let mut all = Vec::new();
    let mut add = |name: &str, shape: (usize, usize), values: &[f32]| {
        let (n_rows, n_columns) = (shape.0 as u64, shape.1 as u64);
        all.push(NamedParameter { name: name.to_string(), n_rows, n_columns, values: values.to_vec() });
    };
    net.layers().visit_parameters(&mut |name, parameter| add(name, parameter.shape, parameter.values));
    net.layers().visit_buffers(&mut |name, buffer| add(&name, buffer.shape, buffer.values));
    all
}

/// The network that `config` describes, with `parameters`, if they are its own.
fn network(config: MlpConfig, parameters: &[NamedParameter]) -> Result<Mlp, CheckpointProblem> {
    config.check().map_err(|cause| CheckpointProblem::Decode(cause.to_string()))?;
    let expected = config.shapes();
    for i in 0..expected.len().max(parameters.len()) {
        let expected = expected.get(i).map(|(name, rows, columns)| (&**name, *rows as u64, *columns as u64));
        let found = parameters.get(i).map(|p| (&*p.name, p.n_rows, p.n_columns));
        let whole = parameters
            .get(i)
            .is_some_and(|p| p.n_rows.checked_mul(p.n_columns) == Some(p.values.len() as u64));
        if found != expected || !whole {
            let show = |parameter: Option<(&str, u64, u64)>| match parameter {
                Some((name, n_rows, n_columns)) => format!("{name} ({n_rows}×{n_columns})"),
                None => "none".to_string(),
            };
            return Err(CheckpointProblem::Parameter { found: show(found), expected: show(expected) });
        }
    }
    for parameter in parameters {
        if let Some((index, &value)) = parameter.values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(CheckpointProblem::NotFinite { name: parameter.name.clone(), index, value });
        }
    }
    let mut parameters = parameters.iter();
    Ok(Mlp::filled(config, |values| {
        let parameter = parameters.next().expect("as many parameters as were compared above");
        values.copy_from_slice(&parameter.values);
    }))
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

/// A name in the same folder that nobody else uses.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    static N_WRITTEN: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::other("the path does not name a file"))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{}.tmp", process::id(), N_WRITTEN.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(temporary))
}

/// Writes a file under a temporary name beside it and renames it: under its own name it is whole or not there.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = destination(path)?;
    let temporary = temporary_beside(&path)?;
    let write = || {
        let mut file = File::create(&temporary)?;
        if let Ok(before) = fs::metadata(&path) {
            file.set_permissions(before.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)
    };
    write().inspect_err(|_| {
        // What went wrong first is what the caller has to know.
        let _ = fs::remove_file(&temporary);
    })
}
