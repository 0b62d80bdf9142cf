//! The container: header, length and checksum around the payload, checked in this order.
//!
//! All use of bincode is in this module, and so is every limit on what a file can make the reader do.

use std::{
    io::{self, Read},
    path::Path,
};

use bincode::{
    Decode,
    config::{Configuration, Fixint, Limit, LittleEndian},
    de::Decoder,
    error::DecodeError,
    serde::Compat,
};
use chainrule_tensor::in_words;
use serde::{Serialize, de::DeserializeOwned};

use crate::CheckpointProblem;

const MAGIC: [u8; 8] = *b"chainrul";
/// The versions that are read, oldest first; the last is the one that is written.
const VERSIONS: [u32; 3] = [1, 2, 3];
const CHECKSUM: usize = 4;
/// The longest header of any version.
const LONGEST_HEADER: usize = 8 + 4 + 4 + 8;
/// What every file has at least.
const SHORTEST: usize = 8 + 4 + 8 + CHECKSUM;

/// What kind of payload a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A network and how it was trained.
    Network,
    /// The same, and all that a run needs to go on.
    Run,
}

impl Kind {
    const NETWORK: u32 = 1;
    const RUN: u32 = 2;
}

/// A file of the current version.
pub(super) fn seal(kind: Kind, content: &impl Serialize) -> Vec<u8> {
    let number = match kind {
        Kind::Network => Kind::NETWORK,
        Kind::Run => Kind::RUN,
    };
    let payload = bincode::serde::encode_to_vec(content, format::<{ usize::MAX }>())
        .expect("every type of the payload has an encoding, and memory is its only limit");
    let mut bytes = Vec::with_capacity(LONGEST_HEADER + payload.len() + CHECKSUM);
    bytes.extend(MAGIC);
    bytes.extend(VERSIONS[VERSIONS.len() - 1].to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// The version, the kind and the payload of a file: magic, version, length and checksum are right then, in this order.
pub(super) fn open(bytes: &[u8]) -> Result<(u32, Kind, &[u8]), CheckpointProblem> {
    let header = Header::read(bytes)?;
    header.check_length(bytes.len() as u64)?;
    let (checked, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    let expected = u32::from_le_bytes(checksum.try_into().expect("four bytes"));
    let found = crc32fast::hash(checked);
    if found != expected {
        return Err(CheckpointProblem::Checksum { found, expected });
    }
    let kind = match header.kind {
        None | Some(Kind::NETWORK) => Kind::Network,
        Some(Kind::RUN) => Kind::Run,
        Some(found) => return Err(CheckpointProblem::Kind { found }),
    };
    Ok((header.version, kind, &checked[header.length..]))
}

/// Reads a file whose header and length fit; of any other file, only the header.
pub(super) fn read(path: &Path) -> io::Result<Result<Vec<u8>, CheckpointProblem>> {
    let file = chainrule_files::open(path)?;
    let found = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&file).take(LONGEST_HEADER as u64).read_to_end(&mut bytes)?;
    match Header::read(&bytes).and_then(|header| header.check_length(found)) {
        Err(problem) => Ok(Err(problem)),
        Ok(()) => {
            (&file).take(found.saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
            Ok(Ok(bytes))
        }
    }
}

/// Whether the file says that it holds a network alone.
pub(super) fn is_network(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read =
        chainrule_files::open(path).and_then(|file| file.take(LONGEST_HEADER as u64).read_to_end(&mut bytes));
    read.is_ok() && Header::read(&bytes).is_ok_and(|header| header.kind == Some(Kind::NETWORK))
}

/// What stands before the payload.
struct Header {
    version: u32,
    /// The number in the file; version 1 has none.
    kind: Option<u32>,
    /// Bytes of the header itself.
    length: usize,
    payload_length: u64,
}

impl Header {
    fn read(start: &[u8]) -> Result<Header, CheckpointProblem> {
        let shown = start.len().min(MAGIC.len());
        if start[..shown] != MAGIC[..shown] {
            return Err(CheckpointProblem::Foreign { found: start[..shown].to_vec(), expected: MAGIC });
        }
        let (found, expected) = (start.len() as u64, SHORTEST as u64);
        let too_short = || CheckpointProblem::TooShort { found, expected };
        let mut rest = &start[shown..];
        let version = u32::from_le_bytes(take(&mut rest).ok_or_else(too_short)?);
        let kind = match version {
            1 => None,
            2 | 3 => Some(u32::from_le_bytes(take(&mut rest).ok_or_else(too_short)?)),
            found => return Err(CheckpointProblem::Version { found, expected: VERSIONS.to_vec() }),
        };
        let payload_length = u64::from_le_bytes(take(&mut rest).ok_or_else(too_short)?);
        Ok(Header { version, kind, length: start.len() - rest.len(), payload_length })
    }

    fn check_length(&self, found: u64) -> Result<(), CheckpointProblem> {
        let expected = self.payload_length.saturating_add((self.length + CHECKSUM) as u64);
        if found == expected { Ok(()) } else { Err(CheckpointProblem::Length { found, expected }) }
    }
}

/// Takes the first bytes off `rest`, if there are that many.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*first)
}

/// Fixed integers, little-endian.
fn format<const LIMIT: usize>() -> Configuration<LittleEndian, Fixint, Limit<LIMIT>> {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<LIMIT>()
}

/// What a whole payload says.
///
/// bincode allocates what the length prefix of a text claims, up to its limit, and that is a constant: the smallest
/// one that covers the payload is taken, and [`Within`] uses up what it allows too much. Lists claim nothing: they grow
/// as their elements arrive, from a megabyte at most.
pub(super) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CheckpointProblem> {
    let decoded = match payload.len() {
        0..=0xffff => decode_within::<T, 0xffff>(payload),
        0x1_0000..=0xff_ffff => decode_within::<T, 0xff_ffff>(payload),
        0x100_0000..=0xffff_ffff => decode_within::<T, 0xffff_ffff>(payload),
        _ => decode_within::<T, { usize::MAX }>(payload),
    };
    let (content, n_read) = decoded.map_err(|cause| CheckpointProblem::Decode(sentence(cause)))?;
    match payload.len() - n_read {
        0 => Ok(content),
        rest => Err(CheckpointProblem::Decode(format!("{rest} bytes follow the last value"))),
    }
}

/// What bincode says: its own `Display` is its `Debug`.
fn sentence(cause: DecodeError) -> String {
    match cause {
        DecodeError::UnexpectedEnd { .. } | DecodeError::LimitExceeded => {
            "it announces more than follows".to_string()
        }
        DecodeError::Utf8 { .. } => "a text is not UTF-8".to_string(),
        DecodeError::InvalidBooleanValue(found) => format!("found the byte {found}, expected 0 or 1"),
        DecodeError::Other(text) => text.to_string(),
        DecodeError::OtherString(text) => in_words(&text),
        _ => "a value is of no kind that is known".to_string(),
    }
}

fn decode_within<T: DeserializeOwned, const LIMIT: usize>(payload: &[u8]) -> Result<(T, usize), DecodeError> {
    let surplus = LIMIT - payload.len();
    bincode::decode_from_slice_with_context(payload, format::<LIMIT>(), surplus)
        .map(|(Within(content), n_read)| (content, n_read))
}

/// A value that is decoded with less than the limit: the context says by how many bytes.
struct Within<T>(T);

impl<T: DeserializeOwned> Decode<usize> for Within<T> {
    fn decode<D: Decoder<Context = usize>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let surplus = *decoder.context();
        decoder.claim_bytes_read(surplus)?;
        let Compat(content) = Compat::decode(decoder)?;
        Ok(Within(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_claim_more_than_the_payload_holds() {
        // A text of 3 bytes, and one that says 4 where 3 are left.
        let text = |length: u64| [&length.to_le_bytes()[..], b"abc"].concat();
        assert_eq!(decode::<String>(&text(3)).unwrap(), "abc");
        let problem = decode::<String>(&text(4)).unwrap_err().to_string();
        assert_eq!(problem, "cannot be decoded: it announces more than follows");
    }

    #[test]
    fn every_limit_lets_a_whole_payload_through() {
        for length in [1, 0xffff - 8, 0xffff - 7, 0xff_ffff - 8, 0xff_ffff - 7] {
            let text = "a".repeat(length);
            let bytes = seal(Kind::Network, &text);
            let (_, kind, payload) = open(&bytes).unwrap();
            assert_eq!((kind, decode::<String>(payload)), (Kind::Network, Ok(text)));
        }
    }

    #[test]
    fn another_kind_is_refused_after_the_checksum() {
        let mut bytes = seal(Kind::Run, &1_u8);
        bytes[12] = 9;
        assert!(matches!(open(&bytes), Err(CheckpointProblem::Checksum { .. })));
        let end = bytes.len() - CHECKSUM;
        let checksum = crc32fast::hash(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&checksum);
        assert_eq!(open(&bytes).unwrap_err().to_string(), "holds something of kind 9, expected 1 or 2");
    }
}
