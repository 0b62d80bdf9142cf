//! A factor of a matrix product: a view, its transpose, or some of its rows, without copying a value.

use std::ops::Range;

/// A factor of a product: a matrix in memory seen through two strides.
///
/// Made from a [`MatrixView`](crate::MatrixView) or a `&Matrix`; [`t`](Operand::t) transposes and [`rows`](Operand::rows) selects
/// rows, both free of charge.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, Operand};
/// let a = Matrix::from_row_slice(2, 3, &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(Operand::from(&a).t().shape(), (3, 2));
/// assert_eq!(Operand::from(&a).t().rows(1..3).shape(), (2, 2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a, F> {
    pub(crate) data: &'a [F],
    pub(crate) n_rows: usize,
    pub(crate) n_columns: usize,
    /// From a value to the one in the next row.
    pub(crate) row_stride: usize,
    /// From a value to the one in the next column.
    pub(crate) column_stride: usize,
}

impl<'a, F: Copy> Operand<'a, F> {
    /// `(n_rows, n_columns)`.
    #[inline]
    pub fn shape(self) -> (usize, usize) {
        (self.n_rows, self.n_columns)
    }

    /// The transpose.
    #[inline]
    pub fn t(self) -> Self {
        Operand {
            n_rows: self.n_columns,
            n_columns: self.n_rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The rows `range` of all columns.
    ///
    /// # Panics
    /// Unless `range.start <= range.end <= n_rows`.
    #[track_caller]
    pub fn rows(self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.n_rows,
            "rows {range:?} of a {}×{} operand",
            self.n_rows,
            self.n_columns
        );
        // An empty operand may have no first value to start at.
        let start = (range.start * self.row_stride).min(self.data.len());
        Operand { data: &self.data[start..], n_rows: range.len(), ..self }
    }

    /// The columns `range` of all rows.
    ///
    /// # Panics
    /// Unless `range.start <= range.end <= n_columns`.
    #[track_caller]
    pub(crate) fn columns(self, range: Range<usize>) -> Self {
        self.t().rows(range).t()
    }

    /// The value in row `i` and column `j`.
    #[inline]
    pub(crate) fn get(self, i: usize, j: usize) -> F {
        self.data[i * self.row_stride + j * self.column_stride]
    }
}
