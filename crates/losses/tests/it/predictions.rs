//! How outputs are read: as probabilities, as values, and as classes.

use chainrule_losses::{
    BinaryCrossEntropy, HalfSquaredError, Huber, Loss, LossConfig, MeanSquaredError, Outputs,
    SoftmaxCrossEntropy, Targets,
};
use chainrule_tensor::{Matrix, MatrixView};

fn predict(loss: &dyn Loss<f64>, z: &Matrix<f64>) -> Vec<f64> {
    let mut y = Matrix::from_element(z.nrows(), z.ncols(), f64::NAN);
    loss.outputs().predict_to((&mut y).into(), z.into());
    y.as_slice().to_vec()
}

fn outputs(loss: &dyn Loss<f64>) -> Outputs {
    loss.outputs()
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
        assert_eq!(predict(config.loss(), &z), predict(by_itself, &z));
    }
}

#[test]
fn classes_by_the_largest_logit_and_yes_above_a_half() {
    let z = MatrixView::new(&[1.0, 3.0, 2.0, 5.0, 4.0, -1.0], 3, 2);
    let classes = Targets::Classes(&[2, 0]);
    for loss in [&SoftmaxCrossEntropy::new() as &dyn Loss<f64>, &BinaryCrossEntropy, &MeanSquaredError] {
        let found = [0, 1].map(|j| loss.outputs().true_and_predicted(z, classes, j));
        assert_eq!(found, [Some((2, 1)), Some((0, 0))], "{}", loss.name());
    }
    let soft = Targets::Values(MatrixView::new(&[0.2, 0.7, 0.1, 0.0, 0.1, 0.9], 3, 2));
    let found = [0, 1].map(|j| outputs(&SoftmaxCrossEntropy::new()).true_and_predicted(z, soft, j));
    assert_eq!(found, [Some((1, 1)), Some((2, 0))]);
    assert_eq!(outputs(&MeanSquaredError).true_and_predicted(z, soft, 0), None);
    assert_eq!(outputs(&BinaryCrossEntropy).true_and_predicted(z, soft, 0), None);

    let (z, t) = (MatrixView::new(&[0.1, -0.1, 0.0], 1, 3), MatrixView::new(&[0.0, 0.0, 1.0], 1, 3));
    let found = [0, 1, 2].map(|j| outputs(&BinaryCrossEntropy).true_and_predicted(z, Targets::Values(t), j));
    assert_eq!(found, [Some((0, 1)), Some((0, 0)), Some((1, 0))]);
}

#[test]
fn a_single_label_is_two_classes() {
    let (classes, labels, values) =
        (outputs(&SoftmaxCrossEntropy::new()), outputs(&BinaryCrossEntropy), outputs(&MeanSquaredError));
    let n_classes = |n_outputs| [classes, labels, values].map(|outputs| outputs.n_classes(n_outputs));
    assert_eq!(n_classes(1), [Some(1), Some(2), None]);
    assert_eq!(n_classes(3), [Some(3), None, None]);
    assert_eq!(labels.of_classes(&[0.75]), [0.25, 0.75]);
    assert_eq!(labels.of_classes(&[0.75, 0.5]), [0.75, 0.5]);
    assert_eq!(values.of_classes(&[0.75]), [0.75]);
    // Of a logit, and of its probability.
    for (z, y, class) in [(0.1, 0.6, 1), (0.0, 0.5, 0), (-0.1, 0.4, 0), (f64::NAN, f64::NAN, 0)] {
        assert_eq!((labels.class(&[z]), labels.class_of_prediction(&[y])), (class, class), "{z}");
    }
    assert_eq!([classes.class(&[7.0]), values.class(&[7.0])], [0, 0]);
}

#[test]
fn equal_probabilities_of_large_logits_are_told_apart_by_the_logits() {
    let z = Matrix::from_column_slice(2, 1, &[50.0, 60.0]);
    let y = predict(&BinaryCrossEntropy, &z);
    assert_eq!(y, [1.0, 1.0]);
    let labels = outputs(&BinaryCrossEntropy);
    assert_eq!((labels.class(z.as_slice()), labels.class_of_prediction(&y)), (1, 0));
}

#[test]
fn every_loss_says_what_outputs_mean() {
    for config in LossConfig::all() {
        let outputs = config.outputs();
        let expected = match config.name() {
            "softmax-cross-entropy" => (Outputs::ClassProbabilities, "softmax", true),
            "binary-cross-entropy" => (Outputs::LabelProbabilities, "sigmoid", true),
            _ => (Outputs::Values, "identity", false),
        };
        assert_eq!((outputs, outputs.function(), outputs.are_probabilities()), expected);
    }
}
