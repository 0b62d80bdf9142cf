//! Whatever the bytes: what was written or an error, never a panic.

use std::fs;

use chainrule_formats::{
    Contents, Format, StateDict, npz,
    onnx::{self, Output},
    safetensors,
    trainer::{Activation, MlpConfig, losses::LossConfig},
};

use crate::{common::fixture, networks::net};

/// Files of all formats, small ones.
fn files() -> Vec<Vec<u8>> {
    let config = MlpConfig::new([2, 3, 2]).with_batch_norm(true).with_activation(Activation::Gelu);
    let net = net(&config);
    let state = StateDict::of(&net).unwrap();
    let foreign = [
        "torch.safetensors",
        "numpy.npz",
        "numpy_compressed.npz",
        "described_1.npz",
        "described_2.npz",
        "described_2.onnx",
    ];
    let mut files: Vec<_> = foreign.iter().map(|name| fs::read(fixture(name)).unwrap()).collect();
    files.push(safetensors::to_bytes(&state).unwrap());
    files.push(npz::to_bytes(&state).unwrap());
    files.push(onnx::to_bytes(&net, Output::Probabilities).unwrap());
    files
}

/// Reads bytes in every way there is.
fn read_all(bytes: &[u8]) {
    let _ = Contents::from_bytes(bytes);
    let states =
        [safetensors::from_bytes(bytes), npz::from_bytes(bytes), onnx::from_bytes(bytes).map(|r| r.0)];
    for state in states.into_iter().flatten() {
        let _ = state.to_network();
        let _ = state.to_mlp_as(&[Activation::Relu], LossConfig::default());
        for layers in ["affine,batch-norm,gelu,affine", "0=affine,1=batch-norm,relu,3=affine"] {
            let _ = state.to_network_as(layers, LossConfig::default());
        }
    }
}

/// A generator of 64-bit numbers, splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[test]
fn every_truncation_of_tensors_is_an_error() {
    for bytes in files() {
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            read_all(cut);
            // A graph is its own last field: cut between fields of the model, it may still be whole.
            if Format::of(&bytes) != Some(Format::Onnx) {
                assert!(Contents::from_bytes(cut).is_err(), "{length} of {} bytes", bytes.len());
            }
        }
    }
}

#[test]
fn every_byte_changed_is_no_panic() {
    for mut bytes in files() {
        for i in 0..bytes.len() {
            let before = bytes[i];
            for after in [0, 0xff, before ^ 1, before.wrapping_add(1)] {
                bytes[i] = after;
                read_all(&bytes);
            }
            bytes[i] = before;
        }
    }
}

/// The checksums of a zip archive see to it.
#[test]
fn no_flipped_bit_of_an_npz_file_changes_a_value() {
    let state = StateDict::of(&net(MlpConfig::new([2, 3, 2]))).unwrap();
    let bytes = npz::to_bytes(&state).unwrap();
    for i in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[i / 8] ^= 1 << (i % 8);
        if let Ok(found) = npz::from_bytes(&flipped) {
            for tensor in found.tensors() {
                let values = tensor.values.as_ref().unwrap();
                assert!(state.tensors().iter().any(|of| of.values.as_ref() == Some(values)), "bit {i}");
            }
        }
    }
}

#[test]
fn random_changes_and_random_bytes_are_no_panic() {
    let (files, mut random) = (files(), Random(1));
    for _ in 0..8_000 {
        let mut bytes = files[random.below(files.len())].clone();
        for _ in 0..1 + random.below(4) {
            let (at, to) = (random.below(bytes.len()), random.below(bytes.len()));
            match random.below(5) {
                0 => bytes[at] = random.next() as u8,
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, random.next() as u8),
                // A part of the file over another part.
                3 => {
                    let part = bytes[at..(at + random.below(40)).min(bytes.len())].to_vec();
                    bytes.splice(to..(to + part.len()).min(bytes.len()), part);
                }
                // A number that is as large as it can be.
                _ => bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff),
            }
        }
        read_all(&bytes);
    }
    for _ in 0..8_000 {
        let mut bytes: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
        read_all(&bytes);
        // The same behind a beginning that leads into the readers.
        let begin: &[u8] = match random.below(4) {
            0 => b"\x08\x08\x3a\x40",
            1 => b"PK\x03\x04",
            2 => b"\x20\0\0\0\0\0\0\0{\"",
            _ => b"\x20\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[",
        };
        bytes.splice(..0, begin.iter().copied());
        read_all(&bytes);
    }
}

/// Descriptions that claim more than there is.
#[test]
fn a_description_of_a_huge_network_is_refused() {
    let state = StateDict::of(&net(MlpConfig::new([3, 2]))).unwrap();
    let bytes = safetensors::to_bytes(&state).unwrap();
    let outputs = |n: &str| replace(&bytes, "\\\"n_outputs\\\":2", &format!("\\\"n_outputs\\\":{n}"));
    let huge = replace(&outputs("9"), "\\\"channels\\\":3", "\\\"channels\\\":9999999");
    let problem = safetensors::from_bytes(&huge).unwrap().to_network().unwrap_err().to_string();
    assert_eq!(problem, "has 0.weight [2, 3], the network expects 0.weight [9, 9999999]");
    let problem = safetensors::from_bytes(&outputs("18446744073709551615")).unwrap_err().to_string();
    assert!(problem.ends_with("expected at most 268435456"), "{problem}");
    let first = fs::read(fixture("described_1.safetensors")).unwrap();
    let huge = replace(&first, "\\\"sizes\\\":[4,", "\\\"sizes\\\":[18446744073709551615,");
    let problem = safetensors::from_bytes(&huge).unwrap_err().to_string();
    assert!(problem.ends_with("expected at most 268435456 parameters"), "{problem}");
}

/// The header of a safetensors file with `from` replaced by `to`.
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let n = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + n]).unwrap().replace(from, to);
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + n..]].concat()
}
