//! Every loss against central differences in `f64`, and wrong gradients that must be refused.

use chainrule_gradcheck::{Check, Report, Step};
use chainrule_losses::{
    BinaryCrossEntropy, CrossEntropyOnProbabilities, HalfSquaredError, Huber, Loss, MeanSquaredError,
    SoftmaxCrossEntropy, Targets,
};
use chainrule_tensor::{
    Matrix, MatrixView, one_hot,
    random::{Purpose, generator, uniform},
};

const SHAPES: [(usize, usize); 6] = [(1, 1), (2, 1), (10, 7), (3, 33), (1, 5), (10, 25)];

/// Numbers in `low..high`, another matrix for every salt.
fn random(shape: (usize, usize), low: f64, high: f64, salt: u64) -> Matrix<f64> {
    let mut rng = generator(1, Purpose::Draw, salt, 0);
    Matrix::from_fn(shape.0, shape.1, |_, _| low + (high - low) * uniform(&mut rng))
}

/// Columns that sum to 1.
fn distributions(shape: (usize, usize)) -> Matrix<f64> {
    let mut t = random(shape, 0.1, 1.0, 2);
    for mut column in t.column_iter_mut() {
        let sum = column.sum();
        column /= sum;
    }
    t
}

fn classes((n_classes, n_samples): (usize, usize)) -> Vec<usize> {
    (0..n_samples).map(|j| (7 * j + 3) % n_classes).collect()
}

/// Checks `dz` as the gradient of the sum over the samples.
///
/// What is differentiated is the sum of every sample's change since `z`: the rounding of a sum over 33 samples,
/// divided by the step, would outweigh the derivatives of single logits. The step suits the third derivatives here.
fn check(loss: &dyn Loss<f64>, z: &Matrix<f64>, targets: Targets<'_, f64>, dz: &Matrix<f64>) -> Report {
    let of_sample =
        |z: MatrixView<'_, f64>, j| loss.value(z.columns(j..j + 1), targets.columns(j..j + 1)).sum;
    let f = |v: &[f64]| {
        let v = MatrixView::new(v, z.nrows(), z.ncols());
        (0..z.ncols()).map(|j| of_sample(v, j) - of_sample(z.into(), j)).sum()
    };
    let name = format!("{} of {}×{}", loss.name(), z.nrows(), z.ncols());
    Check::new().step(Step::Fixed(3e-5)).run(f, z.as_slice(), dz.as_slice()).named(name)
}

/// The loss's own gradient passes; value and gradient agree to the bit on the value.
fn assert_right(loss: &dyn Loss<f64>, z: &Matrix<f64>, targets: Targets<'_, f64>) -> Matrix<f64> {
    let (sum, dz) = loss.gradient(z.into(), targets);
    assert_eq!(sum, loss.value(z.into(), targets));
    check(loss, z, targets, &dz).assert_passed();
    dz
}

/// Mistakes that any gradient must not survive.
fn assert_usual_mistakes_refused(
    loss: &dyn Loss<f64>,
    z: &Matrix<f64>,
    targets: Targets<'_, f64>,
    dz: &Matrix<f64>,
) {
    check(loss, z, targets, dz).assert_passed();
    let (n_rows, n_columns) = dz.shape();
    let transposed = Matrix::from_column_slice(n_rows, n_columns, dz.transpose().as_slice());
    let mut one_entry_off = dz.clone();
    let largest = dz.iamax_full();
    one_entry_off[largest] *= 1.0 + 1e-6;
    for wrong in [-dz, 2.0 * dz, dz / n_columns as f64, transposed, one_entry_off] {
        check(loss, z, targets, &wrong).assert_refused();
    }
}

#[test]
fn softmax_cross_entropy() {
    let loss = SoftmaxCrossEntropy::new();
    for shape in SHAPES {
        let (z, t, classes) = (random(shape, -2.0, 2.0, 1), distributions(shape), classes(shape));
        assert_right(&loss, &z, Targets::Classes(&classes));
        assert_right(&loss, &z, Targets::from(&t));
        // Columns that sum to 3: here the gradient is softmax(z)·Σt − t, and not softmax(z) − t.
        let tripled = 3.0 * &t;
        let dz = assert_right(&loss, &z, Targets::from(&tripled));
        if shape.0 > 1 {
            let softmax = (&dz + &tripled) / 3.0;
            check(&loss, &z, Targets::from(&tripled), &(&softmax - &tripled)).assert_refused();
            // The term −t missing.
            check(&loss, &z, Targets::Classes(&classes), &softmax).assert_refused();
            check(&loss, &z, Targets::Classes(&classes), &(&softmax - one_hot(&classes, shape.0)))
                .assert_passed();
        }
    }
}

/// Weights 0.7, 1.4, 2.1, … of the classes, none of them 1.
fn class_weights(n_classes: usize) -> Vec<f64> {
    (1..=n_classes).map(|i| 0.7 * i as f64).collect()
}

#[test]
fn softmax_cross_entropy_smoothed_and_weighted() {
    for shape in SHAPES {
        let smoothed = SoftmaxCrossEntropy::new().with_label_smoothing(0.2);
        let weighted = SoftmaxCrossEntropy::new().with_class_weights(class_weights(shape.0));
        let both = weighted.clone().with_label_smoothing(0.2);
        let (z, t, classes) = (random(shape, -2.0, 2.0, 1), distributions(shape), classes(shape));
        for loss in [smoothed, weighted, both] {
            assert_right(&loss, &z, Targets::Classes(&classes));
            assert_right(&loss, &z, Targets::from(&t));
            if shape.0 > 1 {
                // The setting forgotten.
                let (_, plain) = SoftmaxCrossEntropy::new().gradient((&z).into(), Targets::Classes(&classes));
                check(&loss, &z, Targets::Classes(&classes), &plain).assert_refused();
            }
        }
    }
}

#[test]
fn binary_cross_entropy() {
    for shape in SHAPES {
        let (z, t) = (random(shape, -3.0, 3.0, 1), random(shape, 0.0, 1.0, 2));
        assert_right(&BinaryCrossEntropy, &z, Targets::from(&t));
        let dz = assert_right(&BinaryCrossEntropy, &z, Targets::Classes(&classes(shape)));
        // The term −t missing.
        let sigmoid = dz + one_hot(&classes(shape), shape.0);
        check(&BinaryCrossEntropy, &z, Targets::Classes(&classes(shape)), &sigmoid).assert_refused();
    }
}

#[test]
fn binary_cross_entropy_with_weights_of_yes() {
    for shape in SHAPES {
        let (z, t) = (random(shape, -3.0, 3.0, 1), random(shape, 0.0, 1.0, 2));
        for weights in [vec![4.0], class_weights(shape.0)] {
            let loss = BinaryCrossEntropy.with_pos_weight(weights);
            assert_right(&loss, &z, Targets::from(&t));
            assert_right(&loss, &z, Targets::Classes(&classes(shape)));
            // The weights forgotten.
            let (_, plain) = BinaryCrossEntropy.gradient((&z).into(), (&t).into());
            check(&loss, &z, Targets::from(&t), &plain).assert_refused();
        }
    }
}

#[test]
fn huber_on_both_sides_of_delta() {
    for (delta, shape) in [0.3, 1.0].into_iter().flat_map(|delta| SHAPES.map(|shape| (delta, shape))) {
        let loss = Huber::new(delta);
        // Distances from 0.2 to 1.2 of either sign, none at δ itself.
        let t = random(shape, -0.5, 0.1, 2);
        let distance = random(shape, 0.2, 1.2, 1).zip_map(&random(shape, -1.0, 1.0, 3), |d, side| {
            let d = if (d - delta).abs() < 1e-3 { d + 0.01 } else { d };
            d.copysign(side)
        });
        let y = &t + distance;
        let dy = assert_right(&loss, &y, Targets::from(&t));
        if shape.0 * shape.1 > 9 {
            // The squared error's gradient, without the bend.
            check(&loss, &y, Targets::from(&t), &(&y - &t)).assert_refused();
            check(&loss, &y, Targets::from(&t), &(2.0 * dy)).assert_refused();
        }
    }
}

#[test]
fn squared_errors() {
    let losses: [&dyn Loss<f64>; 2] = [&HalfSquaredError, &MeanSquaredError];
    for loss in losses {
        for shape in SHAPES {
            // Differences well above 0, where the rounding of the sum would be all there is.
            let (y, t) = (random(shape, 0.2, 0.8, 1), random(shape, -0.5, 0.1, 2));
            assert_right(loss, &y, Targets::from(&t));
            assert_right(loss, &y, Targets::Classes(&classes(shape)));
        }
    }
}

#[test]
fn cross_entropy_on_probabilities() {
    for shape in SHAPES {
        let (y, t) = (random(shape, 0.2, 0.9, 1), distributions(shape));
        assert_right(&CrossEntropyOnProbabilities, &y, Targets::from(&t));
        assert_right(&CrossEntropyOnProbabilities, &y, Targets::Classes(&classes(shape)));
    }
}

#[test]
fn wrong_gradients_are_refused() {
    let shape = (10, 7);
    let (y, classes) = (random(shape, 0.2, 0.9, 1), classes(shape));
    let set = SoftmaxCrossEntropy::new().with_class_weights(class_weights(shape.0));
    let losses: [&dyn Loss<f64>; 8] = [
        &SoftmaxCrossEntropy::new(),
        &set.with_label_smoothing(0.2),
        &BinaryCrossEntropy,
        &BinaryCrossEntropy.with_pos_weight([4.0]),
        &HalfSquaredError,
        &MeanSquaredError,
        &Huber::new(0.25),
        &CrossEntropyOnProbabilities,
    ];
    for loss in losses {
        let targets = Targets::Classes(&classes);
        let (_, dz) = loss.gradient((&y).into(), targets);
        assert_usual_mistakes_refused(loss, &y, targets, &dz);
    }
}
