//! Layers against PyTorch in `f64`: `golden/layers.json`, made by `xtask/golden/make_golden.py`.
//!
//! Its matrices are lists of samples, so their values in order are our columns in order.

use chainrule_layers::{
    Affine, BatchNorm, Context, Elu, Gelu, GeluTanh, Layer, LayerExt, LeakyRelu, Relu, Sequential, Sigmoid,
    Silu, Softmax, Softplus, Tanh,
};
use chainrule_tensor::Matrix;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/layers.json")).expect("the golden file is JSON")
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).expect("a list of lists of numbers")
}

/// Features × samples from a list of samples; outputs × inputs transposed from a list of outputs.
fn columns(value: &Value) -> Matrix<f64> {
    let rows = rows(value);
    Matrix::from_column_slice(rows[0].len(), rows.len(), &rows.concat())
}

/// Equal to 1e-12 relative or 1e-13 absolute; NaN is equal to nothing.
#[track_caller]
fn assert_close(what: &str, ours: &Matrix<f64>, golden: &Matrix<f64>) {
    assert_eq!(ours.shape(), golden.shape(), "{what}");
    for (i, (a, g)) in ours.iter().zip(golden).enumerate() {
        let difference = (a - g).abs();
        assert!(
            difference <= 1e-12 * g.abs() || difference <= 1e-13,
            "{what}[{i}]: {a:e}, PyTorch has {g:e}"
        );
    }
}

fn check_activation(layer: &dyn Layer<f64>) {
    let golden = golden();
    // The file's keys are Python's.
    let expected = &golden["layers"][layer.name().replace('-', "_")];
    let (y, cache) = layer.forward(&columns(&golden["x"]));
    let dx = layer.backward(&cache, &columns(&golden["dy"])).dx;
    assert_close(&format!("{} y", layer.name()), &y, &columns(&expected["y"]));
    assert_close(&format!("{} dx", layer.name()), &dx, &columns(&expected["dx"]));
}

#[test]
fn activations() {
    check_activation(&Sigmoid);
    check_activation(&Relu);
    check_activation(&Tanh);
    check_activation(&LeakyRelu::default());
    check_activation(&Elu::default());
    check_activation(&Silu);
    check_activation(&Softplus);
    check_activation(&Gelu);
    check_activation(&GeluTanh);
    check_activation(&Softmax);
}

#[test]
fn affine() {
    let golden = &golden()["layers"]["affine"];
    let b: Vec<f64> = serde_json::from_value(golden["b"].clone()).unwrap();
    let affine = Affine::new(columns(&golden["W"]).transpose(), b);
    let (y, cache) = affine.forward(&columns(&golden["x"]));
    let gradients = affine.backward(&cache, &columns(&golden["dy"]));
    assert_close("y", &y, &columns(&golden["y"]));
    assert_close("dx", &gradients.dx, &columns(&golden["dx"]));
    assert_close("dW", gradients.of("W"), &columns(&golden["dW"]).transpose());
    let db: Vec<f64> = serde_json::from_value(golden["db"].clone()).unwrap();
    assert_close("db", gradients.of("b"), &Matrix::from_vec(db.len(), 1, db));
}

/// A layer with γ and β of the golden file, and no other setting than PyTorch's.
fn batch_norm(expected: &Value) -> Sequential<f64> {
    let (eps, momentum) = (expected["eps"].as_f64().unwrap(), expected["momentum"].as_f64().unwrap());
    let mut norm = Sequential::of(BatchNorm::default().with_eps(eps).with_momentum(momentum), 4);
    for name in ["gamma", "beta"] {
        let values: Vec<f64> = serde_json::from_value(expected[name].clone()).expect("a list");
        norm.tensor_mut(&format!("{name}1")).unwrap().as_mut_slice().copy_from_slice(&values);
    }
    norm
}

#[test]
fn batch_norm_in_training_and_in_inference() {
    let golden = golden();
    let expected = &golden["layers"]["batch_norm_train"];
    let vector = |name: &str| {
        Matrix::from_vec(4, 1, serde_json::from_value(expected[name].clone()).expect("a list of numbers"))
    };
    let mut norm = batch_norm(expected);
    let x = columns(&expected["x"]);
    let (y, cache) = norm.forward_with(&x, &Context::training(1, 0).of_samples(x.ncols()));
    let gradients = norm.backward(&cache, &columns(&golden["dy"]));
    assert_close("y", &y, &columns(&expected["y"]));
    assert_close("dx", &gradients.dx, &columns(&expected["dx"]));
    assert_close("dγ", gradients.of("gamma"), &vector("dgamma"));
    assert_close("dβ", gradients.of("beta"), &vector("dbeta"));

    let mut workspace = norm.layers().workspace(x.ncols());
    workspace.x.dense_mut(4, x.ncols()).as_mut_slice().copy_from_slice(x.as_slice());
    let context = Context::training(1, 0).of_samples(x.ncols());
    norm.layers().forward(norm.values(), &[], context, &mut workspace, 0);
    let (layers, values) = norm.split_mut();
    layers.end_step(values, &workspace.sums, x.ncols());
    for name in ["running_mean", "running_var"] {
        assert_close(name, &norm.matrix(name), &vector(name));
    }
    let expected = &golden["layers"]["batch_norm_eval"];
    assert_close("y in inference", &norm.forward(&columns(&expected["x"])).0, &columns(&expected["y"]));
}
