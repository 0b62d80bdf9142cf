//! What every loss promises: shards, extremes, NaN, and a destination that is overwritten.

use chainrule_losses::{
    BinaryCrossEntropy, CrossEntropyOnProbabilities, HalfSquaredError, Huber, Loss, LossSum,
    MeanSquaredError, SoftmaxCrossEntropy, Targets,
};
use chainrule_tensor::{Float, Matrix, MatrixView, one_hot};

/// Every loss, and last the first again with all its settings.
fn losses<F: Float>(n_classes: usize) -> [Box<dyn Loss<F>>; 7] {
    let weights: Vec<f64> = (1..=n_classes).map(|i| 0.5 * i as f64).collect();
    let set = SoftmaxCrossEntropy::new().with_class_weights(weights);
    [
        Box::new(SoftmaxCrossEntropy::new()),
        Box::new(BinaryCrossEntropy),
        Box::new(HalfSquaredError),
        Box::new(MeanSquaredError),
        Box::new(Huber::new(0.3)),
        Box::new(CrossEntropyOnProbabilities),
        Box::new(set.with_label_smoothing(0.2)),
    ]
}

/// Numbers in 0…1.
fn outputs<F: Float>(n_rows: usize, n_columns: usize) -> Matrix<F> {
    Matrix::from_fn(n_rows, n_columns, |i, j| F::of(((7 * i + 11 * j + 3) % 17) as f64 / 17.0))
}

fn shards_agree<F: Float>() {
    let (n_rows, n_columns) = (10, 25);
    let z = outputs::<F>(n_rows, n_columns);
    let classes: Vec<usize> = (0..n_columns).map(|j| (3 * j + 1) % n_rows).collect();
    let t = one_hot(&classes, n_rows);
    for loss in losses::<F>(n_rows) {
        for targets in [Targets::from(&classes), Targets::from(&t)] {
            let (whole, dz) = loss.gradient((&z).into(), targets);
            for cut in 0..=n_columns {
                let mut sum = LossSum::default();
                for range in [0..cut, cut..n_columns] {
                    let z = MatrixView::from(&z).columns(range.clone());
                    let (shard, d) = loss.gradient(z, targets.columns(range.clone()));
                    let same = MatrixView::from(&dz).columns(range);
                    assert_eq!(
                        d.as_slice(),
                        same.as_slice(),
                        "{}: a sample's gradient is its own",
                        loss.name()
                    );
                    sum += shard;
                }
                assert_eq!(sum.divisor, whole.divisor);
                assert!((sum.sum - whole.sum).abs() <= 1e-14 * whole.sum.abs(), "{}: {sum:?}", loss.name());
            }
        }
    }
}

#[test]
fn shards_agree_with_the_whole() {
    shards_agree::<f32>();
    shards_agree::<f64>();
}

fn extremes<F: Float>() {
    let (big, zero) = (F::of(1000.0), F::zero());
    // All at once, all large, all small, two equal winners.
    let z = [[big, -big, zero], [big, big, big], [-big, -big, -big], [big, big, -big]].concat();
    let z = MatrixView::new(&z, 3, 4);
    let expected = [2000.0, 3.0_f64.ln(), 3.0_f64.ln(), 2.0_f64.ln()];
    let gradients = [1.0, -1.0, 0.0, 1.0, -2.0, 1.0, 1.0, -2.0, 1.0, 1.0, -1.0, 0.0];
    let weights = [1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 2.0, 2.0];
    let classes = [1; 4];
    let t = one_hot(&classes, 3);
    for targets in [Targets::Classes(&classes), Targets::from(&t)] {
        let loss = SoftmaxCrossEntropy::new();
        for (j, expected) in expected.iter().enumerate() {
            let sum = loss.value(z.columns(j..j + 1), targets.columns(j..j + 1)).sum;
            assert!((sum - expected).abs() <= 1e-15 * expected, "{}: {sum}, expected {expected}", F::NAME);
        }
        let (_, dz) = loss.gradient(z, targets);
        for ((dz, g), w) in dz.iter().zip(gradients).zip(weights) {
            let difference = (dz.as_f64() - g / w).abs();
            assert!(difference <= F::epsilon().as_f64(), "{}: {dz:?}, expected {}", F::NAME, g / w);
        }
    }
}

#[test]
fn logits_of_a_thousand_are_exact_and_finite() {
    extremes::<f32>();
    extremes::<f64>();
}

fn nan_is_noticed<F: Float>() {
    let classes = [1, 2];
    let t = one_hot(&classes, 3);
    for position in 0..6 {
        let mut z = outputs::<F>(3, 2);
        z[position] = F::nan();
        for loss in losses::<F>(3) {
            for targets in [Targets::Classes(&classes), Targets::from(&t)] {
                let (sum, _) = loss.gradient((&z).into(), targets);
                assert!(sum.mean().is_nan(), "{} with NaN at {position}: {sum:?}", loss.name());
                assert!(loss.value((&z).into(), targets).mean().is_nan());
            }
        }
    }
    // Nothing but NaN, or nothing but −∞: no distribution either.
    for bad in [F::nan(), F::neg_infinity()] {
        let z = Matrix::from_element(3, 2, bad);
        let loss = SoftmaxCrossEntropy::new().value((&z).into(), Targets::Classes(&classes));
        assert!(loss.mean().is_nan());
    }
}

#[test]
fn nan_is_not_hidden() {
    nan_is_noticed::<f32>();
    nan_is_noticed::<f64>();
}

#[test]
fn the_destination_is_overwritten() {
    let z = outputs::<f64>(3, 2);
    for loss in losses::<f64>(3) {
        let mut dz = Matrix::from_element(3, 2, f64::NAN);
        let sum = loss.gradient_to((&mut dz).into(), (&z).into(), Targets::Classes(&[0, 1]));
        assert_eq!((sum, dz), loss.gradient((&z).into(), Targets::Classes(&[0, 1])));
    }
}

#[test]
fn no_samples_cost_nothing() {
    let z = Matrix::<f32>::zeros(3, 0);
    for loss in losses::<f32>(3) {
        assert_eq!(loss.gradient((&z).into(), Targets::Classes(&[])).0, LossSum::default());
    }
}

#[test]
fn sums_do_not_round_to_the_element_type() {
    // 2²⁴ + 1 is not an f32.
    let y = Matrix::from_column_slice(1, 2, &[4096.0_f32, 1.0]);
    let t = Matrix::zeros(1, 2);
    let loss = MeanSquaredError.value((&y).into(), (&t).into());
    assert_eq!(loss.sum, 16_777_217.0);
}

#[test]
fn names_are_distinct() {
    let mut names = losses::<f32>(3).map(|loss| loss.name()).to_vec();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 6);
}

#[test]
#[should_panic(expected = "shapes of the gradient and of the logits or outputs")]
fn a_gradient_of_another_shape_panics() {
    let (z, mut dz) = (Matrix::<f32>::zeros(3, 2), Matrix::zeros(2, 3));
    SoftmaxCrossEntropy::new().gradient_to((&mut dz).into(), (&z).into(), Targets::Classes(&[0, 1]));
}

#[test]
fn targets_that_do_not_fit_panic_in_every_loss() {
    let (z, t) = (Matrix::<f32>::zeros(3, 2), Matrix::zeros(3, 3));
    for loss in losses::<f32>(3) {
        let value = std::panic::AssertUnwindSafe(|| loss.value((&z).into(), (&t).into()));
        assert!(std::panic::catch_unwind(value).is_err(), "{}", loss.name());
        let gradient = std::panic::AssertUnwindSafe(|| loss.gradient((&z).into(), Targets::Classes(&[0, 3])));
        assert!(std::panic::catch_unwind(gradient).is_err(), "{}", loss.name());
    }
}
