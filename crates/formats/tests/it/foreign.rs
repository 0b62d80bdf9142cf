//! Files that PyTorch, safetensors and NumPy wrote (`fixtures/make.py`), and what PyTorch computed.

use std::fs;

use chainrule_formats::{
    Problem, StateDict, npz, safetensors,
    trainer::{Activation, Mlp, MlpConfig, losses::LossConfig, tensor::Matrix},
};
use serde_json::Value;

use crate::common::fixture;

const ACTIVATIONS: [Activation; 2] = [Activation::Relu, Activation::Gelu];

/// The samples and PyTorch's logits, one column for each.
fn outputs() -> (Matrix<f64>, Matrix<f64>) {
    let text = fs::read_to_string(fixture("outputs.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let matrix = |name: &str| {
        let rows = value[name].as_array().unwrap();
        let values: Vec<f64> =
            rows.iter().flat_map(|row| row.as_array().unwrap()).map(|v| v.as_f64().unwrap()).collect();
        Matrix::from_column_slice(values.len() / rows.len(), rows.len(), &values)
    };
    (matrix("x"), matrix("logits"))
}

/// In 64 bits, as PyTorch's were.
fn assert_computes_the_same(net: &Mlp) {
    let (x, expected) = outputs();
    let found = net.cast::<f64>().logits(&x);
    let difference = (&found - &expected).amax();
    assert!(difference <= 1e-14, "{found}{expected}");
}

#[test]
fn what_pytorch_wrote_computes_what_pytorch_computed() {
    for state in [
        safetensors::read(fixture("torch.safetensors")).unwrap(),
        npz::read(fixture("numpy.npz")).unwrap(),
        // In 64 bits, deflated, column after column.
        npz::read(fixture("numpy_compressed.npz")).unwrap(),
    ] {
        assert_eq!(state.to_network().unwrap_err(), Problem::NoDescription);
        let net = state.to_mlp_as(&ACTIVATIONS, LossConfig::default()).unwrap();
        let config = MlpConfig::of(net.config()).unwrap();
        assert_eq!((&config.sizes[..], config.batch_norm), (&[4, 5, 3, 2][..], true));
        assert_computes_the_same(&net);
    }
}

#[test]
fn a_file_that_describes_its_network_needs_nothing_else() {
    for version in [1, 2] {
        let file = |format: &str| fixture(&format!("described_{version}.{format}"));
        assert_computes_the_same(&safetensors::load(file("safetensors")).unwrap());
        assert_computes_the_same(&npz::load(file("npz")).unwrap());
    }
}

#[test]
fn xor_by_hand() {
    let state = npz::read(fixture("xor.npz")).unwrap();
    let net = state.to_mlp_as(&[Activation::Tanh], LossConfig::BinaryCrossEntropy).unwrap();
    let x = Matrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    let yes: Vec<bool> = net.predict(&x).iter().map(|y| *y > 0.5).collect();
    assert_eq!(yes, [false, true, true, false]);
}

/// Arrays of these names and shapes, all values 1.
fn state(arrays: &[(&str, &[usize])]) -> StateDict {
    let values: Vec<Vec<f32>> = arrays.iter().map(|(_, shape)| vec![1.0; shape.iter().product()]).collect();
    let arrays: Vec<_> =
        arrays.iter().zip(&values).map(|((name, shape), values)| (*name, *shape, &values[..])).collect();
    npz::from_bytes(&npz::arrays_to_bytes(&arrays).unwrap()).unwrap()
}

#[test]
fn networks_that_cannot_be_are_refused_in_one_sentence() {
    let two = |w2: &'static [usize]| -> Vec<(&'static str, &'static [usize])> {
        vec![("0.weight", &[3, 2]), ("0.bias", &[3]), ("2.weight", w2), ("2.bias", &[2])]
    };
    let good = two(&[2, 3]);
    let relu = [Activation::Relu];
    let of = |arrays: &[(&str, &[usize])], activations: &[Activation]| {
        state(arrays)
            .to_mlp_as(activations, LossConfig::default())
            .map(|net| MlpConfig::of(net.config()).unwrap())
    };
    let config = of(&good, &relu).unwrap();
    assert_eq!((&config.sizes[..], config.activations[0]), (&[2, 3, 2][..], Activation::Relu));
    // A Flatten before, and an activation of the outputs, which takes no name.
    let moved = [("1.weight", &[3, 2][..]), ("1.bias", &[3]), ("4.weight", &[2, 3]), ("4.bias", &[2])];
    assert_eq!(
        of(&moved, &[Activation::Relu, Activation::Sigmoid]).unwrap().activations[1],
        Activation::Sigmoid
    );

    for (arrays, activations, expected) in [
        (
            two(&[2, 4]),
            &relu[..],
            "has 2.weight [2, 4], the network expects [outputs, 3], or [3] of a batch norm behind a linear layer",
        ),
        (
            vec![("fc1.weight", &[3, 2][..])],
            &relu,
            "has fc1.weight [3, 2], the network expects names as those of nn.Sequential, such as 0.weight",
        ),
        (vec![("0.bias", &[3][..])], &relu, "has no weights, the network expects at least 0.weight"),
        (
            vec![("0.weight", &[3][..])],
            &relu,
            "has 0.weight [3], the network expects a weight [outputs, inputs]",
        ),
        (
            [&good[..], &[("4.scale", &[2])]].concat(),
            &relu,
            "has 4.scale [2], the network expects none of that name",
        ),
        (
            good.clone(),
            &[],
            "the activations: found 0, expected 1, one for each hidden layer, or one more for the outputs",
        ),
        (
            good.clone(),
            &[Activation::Relu; 3],
            "the activations: found 3, expected 1, one for each hidden layer, or one more for the outputs",
        ),
        (
            vec![("0.weight", &[3, 2]), ("0.bias", &[3]), ("1.weight", &[2, 3]), ("1.bias", &[2])],
            &relu,
            "the activations: found relu, expected identity, since there is no layer between 0 and 1",
        ),
        (
            vec![("0.weight", &[3, 2]), ("1.weight", &[3]), ("2.weight", &[3, 3]), ("4.weight", &[2, 3])],
            &relu,
            "has 1 batch norms, the network expects none or 2, one in each hidden layer",
        ),
        (
            vec![("0.weight", &[1, 2]), ("0.bias", &[1])],
            &[],
            "has a description of its network that cannot be used: outputs is 1, expected at least 2 with softmax \
             cross-entropy; for yes or no take binary cross-entropy, for a value mean squared error with targets that \
             are scaled (NetworkConfig::with_scale)",
        ),
    ] {
        assert_eq!(of(&arrays, activations).unwrap_err().to_string(), expected);
    }
}

#[test]
fn values_that_no_network_can_have_are_refused() {
    let with = |name: &str, value: f32| {
        let arrays = [
            ("0.weight", &[2, 2][..]),
            ("0.bias", &[2]),
            ("1.weight", &[2]),
            ("1.bias", &[2]),
            ("1.running_mean", &[2]),
            ("1.running_var", &[2]),
            ("3.weight", &[2, 2]),
            ("3.bias", &[2]),
        ];
        let ones = [1.0; 4];
        let (two, four) = ([1.0, value], [1.0, 1.0, value, 1.0]);
        let arrays: Vec<_> = arrays
            .iter()
            .map(|&(found, shape)| {
                let n = shape.iter().product::<usize>();
                let changed = if n == 4 { &four[..] } else { &two[..] };
                (found, shape, if found == name { changed } else { &ones[..n] })
            })
            .collect();
        let state = npz::from_bytes(&npz::arrays_to_bytes(&arrays).unwrap()).unwrap();
        state.to_mlp_as(&[Activation::Relu], LossConfig::default())
    };
    assert!(
        with("", 0.0).is_ok() && with("1.running_var", 0.0).is_ok() && with("1.running_mean", -1.0).is_ok()
    );
    let said = |name: &str, value: f32| with(name, value).unwrap_err().to_string();
    let begin = "has a value that no network can have: ";
    assert_eq!(said("3.weight", f32::NAN), format!("{begin}3.weight[2] is NaN, expected a finite number"));
    assert_eq!(said("0.bias", f32::INFINITY), format!("{begin}0.bias[1] is inf, expected a finite number"));
    assert_eq!(
        said("1.running_var", -0.5),
        format!("{begin}1.running_var[1] is -0.5, expected a finite number not below 0")
    );
}

/// A file of these arrays, as NumPy has them.
fn with_values(arrays: &[(&str, &[usize], &[f32])]) -> StateDict {
    npz::from_bytes(&npz::arrays_to_bytes(arrays).unwrap()).unwrap()
}

#[track_caller]
fn assert_outputs(net: &Mlp, x: &[f32], expected: &[f32]) {
    let found = net.logits(&Matrix::from_column_slice(1, x.len(), x));
    let differences = found.iter().zip(expected).map(|(y, t)| (y - t).abs());
    assert!(found.len() == expected.len() && differences.into_iter().all(|d| d <= 1e-6), "{found}");
}

/// 1-1-2 with a batch norm at an index: weights 1 and (1, −1), biases 0, running mean and variance 1, γ 1, β 0.
fn with_norm_at(norm: usize, last: usize) -> StateDict {
    let names = ["weight", "bias", "running_mean", "running_var"].map(|name| format!("{norm}.{name}"));
    let (weight, bias) = (format!("{last}.weight"), format!("{last}.bias"));
    with_values(&[
        ("0.weight", &[1, 1], &[1.0]),
        ("0.bias", &[1], &[0.0]),
        (&names[0], &[1], &[1.0]),
        (&names[1], &[1], &[0.0]),
        (&names[2], &[1], &[1.0]),
        (&names[3], &[1], &[1.0]),
        (&weight, &[2, 1], &[1.0, -1.0]),
        (&bias, &[2], &[0.0, 0.0]),
    ])
}

#[test]
fn where_a_state_dict_does_not_tell_the_order_of_layers_it_is_asked_for() {
    let loss = LossConfig::default;
    // relu(−1) = 0 and (0 − 1)/√(1 + 1e-5); relu(0.5) = 0.5 and (0.5 − 1)/√(1 + 1e-5).
    let (x, before) = ([-1.0, 0.5], [-0.999995, 0.999995, -0.4999975, 0.4999975]);
    // (−1 − 1)/√… and (0.5 − 1)/√… are both below 0.
    let behind = [0.0; 4];
    let relu = &[Activation::Relu][..];

    // Linear, ReLU, BatchNorm1d, Dropout, Linear, or Linear, Dropout, BatchNorm1d, ReLU, Linear?
    let unknown = with_norm_at(2, 4);
    assert_eq!(
        unknown.to_mlp_as(relu, loss()).unwrap_err().to_string(),
        "does not tell whether relu stands before or behind the batch norm 2: name all layers, as \
         affine,relu,batch-norm,affine or affine,batch-norm,relu,affine"
    );
    for layers in ["Linear, ReLU, BatchNorm1d, Dropout, Linear", "affine,relu,batch-norm,affine"] {
        assert_outputs(&unknown.to_network_as(layers, loss()).unwrap(), &x, &before);
    }
    assert_outputs(&unknown.to_network_as("affine,batch-norm,relu,affine", loss()).unwrap(), &x, &behind);
    // Where there is room on one side alone, that is where the activation stands.
    assert_outputs(&with_norm_at(2, 3).to_mlp_as(relu, loss()).unwrap(), &x, &before);
    assert_outputs(&with_norm_at(1, 3).to_mlp_as(relu, loss()).unwrap(), &x, &behind);
    // Without an activation there is nothing to ask.
    assert!(unknown.to_mlp_as(&[Activation::Identity], loss()).is_ok());

    for (state, layers, expected) in [
        (with_norm_at(1, 3), "affine,relu,batch-norm,affine", "1 stand before 1, which has room for 0"),
        (with_norm_at(2, 4), "affine,relu,affine", "2 with tensors are named, the file has 3: 0, 2, 4"),
        (
            with_norm_at(2, 4),
            "a=affine,batch-norm,affine",
            "1 of 3 layers with tensors have a name, expected all or none",
        ),
    ] {
        let problem = state.to_network_as(layers, loss()).unwrap_err();
        assert_eq!(problem.to_string(), format!("the layers: {expected}"));
    }
    assert_eq!(
        unknown.to_network_as("batch-norm,relu,affine,affine", loss()).unwrap_err().to_string(),
        "has 0.weight [1, 1], the network expects [units] of a batch norm"
    );
}

#[test]
fn what_no_order_tells_is_named() {
    // Batch norm first and last, modules by name.
    let state = with_values(&[
        ("norm.running_mean", &[1], &[1.0]),
        ("norm.running_var", &[1], &[3.0]),
        ("fc2.weight", &[1, 1], &[2.0]),
        ("fc1.weight", &[1, 1], &[10.0]),
        ("last.running_mean", &[1], &[0.0]),
        ("last.running_var", &[1], &[3.0]),
    ]);
    let layers = "norm=batch-norm(eps=1), fc1=affine, relu, fc2=affine, last=batch-norm(eps=1)";
    let net = state.to_network_as(layers, LossConfig::MeanSquaredError).unwrap();
    // (x − 1)/2, times 10, what is above 0, times 2, by half.
    assert_outputs(&net, &[-1.0, 5.0], &[0.0, 20.0]);
    let wrong = state.to_network_as("fc3=affine", LossConfig::MeanSquaredError).unwrap_err();
    assert_eq!(wrong.to_string(), "has no such tensor, the network expects fc3.weight");
}

/// Linear(bias=False), BatchNorm1d(affine=False), ReLU, Linear(bias=False) behind prefixes, with a step that is counted.
#[test]
fn what_pytorch_leaves_out_is_0_or_1_and_prefixes_are_cut() {
    for prefix in ["", "module.", "net.", "_orig_mod.", "_orig_mod.module.layers."] {
        let name = |name: &str| format!("{prefix}{name}");
        let names = ["0.weight", "1.running_mean", "1.running_var", "10.weight"].map(name);
        let state = with_values(&[
            (&names[3], &[2, 1], &[1.0, -1.0]),
            (&names[0], &[1, 1], &[1.0]),
            (&names[1], &[1], &[1.0]),
            (&names[2], &[1], &[1.0]),
        ]);
        let net = state.to_mlp_as(&[Activation::Relu], LossConfig::default()).unwrap();
        // (2 − 1)/√(1 + 1e-5)
        assert_outputs(&net, &[2.0, 0.0], &[0.999995, -0.999995, 0.0, 0.0]);
        assert_eq!(net.n_parameters(), 1 + 1 + 2 + 2 + 2);
    }
    // Another prefix on one of them is another network.
    let mixed = state(&[("a.0.weight", &[1, 1]), ("b.2.weight", &[2, 1])]);
    let problem = mixed.to_mlp_as(&[Activation::Relu], LossConfig::default()).unwrap_err();
    assert!(problem.to_string().starts_with("has a.0.weight [1, 1], the network expects names"), "{problem}");
}

#[test]
fn other_arrays_are_left_out_where_they_are_named() {
    let all = [("0.weight", &[2, 1][..]), ("0.bias", &[2]), ("losses", &[7]), ("adam.0.m", &[2, 1])];
    let problem = state(&all).to_mlp_as(&[], LossConfig::default()).unwrap_err();
    assert!(problem.to_string().starts_with("has adam.0.m [2, 1], "), "{problem}");
    // Behind a prefix, it is the array that has none which is named.
    let more = [("net.0.weight", &[2, 1][..]), ("net.0.bias", &[2]), ("threshold", &[1])];
    let problem = state(&more).to_mlp_as(&[], LossConfig::default()).unwrap_err().to_string();
    assert_eq!(
        problem,
        "has threshold [1], the network expects names as those of nn.Sequential, such as net.0.weight"
    );
    assert!(state(&more).without(&["threshold"]).unwrap().to_mlp_as(&[], LossConfig::default()).is_ok());
    let left = state(&all).without(&["losses", "adam"]).unwrap();
    assert_eq!(left.tensors().len(), 2);
    assert!(left.to_mlp_as(&[], LossConfig::default()).is_ok());
    assert_eq!(
        left.without(&["loss"]).unwrap_err().to_string(),
        "has no such tensor, the network expects loss, to leave it out"
    );
}

#[test]
fn single_whole_numbers_are_no_parameters() {
    let file = |more: &str, bytes: &[u8]| {
        let header = format!(
            "{{\"0.weight\":{{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}},{more}:[8,{}]}}}}",
            8 + bytes.len()
        );
        let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 8], bytes].concat();
        safetensors::from_bytes(&bytes).unwrap().to_mlp_as(&[], LossConfig::default())
    };
    assert!(file(r#""epoch":{"dtype":"I64","shape":[],"data_offsets""#, &[7; 8]).is_ok());
    assert!(file(r#""trainer.step":{"dtype":"U8","shape":[1],"data_offsets""#, &[7]).is_ok());
    // A float may be a parameter, and so may be several numbers, or what is called as one.
    for more in [
        r#""scale":{"dtype":"F32","shape":[],"data_offsets""#,
        r#""order":{"dtype":"I16","shape":[2],"data_offsets""#,
        r#""0.bias":{"dtype":"I16","shape":[2],"data_offsets""#,
    ] {
        assert!(file(more, &[7; 4]).is_err(), "{more}");
    }
}

/// 999 of 1,000 weights are 0.
#[test]
fn a_pruned_network_takes_a_limit_of_its_own() {
    let weights: Vec<f32> = (0..200_000).map(|i| if i % 1000 == 0 { 1.0 } else { 0.0 }).collect();
    let array = npz::arrays_to_bytes(&[("0.weight", &[2, 100_000], &weights)]).unwrap();
    let npy = array.windows(6).position(|window| window == b"\x93NUMPY").unwrap();
    let content = &array[npy..npy + 128 + 800_000];
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut deflated, content).unwrap();
    let deflated = deflated.finish().unwrap();
    let (name, crc32) = (b"0.weight.npy", crc32fast::hash(content).to_le_bytes());
    let lengths = [(deflated.len() as u32).to_le_bytes(), (content.len() as u32).to_le_bytes()];
    let common =
        [&[20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0][..], &crc32, lengths.as_flattened(), &[12, 0, 0, 0]].concat();
    let member = [&b"PK\x03\x04"[..], &common, name, &deflated].concat();
    let entry = [&b"PK\x01\x02\x14\0"[..], &common, &[0; 14], name].concat();
    let places = [(entry.len() as u32).to_le_bytes(), (member.len() as u32).to_le_bytes()];
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], places.as_flattened(), &[0, 0]].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pruned.npz");
    fs::write(&path, [member, entry, end].concat()).unwrap();

    let error = npz::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("found 800128 bytes, expected at most") && error.contains("--max-unpacked"),
        "{error}"
    );
    assert!(npz::read_up_to(&path, 800_127).is_err());
    let state = npz::read_up_to(&path, 800_128).unwrap();
    assert_eq!(state.get("0.weight").unwrap().values.as_deref(), Some(&weights[..]));
    assert_eq!(chainrule_formats::inspect_up_to(&path, 800_128).unwrap().state, state);
}
