//! What dropout leaves out, against `reference/dropout.json`, which an independent Python program made
//! (`tests/reference/random.py` of `chainrule-tensor`).

use chainrule_layers::{Context, Dropout, LayerExt};
use chainrule_tensor::Matrix;
use serde_json::Value;

/// Which of `n_units` units are left out of the first sample of a context; all others are scaled.
fn left_out(p: f64, n_units: usize, context: &Context) -> Vec<usize> {
    let x = Matrix::from_element(n_units, 1, 3.0);
    let (y, _) = Dropout::new(p).forward_with(&x, context);
    let (left_out, kept): (Vec<usize>, Vec<usize>) = (0..n_units).partition(|&unit| y[unit] == 0.0);
    for unit in kept {
        assert!((y[unit] - 3.0 / (1.0 - p)).abs() <= 1e-12 * y[unit], "unit {unit}, p = {p}: {}", y[unit]);
    }
    left_out
}

#[test]
fn masks_are_those_of_an_independent_program() {
    let file: Value = serde_json::from_str(include_str!("../reference/dropout.json")).expect("JSON");
    let masks = file["masks"].as_array().expect("a list");
    assert_eq!(masks.len(), 12);
    for mask in masks {
        let integer = |name: &str| mask[name].as_u64().expect("an integer");
        let (p, n_units) = (mask["p"].as_f64().expect("a probability"), integer("n_units") as usize);
        let context = |seed, step, layer, sample| {
            Context::training(seed, step).at_layer(layer as usize).at_sample(sample as usize)
        };
        let [seed, step, layer, sample] = ["seed", "step", "layer", "sample"].map(integer);
        let expected: Vec<usize> = serde_json::from_value(mask["left_out"].clone()).expect("a list of units");
        assert_eq!(left_out(p, n_units, &context(seed, step, layer, sample)), expected, "{mask}");
        // Each of the four numbers counts, to its last bit.
        for other in [
            context(seed ^ 1, step, layer, sample),
            context(seed, step ^ 1, layer, sample),
            context(seed, step, layer ^ 1, sample),
            context(seed, step, layer, sample ^ 1),
        ] {
            assert_ne!(left_out(p, n_units, &other), expected, "{other:?}");
        }
    }
}
