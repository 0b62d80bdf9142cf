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
        (good[..3].to_vec(), &relu, "has no such tensor, the network expects 2.bias [2]"),
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
             cross-entropy; for yes or no take binary cross-entropy",
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
