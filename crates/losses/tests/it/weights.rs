//! Weights of samples, which every loss takes: a sample of weight w is w samples.

use chainrule_gradcheck::Check;
use chainrule_losses::{
    BinaryCrossEntropy, CrossEntropyOnProbabilities, HalfSquaredError, Huber, Loss, LossSum,
    MeanSquaredError, Outputs, SoftmaxCrossEntropy, Targets,
};
use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut, one_hot};

const CLASSES: [usize; 4] = [2, 0, 1, 1];

fn losses<F: Float>() -> [Box<dyn Loss<F>>; 7] {
    let set = SoftmaxCrossEntropy::new().with_class_weights([0.5, 1.0, 2.0]);
    [
        Box::new(SoftmaxCrossEntropy::new()),
        Box::new(set.with_label_smoothing(0.2)),
        Box::new(BinaryCrossEntropy),
        Box::new(HalfSquaredError),
        Box::new(MeanSquaredError),
        Box::new(Huber::new(0.3)),
        Box::new(CrossEntropyOnProbabilities),
    ]
}

/// Numbers between 0 and 1.
fn outputs<F: Float>() -> Matrix<F> {
    Matrix::from_fn(3, 4, |i, j| F::of((1 + (7 * i + 5 * j) % 12) as f64 / 13.0))
}

/// The loss, and the gradient in a new matrix.
fn weighted<F: Float>(
    loss: &dyn Loss<F>,
    z: MatrixView<'_, F>,
    targets: Targets<'_, F>,
    weights: &[F],
) -> (LossSum, Matrix<F>) {
    let mut dz = Matrix::from_element(z.n_rows(), z.n_columns(), F::nan());
    let sum = loss.weighted_gradient_to((&mut dz).into(), z, targets, weights);
    assert_eq!(sum, loss.weighted_value(z, targets, weights), "{}", loss.name());
    (sum, dz)
}

fn assert_close(name: &str, found: LossSum, expected: LossSum) {
    assert_eq!(found.divisor, expected.divisor, "{name}");
    let difference = (found.sum - expected.sum).abs();
    assert!(difference <= 1e-14 * expected.sum.abs(), "{name}: {found:?}, expected {expected:?}");
}

fn weights_are_copies<F: Float>() {
    let z = outputs::<F>();
    let weights = [F::of(3.0), F::zero(), F::one(), F::of(2.0)];
    let copies = [0, 0, 0, 2, 3, 3];
    let repeated = z.select_columns(&copies);
    let classes = copies.map(|j| CLASSES[j]);
    for loss in losses::<F>() {
        let (t, repeated_t) = (one_hot(&CLASSES, 3), one_hot(&classes, 3));
        for (targets, repeated_targets) in [
            (Targets::Classes(&CLASSES), Targets::Classes(&classes)),
            (Targets::from(&t), Targets::from(&repeated_t)),
        ] {
            let (sum, dz) = weighted(&*loss, (&z).into(), targets, &weights);
            assert_close(loss.name(), sum, loss.value((&repeated).into(), repeated_targets));
            let (_, unweighted) = loss.gradient((&z).into(), targets);
            for ((dz, unweighted), &weight) in dz.column_iter().zip(unweighted.column_iter()).zip(&weights) {
                assert!(dz.iter().zip(unweighted.iter()).all(|(&d, &u)| d == weight * u), "{}", loss.name());
            }
        }
    }
}

#[test]
fn a_sample_of_weight_three_is_three_samples() {
    weights_are_copies::<f32>();
    weights_are_copies::<f64>();
}

#[test]
fn shards_take_their_part_of_the_weights() {
    let z = outputs::<f64>();
    let weights = [0.5, 2.0, 0.25, 4.0];
    for loss in losses::<f64>() {
        let t = one_hot(&CLASSES, 3);
        for targets in [Targets::Classes(&CLASSES), Targets::from(&t)] {
            let (whole, dz) = weighted(&*loss, (&z).into(), targets, &weights);
            for cut in 0..=4 {
                let mut sum = LossSum::default();
                for range in [0..cut, cut..4] {
                    let z = MatrixView::from(&z).columns(range.clone());
                    let shard = targets.columns(range.clone());
                    let (of_shard, d) = weighted(&*loss, z, shard, &weights[range.clone()]);
                    assert_eq!(d.as_slice(), MatrixView::from(&dz).columns(range).as_slice());
                    sum += of_shard;
                }
                assert_close(loss.name(), sum, whole);
            }
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_weighted_sum() {
    let z = outputs::<f64>();
    let weights = [0.5, 2.0, 0.0, 1.5];
    for loss in losses::<f64>() {
        let targets = Targets::Classes(&CLASSES);
        let (start, dz) = weighted(&*loss, (&z).into(), targets, &weights);
        let f = |v: &[f64]| loss.weighted_value(MatrixView::new(v, 3, 4), targets, &weights).sum - start.sum;
        Check::new().run(f, z.as_slice(), dz.as_slice()).named(loss.name()).assert_passed();
        let (_, unweighted) = loss.gradient((&z).into(), targets);
        Check::new().run(f, z.as_slice(), unweighted.as_slice()).named(loss.name()).assert_refused();
    }
}

#[test]
fn the_mean_is_the_weighted_mean() {
    // scikit-learn's log_loss(y, p, sample_weight=[3, 1]): (3·ln 4 + ln 2) / 4.
    let z = Matrix::from_column_slice(2, 2, &[3.0_f64.ln(), 0.0, 5.0, 5.0]);
    let targets = Targets::Classes(&[1, 0]);
    let loss = SoftmaxCrossEntropy::new();
    let mean = loss.weighted_value((&z).into(), targets, &[3.0, 1.0]).mean();
    assert!((mean - (3.0 * 4.0_f64.ln() + 2.0_f64.ln()) / 4.0).abs() <= 1e-15);
    // The scale of the weights does not matter; that of a class multiplies that of the sample.
    assert_eq!(mean, loss.weighted_value((&z).into(), targets, &[12.0, 4.0]).mean());
    let loss = loss.with_class_weights([0.5, 2.0]);
    let sum = loss.weighted_value((&z).into(), targets, &[3.0, 1.0]);
    assert_eq!(sum.divisor, 3.0 * 2.0 + 0.5);
    // Elements are counted where the loss counts them.
    let sum = MeanSquaredError.weighted_value((&z).into(), targets, &[3.0, 1.0]);
    assert_eq!(sum.divisor, 2.0 * 4.0);
}

/// A loss from outside: Σ |y − t|.
#[derive(Debug)]
struct Absolute;

impl Loss<f64> for Absolute {
    fn name(&self) -> &'static str {
        "absolute"
    }

    fn outputs(&self) -> Outputs {
        Outputs::Values
    }

    fn value(&self, y: MatrixView<'_, f64>, targets: Targets<'_, f64>) -> LossSum {
        self.gradient(y, targets).0
    }

    fn gradient_to(
        &self,
        mut dy: MatrixViewMut<'_, f64>,
        y: MatrixView<'_, f64>,
        targets: Targets<'_, f64>,
    ) -> LossSum {
        let mut sum = 0.0;
        for (j, y) in y.column_iter().enumerate() {
            for (i, (dy, y)) in dy.column_mut(j).iter_mut().zip(y).enumerate() {
                *dy = (y - targets.get(i, j)).signum();
                sum += (y - targets.get(i, j)).abs();
            }
        }
        LossSum { sum, divisor: y.n_columns() as f64 }
    }
}

#[test]
fn a_loss_of_ones_own_has_weights_too() {
    let y = Matrix::from_column_slice(1, 2, &[2.0, -3.0]);
    let t = Matrix::zeros(1, 2);
    let (sum, dy) = weighted(&Absolute, (&y).into(), (&t).into(), &[0.5, 4.0]);
    assert_eq!(sum, LossSum { sum: 13.0, divisor: 4.5 });
    assert_eq!(dy.as_slice(), [0.5, -4.0]);
}

#[test]
#[should_panic(expected = "the weights of 3 samples, expected 4")]
fn a_wrong_number_of_weights_panics() {
    HalfSquaredError.weighted_value((&outputs::<f32>()).into(), Targets::Classes(&CLASSES), &[1.0; 3]);
}

#[test]
fn weights_that_are_no_weights_panic() {
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        let z = outputs();
        let value = || {
            HalfSquaredError.weighted_value((&z).into(), Targets::Classes(&CLASSES), &[1.0, 1.0, bad, 1.0])
        };
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(value)).unwrap_err();
        let message = panic.downcast::<String>().unwrap();
        assert_eq!(*message, format!("weight {bad:?} of sample 2, expected a finite number not below 0"));
    }
}
