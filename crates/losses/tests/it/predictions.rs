//! How outputs are read: as probabilities, as values, and as classes.

use chainrule_losses::{
    BinaryCrossEntropy, HalfSquaredError, Huber, Loss, LossConfig, MeanSquaredError, SoftmaxCrossEntropy,
    Targets,
};
use chainrule_tensor::{Matrix, MatrixView};

fn predict(loss: &dyn Loss<f64>, z: &Matrix<f64>) -> Vec<f64> {
    let mut y = Matrix::from_element(z.nrows(), z.ncols(), f64::NAN);
    loss.predict_to((&mut y).into(), z.into());
    y.as_slice().to_vec()
}

#[test]
fn logits_become_probabilities_and_values_stay() {
    let z = Matrix::from_column_slice(2, 2, &[0.0, 3.0_f64.ln(), 1000.0, -1000.0]);
    let close = |found: Vec<f64>, expected: [f64; 4]| {
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= 1e-15), "{found:?}, {expected:?}");
    };
    close(predict(&SoftmaxCrossEntropy::new(), &z), [0.25, 0.75, 1.0, 0.0]);
    close(predict(&BinaryCrossEntropy, &z), [0.5, 0.75, 1.0, 0.0]);
    for loss in [&MeanSquaredError as &dyn Loss<f64>, &HalfSquaredError, &Huber::default()] {
        assert_eq!(predict(loss, &z), z.as_slice());
    }
    for config in LossConfig::all() {
        let by_itself: &dyn Loss<f64> = match &config {
            LossConfig::SoftmaxCrossEntropy(loss) => loss,
            LossConfig::BinaryCrossEntropy => &BinaryCrossEntropy,
            _ => &MeanSquaredError,
        };
        assert_eq!(predict(&config, &z), predict(by_itself, &z));
    }
}

#[test]
fn classes_by_the_largest_logit_and_yes_above_a_half() {
    let z = MatrixView::new(&[1.0, 3.0, 2.0, 5.0, 4.0, -1.0], 3, 2);
    let classes = Targets::Classes(&[2, 0]);
    for loss in [&SoftmaxCrossEntropy::new() as &dyn Loss<f64>, &BinaryCrossEntropy, &MeanSquaredError] {
        let found = [0, 1].map(|j| loss.true_and_predicted(z, classes, j));
        assert_eq!(found, [Some((2, 1)), Some((0, 0))], "{}", loss.name());
    }
    let soft = Targets::Values(MatrixView::new(&[0.2, 0.7, 0.1, 0.0, 0.1, 0.9], 3, 2));
    let found = [0, 1].map(|j| SoftmaxCrossEntropy::new().true_and_predicted(z, soft, j));
    assert_eq!(found, [Some((1, 1)), Some((2, 0))]);
    assert_eq!(MeanSquaredError.true_and_predicted(z, soft, 0), None);
    assert_eq!(BinaryCrossEntropy.true_and_predicted(z, soft, 0), None);

    let (z, t) = (MatrixView::new(&[0.1, -0.1, 0.0], 1, 3), MatrixView::new(&[0.0, 0.0, 1.0], 1, 3));
    let found = [0, 1, 2].map(|j| BinaryCrossEntropy.true_and_predicted(z, Targets::Values(t), j));
    assert_eq!(found, [Some((0, 1)), Some((0, 0)), Some((1, 0))]);
}
