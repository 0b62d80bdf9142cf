//! What holds whatever the bytes: shared with the fuzzer.

use std::io::Read;

use chainrule_formats::{
    Contents, MEMORY_FACTOR, Problem, StateDict, npz, onnx, safetensors,
    trainer::{Activation, losses::LossConfig},
};
use chainrule_fuzzing::within;
use flate2::read::DeflateDecoder;

type Reading = fn(&[u8]) -> Result<StateDict, Problem>;

/// Reads a file and makes a network of it, within the memory that is promised; a network comes back from each format.
fn read(bytes: &[u8], from_bytes: Reading) {
    // The bytes themselves are there already.
    let most = (MEMORY_FACTOR - 1) * bytes.len() + (64 << 10);
    let reading = || {
        let state = from_bytes(bytes).ok()?;
        match state.to_network() {
            Err(Problem::NoDescription) => state.to_mlp_as(&[Activation::Relu], LossConfig::default()).ok(),
            net => net.ok(),
        }
    };
    let Some(net) = within(most, reading) else { return };
    let state = StateDict::of(&net).expect("a network that was read can be written");
    let written = safetensors::to_bytes(&state).expect("safetensors holds any network");
    let again = safetensors::from_bytes(&written).and_then(|state| state.to_network());
    assert_eq!(again.expect("what is written can be read").parameters_crc32(), net.parameters_crc32());
    // The comment of an archive is short, and ONNX has not all that networks have.
    if let Ok(written) = npz::to_bytes(&state) {
        let again = npz::from_bytes(&written).and_then(|state| state.to_network());
        assert_eq!(again.expect("what is written can be read").parameters_crc32(), net.parameters_crc32());
    }
    if let Ok(written) = onnx::to_bytes(&net, onnx::Output::Logits) {
        onnx::from_bytes(&written).expect("what is written can be read");
    }
}

/// Any bytes, told by their beginning.
pub(crate) fn inspect(bytes: &[u8]) {
    let most = (MEMORY_FACTOR - 1) * bytes.len() + (64 << 10);
    let _ = within(most, || Contents::from_bytes(bytes).map(|contents| contents.state.to_network().is_ok()));
    read(bytes, safetensors::from_bytes);
    read(bytes, npz::from_bytes);
}

/// Any header and any values: two bytes that say how many bytes of values there are at the end, and both; the header's
/// own length is made right.
pub(crate) fn safetensors(bytes: &[u8]) {
    let Some((n_bytes, rest)) = bytes.split_first_chunk() else { return };
    let header = rest.len().saturating_sub(u16::from_le_bytes(*n_bytes).into());
    read(&[&(header as u64).to_le_bytes(), rest].concat(), safetensors::from_bytes);
}

/// Any text as the description of a network without tensors.
pub(crate) fn description(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = serde_json::to_string(text).expect("a text always has a JSON form");
    let header = format!("{{\"__metadata__\":{{\"chainrule\":{text}}}}}");
    read(&[&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat(), safetensors::from_bytes);
}

/// Any array: a byte that says whether it is deflated, and it, in an archive whose lengths and checksums are right.
pub(crate) fn npz(bytes: &[u8]) {
    let Some((is_deflated, content)) = bytes.split_first() else { return };
    let archive = match is_deflated % 2 {
        0 => archive(content, 0, content),
        _ => {
            let mut inflated = Vec::new();
            let most = 8 * content.len() as u64 + 64;
            // What comes before an error has a length and a checksum too.
            let _ = DeflateDecoder::new(content).take(most).read_to_end(&mut inflated);
            archive(content, 8, &inflated)
        }
    };
    read(&archive, npz::from_bytes);
}

/// Any bytes as a graph.
pub(crate) fn onnx(bytes: &[u8]) {
    read(bytes, |bytes| onnx::from_bytes(bytes).map(|(state, _)| state));
}

/// A zip archive of one member.
fn archive(stored: &[u8], method: u16, content: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"0.weight.npy";
    let mut common = vec![20, 0, 0, 0];
    common.extend(method.to_le_bytes());
    common.extend([0, 0, 0x21, 0]);
    common.extend(crc32fast::hash(content).to_le_bytes());
    common.extend((stored.len() as u32).to_le_bytes());
    common.extend((content.len() as u32).to_le_bytes());
    common.extend([NAME.len() as u8, 0, 0, 0]);
    let member = [&b"PK\x03\x04"[..], &common, NAME, stored].concat();
    let entry = [&b"PK\x01\x02\x14\0"[..], &common, &[0; 14], NAME].concat();
    let mut end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0".to_vec();
    end.extend((entry.len() as u32).to_le_bytes());
    end.extend((member.len() as u32).to_le_bytes());
    end.extend([0, 0]);
    [member, entry, end].concat()
}
