//! Parses bytes into records, each with its line number.
//!
//! The crate `csv` splits bytes into fields. Three things are added to it: blanks in front of a quote don't count, lines
//! are right, and quotes that are never closed are noticed.

use std::{
    collections::TryReserveError,
    io::{self, ErrorKind},
    path::Path,
};

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::Error;

/// The fields of all records in one string: a string for each would take a hundred times the memory of the file where
/// they are short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    text: String,
    /// Where each field ends.
    ends: Vec<usize>,
    /// The line on which each record begins.
    lines: Vec<usize>,
    n_columns: usize,
    /// Line and number of fields of the first record that has not as many as the first of all; it and what follows is
    /// not kept.
    pub(crate) ragged: Option<(usize, usize)>,
}

impl Records {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Fields of each.
    pub(crate) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(crate) fn line(&self, record: usize) -> usize {
        self.lines[record]
    }

    pub(crate) fn field(&self, record: usize, column: usize) -> &str {
        let field = record * self.n_columns + column;
        let begin = if field == 0 { 0 } else { self.ends[field - 1] };
        &self.text[begin..self.ends[field]]
    }

    /// Reserves memory for the most that these bytes can hold: a byte ends each field and each record.
    fn reserve(&mut self, data: &[u8]) -> Result<(), TryReserveError> {
        let n_lines = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        let n_commas = data.iter().filter(|byte| **byte == b',').count();
        self.text.try_reserve_exact(data.len())?;
        self.ends.try_reserve_exact(n_commas + n_lines + 1)?;
        self.lines.try_reserve_exact(n_lines + 1)
    }

    fn push(&mut self, path: &Path, line: usize, record: &ByteRecord) -> Result<(), Error> {
        if self.lines.is_empty() {
            self.n_columns = record.len();
        }
        if record.len() != self.n_columns && self.ragged.is_none() {
            self.ragged = Some((line, record.len()));
        }
        for (i, field) in record.iter().enumerate() {
            let text = std::str::from_utf8(field).map_err(|error| {
                let found = field.iter().skip(error.valid_up_to()).take(8).copied().collect();
                Error::NotUtf8 { path: path.into(), line, field: i + 1, found }
            })?;
            if self.ragged.is_none() {
                self.text.push_str(text);
                self.ends.push(self.text.len());
            }
        }
        if self.ragged.is_none() {
            self.lines.push(line);
        }
        Ok(())
    }
}

/// A line that is appended to the data. A quote that is never closed swallows it, so that it is no record of its own.
const END: &[u8] = b"\nend";

/// The byte order mark that some programs write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Spare capacity that `data` should have, so that it need not move.
pub(crate) const ROOM: usize = END.len();

/// All records of `data`, the header first.
pub(crate) fn records(path: &Path, mut data: Vec<u8>) -> Result<Records, Error> {
    if data.starts_with(BYTE_ORDER_MARK) {
        data.drain(..BYTE_ORDER_MARK.len());
    }
    remove_blanks_before_quotes(&mut data);
    let end = data.len();
    data.reserve_exact(ROOM);
    data.extend_from_slice(END);
    let mut records = Records::default();
    let cannot = |cause: io::Error| Error::Read { path: path.into(), cause };
    records.reserve(&data).map_err(|_| cannot(ErrorKind::OutOfMemory.into()))?;
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(&data[..]);
    let mut lines = Lines { data: &data, position: 0, line: 1 };
    let mut begun = 1;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|cause| cannot(cause.into()))? {
        let position = record.position().map_or(0, |position| position.byte() as usize);
        let line = lines.advance(position);
        if lines.position >= end {
            return Ok(records);
        }
        begun = line;
        records.push(path, line, &record)?;
    }
    Err(Error::UnclosedQuote { path: path.into(), line: begun })
}

/// Where a byte stands in its field.
enum Place {
    /// In front of the field: nothing but blanks so far.
    Before,
    Unquoted,
    Quoted,
    /// Behind a quote in a quoted field: the last, or the first half of one that is written twice.
    Closed,
}

/// Removes the blanks between the beginning of a field and a quote: `csv` takes a quote behind them for text, as RFC 4180
/// does, and a comma or a line's end behind that for the end of the field.
fn remove_blanks_before_quotes(data: &mut Vec<u8>) {
    let mut place = Place::Before;
    let (mut n_kept, mut begin) = (0, 0);
    for i in 0..data.len() {
        let byte = data[i];
        place = match (place, byte) {
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) | (Place::Closed, b'"') => Place::Quoted,
            (_, b',' | b'\n' | b'\r') => {
                begin = n_kept + 1;
                Place::Before
            }
            (Place::Before, b'"') => {
                n_kept = begin;
                Place::Quoted
            }
            (Place::Before, _) if byte.is_ascii_whitespace() => Place::Before,
            _ => Place::Unquoted,
        };
        data[n_kept] = byte;
        n_kept += 1;
    }
    data.truncate(n_kept);
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
