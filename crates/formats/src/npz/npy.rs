//! The npy format, one array: a header in the form of a Python dictionary, then the values.
//!
//! ```text
//! 6 bytes     \x93NUMPY
//! 2           version, 1.0; in 2.0 and 3.0 the next has 4 bytes
//! 2           length of the header, little-endian
//! header      {'descr': '<f4', 'fortran_order': False, 'shape': (50, 784), }   and spaces up to a multiple of 64
//! values
//! ```

use std::fmt::Display;

use serde::Deserialize;

use crate::{
    Problem, Tensor,
    safetensors::{doubles, floats},
    state_dict::by_rows,
};

const MAGIC: &[u8] = b"\x93NUMPY";

pub(super) fn to_bytes(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let sizes = match shape {
        [size] => format!("{size},"),
        _ => shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
    };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}");
    let before = MAGIC.len() + 4;
    while !(before + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = Vec::with_capacity(before + header.len() + 4 * values.len());
    bytes.extend(MAGIC);
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// The array in `bytes`; its values row after row, and only where they are floats.
pub(super) fn from_bytes(name: &str, bytes: &[u8]) -> Result<Tensor, Problem> {
    let malformed = |what: &str, found: &dyn Display, expected: &str| {
        Err(Problem::malformed("npz", &format!("{what} of {name}"), found, expected))
    };
    let (length, rest) = match bytes.strip_prefix(MAGIC) {
        Some([1, 0, a, b, rest @ ..]) => (u32::from_le_bytes([*a, *b, 0, 0]), rest),
        Some([2 | 3, 0, a, b, c, d, rest @ ..]) => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        _ => {
            let found = bytes[..bytes.len().min(8)].escape_ascii();
            return malformed("the beginning", &found, "an array of version 1, 2 or 3");
        }
    };
    let Some((text, values)) = rest.split_at_checked(length as usize) else {
        return malformed("the header", &format!("{} of {length} bytes", rest.len()), "all of them");
    };
    let header = std::str::from_utf8(text).ok().and_then(Header::parse);
    let Some(Header { dtype, fortran_order, shape }) = header else {
        let found = text[..text.len().min(100)].trim_ascii().escape_ascii();
        let expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (…), }";
        return malformed("the header", &found, expected);
    };
    let Some(width) = dtype.strip_prefix(['<', '|', '>', '=']).and_then(|kind| kind[1..].parse().ok()) else {
        return malformed("the type", &dtype, "a type such as <f4");
    };
    let n_bytes = shape.iter().try_fold(width, |n: usize, size| n.checked_mul(*size));
    // Text has four bytes for each character; what it is, is not read anyway.
    if n_bytes != Some(values.len()) && !dtype.contains('U') {
        let found = format!("{} bytes", values.len());
        return malformed("the values", &found, &format!("shape {shape:?} of {dtype}"));
    }
    let values = match &*dtype {
        "<f4" => Some(floats(values)),
        "<f8" => Some(doubles(values)),
        _ => None,
    };
    let values = match shape[..] {
        // No network has more than two indices; with fewer, both orders are the same. Without values, rows may be any number.
        [n_rows, n_columns] if fortran_order && n_columns > 0 => {
            values.map(|values| by_rows(&values, n_rows))
        }
        _ => values,
    };
    Ok(Tensor::new(name, &dtype, shape, values))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "descr")]
    dtype: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads the three entries, in any order; nothing of Python but these, which differ from JSON in a few signs.
    fn parse(text: &str) -> Option<Header> {
        let entries = text.trim().strip_suffix('}')?.trim_end();
        let json = format!("{}}}", entries.strip_suffix(',').unwrap_or(entries));
        let json = json.replace('\'', "\"").replace("False", "false").replace("True", "true");
        // Python 2 wrote whole numbers as 50L.
        let json = json.replace("L,", ",").replace("L)", ")");
        let json = json.replace('(', "[").replace(",)", "]").replace(')', "]");
        let header: Header = serde_json::from_str(&json).ok()?;
        // Order of the bytes, kind, width: the kind is a letter, so that what follows is at a character's boundary.
        let kind = header.dtype.get(1..2)?;
        kind.chars().all(|c| c.is_ascii_alphabetic()).then_some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_both_orders_and_widths() {
        // 1 2 3
        // 4 5 6
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let bytes = to_bytes(&[2, 3], &rows);
        assert_eq!(bytes.len(), 128 + 24);
        let array = from_bytes("x", &bytes).unwrap();
        assert_eq!((array.shape, array.values), (vec![2, 3], Some(rows.to_vec())));

        let text = String::from_utf8_lossy(&bytes[10..128])
            .replace("'fortran_order': False", "'fortran_order': True ");
        let mut columns = bytes[..10].to_vec();
        columns.extend(text.as_bytes());
        columns.extend([1.0_f32, 4.0, 2.0, 5.0, 3.0, 6.0].iter().flat_map(|v| v.to_le_bytes()));
        assert_eq!(from_bytes("x", &columns).unwrap().values, Some(rows.to_vec()));
    }

    #[test]
    fn rows_without_values_are_an_array_without_values() {
        for n_rows in [0, 1, 2, usize::MAX / 4] {
            let header = format!("{{'descr': '<f4', 'fortran_order': True, 'shape': ({n_rows}, 0), }}");
            let bytes = [&b"\x93NUMPY\x01\0"[..], &[header.len() as u8, 0], header.as_bytes()].concat();
            let array = from_bytes("x", &bytes).unwrap();
            assert_eq!((array.shape, array.values), (vec![n_rows, 0], Some(vec![])));
        }
    }

    #[test]
    fn headers_that_numpy_does_not_write_are_refused() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
        assert!(Header::parse(good).is_some());
        let python_2 = "{'descr': '<f4', 'fortran_order': False, 'shape': (4L, 3L), }";
        assert_eq!(Header::parse(python_2).unwrap().shape, [4, 3]);
        let python_2 = "{'descr': '<f4', 'fortran_order': False, 'shape': (4L,), }";
        assert_eq!(Header::parse(python_2).unwrap().shape, [4]);
        for bad in [
            "",
            "{}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<é4', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': None, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr",
        ] {
            assert!(Header::parse(bad).is_none(), "{bad}");
        }
    }
}
