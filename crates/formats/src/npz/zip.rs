//! The part of the zip format that npz needs: members, stored or deflated, then the central directory.
//!
//! ```text
//! member      PK\3\4, 26 bytes of which the last four are the lengths of name and extra field, both, the content
//! directory   PK\1\2 for every member: method, CRC-32, sizes, name, where the member is
//! end         PK\5\6: how many members, where the directory is, the comment
//! ```
//! All are little-endian. Source: PKWARE's APPNOTE.TXT, 4.3. Sizes beyond 4 GiB (zip64) and encryption are refused.

use std::{borrow::Cow, fmt::Display, io::Read};

use flate2::bufread::DeflateDecoder;

use crate::Problem;

const MEMBER: [u8; 4] = *b"PK\x03\x04";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const MEMBER_LENGTH: usize = 30;
const ENTRY_LENGTH: usize = 46;
const END_LENGTH: usize = 22;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// All members together may have this many times the bytes of the archive, unless more is asked for: weights can hardly be
/// compressed, but for those of which most are 0.
const MAX_INFLATION: u64 = 8;

/// An archive with these members.
pub(super) fn to_bytes(
    members: impl Iterator<Item = (String, Vec<u8>)>,
    comment: &str,
) -> Result<Vec<u8>, Problem> {
    let Ok(comment_length) = u16::try_from(comment.len()) else {
        let found = format!(
            "its description has {} bytes, an npz file has room for {}; safetensors has more",
            comment.len(),
            u16::MAX
        );
        return Err(Problem::NotExported(found));
    };
    let (mut bytes, mut directory, mut n_members) = (Vec::new(), Vec::new(), 0_u16);
    for (name, content) in members {
        let (length, offset) = (length32(content.len())?.to_le_bytes(), length32(bytes.len())?.to_le_bytes());
        let (crc32, name_length) =
            (crc32fast::hash(&content).to_le_bytes(), (name.len() as u16).to_le_bytes());
        // What member and entry have in common: version 2.0, no flags, stored, 1 January 1980, checksum, sizes, lengths.
        let begin = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        let common = [&begin[..], &crc32, &length, &length, &name_length, &[0, 0]].concat();
        bytes.extend([&MEMBER[..], &common, name.as_bytes()].concat());
        bytes.extend(content);
        // No comment, disk 0, no attributes.
        directory.extend([&ENTRY[..], &[20, 0], &common, &[0; 10], &offset, name.as_bytes()].concat());
        n_members += 1;
    }
    let (offset, length) = (length32(bytes.len())?.to_le_bytes(), length32(directory.len())?.to_le_bytes());
    let n_members = n_members.to_le_bytes();
    bytes.extend(directory);
    bytes.extend([&END[..], &[0; 4], &n_members, &n_members, &length, &offset].concat());
    bytes.extend(comment_length.to_le_bytes());
    bytes.extend(comment.as_bytes());
    Ok(bytes)
}

fn length32(length: usize) -> Result<u32, Problem> {
    u32::try_from(length).map_err(|_| {
        Problem::NotExported(format!("{length} bytes are more than an npz file without zip64 has"))
    })
}

/// An archive whose directory has been read.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    /// In the order of the directory.
    pub(super) members: Vec<Member<'a>>,
    pub(super) comment: &'a [u8],
}

/// A member of an archive, as the directory describes it.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    method: u16,
    crc32: u32,
    compressed: u32,
    length: u32,
    offset: u32,
}

impl<'a> Archive<'a> {
    /// The members may have `max_unpacked` bytes together, or eight times the archive's where that is more.
    pub(super) fn new(bytes: &'a [u8], max_unpacked: u64) -> Result<Self, Problem> {
        let (end, comment) = end(bytes)?;
        let n_members = u16_at(end, 10);
        let (length, offset) = (u32_at(end, 12) as usize, u32_at(end, 16) as usize);
        let Some(mut directory) = bytes.get(offset..).and_then(|from| from.get(..length)) else {
            let expected = format!("inside of the {} bytes of the file", bytes.len());
            return Err(malformed("the directory", format!("{length} bytes at {offset}"), expected));
        };
        let (mut members, mut total) = (Vec::with_capacity(length / ENTRY_LENGTH), 0);
        while !directory.is_empty() {
            let (member, rest) = Member::first_of(directory)?;
            total += u64::from(member.length);
            members.push(member);
            directory = rest;
        }
        if members.len() != usize::from(n_members) {
            return Err(malformed("the number of members", members.len(), n_members));
        }
        let most = max_unpacked.max(MAX_INFLATION * bytes.len() as u64);
        if total > most {
            let expected = format!(
                "at most {most}, unless npz::read_up_to, or --max-unpacked of a command, allows more"
            );
            let what = "members that claim to be much larger than the file";
            return Err(Problem::unsupported(what, format!("{total} bytes"), expected));
        }
        Ok(Archive { bytes, members, comment })
    }

    /// What the archive has of a member.
    fn compressed(&self, member: &Member<'_>) -> Option<&'a [u8]> {
        let from = self.bytes.get(member.offset as usize..).filter(|from| from.starts_with(&MEMBER))?;
        let header = from.get(..MEMBER_LENGTH)?;
        let names = usize::from(u16_at(header, 26)) + usize::from(u16_at(header, 28));
        from.get(MEMBER_LENGTH + names..)?.get(..member.compressed as usize)
    }

    /// The content of a member, if its checksum is right. No more memory is taken than the directory says, which is bounded.
    pub(super) fn content(&self, member: &Member<'_>) -> Result<Cow<'a, [u8]>, Problem> {
        let (name, length) = (member.name, member.length as usize);
        let compressed = self.compressed(member).ok_or_else(|| {
            let found = format!("{} bytes at {}", member.compressed, member.offset);
            malformed(name, found, "a member inside of the file")
        })?;
        let content = match member.method {
            STORED => Cow::Borrowed(compressed),
            _ => {
                let mut content = Vec::with_capacity(length);
                let mut inflated = DeflateDecoder::new(compressed).take(length as u64);
                let read = inflated.read_to_end(&mut content);
                read.map_err(|cause| malformed(name, cause, "a deflated array"))?;
                Cow::Owned(content)
            }
        };
        if content.len() != length {
            return Err(malformed(name, format!("{} bytes", content.len()), length));
        }
        let (found, expected) = (crc32fast::hash(&content), member.crc32);
        if found != expected {
            let what = format!("the checksum of {name}");
            return Err(malformed(&what, format!("{found:08x}"), format!("{expected:08x}")));
        }
        Ok(content)
    }
}

impl<'a> Member<'a> {
    /// The first entry of a directory, and the rest of it.
    fn first_of(directory: &'a [u8]) -> Result<(Self, &'a [u8]), Problem> {
        let cut = || malformed("the directory", "an entry that is cut or none", "PK\\x01\\x02 and 42 bytes");
        let (header, rest) = directory
            .split_at_checked(ENTRY_LENGTH)
            .filter(|(h, _)| h.starts_with(&ENTRY))
            .ok_or_else(cut)?;
        let (name, rest) = rest.split_at_checked(u16_at(header, 28).into()).ok_or_else(cut)?;
        let more = usize::from(u16_at(header, 30)) + usize::from(u16_at(header, 32));
        let rest = rest.get(more..).ok_or_else(cut)?;
        let name = std::str::from_utf8(name)
            .map_err(|_| malformed("the name of a member", name.escape_ascii(), "text in UTF-8"))?;
        let member = Member {
            name,
            method: u16_at(header, 10),
            crc32: u32_at(header, 16),
            compressed: u32_at(header, 20),
            length: u32_at(header, 24),
            offset: u32_at(header, 42),
        };
        let unsupported = |what: &str, found: &str, expected: &str| {
            Err(Problem::unsupported(&format!("a member with {what}, {name}"), found, expected))
        };
        if u16_at(header, 8) & 1 != 0 {
            return unsupported("a password", "an encrypted one", "none");
        }
        if !matches!(member.method, STORED | DEFLATED) {
            let found = format!("method {}", member.method);
            return unsupported("another compression", &found, "stored (0) or deflated (8)");
        }
        if [member.compressed, member.length, member.offset].contains(&u32::MAX) {
            return unsupported("zip64", "4 GiB or more", "less");
        }
        Ok((member, rest))
    }
}

/// The end of the directory, and the comment that follows it up to the end of the file.
fn end(bytes: &[u8]) -> Result<(&[u8], &[u8]), Problem> {
    let first = bytes.len().saturating_sub(END_LENGTH + usize::from(u16::MAX));
    for at in (first..(bytes.len() + 1).saturating_sub(END_LENGTH)).rev() {
        let (end, comment) = bytes[at..].split_at(END_LENGTH);
        if end.starts_with(&END) && usize::from(u16_at(end, 20)) == comment.len() {
            return Ok((end, comment));
        }
    }
    Err(malformed("the end", "no directory", "PK\\x05\\x06, 18 bytes and a comment"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn malformed(what: &str, found: impl Display, expected: impl Display) -> Problem {
    Problem::malformed("npz", what, found, expected)
}
