//! The errors of this crate, one sentence each.

use std::path::PathBuf;
use std::{fmt, io};

/// Why a table could not be read: the path, the line, what was found and what was expected.
///
/// Where a table comes from a reader, its path is `input`. Lines count from 1, blank ones too, and a record has the
/// line on which it begins.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open or read the file.
    #[error("{path}: cannot be read: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },

    /// There is nothing in the file, not even a header.
    #[error("{path}: the file is empty, expected a line with the names of the columns")]
    Empty {
        /// The file.
        path: PathBuf,
    },

    /// A field that begins with a quote goes on to the end of the file.
    #[error("{path}: line {line}: a quote is opened here and never closed")]
    UnclosedQuote {
        /// The file.
        path: PathBuf,
        /// Where the record with the quote begins.
        line: usize,
    },

    /// A field is no text, or a text in another encoding.
    #[error("{path}: line {line}, field {field}: found the bytes {found:02x?}, expected text in UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        line: usize,
        /// Which field of the record, from 1.
        field: usize,
        /// The field from the first byte that is not UTF-8 on, at most eight bytes.
        found: Vec<u8>,
    },

    /// A record has more or fewer fields than the header.
    #[error("{path}: line {line}: the number of fields is {found}, expected {expected} as in the header")]
    Ragged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        line: usize,
        /// Fields of the record.
        found: usize,
        /// Names in the header.
        expected: usize,
    },

    /// Two columns cannot be told apart.
    #[error("{path}: the header has the name {column:?} twice, expected a different name for every column")]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },

    /// There is no column of the name that was asked for.
    #[error("{path}: there is no column {column:?}, expected one of {}", list(known))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        column: String,
        /// The names in the header.
        known: Vec<String>,
    },

    /// A field is not what was asked for: not a number, not finite, not a label.
    #[error("{path}: line {line}, column {column:?}: found {}, expected {expected}", shortened(found))]
    BadField {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        line: usize,
        /// The name of the column.
        column: String,
        /// The field.
        found: String,
        /// What it should have been.
        expected: String,
    },
}

// The sentence where `main` and `unwrap` show errors by `Debug`, as in all crates of chainrule.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Names in quotes; of many, the first.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 20;
    let mut quoted: Vec<String> =
        names.iter().map(AsRef::as_ref).take(MOST).map(|text| format!("{text:?}")).collect();
    if names.len() > MOST {
        quoted.push(format!("… ({} more)", names.len() - MOST));
    }
    quoted.join(", ")
}

/// The field in quotes; of a long one, the beginning: a message is one sentence.
fn shortened(field: &str) -> String {
    const MOST: usize = 40;
    match field.char_indices().nth(MOST) {
        _ if field.is_empty() => "an empty field".to_owned(),
        Some((end, _)) => format!("{text:?}…", text = &field[..end]),
        None => format!("{field:?}"),
    }
}
