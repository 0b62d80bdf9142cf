//! What a first layer may be given.

use crate::{Float, Matrix, MatrixView, MatrixViewMut};

/// The input of a layer, one column a sample.
///
/// Layers behind the first always get [`Input::Dense`]. For a first layer there may be other forms (bytes, lists of
/// non-zeros) as they are added; a layer that does not know a form asks for [`dense`](Input::dense) values.
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
}

impl<'a, F: Float> Input<'a, F> {
    /// `(features, samples)`.
    #[inline]
    pub fn shape(self) -> (usize, usize) {
        match self {
            Input::Dense(x) => x.shape(),
        }
    }

    /// The dense values.
    ///
    /// # Panics
    /// If the input has another form.
    #[inline]
    pub fn dense(self) -> MatrixView<'a, F> {
        match self {
            Input::Dense(x) => x,
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
/// Who fills it chooses the form; dense values are the only one so far.
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
    n_rows: usize,
    n_columns: usize,
}

impl<F: Float> InputBuffer<F> {
    /// An empty buffer.
    pub fn new() -> Self {
        InputBuffer::default()
    }

    /// Makes the buffer hold `n_rows × n_columns` dense values, for the caller to write: what they are before is not
    /// said. Allocates only where there have never been as many.
    pub fn dense_mut(&mut self, n_rows: usize, n_columns: usize) -> MatrixViewMut<'_, F> {
        (self.n_rows, self.n_columns) = (n_rows, n_columns);
        self.dense.resize(n_rows * n_columns, F::zero());
        MatrixViewMut::new(&mut self.dense, n_rows, n_columns)
    }

    /// What was written last.
    pub fn as_input(&self) -> Input<'_, F> {
        Input::Dense(MatrixView::new(&self.dense, self.n_rows, self.n_columns))
    }
}
