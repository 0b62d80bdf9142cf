//! What is written is read again to the last bit, and its bytes are those that the real libraries write.

use std::fs;

use chainrule_formats::{
    Contents, Error, Format, Problem, StateDict, inspect, npz,
    onnx::{self, Output},
    safetensors,
    trainer::{
        Activation, Dataset, Encode, Encoding, Mlp, MlpConfig, Network, NetworkConfig, TargetScale,
        layers::{
            Affine, BatchNorm, Dropout, Elu, Identity, Kind, Layer, LayerConfig, LeakyRelu, Pass, Relu,
            Softmax, Tanh, Tensor,
        },
        losses::{BinaryCrossEntropy, Huber, LossConfig},
        tensor::{Init, MatrixViewMut, Shape},
    },
};

use crate::{
    common::fixture,
    networks::{self, filled, net},
};

/// A configuration for everything that a network can have.
fn configs() -> Vec<NetworkConfig> {
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
    let mut configs: Vec<_> = configs.into_iter().map(|c| NetworkConfig::try_from(c).unwrap()).collect();
    configs.push(general());
    configs
}

fn shown(tensor: &chainrule_formats::Tensor) -> String {
    format!("{} {:?}", tensor.name, tensor.shape)
}

/// A list that no `MlpConfig` is short for.
fn general() -> NetworkConfig {
    let layers = [
        BatchNorm::default().with_eps(1e-3).with_momentum(0.25).into(),
        Affine::outputs(5).with_init(Init::Normal { std: 0.1 / 3.0 }).into(),
        LeakyRelu::new(0.2).into(),
        Elu::new(0.7).into(),
        Dropout::new(0.25).into(),
        Identity.into(),
        Tanh.into(),
        BatchNorm::default().into(),
        Affine::outputs(3).into(),
        Softmax.into(),
    ];
    NetworkConfig::new(4, layers, LossConfig::MeanSquaredError)
        .with_input(Shape { channels: 1, height: 2, width: 2 })
        .with_seed(7)
}

#[test]
fn every_network_comes_back_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net");
    for config in configs() {
        let net = net(&config);
        let check = |loaded: Network| {
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
    let net = net(MlpConfig::new([3, 2]));
    let of_input_2 = net.tensor("W1").unwrap().column(2).to_vec();
    let state = StateDict::of(&net).unwrap();
    let values = state.get("0.weight").unwrap().values.clone().unwrap();
    assert_eq!([values[2], values[3 + 2]], of_input_2[..]);
}

/// safetensors and NumPy wrote these with the description that chainrule writes: ours must be the same bytes, but for the
/// metadata, which have one entry more, and zip's dates.
#[test]
fn files_are_those_of_the_real_libraries() {
    let (theirs, net) = (fs::read(fixture("described_2.safetensors")).unwrap(), described());
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

/// The network of `described_2.safetensors`.
fn described() -> Mlp {
    safetensors::load(fixture("described_2.safetensors")).unwrap()
}

/// The Python package wrote the same graph, node for node.
#[test]
fn onnx_is_what_the_real_library_writes() {
    let theirs = fs::read(fixture("described_2.onnx")).unwrap();
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

/// Files with version 1 of the description are read for ever.
#[test]
fn the_first_version_describes_the_same_network() {
    let described = described();
    let npz = npz::load(fixture("described_1.npz")).unwrap();
    for first in [safetensors::load(fixture("described_1.safetensors")).unwrap(), npz] {
        assert_eq!(first.config(), described.config());
        assert_eq!(first.parameters_crc32(), described.parameters_crc32());
    }
    let contents = Contents::from_bytes(&fs::read(fixture("described_1.onnx")).unwrap()).unwrap();
    assert_eq!(contents.state.config(), Some(described.config()));
}

#[test]
fn a_general_list_has_its_names_and_operators() {
    let net = net(general());
    let state = StateDict::of(&net).unwrap();
    let mut names: Vec<_> = state.tensors().iter().map(shown).collect();
    names.retain(|name| !name.contains("running"));
    assert_eq!(
        names,
        [
            "0.bias [4]",
            "0.weight [4]",
            "1.bias [5]",
            "1.weight [5, 4]",
            "7.bias [5]",
            "7.weight [5]",
            "8.bias [3]",
            "8.weight [3, 5]"
        ]
    );
    let graph = Contents::from_bytes(&onnx::to_bytes(&net, Output::Logits).unwrap()).unwrap().graph.unwrap();
    assert_eq!(
        graph.operators,
        [
            "BatchNormalization",
            "Gemm",
            "LeakyRelu",
            "Elu",
            "Identity",
            "Tanh",
            "BatchNormalization",
            "Gemm",
            "Softmax"
        ]
    );
    assert_eq!((&*graph.inputs[0], &*graph.outputs[0]), ("input [batch, 4]", "values [batch, 3]"));
}

/// A layer of this program: x·W1 + W2, with a shift that no gradient changes.
#[derive(Clone, Debug)]
struct Scaled;

impl Layer<f32> for Scaled {
    fn name(&self) -> &str {
        "scaled"
    }
    fn tensors(&self, input: Shape) -> Vec<Tensor> {
        vec![
            Tensor::random("W1", Kind::Weight, 1, input.size(), Init::Constant { value: 1.0 }),
            Tensor::constant("W2", Kind::Bias, 1, 0.0),
            Tensor::constant("shift", Kind::Buffer, 1, 0.0),
        ]
    }
    fn forward_to(&self, _: MatrixViewMut<'_, f32>, _: &mut [f32], _: &Pass<'_, f32>) {}
    fn backward_to(&self, _: MatrixViewMut<'_, f32>, _: &mut [f32], _: &Pass<'_, f32>) {}
    fn gradient_to(&self, _: usize, _: usize, _: MatrixViewMut<'_, f32>, _: &Pass<'_, f32>) {}
}

#[test]
fn a_layer_of_a_program_s_own_is_held_by_its_name() {
    let own = |name: &str, settings: &str| -> Option<std::sync::Arc<dyn Layer<f32>>> {
        (name == "scaled" && settings == "{\"by\":2}").then(|| std::sync::Arc::new(Scaled) as _)
    };
    let scaled = LayerConfig::Own { name: "scaled".to_string(), settings: "{\"by\":2}".to_string() };
    let layers = [Relu.into(), scaled, Affine::outputs(2).into()];
    let config = NetworkConfig::new(3, layers, LossConfig::default());
    let net = filled(Network::with_own(&config, &own).unwrap());
    let state = StateDict::of(&net).unwrap();
    let names: Vec<_> = state.tensors().iter().map(shown).collect();
    assert_eq!(names, ["1.W1 [1, 3]", "1.W2 [1]", "1.shift [1]", "2.bias [2]", "2.weight [2, 3]"]);
    for state in [
        safetensors::from_bytes(&safetensors::to_bytes(&state).unwrap()).unwrap(),
        npz::from_bytes(&npz::to_bytes(&state).unwrap()).unwrap(),
    ] {
        assert_eq!(
            state.to_network().unwrap_err().to_string(),
            "has a description of its network that cannot be used: \"scaled\" is a layer of a program's own, which this \
             one does not know"
        );
        let again = state.to_network_with_own(&own).unwrap();
        assert_eq!((again.config(), again.parameters_crc32()), (&config, net.parameters_crc32()));
    }
    assert_eq!(
        onnx::to_bytes(&net, Output::Logits).unwrap_err().to_string(),
        "cannot hold this network: layer 2 (scaled) has no form in ONNX; safetensors and npz can hold it"
    );
}

#[test]
fn the_scale_of_targets_is_held_with_the_network_but_by_onnx() {
    let config = NetworkConfig::try_from(MlpConfig::new([2, 3, 2]).with_loss(Huber::default())).unwrap();
    let config = config.with_scale(TargetScale::new([6.5e5, 0.1], [1.1e5, 1.0 / 3.0]));
    let net = net(&config);
    let state = StateDict::of(&net).unwrap();
    for state in [
        safetensors::from_bytes(&safetensors::to_bytes(&state).unwrap()).unwrap(),
        npz::from_bytes(&npz::to_bytes(&state).unwrap()).unwrap(),
    ] {
        let again = state.to_network().unwrap();
        assert_eq!((again.config(), again.parameters_crc32()), (&config, net.parameters_crc32()));
    }
    assert_eq!(
        onnx::to_bytes(&net, Output::Logits).unwrap_err().to_string(),
        "cannot hold this network: the scale of its targets has no form in ONNX; safetensors and npz can hold it"
    );
}

#[test]
fn every_network_is_exported_to_onnx() {
    for config in configs() {
        let bytes = onnx::to_bytes(&net(&config), Output::Logits).unwrap();
        let contents = Contents::from_bytes(&bytes).unwrap();
        assert_eq!(contents.state.config(), Some(&config));
        let names: Vec<_> = contents.state.tensors().iter().map(|tensor| &*tensor.name).collect();
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
        let net = net(MlpConfig::new([2, 3, n_outputs]).with_loss(loss));
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
    let mut net = net(MlpConfig::new([2, 3, 2]));
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
    let mut net = net(MlpConfig::new([2, 3, 2]));
    *net.sequential_mut() = networks::net(MlpConfig::new([2, 4, 2])).sequential().clone();
    assert_eq!(
        StateDict::of(&net).unwrap_err().to_string(),
        "has 0.weight [4, 2], the network expects 0.weight [3, 2]"
    );
    let other = networks::net(MlpConfig::new([2, 3, 2, 1]).with_loss(LossConfig::MeanSquaredError));
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
    let net = net(MlpConfig::new([10, 2]).with_encoding(encoding));
    let state = StateDict::of(&net).unwrap();
    let problem = npz::to_bytes(&state).unwrap_err().to_string();
    assert!(problem.ends_with("an npz file has room for 65535; safetensors has more"), "{problem}");
    let bytes = safetensors::to_bytes(&state).unwrap();
    let loaded = safetensors::from_bytes(&bytes).unwrap().to_network().unwrap();
    assert_eq!(loaded.config(), net.config());
}
