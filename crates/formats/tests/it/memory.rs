//! How much memory reading takes, counted by the allocator.

use chainrule_formats::{
    Contents, MEMORY_FACTOR, Problem, StateDict, npz,
    onnx::{self, Output},
    safetensors,
    trainer::{Activation, Mlp, MlpConfig, losses::LossConfig},
};
use chainrule_fuzzing::peak_of;

/// The most bytes that were allocated at once, the file itself included, while it is read in every way.
fn peak_of_reading(bytes: &[u8]) -> usize {
    let to_network = |state: StateDict| match state.to_network() {
        Err(Problem::NoDescription) => state.to_mlp_as(&[Activation::Relu], LossConfig::default()),
        done => done,
    };
    let read = || {
        let _ = Contents::from_bytes(bytes);
        let _ = safetensors::from_bytes(bytes).and_then(to_network);
        let _ = npz::from_bytes(bytes).and_then(to_network);
        let _ = onnx::from_bytes(bytes).and_then(|(state, _)| to_network(state));
        let _ = Contents::from_bytes(bytes).map(|contents| contents.state.to_network());
    };
    peak_of(read).1 + bytes.len()
}

#[track_caller]
fn assert_bounded(what: &str, bytes: &[u8]) {
    let peak = peak_of_reading(bytes);
    println!("{what}: {:.1} times {} bytes", peak as f64 / bytes.len() as f64, bytes.len());
    assert!(peak <= MEMORY_FACTOR * bytes.len() + (64 << 10), "{what}: {peak} for {} bytes", bytes.len());
}

/// A safetensors file with this header and so many bytes of values.
fn with_header(header: &str, n_bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; n_bytes]].concat()
}

/// A description in the metadata of a safetensors file.
fn described(description: &str) -> Vec<u8> {
    let json = description.replace('"', "\\\"");
    with_header(&format!("{{\"__metadata__\":{{\"chainrule\":\"{json}\"}}}}"), 0)
}

fn repeated(text: &str, n: usize) -> String {
    text.repeat(n).trim_end_matches(',').to_string()
}

/// `number` as a protobuf varint behind a key.
fn field(key: u8, content: &[u8]) -> Vec<u8> {
    let (mut bytes, mut n) = (vec![key], content.len());
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes.extend(content);
    bytes
}

/// An npz file of one deflated array of `n` zeros, whose entry is repeated.
fn bomb(n: usize, n_entries: usize, claimed: u32) -> Vec<u8> {
    use std::io::Write;
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n},), }}\n");
    let mut content = b"\x93NUMPY\x01\0".to_vec();
    content.extend((header.len() as u16).to_le_bytes());
    content.extend(header.as_bytes());
    content.resize(content.len() + 4 * n, 0);
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflated.write_all(&content).unwrap();
    let deflated = deflated.finish().unwrap();
    let length = if claimed == 0 { content.len() as u32 } else { claimed };

    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(26, 0);
    bytes.extend([1, 0, 0, 0, b'x']);
    bytes.extend(&deflated);
    let directory = bytes.len() as u32;
    for i in 0..n_entries {
        let name = format!("{i}.npy");
        bytes.extend(b"PK\x01\x02");
        bytes.extend([0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
        bytes.extend(crc32fast::hash(&content).to_le_bytes());
        bytes.extend((deflated.len() as u32).to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.resize(bytes.len() + 16, 0);
        bytes.extend(name.as_bytes());
    }
    let n_bytes = bytes.len() as u32 - directory;
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(n_entries as u16).to_le_bytes(); 2].as_flattened());
    bytes.extend([n_bytes.to_le_bytes(), directory.to_le_bytes()].as_flattened());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn memory_follows_the_length_of_the_file() {
    // Honest files: the file, its tensors, the network, and little besides.
    let net = Mlp::new(MlpConfig::new([784, 300, 10])).unwrap();
    let state = StateDict::of(&net).unwrap();
    for bytes in [safetensors::to_bytes(&state).unwrap(), npz::to_bytes(&state).unwrap()] {
        assert_bounded("a network", &bytes);
        assert!(peak_of_reading(&bytes) <= 4 * bytes.len());
    }
    assert_bounded("a graph", &onnx::to_bytes(&net, Output::Logits).unwrap());

    // Files that are nothing but what takes memory.
    const N: usize = 20_000;
    let tensor = |i: usize| format!("\"{i}\":{{\"dtype\":\"\",\"shape\":[],\"data_offsets\":[0,0]}}");
    let tensors: Vec<String> = (0..N).map(tensor).collect();
    assert_bounded("many tensors", &with_header(&format!("{{{}}}", tensors.join(",")), 0));
    let shape =
        format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":[{}],\"data_offsets\":[0,0]}}}}", repeated("0,", N));
    assert_bounded("a long shape", &with_header(&shape, 0));
    let metadata: Vec<String> = (0..N).map(|i| format!("\"{i}\":\"\"")).collect();
    assert_bounded(
        "much metadata",
        &with_header(&format!("{{\"__metadata__\":{{{}}}}}", metadata.join(",")), 0),
    );
    assert_bounded("brackets", &with_header(&"{\"a\":[".repeat(N), 0));
    let (ones, elus) = (repeated("1,", N), repeated("\"elu\",", N - 1));
    let deep = format!(
        "{{\"version\":1,\"sizes\":[{ones}],\"activations\":[{elus}],\"loss\":\"mean-squared-error\"}}"
    );
    assert_bounded("a deep network without tensors", &described(&deep));
    let columns = repeated("\"keep\",", N);
    let encoded = format!(
        "{{\"version\":1,\"sizes\":[{N},2],\"activations\":[\"elu\"],\"loss\":\"mean-squared-error\",\
         \"encoding\":{{\"columns\":[{columns}]}}}}"
    );
    assert_bounded("a long encoding", &described(&encoded));

    let second = |layers: &str| {
        described(&format!(
            "{{\"version\":2,\"input\":{{\"channels\":{N},\"height\":1,\"width\":1}},\"layers\":[{layers}],\
             \"loss\":\"mean-squared-error\",\"seed\":1}}"
        ))
    };
    // As many layers as a network can have, and one more than a vector has room for before it grows.
    for n in [1 << 13, (1 << 12) + 1] {
        let layers = |layer: &str| second(&repeated(layer, n));
        assert_bounded("many layers without tensors", &layers("{\"layer\":\"elu\"},"));
        assert_bounded("many batch norms without tensors", &layers("{\"layer\":\"batch-norm\"},"));
    }
    assert_bounded("too many layers", &second(&repeated("{\"layer\":\"elu\"},", N)));
    let encoding = |columns: &str| format!("{{\"layer\":\"encoding\",\"columns\":[{columns}]}}");
    assert_bounded("a long encoding as a layer", &second(&encoding(&columns)));
    for n in [N, (1 << 14) + 1] {
        let ones = repeated("1,", n);
        let one_hot = format!("{{\"one_hot\":{{\"values\":[{ones}]}}}}");
        assert_bounded("many values of a column", &second(&encoding(&one_hot)));
        assert_bounded(
            "a list in no layer's place",
            &second(&format!("{{\"layer\":\"elu\",\"x\":[{ones}]}}")),
        );
        let own = format!("{{\"layer\":\"own\",\"name\":\"a\",\"settings\":\"\",\"x\":[{ones}]}}");
        assert_bounded("a list in a program's own", &second(&own));
        assert_bounded("numbers for layers", &second(&ones));
    }

    // A deep network of little layers, all there.
    let deep = |n: usize| {
        let deep = MlpConfig::new(vec![1; n]).with_loss(LossConfig::MeanSquaredError);
        StateDict::of(&Mlp::new(deep.with_activation(Activation::Elu).with_batch_norm(true)).unwrap())
            .unwrap()
    };
    assert_bounded("a deep network", &safetensors::to_bytes(&deep(2000)).unwrap());
    // Its description is the comment of the archive, which has room for 65535 bytes.
    assert_bounded("a deep network", &npz::to_bytes(&deep(450)).unwrap());

    assert_bounded("a deflated bomb", &bomb(1_000_000, 1, 0));
    assert_bounded("a deflated bomb that lies", &bomb(1_000_000, 1, 4000));
    assert_bounded("one member many times", &bomb(20, N, 0));
    assert_bounded("one member many times", &bomb(1000, N, 0));
    assert_bounded("members that are deflated as far as allowed", &bomb(80, 1000, 0));

    let graph = |fields: Vec<u8>| [&[8, 8][..], &field(0x3a, &fields)].concat();
    assert_bounded("many nodes", &graph(field(0x0a, &field(0x22, b"A")).repeat(N)));
    let tensor = |i: usize| field(0x2a, &[&[0x10, 1][..], &field(0x42, i.to_string().as_bytes())].concat());
    assert_bounded("many tensors in a graph", &graph((0..N).flat_map(tensor).collect()));
    // As many tensors as the description says, with the shortest names.
    for n in [1 << 12, (1 << 11) + 1] {
        let second = format!(
            "{{\"version\":2,\"input\":{{\"channels\":1,\"height\":1,\"width\":1}},\"layers\":[{}],\
             \"loss\":\"mean-squared-error\",\"seed\":1}}",
            repeated("{\"layer\":\"batch-norm\"},", 2 * n)
        );
        let first = format!(
            "{{\"version\":1,\"sizes\":[{}],\"activations\":[{}],\"loss\":\"mean-squared-error\",\
             \"batch_norm\":true,\"dropout\":0.5}}",
            repeated("1,", n / 2),
            repeated("\"elu\",", n / 2 - 1)
        );
        for (json, n_tensors) in [(second, 8 * n), (first, 3 * n)] {
            let property = field(0x72, &[field(0x0a, b"chainrule"), field(0x12, json.as_bytes())].concat());
            let bytes = [graph((0..n_tensors).flat_map(tensor).collect()), property].concat();
            assert!(Contents::from_bytes(&bytes).is_ok());
            assert_bounded("tensors as described", &bytes);
        }
    }
    let tensor = [&[0x10, 1][..], &field(0x0a, &vec![1; N])].concat();
    assert_bounded("a long shape in a graph", &graph(field(0x2a, &tensor)));
    assert_bounded("many inputs", &graph(field(0x5a, &[]).repeat(N)));
}
