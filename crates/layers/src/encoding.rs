//! How raw columns become inputs of a network: standardised, one-hot, or as they are.
//!
//! The numbers it takes are found in the training data once and belong to the network from then on: an encoding is the
//! network's first layer, it is saved with it, and whoever predicts gives raw columns.

use chainrule_tensor::{Float, MatrixViewMut, Shape, f32_holds};

use crate::{Error, Layer, Pass, error::check};

/// The encoding of every column; see [`Encode`] for the kinds.
///
/// # Examples
/// ```
/// use chainrule_layers::{Encode, Encoding};
/// // Three samples of a measure and a rank.
/// let rows: [&[f32]; 3] = [&[1.0, 2.0], &[3.0, 1.0], &[5.0, 4.0]];
/// let encoding = Encoding::fit(rows, &[Encode::Standardize, Encode::OneHot])?;
/// assert_eq!((encoding.n_inputs(), encoding.n_outputs()), (2, 4)); // ranks 1, 2 and 4
/// # Ok::<(), chainrule_layers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Encoding {
    columns: Vec<Column>,
}

/// What is to be done with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encode {
    /// Nothing.
    Keep,
    /// (x − mean)/standard deviation of the training data (divided by n); a column that never changes becomes 0.
    Standardize,
    /// One input for each value that the training data have: 1 for the value of the sample, 0 for all others. A value
    /// that was not there in training is 0 in all.
    OneHot,
}

/// A column with what was found in the training data.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Column {
    /// As it is: [`Encode::Keep`].
    Keep,
    /// [`Encode::Standardize`], by these numbers.
    Standardize {
        /// The mean of the training data.
        mean: f64,
        /// Their standard deviation; 1 for a column that never changes.
        std: f64,
    },
    /// [`Encode::OneHot`].
    OneHot {
        /// The values that the training data have, in ascending order.
        values: Vec<f32>,
    },
}

/// The most values that a one-hot column may have.
const MAX_VALUES: usize = 1000;

impl Encoding {
    /// The encoding of samples like `rows`, each a slice of raw columns, with these kinds, one for each column.
    ///
    /// # Errors
    /// [`Error::Setting`] unless every row has as many columns as there are kinds, if a one-hot column has
    /// more than 1000 values, and if there are no rows or values that are not finite to standardise or to list.
    pub fn fit<'a>(
        rows: impl IntoIterator<Item = &'a [f32], IntoIter: Clone>,
        kinds: &[Encode],
    ) -> Result<Self, Error> {
        let rows = rows.into_iter();
        if let Some(row) = rows.clone().find(|row| row.len() != kinds.len()) {
            let expected = format!("{}, one for each column", row.len());
            return Err(Error::setting("the number of encodings is", kinds.len(), expected));
        }
        let columns = kinds.iter().enumerate().map(|(column, kind)| {
            let values = || rows.clone().map(move |row| row[column]);
            match kind {
                Encode::Keep => Column::Keep,
                Encode::Standardize => standardize(values),
                Encode::OneHot => one_hot(values()),
            }
        });
        let encoding = Encoding { columns: columns.collect() };
        encoding.check().map(|()| encoding)
    }

    /// Every column of `rows` standardised.
    ///
    /// # Panics
    /// Unless all rows have the same number of values, and these are finite.
    ///
    /// # Examples
    /// ```
    /// use chainrule_layers::{Encoding, LayerExt};
    /// use chainrule_tensor::Matrix;
    /// let rows: [&[f32]; 3] = [&[1.0], &[3.0], &[5.0]];
    /// let (y, _) = Encoding::standardize(rows).forward(&Matrix::from_element(1, 1, 5.0_f64));
    /// assert!((y[0] - 1.5_f64.sqrt()).abs() < 1e-15); // mean 3, variance 8/3
    /// ```
    #[track_caller]
    pub fn standardize<'a>(rows: impl IntoIterator<Item = &'a [f32], IntoIter: Clone>) -> Self {
        let rows = rows.into_iter();
        let n_columns = rows.clone().next().map_or(0, <[f32]>::len);
        Encoding::fit(rows, &vec![Encode::Standardize; n_columns])
            .expect("rows of equally many finite values")
    }

    /// The raw columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many raw columns there are.
    pub fn n_inputs(&self) -> usize {
        self.columns.len()
    }

    /// How many inputs the raw columns become.
    pub fn n_outputs(&self) -> usize {
        self.columns.iter().map(Column::n_outputs).sum()
    }

    /// Refuses numbers that [`fit`](Encoding::fit) never gives, as a file may hold them.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first column with numbers that no fit finds.
    pub fn check(&self) -> Result<(), Error> {
        for (i, column) in self.columns.iter().enumerate() {
            match column {
                Column::Keep => {}
                Column::Standardize { mean, std } => check(
                    format_args!("mean and standard deviation of column {i} are"),
                    format_args!("({mean}, {std})"),
                    mean.is_finite() && *std > 0.0 && f32_holds(*std),
                    "finite numbers, the second above 0",
                )?,
                Column::OneHot { values } => {
                    let number = format_args!("the number of different values of column {i} is");
                    let (n, few) = (values.len(), format_args!("1 to {MAX_VALUES}"));
                    check(number, n, (1..=MAX_VALUES).contains(&n), few)?;
                    for (k, value) in values.iter().enumerate() {
                        check(
                            format_args!("value {k} of column {i} is"),
                            value,
                            value.is_finite() && (k == 0 || values[k - 1] < *value),
                            "finite numbers, each above the one before",
                        )?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Column {
    fn n_outputs(&self) -> usize {
        match self {
            Column::Keep | Column::Standardize { .. } => 1,
            Column::OneHot { values } => values.len(),
        }
    }
}

/// Two passes, so that the variance is not the difference of large numbers.
fn standardize<I: Iterator<Item = f32>>(values: impl Fn() -> I) -> Column {
    let n = values().count() as f64;
    let mean = values().map(f64::from).sum::<f64>() / n;
    let variance = values().map(|x| f64::from(x) - mean).map(|x| x * x).sum::<f64>() / n;
    Column::Standardize { mean, std: if variance > 0.0 { variance.sqrt() } else { 1.0 } }
}

fn one_hot(values: impl Iterator<Item = f32>) -> Column {
    // + 0.0 makes one of the two zeros.
    let mut values: Vec<f32> = values.map(|x| x + 0.0).collect();
    values.sort_by(f32::total_cmp);
    values.dedup_by_key(|value| value.to_bits());
    Column::OneHot { values }
}

impl<F: Float> Layer<F> for Encoding {
    fn name(&self) -> &str {
        "encoding"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        self.check().map_err(|error| error.to_string())?;
        let (n_columns, n_inputs) = (self.n_inputs(), input.size());
        if n_columns != n_inputs {
            return Err(format!("{n_columns} columns, expected {n_inputs}, the inputs of the network"));
        }
        Ok(Shape::flat(self.n_outputs()))
    }

    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        let x = pass.x.dense();
        let expected = (self.n_inputs(), (self.n_outputs(), x.n_columns()));
        assert_eq!((x.n_rows(), y.shape()), expected, "the encoding's inputs and outputs");
        for (j, x) in x.column_iter().enumerate() {
            let mut y = y.column_mut(j);
            for (&x, column) in x.iter().zip(&self.columns) {
                let (of_column, rest) = y.split_at_mut(column.n_outputs());
                match column {
                    Column::Keep => of_column[0] = x,
                    Column::Standardize { mean, std } => of_column[0] = F::of((x.as_f64() - mean) / std),
                    Column::OneHot { values } => {
                        for (y, value) in of_column.iter_mut().zip(values) {
                            *y = if x.as_f64() as f32 == *value { F::one() } else { F::zero() };
                        }
                    }
                }
                y = rest;
            }
        }
    }

    /// A one-hot column has no slope.
    fn backward_to(&self, mut dx: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        let rows = (dx.n_rows(), pass.dy.n_rows());
        assert_eq!(rows, (self.n_inputs(), self.n_outputs()), "rows of the encoding's gradients");
        for (j, mut dy) in pass.dy.column_iter().enumerate() {
            for (dx, column) in dx.column_mut(j).iter_mut().zip(&self.columns) {
                *dx = match column {
                    Column::Keep => dy[0],
                    Column::Standardize { std, .. } => F::of(dy[0].as_f64() / std),
                    Column::OneHot { .. } => F::zero(),
                };
                dy = &dy[column.n_outputs()..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chainrule_gradcheck::Check;
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::LayerExt;

    const ROWS: [f32; 9] = [1.0, 7.0, 2.0, 3.0, 7.0, 1.0, 8.0, 7.0, 2.0];

    fn encoding() -> Encoding {
        let kinds = [Encode::Standardize, Encode::Standardize, Encode::OneHot];
        Encoding::fit(ROWS.chunks(3), &kinds).unwrap()
    }

    #[test]
    fn columns_by_hand() {
        // Mean 4 and variance 26/3; a column that never changes; a value that was never there.
        let x = Matrix::from_column_slice(3, 2, &[1.0_f64, 7.0, 2.0, 8.0, 9.0, 5.0]);
        let (y, _) = encoding().forward(&x);
        let std = (26.0_f64 / 3.0).sqrt();
        let expected = [-3.0 / std, 0.0, 0.0, 1.0, 4.0 / std, 2.0, 0.0, 0.0];
        assert!(y.iter().zip(expected).all(|(y, e)| (y - e).abs() <= 1e-15), "{y}");
    }

    #[test]
    fn the_gradient_is_that_of_the_columns_that_have_one() {
        let (encoding, dy) = (encoding(), Matrix::from_column_slice(4, 1, &[0.5, -2.0, 1.0, 3.0]));
        let x = [2.5, 3.0, 2.0];
        let layer: &dyn Layer<f64> = &encoding;
        let (_, cache) = layer.forward(&Matrix::from_column_slice(3, 1, &x));
        let given = layer.backward(&cache, &dy).dx;
        assert_eq!(given[2], 0.0);
        let f = |v: &[f64]| layer.forward(&Matrix::from_column_slice(3, 1, &[v[0], v[1], 2.0])).0.dot(&dy);
        Check::new().run(f, &x[..2], &given.as_slice()[..2]).assert_passed();
    }

    #[test]
    fn values_that_no_fit_finds_are_refused() {
        for values in
            [[1.0, f32::NAN], [2.0, 1.0], [1.0, 1.0], [1.0, f32::INFINITY], [f32::NEG_INFINITY, 0.0]]
        {
            let encoding = Encoding { columns: vec![Column::OneHot { values: values.to_vec() }] };
            let message = encoding.check().unwrap_err().to_string();
            assert!(message.ends_with("expected finite numbers, each above the one before"), "{message}");
        }
        encoding().check().unwrap();
    }

    #[test]
    fn kinds_that_do_not_fit_are_refused() {
        let message = Encoding::fit(ROWS.chunks(3), &[Encode::Keep]).unwrap_err().to_string();
        assert_eq!(message, "the number of encodings is 1, expected 3, one for each column");
        let many: Vec<f32> = (0..1001).map(|i| i as f32).collect();
        let message = Encoding::fit(many.chunks(1), &[Encode::OneHot]).unwrap_err().to_string();
        assert_eq!(message, "the number of different values of column 0 is 1001, expected 1 to 1000");
    }

    #[test]
    fn rows_that_no_data_set_has_are_refused() {
        let message =
            |rows: &[&[f32]], kind| Encoding::fit(rows.iter().copied(), &[kind; 2]).unwrap_err().to_string();
        assert_eq!(
            message(&[&[1.0, 2.0], &[3.0]], Encode::Keep),
            "the number of encodings is 2, expected 1, one for each column"
        );
        assert_eq!(
            message(&[], Encode::OneHot),
            "the number of different values of column 0 is 0, expected 1 to 1000"
        );
        let unordered =
            Encoding { columns: vec![Column::Keep, Column::OneHot { values: vec![0.5, 2.0, 1.5] }] };
        assert_eq!(
            unordered.check().unwrap_err().to_string(),
            "value 2 of column 1 is 1.5, expected finite numbers, each above the one before"
        );
        for bad in [f32::NAN, f32::INFINITY] {
            let rows: [&[f32]; 2] = [&[1.0, 2.0], &[bad, 3.0]];
            for kind in [Encode::Standardize, Encode::OneHot] {
                assert!(message(&rows, kind).contains("expected finite numbers"), "{kind:?}, {bad}");
            }
        }
    }
}
