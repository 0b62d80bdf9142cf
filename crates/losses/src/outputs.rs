//! What the outputs of a network mean: probabilities of classes, probabilities of labels, or values.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut, argmax, math::sigmoid_pair, softmax_to};

use crate::Targets;

/// What outputs mean. A loss [says it](crate::Loss::outputs); predictions, classes, file formats and charts ask it and
/// need not know the loss.
///
/// `z` are the outputs as the loss takes them, `y` the predictions made from them.
///
/// # Examples
/// ```
/// use chainrule_losses::{Loss, Outputs, SoftmaxCrossEntropy};
/// use chainrule_tensor::Matrix;
/// let outputs = Loss::<f64>::outputs(&SoftmaxCrossEntropy::new());
/// assert_eq!(outputs, Outputs::ClassProbabilities);
/// let z = Matrix::from_column_slice(2, 1, &[0.0, 3.0_f64.ln()]); // odds of 1 : 3
/// let mut y = Matrix::zeros(2, 1);
/// outputs.predict_to((&mut y).into(), (&z).into());
/// assert!((y[0] - 0.25).abs() < 1e-15 && (y[1] - 0.75).abs() < 1e-15);
/// assert_eq!(outputs.class(z.as_slice()), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// Logits of classes that exclude each other: softmax gives their probabilities, which sum to 1.
    ClassProbabilities,
    /// Logits of labels that are independent of each other: the sigmoid of each is the probability of yes.
    LabelProbabilities,
    /// Values as they are.
    Values,
}

impl Outputs {
    /// Whether predictions are probabilities.
    pub fn are_probabilities(self) -> bool {
        self != Outputs::Values
    }

    /// The function that makes predictions of outputs: `softmax`, `sigmoid` or `identity`.
    pub fn function(self) -> &'static str {
        match self {
            Outputs::ClassProbabilities => "softmax",
            Outputs::LabelProbabilities => "sigmoid",
            Outputs::Values => "identity",
        }
    }

    /// The predictions for outputs `z`, outputs × samples: softmax(z), σ(z) or z.
    ///
    /// # Panics
    /// Unless `y` has the shape of `z`.
    #[track_caller]
    pub fn predict_to<F: Float>(self, mut y: MatrixViewMut<'_, F>, z: MatrixView<'_, F>) {
        assert_eq!(y.shape(), z.shape(), "shapes of the predictions and of the outputs");
        match self {
            Outputs::ClassProbabilities => softmax_to(y, z),
            Outputs::LabelProbabilities => {
                for (y, &z) in y.as_mut_slice().iter_mut().zip(z.as_slice()) {
                    (*y, _) = sigmoid_pair(z);
                }
            }
            Outputs::Values => y.as_mut_slice().copy_from_slice(z.as_slice()),
        }
    }

    /// The number of classes of a network with `n_outputs` outputs: as many, or two if it is a single label.
    /// `None` for several labels and for values.
    pub fn n_classes(self, n_outputs: usize) -> Option<usize> {
        match self {
            Outputs::ClassProbabilities => Some(n_outputs),
            Outputs::LabelProbabilities if n_outputs == 1 => Some(2),
            _ => None,
        }
    }

    /// Whether the outputs `z` of one sample predict anything. With a NaN among them they don't, whatever the others are: a
    /// class that is found all the same is not a right one.
    pub fn is_decided<F: Float>(self, z: &[F]) -> bool {
        !z.iter().any(|z| z.is_nan())
    }

    /// The class that the outputs `z` of one sample predict: that of the largest; of a single label, 1 where yes is more
    /// likely than no, else 0.
    ///
    /// Of values, it is that of the largest too: a network may have been trained with one-hot columns.
    pub fn class<F: Float>(self, z: &[F]) -> usize {
        self.class_above(z, F::zero())
    }

    /// The same from the predictions `y` of one sample, or from its target. Where outputs differ by so little, or are so
    /// large, that their probabilities are equal, it is the first class.
    pub fn class_of_prediction<F: Float>(self, y: &[F]) -> usize {
        self.class_above(y, F::of(0.5))
    }

    fn class_above<F: Float>(self, values: &[F], even: F) -> usize {
        match (self, values) {
            (Outputs::LabelProbabilities, [yes]) => usize::from(*yes > even),
            _ => argmax(values),
        }
    }

    /// The prediction for every class: the predictions `y` of one sample, but of a single label those of no and yes.
    pub fn of_classes<F: Float>(self, y: &[F]) -> Vec<F> {
        match (self, y) {
            (Outputs::LabelProbabilities, &[yes]) => vec![F::one() - yes, yes],
            _ => y.to_vec(),
        }
    }

    /// The true class of sample `j` and the one that `z` predicts; `None` where the targets are no classes, as in
    /// regression.
    ///
    /// # Panics
    /// Unless the targets fit `z` and have a sample `j`.
    #[track_caller]
    pub fn true_and_predicted<F: Float>(
        self,
        z: MatrixView<'_, F>,
        t: Targets<'_, F>,
        j: usize,
    ) -> Option<(usize, usize)> {
        let z_j = z.column(j);
        match t {
            Targets::Classes(classes) => Some((classes[j], argmax(z_j))),
            Targets::Values(t) => {
                self.n_classes(z.n_rows()).map(|_| (self.class_of_prediction(t.column(j)), self.class(z_j)))
            }
        }
    }
}
