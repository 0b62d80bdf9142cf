//! The trait of all losses: the sum over the samples, the divisor of its mean, and the gradient of the sum.

use std::{
    fmt::Debug,
    iter::Sum,
    ops::{AddAssign, Mul},
};

use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut};

use crate::{Error, Outputs, Targets};

/// A loss summed over some samples, and the divisor that turns the sum into the mean.
///
/// Those of the shards of a mini-batch can be added; the division comes last.
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
    /// What the mean divides by: the number of samples or of elements, or the sum of their weights, whichever the loss
    /// takes.
    pub divisor: f64,
}

impl LossSum {
    /// `sum / divisor`, NaN if nothing was counted.
    pub fn mean(self) -> f64 {
        self.sum / self.divisor
    }
}

impl AddAssign for LossSum {
    fn add_assign(&mut self, other: LossSum) {
        self.sum += other.sum;
        self.divisor += other.divisor;
    }
}

/// Sum and divisor multiplied by the weight of the samples.
impl Mul<f64> for LossSum {
    type Output = LossSum;

    fn mul(self, weight: f64) -> LossSum {
        LossSum { sum: weight * self.sum, divisor: weight * self.divisor }
    }
}

/// In the order of the iterator.
impl Sum for LossSum {
    fn sum<I: Iterator<Item = LossSum>>(shards: I) -> LossSum {
        let mut sum = LossSum::default();
        shards.for_each(|shard| sum += shard);
        sum
    }
}

/// A loss of logits (or of outputs, where it takes no logits).
///
/// `z` is outputs × samples, one column a sample; `t` are the targets. Sums are taken in `f64`, samples in order,
/// whatever `F` is; the gradient is that of the **sum**, so that shards can be added before
/// [`divisor`](LossSum::divisor) divides them. A NaN in `z` gives a loss of NaN.
///
/// A loss of your own needs `name`, `outputs` and `gradient_to`; one that treats all outputs alike is written in fewer
/// lines as an [`Elementwise`](crate::Elementwise) loss.
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
    /// The name of this loss in options, reports and files.
    fn name(&self) -> &'static str;

    /// What `z` means: how it is turned into predictions and classes.
    fn outputs(&self) -> Outputs;

    /// The title of a chart's axis for the mean of this loss, with its unit: `mean loss (nats per sample)`.
    fn axis(&self) -> &'static str {
        "mean loss"
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] or [`Error::Classes`] for the first that is out of range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The same for a network of `n_outputs` outputs: refuses a number that the loss, or its settings, cannot be used
    /// with, too.
    ///
    /// # Errors
    /// As [`check`](Loss::check); [`Error::Classes`] for the number of outputs.
    fn check_outputs(&self, _n_outputs: usize) -> Result<(), Error> {
        self.check()
    }

    /// The loss of `z`, with the same bits as that of [`gradient_to`](Loss::gradient_to).
    ///
    /// # Panics
    /// Unless the targets [fit](Targets::assert_fit) `z` and the settings pass [`check`](Loss::check).
    #[track_caller]
    fn value(&self, z: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        self.gradient(z, t).0
    }

    /// The loss of `z`, and into `dz` the gradient of its sum with respect to `z`. Nothing is allocated.
    ///
    /// # Panics
    /// As [`value`](Loss::value), and unless `dz` has the shape of `z`.
    #[track_caller]
    fn gradient_to(&self, dz: MatrixViewMut<'_, F>, z: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum;

    /// The loss of `z`, and the gradient of its sum in a new matrix of the shape of `z`.
    ///
    /// # Panics
    /// As [`value`](Loss::value).
    #[track_caller]
    fn gradient(&self, z: MatrixView<'_, F>, t: Targets<'_, F>) -> (LossSum, Matrix<F>) {
        let mut dz = Matrix::zeros(z.n_rows(), z.n_columns());
        let loss = self.gradient_to((&mut dz).into(), z, t);
        (loss, dz)
    }

    /// The loss of `z` in which sample `j` counts `weights[j]` times, as if there were that many copies of it.
    ///
    /// Sum **and divisor** of every sample are multiplied by its weight, so the mean is the weighted mean: it is
    /// divided by the sum of the weights (times the number of outputs or the class weight, where the divisor counts
    /// those), as scikit-learn's `sample_weight` does, and multiplying all weights by the same number changes nothing. A
    /// shard takes its part of the weights as it takes its [`columns`](Targets::columns) of the targets.
    ///
    /// # Panics
    /// As [`value`](Loss::value), and unless there is a weight for every sample, and all are finite and not below 0.
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
    fn weighted_value(&self, z: MatrixView<'_, F>, t: Targets<'_, F>, weights: &[F]) -> LossSum {
        t.assert_fit(z);
        assert_weights(z, weights);
        let of_sample = |j| self.value(z.columns(j..j + 1), t.columns(j..j + 1)) * weights[j].as_f64();
        (0..weights.len()).map(of_sample).sum()
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
        t: Targets<'_, F>,
        weights: &[F],
    ) -> LossSum {
        assert_shapes(&dz, z, t);
        assert_weights(z, weights);
        let of_sample = |j| {
            let (dz, weight) = (dz.column_mut(j), weights[j]);
            let column = MatrixViewMut::new(dz, z.n_rows(), 1);
            let loss = self.gradient_to(column, z.columns(j..j + 1), t.columns(j..j + 1));
            dz.iter_mut().for_each(|dz| *dz *= weight);
            loss * weight.as_f64()
        };
        (0..weights.len()).map(of_sample).sum()
    }
}

/// Asserts that there is a weight for every sample, finite and not below 0.
#[track_caller]
fn assert_weights<F: Float>(z: MatrixView<'_, F>, weights: &[F]) {
    let n_samples = z.n_columns();
    assert!(weights.len() == n_samples, "the weights of {} samples, expected {n_samples}", weights.len());
    if let Some(j) = weights.iter().position(|w| !(*w >= F::zero() && w.is_finite())) {
        panic!("weight {weight:?} of sample {j}, expected a finite number not below 0", weight = weights[j]);
    }
}

/// Asserts what every `gradient_to` demands.
#[track_caller]
pub(crate) fn assert_shapes<F: Float>(dz: &MatrixViewMut<'_, F>, z: MatrixView<'_, F>, t: Targets<'_, F>) {
    assert_eq!(dz.shape(), z.shape(), "shapes of the gradient and of the logits or outputs");
    t.assert_fit(z);
}
