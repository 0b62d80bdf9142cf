//! The input of a network: dense, or sparse where most values are 0.

use crate::{Float, Matrix, MatrixView, MatrixViewMut, SparseBuffer, SparseView};

/// The input of a layer, one column a sample.
///
/// Layers behind the first always get [`Input::Dense`]. A first layer gets [`Input::Sparse`] only if it says that it takes it
/// (`takes_sparse` in the `Extras` of a `Layer`).
///
/// # Examples
/// ```
/// use chainrule_tensor::{Input, Matrix};
/// let x = Matrix::from_column_slice(2, 1, &[0.25_f32, 0.5]);
/// let input = Input::from(&x);
/// assert_eq!(input.shape(), (2, 1));
/// assert_eq!(input.dense().column(0), [0.25, 0.5]);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a, F> {
    /// Every value, features × samples.
    Dense(MatrixView<'a, F>),
    /// Only the values that are not 0, features × samples.
    Sparse(SparseView<'a, F>),
}

impl<'a, F: Float> Input<'a, F> {
    /// `(features, samples)`.
    #[inline]
    pub fn shape(self) -> (usize, usize) {
        match self {
            Input::Dense(x) => x.shape(),
            Input::Sparse(x) => (x.n_rows(), x.n_columns()),
        }
    }

    /// The dense values.
    ///
    /// # Panics
    /// If the input has another form.
    #[inline]
    #[track_caller]
    pub fn dense(self) -> MatrixView<'a, F> {
        match self {
            Input::Dense(x) => x,
            Input::Sparse(_) => panic!("found a sparse input, expected a dense one"),
        }
    }

    /// A matrix with a copy of the values, whatever the form.
    pub fn to_matrix(self) -> Matrix<F> {
        match self {
            Input::Dense(x) => x.to_matrix(),
            Input::Sparse(x) => {
                let mut matrix = Matrix::zeros(x.n_rows(), x.n_columns());
                for j in 0..x.n_columns() {
                    for (i, value) in x.column(j) {
                        matrix[(i, j)] = value;
                    }
                }
                matrix
            }
        }
    }
}

impl<'a, F: Float> From<MatrixView<'a, F>> for Input<'a, F> {
    fn from(x: MatrixView<'a, F>) -> Self {
        Input::Dense(x)
    }
}

impl<'a, F: Float> From<&'a Matrix<F>> for Input<'a, F> {
    fn from(x: &'a Matrix<F>) -> Self {
        Input::Dense(x.into())
    }
}

/// The memory of an [`Input`] that is filled again and again: the samples of a mini-batch, gathered.
///
/// Who fills it chooses the form.
///
/// # Examples
/// ```
/// use chainrule_tensor::InputBuffer;
/// let mut buffer = InputBuffer::new();
/// buffer.dense_mut(2, 3).column_mut(1).copy_from_slice(&[0.5_f32, 0.25]);
/// assert_eq!(buffer.as_input().shape(), (2, 3));
/// assert_eq!(buffer.as_input().dense().column(1), [0.5, 0.25]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct InputBuffer<F> {
    dense: Vec<F>,
    sparse: SparseBuffer<F>,
    /// Rows and columns of the dense values, if it is those that were written last.
    shape: Option<(usize, usize)>,
    /// How many columns are kept, dense or sparse ones, before those that are written next.
    kept_dense: usize,
    kept_sparse: usize,
    takes_sparse: bool,
}

impl<F: Float> InputBuffer<F> {
    /// An empty buffer, for a network that wants dense values.
    pub fn new() -> Self {
        InputBuffer::default()
    }

    /// The same for a network whose first layer also takes sparse input.
    pub fn with_sparse(self, takes_sparse: bool) -> Self {
        InputBuffer { takes_sparse, ..self }
    }

    /// Whether sparse values may be written.
    pub fn takes_sparse(&self) -> bool {
        self.takes_sparse
    }

    /// Makes the buffer hold `n_rows × n_columns` dense values, for the caller to write: what they are before is not
    /// said. Allocates only where there have never been as many.
    pub fn dense_mut(&mut self, n_rows: usize, n_columns: usize) -> MatrixViewMut<'_, F> {
        let n_kept = self.kept_dense;
        self.shape = Some((n_rows, n_kept + n_columns));
        self.dense.resize(n_rows * (n_kept + n_columns), F::zero());
        MatrixViewMut::new(&mut self.dense[n_rows * n_kept..], n_rows, n_columns)
    }

    /// Makes the buffer hold sparse columns of `n_rows` rows, none at first, for the caller to push.
    ///
    /// # Panics
    /// If columns are [kept](InputBuffer::keep) that have another number of rows.
    #[track_caller]
    pub fn sparse_mut(&mut self, n_rows: usize) -> &mut SparseBuffer<F> {
        self.shape = None;
        match self.kept_sparse {
            0 => self.sparse.clear(n_rows),
            n_kept => self.sparse.truncate(n_rows, n_kept),
        }
        &mut self.sparse
    }

    /// Keeps the first `n` samples: what is written next goes behind them, and is all that there seems to be until 0 are kept.
    ///
    /// # Panics
    /// If samples were kept in another form, dense or sparse, than those that were written behind them.
    ///
    /// # Examples
    /// ```
    /// use chainrule_tensor::InputBuffer;
    /// let mut buffer = InputBuffer::new();
    /// for (n_kept, value) in [(0, 0.5_f32), (1, 0.25)] {
    ///     buffer.keep(n_kept);
    ///     buffer.dense_mut(2, 1).column_mut(0).fill(value);
    ///     assert_eq!(buffer.as_input().dense().as_slice(), [value; 2]);
    /// }
    /// buffer.keep(0);
    /// assert_eq!(buffer.as_input().dense().as_slice(), [0.5, 0.5, 0.25, 0.25]);
    /// ```
    #[track_caller]
    pub fn keep(&mut self, n: usize) {
        let is_dense = self.shape.is_some();
        let of_other_form = if is_dense { self.kept_sparse } else { self.kept_dense };
        assert!(
            of_other_form == 0,
            "dense and sparse samples in one mini-batch, expected all of them in one form"
        );
        (self.kept_dense, self.kept_sparse) = if is_dense { (n, 0) } else { (0, n) };
    }

    /// What was written last.
    pub fn as_input(&self) -> Input<'_, F> {
        match self.shape {
            Some((n_rows, n_all)) => {
                let values = &self.dense[n_rows * self.kept_dense..];
                Input::Dense(MatrixView::new(values, n_rows, n_all - self.kept_dense))
            }
            None => Input::Sparse(self.sparse.as_view().columns_from(self.kept_sparse)),
        }
    }
}
