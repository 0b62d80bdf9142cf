//! What is written is read again to the last bit, and its bytes are those that the real libraries write.

use std::fs;

use chainrule_formats::{
    Contents, Error, Format, Problem, StateDict, inspect, npz,
    onnx::{self, Output},
    safetensors,
    trainer::{
        Activation, Dataset, Encode, Encoding, Mlp, MlpConfig,
        losses::{BinaryCrossEntropy, Huber, LossConfig},
    },
};

use crate::{
    common::fixture,
    networks::{self, net},
};

/// A configuration for everything that a network can have.
fn configs() -> Vec<MlpConfig> {
    let rows = [1.0, 7.0, 2.0, 3.0, 7.5, 1.0, 8.0, 7.25, 2.0];
    let kinds = [Encode::Standardize, Encode::Keep, Encode::OneHot];
    let encoding = Encoding::fit(&Dataset::from_rows(&rows, 3).unwrap(), &kinds).unwrap();
    let mut configs = vec![
        MlpConfig::new([3, 2]),
        MlpConfig::new([5, 1]).with_loss(BinaryCrossEntropy),
        MlpConfig::new([3, 4, 1]).with_loss(Huber::default()).with_encoding(encoding),
        MlpConfig::new([3, 4, 5, 2])
            .with_activations([Activation::Relu, Activation::Elu, Activation::Sigmoid])
            .with_batch_norm(true)
            .with_dropout(0.3),
        // More than ten layers: 10 stands behind 9.
        MlpConfig::new([2; 9]).with_activation(Activation::Silu).with_dropout(0.5),
    ];
    configs.extend(Activation::ALL.iter().map(|&a| MlpConfig::new([3, 4, 2]).with_activation(a)));
    configs
}

#[test]
fn every_network_comes_back_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net");
    for config in configs() {
        let net = net(&config);
        let check = |loaded: Mlp| {
            assert_eq!(*loaded.config(), config);
            assert_eq!(loaded.parameters_crc32(), net.parameters_crc32(), "{config:?}");
        };
        safetensors::save(&net, &path).unwrap();
        check(safetensors::load(&path).unwrap());
        assert_eq!(inspect(&path).unwrap().format, Format::Safetensors);
        npz::save(&net, &path).unwrap();
        check(npz::load(&path).unwrap());
        assert_eq!(inspect(&path).unwrap().format, Format::Npz);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn sequential_counts_what_has_no_parameters() {
    let config = MlpConfig::new([3, 4, 5, 2]).with_batch_norm(true).with_dropout(0.5);
    let state = StateDict::of(&net(&config)).unwrap();
    let names: Vec<_> = state.tensors().iter().map(|tensor| &*tensor.name).collect();
    let of = |index: usize, names: &[&str]| names.iter().map(|n| format!("{index}.{n}")).collect::<Vec<_>>();
    let (linear, norm) = (["bias", "weight"], ["bias", "running_mean", "running_var", "weight"]);
    assert_eq!(names, [of(0, &linear), of(1, &norm), of(4, &linear), of(5, &norm), of(8, &linear)].concat());
}

/// Row 1, column 2 of a weight is what input 2 sends to output 1.
#[test]
fn weights_are_rows_of_outputs() {
    let net = net(&MlpConfig::new([3, 2]));
    let of_input_2 = net.tensor("W1").unwrap().column(2).to_vec();
    let state = StateDict::of(&net).unwrap();
    let values = state.get("0.weight").unwrap().values.clone().unwrap();
    assert_eq!([values[2], values[3 + 2]], of_input_2[..]);
}

/// safetensors and NumPy wrote these with the description that chainrule writes: ours must be the same bytes, but for the
/// metadata, which have one entry more, and zip's dates.
#[test]
fn files_are_those_of_the_real_libraries() {
    let (theirs, net) = (fs::read(fixture("described.safetensors")).unwrap(), described());
    let ours = safetensors::to_bytes(&StateDict::of(&net).unwrap()).unwrap();
    let header = |bytes: &[u8]| {
        let n = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        (String::from_utf8(bytes[8..8 + n].to_vec()).unwrap(), bytes[8 + n..].to_vec())
    };
    let ((ours, our_values), (theirs, their_values)) = (header(&ours), header(&theirs));
    assert_eq!(ours.trim_end().replace(",\"format\":\"pt\"", ""), theirs.trim_end());
    assert_eq!((ours.len() % 8, our_values), (0, their_values));

    let matrix: Vec<f32> = (0..6).map(|i| i as f32).collect();
    let arrays = [("matrix", &[2, 3][..], &matrix[..]), ("vector", &[2], &[0.1, -2.0])];
    let (ours, theirs) = (npz::arrays_to_bytes(&arrays).unwrap(), fs::read(fixture("arrays.npz")).unwrap());
    // The member from its magic number on: a header of 128 bytes, and the values.
    let member = |bytes: &[u8], number: usize, n_values: usize| {
        let begins = bytes.windows(6).enumerate().filter(|(_, window)| window == b"\x93NUMPY");
        let at = begins.map(|(at, _)| at).nth(number).unwrap();
        bytes[at..at + 128 + 4 * n_values].to_vec()
    };
    assert_eq!(member(&ours, 0, 6), member(&theirs, 0, 6));
    assert_eq!(member(&ours, 1, 2), member(&theirs, 1, 2));
}

/// The network of `described.safetensors`.
fn described() -> Mlp {
    safetensors::load(fixture("described.safetensors")).unwrap()
}

/// The Python package wrote the same graph, node for node.
#[test]
fn onnx_is_what_the_real_library_writes() {
    let theirs = fs::read(fixture("onnx.onnx")).unwrap();
    let ours = onnx::to_bytes(&described(), Output::Probabilities).unwrap();
    // Both version and placeholder are short: one byte of length before each.
    let replace = |bytes: &[u8], version: &str| {
        let field = [&[0x1a, version.len() as u8], version.as_bytes()].concat();
        let at = bytes.windows(field.len()).position(|w| w == field).unwrap();
        [&bytes[..at], &bytes[at + field.len()..]].concat()
    };
    assert!(replace(&ours, env!("CARGO_PKG_VERSION")) == replace(&theirs, "VERSION"));
    let graph = Contents::from_bytes(&theirs).unwrap().graph.unwrap();
    assert_eq!((graph.opset, graph.ir_version, &*graph.producer), (onnx::OPSET, 8, "chainrule VERSION"));
    assert_eq!((graph.operators.len(), &*graph.inputs[0]), (12, "input [batch, 4]"));
}

#[test]
fn every_network_is_exported_to_onnx() {
    for config in configs() {
        let bytes = onnx::to_bytes(&net(&config), Output::Logits).unwrap();
        let contents = Contents::from_bytes(&bytes).unwrap();
        assert_eq!(contents.config, Some(config));
        let names: Vec<_> = contents.tensors.iter().map(|tensor| &*tensor.name).collect();
        assert!(["0.weight", "0.bias"].iter().all(|name| names.contains(name)), "{names:?}");
    }
}

#[test]
fn probabilities_are_those_of_losses_that_have_them() {
    for (loss, n_outputs, last) in [
        (LossConfig::default(), 3, Some("Softmax")),
        (LossConfig::BinaryCrossEntropy, 1, Some("Sigmoid")),
        (LossConfig::MeanSquaredError, 1, None),
    ] {
        let net = net(&MlpConfig::new([2, 3, n_outputs]).with_loss(loss));
        match (onnx::to_bytes(&net, Output::Probabilities), last) {
            (Ok(bytes), Some(last)) => {
                let graph = Contents::from_bytes(&bytes).unwrap().graph.unwrap();
                assert_eq!(graph.operators.last().unwrap(), last);
            }
            (Err(problem @ Problem::NotExported(_)), None) => assert_eq!(
                problem.to_string(),
                "cannot hold this network: its loss is one of values, so that its outputs are no probabilities"
            ),
            (other, _) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_network_that_has_diverged_replaces_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net");
    fs::write(&path, "before").unwrap();
    let mut net = net(&MlpConfig::new([2, 3, 2]));
    // Column 1, row 0.
    net.tensor_mut("W2").unwrap().as_mut_slice()[2] = f32::NAN;
    for error in [
        safetensors::save(&net, &path).unwrap_err(),
        npz::save(&net, &path).unwrap_err(),
        onnx::save(&net, &path, Output::Logits).unwrap_err(),
    ] {
        assert!(matches!(error, Error::File { .. }));
        assert!(
            error.to_string().ends_with(
                "has a value that no network can have: 2.weight[1] is NaN, expected a finite number"
            ),
            "{error}"
        );
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("no/folder/net");
    assert!(matches!(safetensors::save(&described(), nowhere), Err(Error::Io { doing: "written", .. })));
}

#[test]
fn layers_that_are_not_those_of_the_configuration_are_refused() {
    let mut net = net(&MlpConfig::new([2, 3, 2]));
    *net.sequential_mut() = networks::net(&MlpConfig::new([2, 4, 2])).sequential().clone();
    assert_eq!(
        StateDict::of(&net).unwrap_err().to_string(),
        "has 0.weight [4, 2], the network expects 0.weight [3, 2]"
    );
    let other = networks::net(&MlpConfig::new([2, 3, 2, 1]).with_loss(LossConfig::MeanSquaredError));
    *net.sequential_mut() = other.sequential().clone();
    assert_eq!(
        StateDict::of(&net).unwrap_err().to_string(),
        "has another tensor [1, 2], the network expects none"
    );
}

#[test]
fn descriptions_too_long_for_a_comment_are_refused() {
    let rows: Vec<f32> = (0..1000 * 10).map(|i| i as f32 * 0.1).collect();
    let encoding = Encoding::fit(&Dataset::from_rows(&rows, 10).unwrap(), &[Encode::OneHot; 10]).unwrap();
    let net = net(&MlpConfig::new([10, 2]).with_encoding(encoding));
    let state = StateDict::of(&net).unwrap();
    let problem = npz::to_bytes(&state).unwrap_err().to_string();
    assert!(problem.ends_with("an npz file has room for 65535; safetensors has more"), "{problem}");
    let bytes = safetensors::to_bytes(&state).unwrap();
    let loaded = safetensors::from_bytes(&bytes).unwrap().to_mlp().unwrap();
    assert_eq!(loaded.config(), net.config());
}
