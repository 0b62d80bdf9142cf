//! What a loss is: a sum over what it counts, the divisor that makes a mean of it, and the gradient of the sum.

use std::{
    fmt::Debug,
    iter::Sum,
    ops::{Add, AddAssign, Mul},
};

use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut, argmax};

use crate::Targets;

/// The sum over what a loss counts, and the divisor that turns it into the mean.
///
/// Both are additive over the shards of a mini-batch; the division comes last.
///
/// # Examples
/// ```
/// use chainrule_losses::LossSum;
/// let shards = [LossSum { sum: 3.0, divisor: 2.0 }, LossSum { sum: 6.0, divisor: 1.0 }];
/// let whole: LossSum = shards.into_iter().sum();
/// assert_eq!(whole.mean(), 3.0);
/// assert!(LossSum::default().mean().is_nan()); // nothing was counted
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossSum {
    /// The sum, not divided by anything.
    pub sum: f64,
    /// What the mean divides by: the number of samples or of elements, or the sum of their weights, as the loss says.
    pub divisor: f64,
}

impl LossSum {
    /// `sum / divisor`, NaN if nothing was counted.
    pub fn mean(self) -> f64 {
        self.sum / self.divisor
    }
}

impl Add for LossSum {
    type Output = LossSum;

    fn add(self, other: LossSum) -> LossSum {
        LossSum { sum: self.sum + other.sum, divisor: self.divisor + other.divisor }
    }
}

impl AddAssign for LossSum {
    fn add_assign(&mut self, other: LossSum) {
        *self = *self + other;
    }
}

/// As if everything had been counted so many times.
impl Mul<f64> for LossSum {
    type Output = LossSum;

    fn mul(self, times: f64) -> LossSum {
        LossSum { sum: times * self.sum, divisor: times * self.divisor }
    }
}

/// In the order of the iterator.
impl Sum for LossSum {
    fn sum<I: Iterator<Item = LossSum>>(shards: I) -> LossSum {
        shards.fold(LossSum::default(), Add::add)
    }
}

/// A loss of logits (or of outputs, where it has none).
///
/// `z` is outputs × samples, one column a sample. Sums are taken in `f64`, samples in order, whatever `F` is;
/// the gradient is that of the **sum**, so that shards can be added before [`divisor`](LossSum::divisor) divides
/// them. A NaN in `z` gives a loss of NaN.
///
/// # Examples
/// ```
/// use chainrule_losses::{HalfSquaredError, Loss, SoftmaxCrossEntropy, Targets};
/// use chainrule_tensor::Matrix;
/// let z = Matrix::from_column_slice(2, 1, &[0.5_f64, 0.5]);
/// let losses: [&dyn Loss<f64>; 2] = [&SoftmaxCrossEntropy::new(), &HalfSquaredError];
/// let means = losses.map(|loss| loss.value((&z).into(), Targets::Classes(&[1])).mean());
/// assert!((means[0] - 2.0_f64.ln()).abs() < 1e-15);
/// assert_eq!(means[1], 0.25); // ½ (0.5² + 0.5²)
/// ```
pub trait Loss<F: Float>: Debug + Send + Sync {
    /// The name by which reports and files call this loss.
    fn name(&self) -> &'static str;

    /// The loss of `z`.
    ///
    /// # Panics
    /// Unless the targets [fit](Targets::assert_fit) `z`.
    #[track_caller]
    fn value(&self, z: MatrixView<'_, F>, targets: Targets<'_, F>) -> LossSum;

    /// The loss of `z`, and into `dz` the gradient of its sum with respect to `z`. Nothing is allocated.
    ///
    /// The loss has the same bits as that of [`value`](Loss::value).
    ///
    /// # Panics
    /// Unless the targets [fit](Targets::assert_fit) `z` and `dz` has the shape of `z`.
    #[track_caller]
    fn gradient_to(&self, dz: MatrixViewMut<'_, F>, z: MatrixView<'_, F>, targets: Targets<'_, F>)
    -> LossSum;

    /// The loss of `z`, and the gradient of its sum in a new matrix of the shape of `z`.
    ///
    /// # Panics
    /// Unless the targets [fit](Targets::assert_fit) `z`.
    #[track_caller]
    fn gradient(&self, z: MatrixView<'_, F>, targets: Targets<'_, F>) -> (LossSum, Matrix<F>) {
        let mut dz = Matrix::zeros(z.n_rows(), z.n_columns());
        let loss = self.gradient_to((&mut dz).into(), z, targets);
        (loss, dz)
    }

    /// Turns `z` into what it predicts: probabilities where it has logits, otherwise the outputs as they are.
    ///
    /// # Panics
    /// Unless `y` has the shape of `z`.
    #[track_caller]
    fn predict_to(&self, mut y: MatrixViewMut<'_, F>, z: MatrixView<'_, F>) {
        assert_eq!(y.shape(), z.shape(), "shapes of the prediction and of the outputs");
        y.as_mut_slice().copy_from_slice(z.as_slice());
    }

    /// The class of sample `j` and the one that `z` predicts; `None` where the targets are no classes, as in regression.
    ///
    /// # Panics
    /// Unless the targets fit `z` and have a sample `j`.
    fn true_and_predicted(
        &self,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
        j: usize,
    ) -> Option<(usize, usize)> {
        match targets {
            Targets::Classes(classes) => Some((classes[j], argmax(z.column(j)))),
            Targets::Values(_) => None,
        }
    }

    /// The loss of `z` in which sample `j` counts `weights[j]` times: as if there were so many copies of it.
    ///
    /// Sum **and divisor** of every sample are multiplied by its weight, so the mean is the weighted mean: it is
    /// divided by the sum of the weights (of elements or of class weights, where the loss counts those), as
    /// scikit-learn's `sample_weight` does, and the scale of the weights does not matter to it. A shard takes its part
    /// of the weights as it takes its [`columns`](Targets::columns) of the targets.
    ///
    /// # Panics
    /// Unless the targets [fit](Targets::assert_fit) `z`, there is a weight for every sample, and all are finite and
    /// not below 0.
    ///
    /// # Examples
    /// ```
    /// use chainrule_losses::{HalfSquaredError, Loss, LossSum};
    /// use chainrule_tensor::Matrix;
    /// let y = Matrix::from_column_slice(1, 2, &[2.0, 4.0]);
    /// let t = Matrix::zeros(1, 2);
    /// let loss = HalfSquaredError.weighted_value((&y).into(), (&t).into(), &[3.0, 0.5]);
    /// assert_eq!(loss, LossSum { sum: 3.0 * 2.0 + 0.5 * 8.0, divisor: 3.5 });
    /// ```
    #[track_caller]
    fn weighted_value(&self, z: MatrixView<'_, F>, targets: Targets<'_, F>, weights: &[F]) -> LossSum {
        targets.assert_fit(z);
        assert_weights(z, weights);
        let of_sample = |(j, weight): (usize, &F)| {
            self.value(z.columns(j..j + 1), targets.columns(j..j + 1)) * weight.as_f64()
        };
        weights.iter().enumerate().map(of_sample).sum()
    }

    /// The loss of [`weighted_value`](Loss::weighted_value), and into `dz` the gradient of its sum: that of
    /// [`gradient_to`](Loss::gradient_to) with every column multiplied by the weight of its sample. Nothing is
    /// allocated.
    ///
    /// # Panics
    /// As [`weighted_value`](Loss::weighted_value), and unless `dz` has the shape of `z`.
    #[track_caller]
    fn weighted_gradient_to(
        &self,
        mut dz: MatrixViewMut<'_, F>,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
        weights: &[F],
    ) -> LossSum {
        assert_shapes(&dz, z, targets);
        assert_weights(z, weights);
        let of_sample = |(j, &weight): (usize, &F)| {
            let dz = dz.column_mut(j);
            let column = MatrixViewMut::new(dz, z.n_rows(), 1);
            let loss = self.gradient_to(column, z.columns(j..j + 1), targets.columns(j..j + 1));
            for dz in dz {
                *dz *= weight;
            }
            loss * weight.as_f64()
        };
        weights.iter().enumerate().map(of_sample).sum()
    }
}

/// What the weights of samples have to be.
#[track_caller]
fn assert_weights<F: Float>(z: MatrixView<'_, F>, weights: &[F]) {
    let n_samples = z.n_columns();
    assert!(weights.len() == n_samples, "the weights of {} samples, expected {n_samples}", weights.len());
    if let Some(j) = weights.iter().position(|w| !(*w >= F::zero() && w.is_finite())) {
        panic!("weight {:?} of sample {j}, expected a finite number not below 0", weights[j]);
    }
}

/// What every `gradient_to` demands.
#[track_caller]
pub(crate) fn assert_shapes<F: Float>(
    dz: &MatrixViewMut<'_, F>,
    z: MatrixView<'_, F>,
    targets: Targets<'_, F>,
) {
    assert_eq!(dz.shape(), z.shape(), "shapes of the gradient and of the logits or outputs");
    targets.assert_fit(z);
}
