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
        self.shape = Some((n_rows, n_columns));
        self.dense.resize(n_rows * n_columns, F::zero());
        MatrixViewMut::new(&mut self.dense, n_rows, n_columns)
    }

    /// Makes the buffer hold sparse columns of `n_rows` rows, none at first, for the caller to push.
    pub fn sparse_mut(&mut self, n_rows: usize) -> &mut SparseBuffer<F> {
        self.shape = None;
        self.sparse.clear(n_rows);
        &mut self.sparse
    }

    /// What was written last.
    pub fn as_input(&self) -> Input<'_, F> {
        match self.shape {
            Some((n_rows, n_columns)) => Input::Dense(MatrixView::new(&self.dense, n_rows, n_columns)),
            None => Input::Sparse(self.sparse.as_view()),
        }
    }
}
