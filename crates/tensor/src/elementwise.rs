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
    assert!(
        y.shape() == a.shape() && a.shape() == b.shape(),
        "shapes of output and inputs: {:?}, {:?}, {:?}",
        y.shape(),
        a.shape(),
        b.shape()
    );
    let values = y.as_mut_slice().iter_mut().zip(a.as_slice()).zip(b.as_slice());
    vectorized(|| values.for_each(|((y, &a), &b)| *y = f(a, b)));
}

/// `y = exp(x − shift)` of every value; in `f32` within 2 units of the last place.
///
/// # Panics
/// Unless both are equally long.
///
/// # Examples
/// ```
/// use chainrule_tensor::exp_to;
/// let mut y = [0.0_f32; 2];
/// exp_to(&mut y, &[1000.0, 1001.0], 1000.0);
/// assert_eq!(y[0], 1.0);
/// assert!((y[1] - std::f32::consts::E).abs() < 1e-6);
/// ```
#[track_caller]
pub fn exp_to<F: Float>(y: &mut [F], x: &[F], shift: F) {
    F::kernels().exp_to(y, x, shift);
}

/// `y = σ(x) = 1/(1 + exp(−x))` and `complement = σ(−x)` of every value, both accurate relative to themselves; in `f32`
/// within 4 units of the last place.
///
/// # Panics
/// Unless all are equally long.
///
/// # Examples
/// ```
/// use chainrule_tensor::sigmoid_to;
/// let (mut y, mut complement) = ([0.0_f64; 2], [0.0; 2]);
/// sigmoid_to(&mut y, &mut complement, &[0.0, 1000.0]);
/// assert_eq!((y, complement), ([0.5, 1.0], [0.5, 0.0]));
/// ```
#[track_caller]
pub fn sigmoid_to<F: Float>(y: &mut [F], complement: &mut [F], x: &[F]) {
    F::kernels().sigmoid_to(y, complement, x);
}
