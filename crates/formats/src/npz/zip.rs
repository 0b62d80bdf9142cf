//! As much of zip archives as npz has: members one after the other, stored or deflated, and a directory behind them.
//!
//! ```text
//! member      PK\3\4, 26 bytes of which the last four are the lengths of name and extra field, both, the content
//! directory   PK\1\2 for every member: method, CRC-32, sizes, name, where the member is
//! end         PK\5\6: how many members, where the directory is, the comment
//! ```
//! All are little-endian. Source: PKWARE's APPNOTE.TXT, 4.3. Sizes beyond 4 GiB (zip64) and encryption are refused.

use std::{borrow::Cow, fmt, io::Read};

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

/// All members together may have this many times the bytes of the archive: weights can hardly be compressed.
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
        let (crc32, offset) = (crc32fast::hash(&content), length32(bytes.len())?);
        // What member and entry have in common: version 2.0, no flags, stored, 1 January 1980, checksum, sizes, lengths.
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        common.extend(crc32.to_le_bytes());
        common.extend([length32(content.len())?.to_le_bytes(); 2].as_flattened());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);

        bytes.extend(MEMBER);
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(content);

        directory.extend(ENTRY);
        directory.extend([20, 0]);
        directory.extend(&common);
        // No comment, disk 0, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        n_members += 1;
    }
    let (offset, length) = (length32(bytes.len())?, length32(directory.len())?);
    bytes.extend(directory);
    bytes.extend(END);
    bytes.extend([0; 4]);
    bytes.extend([n_members.to_le_bytes(); 2].as_flattened());
    bytes.extend(length.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend(comment_length.to_le_bytes());
    bytes.extend(comment.as_bytes());
    Ok(bytes)
}

fn length32(length: usize) -> Result<u32, Problem> {
    u32::try_from(length).map_err(|_| {
        Problem::NotExported(format!("{length} bytes are more than an npz file without zip64 has"))
    })
}

/// The directory of an archive.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry<'a>>,
    comment: &'a [u8],
}

/// An entry of the directory.
struct Entry<'a> {
    name: &'a str,
    method: u16,
    crc32: u32,
    compressed: u32,
    length: u32,
    offset: u32,
}

/// A member of an archive.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    entry: &'a Entry<'a>,
    compressed: &'a [u8],
}

impl<'a> Archive<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Problem> {
        let (end, comment) = end(bytes)?;
        let n_entries = u16_at(end, 10);
        let (length, offset) = (u32_at(end, 12) as usize, u32_at(end, 16) as usize);
        let directory = bytes.get(offset..).and_then(|from| from.get(..length));
        let Some(mut directory) = directory else {
            let expected = format!("inside of the {} bytes of the file", bytes.len());
            return Err(malformed("the directory", format!("{length} bytes at {offset}"), expected));
        };
        let (mut entries, mut total) = (Vec::with_capacity(length / ENTRY_LENGTH), 0);
        while !directory.is_empty() {
            let (entry, rest) = Entry::first_of(directory)?;
            total += u64::from(entry.length);
            entries.push(entry);
            directory = rest;
        }
        if entries.len() != usize::from(n_entries) {
            return Err(malformed("the number of members", entries.len(), n_entries));
        }
        let most = MAX_INFLATION * bytes.len() as u64;
        if total > most {
            return Err(Problem::Unsupported {
                what: "members that claim to be much larger than the file".to_string(),
                found: format!("{total} bytes"),
                expected: format!("at most {most}, {MAX_INFLATION} times the file"),
            });
        }
        Ok(Archive { bytes, entries, comment })
    }

    pub(super) fn n_members(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn comment(&self) -> &'a [u8] {
        self.comment
    }

    /// The members in the order of the directory.
    pub(super) fn members(&self) -> impl Iterator<Item = Result<Member<'_>, Problem>> {
        self.entries.iter().map(|entry| {
            let member = self.bytes.get(entry.offset as usize..).filter(|member| member.starts_with(&MEMBER));
            let compressed = member.and_then(|member| {
                let header = member.get(..MEMBER_LENGTH)?;
                let names = usize::from(u16_at(header, 26)) + usize::from(u16_at(header, 28));
                member.get(MEMBER_LENGTH + names..)?.get(..entry.compressed as usize)
            });
            match compressed {
                Some(compressed) => Ok(Member { name: entry.name, entry, compressed }),
                None => {
                    let found = format!("{} bytes at {}", entry.compressed, entry.offset);
                    Err(malformed(entry.name, found, "a member inside of the file"))
                }
            }
        })
    }
}

impl<'a> Entry<'a> {
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
        let entry = Entry {
            name,
            method: u16_at(header, 10),
            crc32: u32_at(header, 16),
            compressed: u32_at(header, 20),
            length: u32_at(header, 24),
            offset: u32_at(header, 42),
        };
        let is_encrypted = u16_at(header, 8) & 1 != 0;
        let unsupported = |what: &str, found: String, expected: &str| Problem::Unsupported {
            what: format!("a member with {what}, {name}"),
            found,
            expected: expected.to_string(),
        };
        if is_encrypted {
            return Err(unsupported("a password", "an encrypted one".to_string(), "none"));
        }
        if !matches!(entry.method, STORED | DEFLATED) {
            let found = format!("method {}", entry.method);
            return Err(unsupported("another compression", found, "stored (0) or deflated (8)"));
        }
        if [entry.compressed, entry.length, entry.offset].contains(&u32::MAX) {
            return Err(unsupported("zip64", "4 GiB or more".to_string(), "less"));
        }
        Ok((entry, rest))
    }
}

impl Member<'_> {
    /// The content, if its checksum is right. No more memory is taken than the directory says, which is bounded.
    pub(super) fn content(&self) -> Result<Cow<'_, [u8]>, Problem> {
        let length = self.entry.length as usize;
        let content = match self.entry.method {
            STORED => Cow::Borrowed(self.compressed),
            _ => {
                let mut content = Vec::with_capacity(length);
                let mut inflated = DeflateDecoder::new(self.compressed).take(length as u64);
                if let Err(cause) = inflated.read_to_end(&mut content) {
                    return Err(malformed(self.name, cause, "a deflated array"));
                }
                Cow::Owned(content)
            }
        };
        if content.len() != length {
            return Err(malformed(self.name, format!("{} bytes", content.len()), length));
        }
        let found = crc32fast::hash(&content);
        if found != self.entry.crc32 {
            let expected = format!("{:08x}", self.entry.crc32);
            return Err(malformed(
                &format!("the checksum of {}", self.name),
                format!("{found:08x}"),
                expected,
            ));
        }
        Ok(content)
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

fn malformed(what: &str, found: impl fmt::Display, expected: impl fmt::Display) -> Problem {
    let (found, expected) = (found.to_string(), expected.to_string());
    Problem::Malformed { format: "npz", what: what.to_string(), found, expected }
}
