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

use crate::{
    Problem, Tensor,
    safetensors::{doubles, floats},
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
    let values = values.map(|values| if fortran_order { by_rows(&values, &shape) } else { values });
    Ok(Tensor::new(name, &dtype, shape, values))
}

/// First index fastest to last index fastest.
fn by_rows(values: &[f32], shape: &[usize]) -> Vec<f32> {
    match *shape {
        // Rows without values may be any number.
        [_, 0] => Vec::new(),
        [n_rows, _] => (0..n_rows).flat_map(|i| values[i..].iter().step_by(n_rows)).copied().collect(),
        // No network has more than two indices; with fewer, both orders are the same.
        _ => values.to_vec(),
    }
}

struct Header {
    dtype: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads the three entries, in any order; nothing of Python but these.
    fn parse(text: &str) -> Option<Header> {
        let (mut dtype, mut fortran_order, mut shape) = (None, None, None);
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            let after = match key {
                "descr" => {
                    let (found, after) = quoted(value)?;
                    // The kind is a letter, so that what follows is at a character's boundary.
                    found.get(1..2).filter(|kind| kind.chars().all(|c| c.is_ascii_alphabetic()))?;
                    dtype = Some(found.to_string());
                    after
                }
                "fortran_order" => {
                    let is_true = value.starts_with("True");
                    fortran_order = Some(is_true);
                    value.strip_prefix(if is_true { "True" } else { "False" })?
                }
                "shape" => {
                    let (inside, after) = value.strip_prefix('(')?.split_once(')')?;
                    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
                    shape = Some(sizes.map(|size| size.parse().ok()).collect::<Option<Vec<usize>>>()?);
                    after
                }
                _ => return None,
            };
            let after = after.trim_start();
            rest = after.strip_prefix(',').unwrap_or(after).trim_start();
        }
        Some(Header { dtype: dtype?, fortran_order: fortran_order?, shape: shape? })
    }
}

/// A text in quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
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
