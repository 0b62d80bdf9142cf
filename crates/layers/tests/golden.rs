//! Layers against PyTorch in `f64`: `golden/layers.json`, made by `xtask/golden/make_golden.py`.
//!
//! Its matrices are lists of samples, so their values in order are our columns in order.

use chainrule_layers::{
    Affine, Elu, Gelu, GeluTanh, Layer, LeakyRelu, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
use chainrule_tensor::Matrix;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/layers.json")).expect("the golden file is JSON")
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
