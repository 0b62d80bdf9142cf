//! From bytes to records with their lines.
//!
//! The crate `csv` splits bytes into fields. Two things are added to it: lines that are right, and quotes that are
//! never closed are noticed.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};

use crate::Error;

/// The fields of a record, and the line on which it begins.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) line: usize,
    pub(crate) fields: StringRecord,
}

/// A line that is put behind the data. A quote that is still open swallows it; then it is no record of its own.
const END: &[u8] = b"\nend";

/// What some programs write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// All records of `data`, the header first.
pub(crate) fn records(path: &Path, mut data: Vec<u8>) -> Result<Vec<Record>, Error> {
    if data.starts_with(BYTE_ORDER_MARK) {
        data.drain(..BYTE_ORDER_MARK.len());
    }
    let end = data.len();
    data.extend_from_slice(END);
    let reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(&data[..]);
    let mut lines = Lines { data: &data, position: 0, line: 1 };
    let mut records = Vec::new();
    for record in reader.into_byte_records() {
        let record = record.map_err(|cause| Error::Read { path: path.into(), cause: cause.into() })?;
        let position = record.position().map_or(0, |position| position.byte() as usize);
        let line = lines.advance(position);
        if lines.position >= end {
            return Ok(records);
        }
        records.push(Record { line, fields: text(path, line, record)? });
    }
    let line = records.last().map_or(1, |last| last.line);
    Err(Error::UnclosedQuote { path: path.into(), line })
}

/// The record as text.
fn text(path: &Path, line: usize, record: ByteRecord) -> Result<StringRecord, Error> {
    StringRecord::from_byte_record(record).map_err(|error| {
        let (index, start) = (error.utf8_error().field(), error.utf8_error().valid_up_to());
        let found = error.into_byte_record()[index].iter().skip(start).take(8).copied().collect();
        Error::NotUtf8 { path: path.into(), line, field: index + 1, found }
    })
}

/// Counts lines.
///
/// The position that `csv` gives a record is the end of the record before it: before its `\n` where lines end in
/// `\r\n`, and before the blank lines between both.
struct Lines<'a> {
    data: &'a [u8],
    position: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the first byte from `position` on that does not end a line.
    fn advance(&mut self, position: usize) -> usize {
        while let Some(&byte) = self.data.get(self.position) {
            let ends_line = matches!(byte, b'\n' | b'\r');
            if self.position >= position && !ends_line {
                break;
            }
            let is_half = byte == b'\r' && self.data.get(self.position + 1) == Some(&b'\n');
            self.line += usize::from(ends_line && !is_half);
            self.position += 1;
        }
        self.line
    }
}
