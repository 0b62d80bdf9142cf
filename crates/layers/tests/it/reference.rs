//! Activations against arbitrary-precision arithmetic: `reference/activations.json`, made by `reference/activations.py`.
//!
//! Saturated values are where the textbook's formulas, and PyTorch's, lose their digits; the last test shows it.

use chainrule_layers::{Elu, Gelu, GeluTanh, Layer, LayerExt, Sigmoid, Silu, Softplus, Tanh};
use chainrule_tensor::{Float, Matrix};
use serde_json::Value;

fn layers<F: Float>() -> [Box<dyn Layer<F>>; 7] {
    [
        Box::new(Sigmoid),
        Box::new(Tanh),
        Box::new(Elu::default()),
        Box::new(Silu),
        Box::new(Softplus),
        Box::new(Gelu),
        Box::new(GeluTanh),
    ]
}

fn reference() -> Value {
    serde_json::from_str(include_str!("../reference/activations.json")).expect("the reference is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("a list of numbers")
}

/// The values at `x` and the slopes there.
fn values_and_slopes<F: Float>(layer: &dyn Layer<F>, x: &[f64]) -> [Vec<f64>; 2] {
    let x = Matrix::from_iterator(x.len(), 1, x.iter().map(|&x| F::of(x)));
    let (y, cache) = layer.forward(&x);
    let dx = layer.backward(&cache, &Matrix::from_element(x.nrows(), 1, F::one())).dx;
    [y, dx].map(|m| m.iter().map(|v| v.as_f64()).collect())
}

/// Relative to every single value; what is below the normal numbers of the type may be off by their smallest.
fn assert_accurate<F: Float>(tolerance: f64) {
    let reference = reference();
    let x = numbers(&reference["x"]);
    for layer in layers::<F>() {
        let expected = &reference["layers"][layer.name()];
        let found = values_and_slopes(&*layer, &x);
        for (what, found) in ["y", "slope"].iter().zip(found) {
            for ((found, expected), x) in found.iter().zip(numbers(&expected[what])).zip(&x) {
                let difference = (found - expected).abs();
                assert!(
                    difference <= tolerance * expected.abs() + F::min_positive_value().as_f64(),
                    "{} of {}, {what} at {x}: {found:e}, expected {expected:e}",
                    layer.name(),
                    F::NAME
                );
            }
        }
    }
}

#[test]
fn every_value_and_slope_is_accurate_from_minus_to_plus_a_thousand() {
    assert_accurate::<f64>(1e-12);
    // The slope of gelu-tanh at −0.75, beside its zero: 0.001 is left of two terms of 0.23.
    assert_accurate::<f32>(4e-5);
}

#[test]
fn a_nan_is_passed_on_both_ways() {
    for layer in layers::<f32>() {
        let [y, slope] = values_and_slopes(&*layer, &[f64::NAN]);
        assert!(y[0].is_nan() && slope[0].is_nan(), "{}: {y:?}, {slope:?}", layer.name());
    }
}

#[test]
fn pytorch_is_the_less_accurate_where_values_are_saturated() {
    let golden: Value = serde_json::from_str(include_str!("../golden/layers.json")).unwrap();
    let reference = reference();
    let x = numbers(&reference["x"]);
    // The first sample of the golden file begins with 30 and −30; its dx is divided by its dy.
    let of = |layer: &str, what: &str, i: usize| golden["layers"][layer][what][0][i].as_f64().unwrap();
    let dy = |i: usize| golden["dy"][0][i].as_f64().unwrap();
    let off = [
        ("sigmoid", "slope", 30.0, of("sigmoid", "dx", 0) / dy(0)),
        ("tanh", "slope", 30.0, of("tanh", "dx", 0) / dy(0)),
        ("tanh", "slope", -30.0, of("tanh", "dx", 1) / dy(1)),
        ("gelu", "y", -30.0, of("gelu", "y", 1)),
    ];
    for (name, what, at, pytorch) in off {
        let i = x.iter().position(|&x| x == at).unwrap();
        let expected = numbers(&reference["layers"][name][what])[i];
        let layer = layers::<f64>().into_iter().find(|layer| layer.name() == name).unwrap();
        let ours = values_and_slopes(&*layer, &[at])[usize::from(what == "slope")][0];
        let error = |found: f64| ((found - expected) / expected).abs();
        assert!(error(ours) <= 1e-12, "{name}, {what} at {at}: {ours:e}, expected {expected:e}");
        assert!(error(pytorch) >= 1e-4, "{name}, {what} at {at}: PyTorch has {pytorch:e} of {expected:e}");
    }
}
