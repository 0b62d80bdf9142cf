//! PyTorch's values and gradients: `golden/losses.json`, which `xtask/golden/make_golden.py` wrote with the version named in
//! the file's first field, in float64.

use chainrule_losses::{
    BinaryCrossEntropy, HalfSquaredError, Huber, Loss, LossSum, MeanSquaredError, SoftmaxCrossEntropy,
    Targets,
};
use chainrule_tensor::{Matrix, one_hot};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/losses.json")).expect("the golden file is JSON")
}

/// A list of samples in the file is a list of columns here.
fn matrix(samples: &Value) -> Matrix<f64> {
    let samples = samples.as_array().unwrap();
    let columns: Vec<&Vec<Value>> = samples.iter().map(|s| s.as_array().unwrap()).collect();
    Matrix::from_fn(columns[0].len(), columns.len(), |i, j| columns[j][i].as_f64().unwrap())
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= 1e-13 || difference <= 1e-12 * expected.abs(), "{found}, expected {expected}");
}

/// Compares with the entry `name`, which divided sum and gradient by `divisor`.
fn check(name: &str, (loss, dz): (LossSum, Matrix<f64>), divisor: f64) {
    let expected = &golden()["losses"][name];
    assert_close(loss.sum / divisor, expected["loss"].as_f64().unwrap());
    let grad = matrix(&expected["grad"]);
    assert_eq!(dz.shape(), grad.shape());
    for (&dz, &grad) in dz.iter().zip(&grad) {
        assert_close(dz / divisor, grad);
    }
}

/// Compares with the entry `name` the loss of the logits, of which one row has ±1000, and the classes.
fn check_softmax(name: &str, loss: &SoftmaxCrossEntropy, divisor: f64) {
    let z = matrix(&golden()["logits"]);
    assert_eq!((z.max(), z.min()), (1000.0, -1000.0));
    let classes: Vec<usize> = serde_json::from_value(golden()["classes"].clone()).unwrap();
    let t = one_hot(&classes, z.nrows());
    for targets in [Targets::from(&classes), Targets::from(&t)] {
        let found = loss.gradient((&z).into(), targets);
        assert_eq!(found.0.divisor, divisor);
        check(name, found, divisor);
    }
}

#[test]
fn softmax_cross_entropy() {
    check_softmax("softmax_cross_entropy_mean", &SoftmaxCrossEntropy::new(), 6.0);
}

#[test]
fn softmax_cross_entropy_with_label_smoothing() {
    let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.1);
    check_softmax("softmax_cross_entropy_label_smoothing_0_1_mean", &loss, 6.0);
}

#[test]
fn softmax_cross_entropy_with_class_weights() {
    let weights: Vec<f64> = serde_json::from_value(golden()["class_weights"].clone()).unwrap();
    let loss = SoftmaxCrossEntropy::new().with_class_weights(weights);
    check_softmax("softmax_cross_entropy_class_weights_mean", &loss, 6.25);
}

#[test]
fn binary_cross_entropy_of_logits() {
    let (z, t) = (matrix(&golden()["logits"]), matrix(&golden()["targets"]));
    let found = BinaryCrossEntropy.gradient((&z).into(), (&t).into());
    assert_eq!(found.0.divisor, 24.0);
    check("binary_cross_entropy_with_logits_mean", found, 24.0);
}

#[test]
fn huber_of_four_times_the_outputs() {
    let (y, t) = (4.0 * matrix(&golden()["outputs"]), matrix(&golden()["targets"]));
    let found = Huber::default().gradient((&y).into(), (&t).into());
    assert_eq!(found.0.divisor, 24.0);
    check("huber_delta_1_mean", found, 24.0);
}

#[test]
fn mean_squared_error() {
    let (y, t) = (matrix(&golden()["outputs"]), matrix(&golden()["targets"]));
    let found = MeanSquaredError.gradient((&y).into(), (&t).into());
    assert_eq!(found.0.divisor, 24.0);
    check("mean_squared_error", found, 24.0);
}

#[test]
fn half_squared_error() {
    let (y, t) = (matrix(&golden()["outputs"]), matrix(&golden()["targets"]));
    let found = HalfSquaredError.gradient((&y).into(), (&t).into());
    assert_eq!(found.0.divisor, 6.0);
    // The file has the sum, ours divides by samples.
    check("half_squared_error_sum", found, 1.0);
}
