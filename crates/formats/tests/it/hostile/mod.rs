//! Whatever the bytes: a network or an error, within the memory that is promised; a short run of what the fuzzer does.

mod targets;

use std::{fs, io::Write, path::Path};

use chainrule_formats::{
    StateDict, npz,
    onnx::{self, Output},
    safetensors,
    trainer::{Activation, MlpConfig},
};
use chainrule_fuzzing::{run, write};
use flate2::{Compression, write::DeflateEncoder};

use crate::{common::fixture, networks};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");

fn folder(target: &str) -> std::path::PathBuf {
    Path::new(SEEDS).join(target)
}

/// `cargo test -p chainrule-formats --test it -- --ignored write_seeds`: no test, but what makes the committed seeds. It writes into the
/// sources, so that it runs by name alone.
#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    let config = MlpConfig::new([2, 3, 2]).with_batch_norm(true).with_activation(Activation::Gelu);
    let net = networks::net(&config);
    let state = StateDict::of(&net).unwrap();
    let ours = safetensors::to_bytes(&state).unwrap();
    let graph = onnx::to_bytes(&net, Output::Probabilities).unwrap();
    let foreign = |name: &str| (name.to_string(), fs::read(fixture(name)).unwrap());

    let mut any: Vec<_> =
        ["xor.npz", "torch.safetensors", "numpy_compressed.npz", "described_1.onnx"].map(foreign).into();
    any.extend([("ours.safetensors".into(), ours.clone()), ("ours.onnx".into(), graph.clone())]);
    any.push(("ours.npz".into(), npz::to_bytes(&state).unwrap()));
    write(folder("inspect"), any);

    // Two bytes with the length of the values instead of eight with that of the header.
    let described = |bytes: &[u8]| {
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        [&((bytes.len() - 8 - header) as u16).to_le_bytes(), &bytes[8..]].concat()
    };
    write(
        folder("safetensors"),
        [("ours", described(&ours)), ("torch", described(&foreign("torch.safetensors").1))],
    );

    let text = "{\"version\":1,\"sizes\":[2,3,1],\"activations\":[\"elu\",\"identity\"],\"dropout\":0.5,\
        \"batch_norm\":true,\"init\":\"he-normal\",\"seed\":7,\"loss\":\"mean-squared-error\",\
        \"encoding\":{\"columns\":[\"keep\",{\"standardize\":{\"mean\":0.5,\"std\":2.0}}]}}";
    let header = String::from_utf8_lossy(&ours).into_owned();
    let begin = header.find("\"chainrule\":").unwrap() + 12;
    let of_ours: String =
        serde_json::Deserializer::from_str(&header[begin..]).into_iter().next().unwrap().unwrap();
    write(folder("description"), [("ours", of_ours.into_bytes()), ("other", text.into())]);

    let array = |order: &str, shape: &str, values: &[u8]| {
        let header = format!("{{'descr': '<f4', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()
    };
    let rows = array("False", "(2, 3)", &[0, 0, 128, 63].repeat(6));
    let columns = array("True", "(2, 3)", &[0, 0, 128, 63].repeat(6));
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&rows).unwrap();
    let deflated = encoder.finish().unwrap();
    write(
        folder("npz"),
        [
            ("rows", [&[0], &rows[..]].concat()),
            ("columns", [&[0], &columns[..]].concat()),
            ("deflated", [&[1], &deflated[..]].concat()),
        ],
    );
    write(folder("onnx"), [("ours", graph), ("other", foreign("described_1.onnx").1)]);
}

#[test]
fn any_bytes_are_a_network_or_an_error() {
    run(folder("inspect"), 1000, targets::inspect);
    run(folder("safetensors"), 1000, targets::safetensors);
    run(folder("description"), 1000, targets::description);
    run(folder("npz"), 1000, targets::npz);
    run(folder("onnx"), 1000, targets::onnx);
}
