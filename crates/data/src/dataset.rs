//! A data set in memory: rows or columns of numbers, with a class or values for every sample.

use std::{borrow::Cow, slice::ChunksExact};

use chainrule_tensor::{Context, Float, InputBuffer, MatrixViewMut, Shape, TargetBuffer};

use crate::{Error, Samples, TargetKind};

/// A data set in memory: samples one after the other, borrowed if possible.
///
/// Without targets it is good for fitting an encoding of its columns; training wants
/// [`with_classes`](Dataset::with_classes) or [`with_values`](Dataset::with_values).
///
/// # Examples
/// ```
/// use chainrule_data::{Dataset, Samples, TargetKind};
/// // Three samples of two values each, and their classes.
/// let rows = [0.5, 1.0, 0.25, 0.0, 1.0, 1.0];
/// let data = Dataset::from_rows(&rows, 2)?.with_classes(&[1, 0, 1])?;
/// assert_eq!((data.n_samples(), data.n_inputs()), (3, 2));
/// assert_eq!(data.target_kind(), TargetKind::Classes { n_classes: 2 });
///
/// // The same by columns, as tables have them.
/// let columns = [&[0.5, 0.25, 1.0][..], &[1.0, 0.0, 1.0]];
/// assert_eq!(Dataset::from_columns(&columns)?.with_classes(&[1, 0, 1])?, data);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<'a> {
    /// Sample after sample.
    x: Cow<'a, [f32]>,
    n_inputs: usize,
    targets: Targets<'a>,
    weights: Option<Cow<'a, [f32]>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Targets<'a> {
    None,
    Classes(Cow<'a, [usize]>),
    /// Sample after sample.
    Values(Cow<'a, [f32]>, usize),
}

impl<'a> Dataset<'a> {
    /// Samples of `n_inputs` values each, one after the other: the rows of a table, or the columns of a matrix whose
    /// columns are samples. Nothing is copied.
    ///
    /// # Errors
    /// [`Error::Data`] unless there is at least one sample, all are whole, and every value is finite.
    pub fn from_rows(rows: &'a [f32], n_inputs: usize) -> Result<Self, Error> {
        Dataset::new(rows.into(), n_inputs)
    }

    /// Samples given by columns, one slice for each of their values.
    ///
    /// # Errors
    /// [`Error::Data`] unless there is at least one sample, all columns are equally long, and every value is finite.
    pub fn from_columns(columns: &[&[f32]]) -> Result<Dataset<'static>, Error> {
        let n_samples = columns.first().map_or(0, |column| column.len());
        for (i, column) in columns.iter().enumerate() {
            if column.len() != n_samples {
                return Err(mismatch(format!("values in column {i}"), column.len(), n_samples));
            }
        }
        let rows: Vec<f32> =
            (0..n_samples).flat_map(|j| columns.iter().map(move |column| column[j])).collect();
        Dataset::new(rows.into(), columns.len())
    }

    fn new(x: Cow<'a, [f32]>, n_inputs: usize) -> Result<Self, Error> {
        if n_inputs == 0 || x.is_empty() {
            let found = format!("{} values, {n_inputs} for each sample", x.len());
            return Err(mismatch("the data", found, "at least one of each"));
        }
        if !x.len().is_multiple_of(n_inputs) {
            let expected = format!("a multiple of {n_inputs}, the values of a sample");
            return Err(mismatch("values", x.len(), expected));
        }
        check_finite("value", &x, n_inputs)?;
        Ok(Dataset { x, n_inputs, targets: Targets::None, weights: None })
    }

    /// The same samples with a class for each, counted from 0.
    ///
    /// # Errors
    /// [`Error::Data`] unless there are as many classes as samples.
    pub fn with_classes(self, classes: &'a [usize]) -> Result<Self, Error> {
        self.check_count("classes", classes.len(), Some(self.n_samples()))?;
        if let Some(j) = classes.iter().position(|class| *class >= MOST_CLASSES) {
            let (what, expected) = (format!("the class of sample {j}"), format!("below {MOST_CLASSES}"));
            return Err(mismatch(what, classes[j], expected));
        }
        Ok(Dataset { targets: Targets::Classes(classes.into()), ..self })
    }

    /// The same samples with `n_outputs` target values for each, sample after sample: for regression, or 0 for no and 1 for
    /// yes.
    ///
    /// # Errors
    /// [`Error::Data`] unless there are `n_outputs` finite values for every sample, and at least one.
    pub fn with_values(self, values: &'a [f32], n_outputs: usize) -> Result<Self, Error> {
        if n_outputs == 0 {
            return Err(mismatch("target values for each sample", 0, "at least 1"));
        }
        self.check_count("target values", values.len(), self.n_samples().checked_mul(n_outputs))?;
        check_finite("target value", values, n_outputs)?;
        Ok(Dataset { targets: Targets::Values(values.into(), n_outputs), ..self })
    }

    /// The same samples with sample weights: how many times each counts in the loss. Their size as a whole does not matter: where
    /// the largest is far from 1, all are multiplied by the same power of two.
    ///
    /// # Errors
    /// [`Error::Data`] unless there is a weight for every sample, finite and not below 0.
    pub fn with_weights(self, weights: &'a [f32]) -> Result<Self, Error> {
        self.check_count("weights of samples", weights.len(), Some(self.n_samples()))?;
        if let Some(j) = weights.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
            let what = format!("the weight of sample {j}");
            return Err(mismatch(what, weights[j], "a finite number not below 0"));
        }
        if weights.iter().all(|w| *w == 0.0) {
            return Err(mismatch("weights of samples", "none above 0", "at least one above 0"));
        }
        // Scale does not matter: a power of two takes weights whose sums, or whose reciprocals, f32 could not hold back to it.
        let largest = weights.iter().fold(0.0, |largest: f32, w| largest.max(*w));
        if (1e-6..=1e6).contains(&largest) {
            return Ok(Dataset { weights: Some(weights.into()), ..self });
        }
        // Its digits cut off: in f64 it is a normal number.
        let scale = f64::from_bits(f64::from(largest).to_bits() & f64::INFINITY.to_bits());
        let weights: Vec<f32> = weights.iter().map(|w| (f64::from(*w) / scale) as f32).collect();
        Ok(Dataset { weights: Some(weights.into()), ..self })
    }

    /// The samples `indices`, in this order, with their targets and weights: one part of a [`split`](crate::split), say.
    ///
    /// # Panics
    /// Unless every index is below `n_samples`, and there is one.
    ///
    /// # Examples
    /// ```
    /// use chainrule_data::{Dataset, split};
    /// let data = Dataset::from_rows(&[0.0, 1.0, 2.0, 3.0], 1)?.with_classes(&[0, 0, 1, 1])?;
    /// let (train, test) = split(&data, 0.5, 1)?;
    /// let (train, test) = (data.select(&train), data.select(&test));
    /// assert_eq!((train.n_samples(), test.n_samples()), (2, 2));
    /// # Ok::<(), chainrule_data::Error>(())
    /// ```
    #[track_caller]
    pub fn select(&self, indices: &[usize]) -> Dataset<'static> {
        assert!(!indices.is_empty(), "a data set of no samples");
        fn of<T: Copy>(values: &[T], n: usize, indices: &[usize]) -> Cow<'static, [T]> {
            indices.iter().flat_map(|&i| values[i * n..(i + 1) * n].iter().copied()).collect()
        }
        Dataset {
            x: of(&self.x, self.n_inputs, indices),
            n_inputs: self.n_inputs,
            targets: match &self.targets {
                Targets::None => Targets::None,
                Targets::Classes(classes) => Targets::Classes(of(classes, 1, indices)),
                Targets::Values(values, n) => Targets::Values(of(values, *n, indices), *n),
            },
            weights: self.weights.as_ref().map(|weights| of(weights, 1, indices)),
        }
    }

    /// How many samples there are.
    pub fn n_samples(&self) -> usize {
        self.x.len() / self.n_inputs
    }

    /// Values per sample.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// The samples, one after the other.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.into_iter()
    }

    /// Refuses another number of values than `expected`, which is `None` if it overflows.
    fn check_count(&self, what: &str, found: usize, expected: Option<usize>) -> Result<(), Error> {
        if Some(found) == expected {
            return Ok(());
        }
        let expected = expected.map_or("fewer".into(), |expected| expected.to_string());
        Err(mismatch(what, found, format!("{expected} for {} samples", self.n_samples())))
    }
}

/// The maximum number of classes; networks with more are not small.
const MOST_CLASSES: usize = 1 << 24;

fn mismatch(what: impl Into<String>, found: impl ToString, expected: impl ToString) -> Error {
    Error::Data { what: what.into(), found: found.to_string(), expected: expected.to_string() }
}

fn check_finite(what: &str, values: &[f32], per_sample: usize) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let what = format!("{what} {} of sample {}", i % per_sample, i / per_sample);
            Err(mismatch(what, values[i], "a finite number"))
        }
    }
}

/// The rows, to which an encoding of columns is fitted.
impl<'a> IntoIterator for &'a Dataset<'_> {
    type Item = &'a [f32];
    type IntoIter = ChunksExact<'a, f32>;

    fn into_iter(self) -> Self::IntoIter {
        self.x.chunks_exact(self.n_inputs)
    }
}

impl Samples for Dataset<'_> {
    fn n_samples(&self) -> usize {
        Dataset::n_samples(self)
    }

    fn shape(&self) -> Shape {
        Shape::flat(self.n_inputs)
    }

    fn target_kind(&self) -> TargetKind {
        match &self.targets {
            Targets::None => TargetKind::None,
            Targets::Classes(classes) => {
                TargetKind::Classes { n_classes: classes.iter().max().map_or(0, |class| class + 1) }
            }
            Targets::Values(_, n_outputs) => TargetKind::Values { n_outputs: *n_outputs },
        }
    }

    fn target_range(&self) -> Option<(f64, f64)> {
        let Targets::Values(values, _) = &self.targets else { return None };
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Some((low.into(), high.into()))
    }

    fn class_of(&self, i: usize) -> Option<usize> {
        match &self.targets {
            Targets::Classes(classes) => Some(classes[i]),
            _ => None,
        }
    }

    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        gather_columns(x.dense_mut(self.n_inputs, indices.len()), &self.x, indices);
        match &self.targets {
            Targets::None => panic!("found data without targets, expected classes or values"),
            Targets::Classes(classes) => t.classes_mut().extend(indices.iter().map(|&i| classes[i])),
            Targets::Values(values, n) => {
                gather_columns(t.values_mut(*n, indices.len()), values, indices);
            }
        }
        if let Some(weights) = &self.weights {
            t.weights_mut().extend(indices.iter().map(|&i| F::of(f64::from(weights[i]))));
        }
    }
}

/// Copies the columns `indices` of `from`, which has as many values in each as `to`.
fn gather_columns<F: Float>(mut to: MatrixViewMut<'_, F>, from: &[f32], indices: &[usize]) {
    let n = to.n_rows();
    for (j, &i) in indices.iter().enumerate() {
        for (to, &value) in to.column_mut(j).iter_mut().zip(&from[i * n..(i + 1) * n]) {
            *to = F::of(f64::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_do_not_fit_are_refused_in_one_sentence() {
        let rows = [1.0, 2.0, 3.0, 4.0];
        let data = || Dataset::from_rows(&rows, 2).unwrap();
        let errors = [
            (
                Dataset::from_rows(&rows, 3),
                "values: found 4, expected a multiple of 3, the values of a sample",
            ),
            (
                Dataset::from_rows(&[], 3),
                "the data: found 0 values, 3 for each sample, expected at least one of each",
            ),
            (
                Dataset::from_rows(&rows, 0),
                "the data: found 4 values, 0 for each sample, expected at least one of each",
            ),
            (
                Dataset::from_rows(&[1.0, 2.0, f32::NAN, 4.0], 2),
                "value 0 of sample 1: found NaN, expected a finite number",
            ),
            (Dataset::from_columns(&[&[1.0], &[1.0, 2.0]]), "values in column 1: found 2, expected 1"),
            (data().with_classes(&[1]), "classes: found 1, expected 2 for 2 samples"),
            (data().with_values(&[1.0; 5], 2), "target values: found 5, expected 4 for 2 samples"),
            (data().with_values(&[], 0), "target values for each sample: found 0, expected at least 1"),
            (
                data().with_values(&[1.0, f32::INFINITY], 1),
                "target value 0 of sample 1: found inf, expected a finite number",
            ),
            (
                data().with_classes(&[1, usize::MAX]),
                "the class of sample 1: found 18446744073709551615, expected below 16777216",
            ),
            (
                data().with_values(&[1.0; 5], usize::MAX),
                "target values: found 5, expected fewer for 2 samples",
            ),
            (
                data().with_weights(&[0.0, 0.0]),
                "weights of samples: found none above 0, expected at least one above 0",
            ),
            (
                data().with_weights(&[1.0, -1.0]),
                "the weight of sample 1: found -1, expected a finite number not below 0",
            ),
        ];
        for (result, expected) in errors {
            assert_eq!(result.unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn gathering_takes_samples_targets_and_weights_in_any_order() {
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let data = Dataset::from_rows(&rows, 2).unwrap().with_values(&[10.0, 20.0, 30.0], 1).unwrap();
        let data = data.with_weights(&[0.5, 1.0, 2.0]).unwrap();
        let (mut x, mut t) = (InputBuffer::<f64>::new(), TargetBuffer::new());
        data.gather(&mut x, &mut t, &[2, 0], Context::inference());
        assert_eq!(x.as_input().dense().as_slice(), [5.0, 6.0, 1.0, 2.0]);
        assert_eq!((t.as_targets().get(0, 0), t.as_targets().get(0, 1)), (30.0, 10.0));
        assert_eq!(t.weights(), Some(&[2.0, 0.5][..]));
    }

    #[test]
    fn weights_that_are_huge_or_tiny_as_a_whole_are_those_of_their_ratios() {
        for scale in [2.0_f32.powi(126), 2.0_f32.powi(-140)] {
            let data = Dataset::from_rows(&[1.0, 2.0, 3.0], 1).unwrap().with_classes(&[0, 1, 0]).unwrap();
            let weights = [scale, 0.0, scale / 4.0];
            let data = data.with_weights(&weights).unwrap();
            let (mut x, mut t) = (InputBuffer::<f32>::new(), TargetBuffer::new());
            data.gather(&mut x, &mut t, &[0, 1, 2], Context::inference());
            assert_eq!(t.weights(), Some(&[1.0, 0.0, 0.25][..]));
        }
    }
}
