//! A reader of event files that shares no line with the writer: checksums bit by bit, fields as they come.

use std::{fs, path::Path};

/// A field of a message: its number and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(u64),
    Double(f64),
    Float(f32),
    Bytes(Vec<u8>),
}

pub(crate) type Fields = Vec<(u64, Value)>;

/// The events of all files in a folder, file after file by name.
pub(crate) fn events(folder: &Path) -> Vec<Fields> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_string_lossy().contains("tfevents"));
    paths.sort();
    paths.iter().flat_map(|path| records(&fs::read(path).unwrap())).map(|event| fields(&event)).collect()
}

/// The contents of whole records, whose checksums must be right.
fn records(mut file: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while file.len() >= 12 {
        let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        assert_eq!(unmasked(&file[8..12]), crc32c(&file[..8]), "checksum of a length");
        let Some(event) = file.get(12..12 + length + 4) else { break };
        let (event, checksum) = event.split_at(length);
        assert_eq!(unmasked(checksum), crc32c(event), "checksum of an event");
        all.push(event.to_vec());
        file = &file[12 + length + 4..];
    }
    all
}

/// As TensorFlow's `crc32c.h` undoes the mask.
fn unmasked(bytes: &[u8]) -> u32 {
    let turned = u32::from_le_bytes(bytes.try_into().unwrap()).wrapping_sub(0xa282ead8);
    turned.rotate_left(15)
}

/// A division by the polynomial, bit by bit, highest power first.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for bit in bytes.iter().flat_map(|byte| (0..8).map(move |i| byte >> i & 1)) {
        let out = (remainder >> 31) as u8;
        remainder <<= 1;
        if out != bit {
            remainder ^= 0x1EDC6F41;
        }
    }
    (!remainder).reverse_bits()
}

pub(crate) fn fields(mut message: &[u8]) -> Fields {
    let mut all = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut message)),
            1 => Value::Double(f64::from_le_bytes(take(&mut message, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut message) as usize;
                Value::Bytes(take(&mut message, length).to_vec())
            }
            5 => Value::Float(f32::from_le_bytes(take(&mut message, 4).try_into().unwrap())),
            kind => panic!("kind {kind}"),
        };
        all.push((key >> 3, value));
    }
    all
}

fn take<'a>(message: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (taken, rest) = message.split_at(n);
    *message = rest;
    taken
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for i in 0.. {
        let byte = take(message, 1)[0];
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// The messages in a repeated field, or in one that is there once.
pub(crate) fn messages(of: &Fields, number: u64) -> Vec<Fields> {
    of.iter().filter(|(n, _)| *n == number).map(|(_, value)| fields(bytes(value))).collect()
}

pub(crate) fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Bytes(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn get(of: &Fields, number: u64) -> Option<Value> {
    of.iter().find(|(n, _)| *n == number).map(|(_, value)| value.clone())
}

/// Packed doubles.
pub(crate) fn doubles(of: &Fields, number: u64) -> Vec<f64> {
    let value = get(of, number).unwrap();
    bytes(&value).chunks(8).map(|eight| f64::from_le_bytes(eight.try_into().unwrap())).collect()
}

/// The scalars of some events that no event behind them makes TensorBoard forget: step, tag, value.
pub(crate) fn scalars(events: &[Fields]) -> Vec<(u64, String, f32)> {
    let mut all: Vec<(u64, String, f32)> = Vec::new();
    for event in events {
        let step = match get(event, 2) {
            Some(Value::Number(step)) => step,
            _ => 0,
        };
        if get(event, 7).is_some() {
            all.retain(|(earlier, ..)| *earlier < step);
        }
        for value in messages(event, 5).iter().flat_map(|summary| messages(summary, 1)) {
            if let Some(Value::Float(scalar)) = get(&value, 2) {
                let tag = String::from_utf8(bytes(&get(&value, 1).unwrap()).to_vec()).unwrap();
                all.push((step, tag, scalar));
            }
        }
    }
    all
}
