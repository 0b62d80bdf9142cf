//! Targets of samples: classes or values, one entry or column per sample.

use std::ops::Range;

use crate::{Float, Matrix, MatrixView, MatrixViewMut};

/// The targets of a mini-batch.
///
/// Every loss takes both forms. A class *c* means the one-hot column: 1 in row *c*, 0 elsewhere.
///
/// # Examples
/// ```
/// use chainrule_tensor::Targets;
/// let classes = vec![2, 0, 1];
/// let targets = Targets::<f32>::from(&classes);
/// assert_eq!(targets.n_samples(), 3);
/// assert_eq!((targets.get(2, 0), targets.get(0, 0)), (1.0, 0.0)); // row 2 and row 0 of sample 0
/// assert_eq!(targets.columns(1..3), Targets::Classes(&[0, 1]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Targets<'a, F> {
    /// The class of every sample, counted from 0.
    Classes(&'a [usize]),
    /// Outputs × samples: values to approximate, or the probability of every class.
    Values(MatrixView<'a, F>),
}

impl<'a, F: Float> Targets<'a, F> {
    /// How many samples these are the targets of.
    #[inline]
    pub fn n_samples(self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Values(values) => values.n_columns(),
        }
    }

    /// The targets of the samples `range`, for a shard.
    ///
    /// # Panics
    /// Unless `range.start <= range.end <= n_samples`.
    #[track_caller]
    pub fn columns(self, range: Range<usize>) -> Self {
        match self {
            Targets::Classes(classes) => Targets::Classes(&classes[range]),
            Targets::Values(values) => Targets::Values(values.columns(range)),
        }
    }

    /// The target of output `i` in sample `j`; of classes, their one-hot columns.
    ///
    /// # Panics
    /// Unless `j < n_samples` and, of values, `i` is a row of theirs.
    #[inline]
    #[track_caller]
    pub fn get(self, i: usize, j: usize) -> F {
        match self {
            Targets::Classes(classes) if classes[j] == i => F::one(),
            Targets::Classes(_) => F::zero(),
            Targets::Values(values) => values.column(j)[i],
        }
    }

    /// Asserts that these can be the targets of `z`: what every loss demands.
    ///
    /// # Panics
    /// Unless values have the shape of `z`; of classes, unless there are `z.n_columns()` and all are below
    /// `z.n_rows()`.
    #[track_caller]
    pub fn assert_fit(self, z: MatrixView<'_, F>) {
        let (n_rows, n_columns) = z.shape();
        match self {
            Targets::Classes(classes) => {
                assert!(
                    classes.len() == n_columns,
                    "the classes of {} samples, expected {n_columns} for {n_rows}×{n_columns} outputs",
                    classes.len()
                );
                if let Some(j) = classes.iter().position(|&class| class >= n_rows) {
                    panic!("class {} of sample {j}, expected below {n_rows}", classes[j]);
                }
            }
            Targets::Values(t) => {
                let (t_rows, t_columns) = t.shape();
                assert!(
                    t.shape() == z.shape(),
                    "{t_rows}×{t_columns} targets, expected {n_rows}×{n_columns} as the outputs",
                );
            }
        }
    }
}

impl<'a, F: Float> From<&'a [usize]> for Targets<'a, F> {
    fn from(classes: &'a [usize]) -> Self {
        Targets::Classes(classes)
    }
}

impl<'a, F: Float> From<&'a Vec<usize>> for Targets<'a, F> {
    fn from(classes: &'a Vec<usize>) -> Self {
        Targets::Classes(classes)
    }
}

impl<'a, F: Float, const N: usize> From<&'a [usize; N]> for Targets<'a, F> {
    fn from(classes: &'a [usize; N]) -> Self {
        Targets::Classes(classes)
    }
}

impl<'a, F: Float> From<MatrixView<'a, F>> for Targets<'a, F> {
    fn from(values: MatrixView<'a, F>) -> Self {
        Targets::Values(values)
    }
}

impl<'a, F: Float> From<&'a Matrix<F>> for Targets<'a, F> {
    fn from(values: &'a Matrix<F>) -> Self {
        Targets::Values(values.into())
    }
}

/// The memory of [`Targets`] that is filled again and again: those of a mini-batch, gathered.
///
/// # Examples
/// ```
/// use chainrule_tensor::{TargetBuffer, Targets};
/// let mut buffer = TargetBuffer::<f32>::new();
/// buffer.classes_mut().extend([2, 0]);
/// assert_eq!(buffer.as_targets(), Targets::Classes(&[2, 0]));
/// buffer.values_mut(1, 2).as_mut_slice().copy_from_slice(&[0.5, 1.5]);
/// assert_eq!(buffer.as_targets().n_samples(), 2);
/// buffer.weights_mut().extend([3.0, 0.5]); // how much each sample counts
/// assert_eq!(buffer.weights(), Some(&[3.0, 0.5][..]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TargetBuffer<F> {
    classes: Vec<usize>,
    values: Vec<F>,
    /// One per sample; none if all count alike.
    weights: Vec<F>,
    /// Rows and columns of the values, if it is values that were written last.
    shape: Option<(usize, usize)>,
}

impl<F: Float> TargetBuffer<F> {
    /// An empty buffer of classes.
    pub fn new() -> Self {
        TargetBuffer { classes: Vec::new(), values: Vec::new(), weights: Vec::new(), shape: None }
    }

    /// Makes the buffer hold classes, none at first, for the caller to push: one per sample. All samples count alike.
    pub fn classes_mut(&mut self) -> &mut Vec<usize> {
        self.weights.clear();
        self.shape = None;
        self.classes.clear();
        &mut self.classes
    }

    /// Makes the buffer hold `n_outputs × n_samples` values, for the caller to write: what they are before is not said.
    /// All samples count alike.
    pub fn values_mut(&mut self, n_outputs: usize, n_samples: usize) -> MatrixViewMut<'_, F> {
        self.weights.clear();
        self.shape = Some((n_outputs, n_samples));
        self.values.resize(n_outputs * n_samples, F::zero());
        MatrixViewMut::new(&mut self.values, n_outputs, n_samples)
    }

    /// Adds those of more samples.
    ///
    /// # Panics
    /// If one are classes and the other values, or these have another number of outputs.
    ///
    /// # Examples
    /// ```
    /// use chainrule_tensor::{TargetBuffer, Targets};
    /// let (mut all, mut run) = (TargetBuffer::<f32>::new(), TargetBuffer::new());
    /// for classes in [[2, 0], [1, 1]] {
    ///     run.classes_mut().extend(classes);
    ///     all.append(&run);
    /// }
    /// assert_eq!(all.as_targets(), Targets::Classes(&[2, 0, 1, 1]));
    /// ```
    #[track_caller]
    pub fn append(&mut self, more: &TargetBuffer<F>) {
        let n = self.as_targets().n_samples();
        match (more.shape, self.shape) {
            (None, None) => self.classes.extend_from_slice(&more.classes),
            (Some((n_outputs, n_more)), shape)
                if n == 0 || shape.is_some_and(|shape| shape.0 == n_outputs) =>
            {
                self.shape = Some((n_outputs, n + n_more));
                self.values.truncate(n_outputs * n);
                self.values.extend_from_slice(&more.values[..n_outputs * n_more]);
            }
            _ => panic!("targets of two kinds in one mini-batch"),
        }
        if !(self.weights.is_empty() && more.weights.is_empty()) {
            self.weights.resize(n, F::one());
            if more.weights.is_empty() {
                self.weights.resize(n + more.as_targets().n_samples(), F::one());
            }
            self.weights.extend_from_slice(&more.weights);
        }
    }

    /// The values that were written last, for changing; `None` for classes.
    pub fn written_values_mut(&mut self) -> Option<MatrixViewMut<'_, F>> {
        let (n_outputs, n_samples) = self.shape?;
        Some(MatrixViewMut::new(&mut self.values, n_outputs, n_samples))
    }

    /// How much each sample counts in a weighted loss, for the caller to push after its target.
    pub fn weights_mut(&mut self) -> &mut Vec<F> {
        self.weights.clear();
        &mut self.weights
    }

    /// How much each sample counts; `None` if all count alike.
    pub fn weights(&self) -> Option<&[F]> {
        (!self.weights.is_empty()).then_some(&self.weights)
    }

    /// What was written last.
    pub fn as_targets(&self) -> Targets<'_, F> {
        match self.shape {
            None => Targets::Classes(&self.classes),
            Some((n_outputs, n_samples)) => {
                Targets::Values(MatrixView::new(&self.values, n_outputs, n_samples))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_hot;

    #[test]
    fn classes_are_one_hot_columns() {
        let classes = [2, 0, 1, 1];
        let t = one_hot::<f64>(&classes, 3);
        let (values, classes) = (Targets::from(&t), Targets::<f64>::from(&classes[..]));
        for (i, j) in (0..3).flat_map(|i| (0..4).map(move |j| (i, j))) {
            assert_eq!(classes.get(i, j), t[(i, j)]);
            assert_eq!(values.get(i, j), t[(i, j)]);
        }
    }

    #[test]
    fn shards_are_the_right_samples() {
        let t = Matrix::from_fn(2, 4, |i, j| (10 * j + i) as f64);
        let shard = Targets::from(&t).columns(1..3);
        assert_eq!(shard.n_samples(), 2);
        assert_eq!([shard.get(0, 0), shard.get(1, 1)], [10.0, 21.0]);
        assert_eq!(Targets::<f64>::Classes(&[0, 1, 2, 3]).columns(1..3), Targets::Classes(&[1, 2]));
    }

    fn fit<F: Float>(targets: Targets<'_, F>, z: &Matrix<F>) {
        targets.assert_fit(z.into());
    }

    #[test]
    fn targets_that_fit() {
        let z = Matrix::from_element(3, 2, 0.0);
        fit(Targets::Classes(&[0, 2]), &z);
        fit(Targets::from(&z), &z);
        fit(Targets::Classes(&[]), &Matrix::<f32>::zeros(3, 0));
    }

    #[test]
    #[should_panic(expected = "the classes of 3 samples, expected 2 for 10×2 outputs")]
    fn a_wrong_number_of_classes_panics() {
        fit(Targets::Classes(&[1, 2, 3]), &Matrix::<f32>::zeros(10, 2));
    }

    #[test]
    #[should_panic(expected = "class 3 of sample 1, expected below 3")]
    fn a_class_out_of_range_panics() {
        fit(Targets::Classes(&[2, 3]), &Matrix::<f32>::zeros(3, 2));
    }

    #[test]
    #[should_panic(expected = "2×3 targets, expected 3×2 as the outputs")]
    fn transposed_values_panic() {
        fit(Targets::from(&Matrix::<f32>::zeros(2, 3)), &Matrix::zeros(3, 2));
    }
}
