//! What a first layer may be given.

use crate::{Float, Matrix, MatrixView};

/// The input of a layer, one column a sample.
///
/// Layers behind the first always get [`Input::Dense`]. A first layer may be offered other forms (bytes, lists of
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
    /// If the input has another form. Only layers that announce that they can read other forms are given them.
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
