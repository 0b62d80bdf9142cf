//! Functions applied value by value, with the shapes checked once.

use crate::{Float, MatrixView, MatrixViewMut, vectorized};

/// yᵢⱼ = f(xᵢⱼ).
///
/// # Panics
/// Unless both shapes are equal.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, map_to};
/// let x = Matrix::from_column_slice(2, 1, &[-1.0_f32, 3.0]);
/// let mut y = Matrix::zeros(2, 1);
/// map_to((&mut y).into(), (&x).into(), |x| x * x);
/// assert_eq!(y.as_slice(), [1.0, 9.0]);
/// ```
#[track_caller]
#[inline]
pub fn map_to<F: Float>(mut y: MatrixViewMut<'_, F>, x: MatrixView<'_, F>, f: impl Fn(F) -> F) {
    assert_eq!(y.shape(), x.shape(), "shapes of output and input");
    let values = y.as_mut_slice().iter_mut().zip(x.as_slice());
    vectorized(|| values.for_each(|(y, &x)| *y = f(x)));
}

/// yᵢⱼ = f(aᵢⱼ, bᵢⱼ).
///
/// # Panics
/// Unless all three shapes are equal.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, zip_map_to};
/// let (a, b) = (Matrix::from_element(1, 2, 3.0_f32), Matrix::from_element(1, 2, 4.0));
/// let mut y = Matrix::zeros(1, 2);
/// zip_map_to((&mut y).into(), (&a).into(), (&b).into(), |a, b| a - b);
/// assert_eq!(y.as_slice(), [-1.0, -1.0]);
/// ```
#[track_caller]
#[inline]
pub fn zip_map_to<F: Float>(
    mut y: MatrixViewMut<'_, F>,
    a: MatrixView<'_, F>,
    b: MatrixView<'_, F>,
    f: impl Fn(F, F) -> F,
) {
    assert_eq!((a.shape(), b.shape()), (y.shape(), y.shape()), "shapes of inputs and output");
    let values = y.as_mut_slice().iter_mut().zip(a.as_slice()).zip(b.as_slice());
    vectorized(|| values.for_each(|((y, &a), &b)| *y = f(a, b)));
}
