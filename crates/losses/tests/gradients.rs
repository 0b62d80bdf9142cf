//! Every loss against central differences in `f64`, and wrong gradients that must be refused.

use chainrule_gradcheck::{Check, Report, Step};
use chainrule_losses::{
    CrossEntropyOnProbabilities, HalfSquaredError, Loss, MeanSquaredError, SoftmaxCrossEntropy, Targets,
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
    let losses: [&dyn Loss<f64>; 4] =
        [&SoftmaxCrossEntropy::new(), &HalfSquaredError, &MeanSquaredError, &CrossEntropyOnProbabilities];
    for loss in losses {
        let targets = Targets::Classes(&classes);
        let (_, dz) = loss.gradient((&y).into(), targets);
        assert_usual_mistakes_refused(loss, &y, targets, &dz);
    }
}
