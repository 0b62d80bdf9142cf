//! Views of a run of columns: a part of a mini-batch without a copy.
//!
//! nalgebra's own views may be strided; these may not. A column is always one slice, and so is the whole
//! view, which is what lets a layer write `for (y, &x) in y.as_mut_slice().iter_mut().zip(x.as_slice())`.

use std::ops::{Index, IndexMut, Range};

use crate::{Float, Matrix, Operand};

/// A read-only view of whole columns: `n_rows` values per sample, `n_columns` samples, contiguous.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, MatrixView};
/// // Three samples of two features; a column is a sample.
/// let x = Matrix::from_column_slice(2, 3, &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let last_two = MatrixView::from(&x).columns(1..3);
/// assert_eq!(last_two.column(0), [3.0, 4.0]);
/// assert_eq!(last_two.shape(), (2, 2));
/// // Row 1 of column 0, as nalgebra counts.
/// assert_eq!(last_two[(1, 0)], 4.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatrixView<'a, F> {
    data: &'a [F],
    n_rows: usize,
    n_columns: usize,
}

/// A writable view of whole columns; see [`MatrixView`].
#[derive(Debug)]
pub struct MatrixViewMut<'a, F> {
    data: &'a mut [F],
    n_rows: usize,
    n_columns: usize,
}

/// The place of row `i` in column `j`.
#[inline]
#[track_caller]
fn place((i, j): (usize, usize), n_rows: usize, n_columns: usize) -> usize {
    assert!(i < n_rows && j < n_columns, "row {i}, column {j} of a {n_rows}×{n_columns} view");
    j * n_rows + i
}

#[track_caller]
fn assert_length(length: usize, n_rows: usize, n_columns: usize) {
    assert!(
        n_rows.checked_mul(n_columns) == Some(length),
        "a {n_rows}×{n_columns} view needs {n_rows}·{n_columns} values, found {length}",
    );
}

impl<'a, F: Float> MatrixView<'a, F> {
    /// Views `data` as `n_rows × n_columns`, column after column.
    ///
    /// # Panics
    /// Unless `data.len() == n_rows · n_columns`.
    #[track_caller]
    pub fn new(data: &'a [F], n_rows: usize, n_columns: usize) -> Self {
        assert_length(data.len(), n_rows, n_columns);
        MatrixView { data, n_rows, n_columns }
    }

    /// Values per column (features).
    #[inline]
    pub fn n_rows(self) -> usize {
        self.n_rows
    }

    /// Columns (samples).
    #[inline]
    pub fn n_columns(self) -> usize {
        self.n_columns
    }

    /// `(n_rows, n_columns)`.
    #[inline]
    pub fn shape(self) -> (usize, usize) {
        (self.n_rows, self.n_columns)
    }

    /// Column `j`, one sample.
    ///
    /// # Panics
    /// Unless `j < n_columns`.
    #[inline]
    #[track_caller]
    pub fn column(self, j: usize) -> &'a [F] {
        assert!(j < self.n_columns, "column {j} of a {}×{} view", self.n_rows, self.n_columns);
        &self.data[j * self.n_rows..(j + 1) * self.n_rows]
    }

    /// All columns in order. Also right for views without rows, whose columns are empty.
    pub fn column_iter(self) -> impl ExactSizeIterator<Item = &'a [F]> {
        (0..self.n_columns).map(move |j| &self.data[j * self.n_rows..(j + 1) * self.n_rows])
    }

    /// The run of columns `range`.
    ///
    /// # Panics
    /// Unless `range.start <= range.end <= n_columns`.
    #[track_caller]
    pub fn columns(self, range: Range<usize>) -> MatrixView<'a, F> {
        assert!(
            range.start <= range.end && range.end <= self.n_columns,
            "columns {range:?} of a {}×{} view",
            self.n_rows,
            self.n_columns
        );
        let data = &self.data[range.start * self.n_rows..range.end * self.n_rows];
        MatrixView { data, n_columns: range.len(), ..self }
    }

    /// All values, column after column.
    #[inline]
    pub fn as_slice(self) -> &'a [F] {
        self.data
    }

    /// A matrix with a copy of the values.
    pub fn to_matrix(self) -> Matrix<F> {
        Matrix::from_column_slice(self.n_rows, self.n_columns, self.data)
    }
}

impl<'a, F: Float> MatrixViewMut<'a, F> {
    /// Views `data` as `n_rows × n_columns`, column after column.
    ///
    /// # Panics
    /// Unless `data.len() == n_rows · n_columns`.
    #[track_caller]
    pub fn new(data: &'a mut [F], n_rows: usize, n_columns: usize) -> Self {
        assert_length(data.len(), n_rows, n_columns);
        MatrixViewMut { data, n_rows, n_columns }
    }

    /// Values per column (features).
    #[inline]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns (samples).
    #[inline]
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// `(n_rows, n_columns)`.
    #[inline]
    pub fn shape(&self) -> (usize, usize) {
        (self.n_rows, self.n_columns)
    }

    /// Column `j`, one sample.
    ///
    /// # Panics
    /// Unless `j < n_columns`.
    #[inline]
    #[track_caller]
    pub fn column_mut(&mut self, j: usize) -> &mut [F] {
        assert!(j < self.n_columns, "column {j} of a {}×{} view", self.n_rows, self.n_columns);
        &mut self.data[j * self.n_rows..(j + 1) * self.n_rows]
    }

    /// All values, column after column.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [F] {
        self.data
    }

    /// The values for reading.
    #[inline]
    pub fn as_view(&self) -> MatrixView<'_, F> {
        MatrixView { data: self.data, n_rows: self.n_rows, n_columns: self.n_columns }
    }

    /// The same view with a shorter borrow, to hand on and keep.
    #[inline]
    pub fn reborrow(&mut self) -> MatrixViewMut<'_, F> {
        MatrixViewMut { data: self.data, n_rows: self.n_rows, n_columns: self.n_columns }
    }
}

/// Row and column. Panics unless both are below their numbers, as nalgebra does.
impl<F: Float> Index<(usize, usize)> for MatrixView<'_, F> {
    type Output = F;

    #[inline]
    #[track_caller]
    fn index(&self, at: (usize, usize)) -> &F {
        &self.data[place(at, self.n_rows, self.n_columns)]
    }
}

/// Row and column. Panics unless both are below their numbers.
impl<F: Float> Index<(usize, usize)> for MatrixViewMut<'_, F> {
    type Output = F;

    #[inline]
    #[track_caller]
    fn index(&self, at: (usize, usize)) -> &F {
        &self.data[place(at, self.n_rows, self.n_columns)]
    }
}

impl<F: Float> IndexMut<(usize, usize)> for MatrixViewMut<'_, F> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, at: (usize, usize)) -> &mut F {
        &mut self.data[place(at, self.n_rows, self.n_columns)]
    }
}

impl<'a, F: Float> From<&'a Matrix<F>> for MatrixView<'a, F> {
    fn from(matrix: &'a Matrix<F>) -> Self {
        MatrixView::new(matrix.as_slice(), matrix.nrows(), matrix.ncols())
    }
}

impl<'a, F: Float> From<&'a mut Matrix<F>> for MatrixViewMut<'a, F> {
    fn from(matrix: &'a mut Matrix<F>) -> Self {
        let (n_rows, n_columns) = matrix.shape();
        MatrixViewMut::new(matrix.as_mut_slice(), n_rows, n_columns)
    }
}

impl<'a, F: Float> From<MatrixView<'a, F>> for Operand<'a, F> {
    fn from(MatrixView { data, n_rows, n_columns }: MatrixView<'a, F>) -> Self {
        Operand { data, n_rows, n_columns, row_stride: 1, column_stride: n_rows }
    }
}

impl<'a, F: Float> From<&'a Matrix<F>> for Operand<'a, F> {
    fn from(matrix: &'a Matrix<F>) -> Self {
        Operand::from(MatrixView::from(matrix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_the_same_memory() {
        let mut x = Matrix::from_fn(2, 4, |i, j| (10 * j + i) as f64);
        let view = MatrixView::from(&x);
        assert_eq!(view.columns(1..3).as_slice(), [10.0, 11.0, 20.0, 21.0]);
        assert_eq!(view.columns(1..3).to_matrix()[(1, 1)], 21.0);
        assert_eq!(view.column_iter().nth(3), Some(&[30.0, 31.0][..]));
        MatrixViewMut::from(&mut x).column_mut(2)[0] = -1.0;
        assert_eq!(x[(0, 2)], -1.0);
    }

    #[test]
    fn a_view_is_indexed_as_its_matrix() {
        let mut x = Matrix::from_fn(2, 4, |i, j| (10 * j + i) as f64);
        for (i, j) in (0..2).flat_map(|i| (0..4).map(move |j| (i, j))) {
            assert_eq!(MatrixView::from(&x)[(i, j)], x[(i, j)]);
        }
        assert_eq!(MatrixView::from(&x).columns(2..4)[(1, 0)], 21.0);
        let mut view = MatrixViewMut::from(&mut x);
        view[(1, 3)] += 0.5;
        assert_eq!(view[(1, 3)], 31.5);
        assert_eq!(x[(1, 3)], 31.5);
    }

    #[test]
    #[should_panic(expected = "row 2, column 0 of a 2×3 view")]
    fn a_row_past_the_end_is_not_the_next_column() {
        let _ = MatrixView::new(&[0.0; 6], 2, 3)[(2, 0)];
    }

    #[test]
    #[should_panic(expected = "row 0, column 3 of a 2×3 view")]
    fn a_column_past_the_end_panics() {
        MatrixViewMut::new(&mut [0.0; 6], 2, 3)[(0, 3)] = 1.0;
    }

    #[test]
    fn views_without_rows_still_have_columns() {
        let empty = MatrixView::<f32>::new(&[], 0, 3);
        assert_eq!(empty.column_iter().len(), 3);
        assert_eq!(empty.column(2), [0.0; 0]);
    }

    #[test]
    #[should_panic(expected = "a 2×2 view needs 2·2 values, found 3")]
    fn a_wrong_length_shows_both() {
        MatrixView::new(&[1.0, 2.0, 3.0], 2, 2);
    }

    #[test]
    #[should_panic(expected = "columns 1..4 of a 2×3 view")]
    fn columns_past_the_end_panic() {
        MatrixView::new(&[0.0; 6], 2, 3).columns(1..4);
    }
}
