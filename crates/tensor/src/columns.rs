//! Helpers that work on every column of a batch, or across its columns: bias, row sums, softmax, classes.

use crate::{Float, Matrix, MatrixView, MatrixViewMut, exp_to};

/// Sets every column of `y` to `bias`: where a product `y += W · x` starts from.
///
/// # Shapes
/// `y`: outputs × samples, `bias`: outputs.
///
/// # Panics
/// Unless `y.n_rows() == bias.len()`.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, fill_columns};
/// let mut y = Matrix::zeros(2, 3);
/// fill_columns((&mut y).into(), &[1.0_f32, 2.0]);
/// assert_eq!(y.as_slice(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
/// ```
#[track_caller]
pub fn fill_columns<F: Float>(mut y: MatrixViewMut<'_, F>, bias: &[F]) {
    assert_eq!(y.n_rows(), bias.len(), "rows of y and length of the bias");
    for j in 0..y.n_columns() {
        y.column_mut(j).copy_from_slice(bias);
    }
}

/// Adds to `sums` the sum of every row of `x`, columns in order: the gradient of a bias.
///
/// # Shapes
/// `x`: outputs × samples, `sums`: outputs.
///
/// # Panics
/// Unless `x.n_rows() == sums.len()`.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, row_sums_add_to};
/// let dy = Matrix::from_row_slice(2, 2, &[1.0_f32, 2.0, 3.0, 4.0]);
/// let mut db = [10.0, 20.0];
/// row_sums_add_to(&mut db, (&dy).into());
/// assert_eq!(db, [13.0, 27.0]);
/// ```
#[track_caller]
pub fn row_sums_add_to<F: Float>(sums: &mut [F], x: MatrixView<'_, F>) {
    assert_eq!(x.n_rows(), sums.len(), "rows of x and length of the sums");
    for column in x.column_iter() {
        for (sum, &value) in sums.iter_mut().zip(column) {
            *sum += value;
        }
    }
}

/// The softmax of every column: yᵢ = exp(xᵢ − max) / Σⱼ exp(xⱼ − max).
///
/// # Shapes
/// `x` and `y`: classes × samples. Every column of `y` sums to 1.
///
/// # Panics
/// Unless both shapes are equal.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, softmax_to};
/// let z = Matrix::from_column_slice(2, 2, &[0.0_f64, 3.0_f64.ln(), 1000.0, -1000.0]);
/// let mut y = Matrix::zeros(2, 2);
/// softmax_to((&mut y).into(), (&z).into());
/// assert!((y[(0, 0)] - 0.25).abs() < 1e-15);
/// assert_eq!(y.column(1).as_slice(), [1.0, 0.0]);
/// ```
#[track_caller]
pub fn softmax_to<F: Float>(mut y: MatrixViewMut<'_, F>, x: MatrixView<'_, F>) {
    assert_eq!(y.shape(), x.shape(), "shapes of the softmax's output and input");
    for (j, x) in x.column_iter().enumerate() {
        let y = y.column_mut(j);
        let max = max(x);
        exp_to(y, x, max);
        let sum = y.iter().fold(F::zero(), |sum, &y| sum + y);
        for y in y {
            *y /= sum;
        }
    }
}

/// The index of the largest value, the first of equals; 0 for an empty slice. A NaN loses against any number.
///
/// # Examples
/// ```
/// use chainrule_tensor::argmax;
/// assert_eq!(argmax(&[0.1_f32, 0.7, 0.2]), 1);
/// assert_eq!(argmax(&[f32::NAN, 0.5, 0.5]), 1);
/// ```
pub fn argmax<F: Float>(x: &[F]) -> usize {
    // Two loops without a choice of way to go, since which value is the largest cannot be foreseen.
    let largest = x.iter().copied().fold(F::nan(), F::max);
    x.iter().position(|&value| value == largest).unwrap_or(0)
}

/// One column per class index: 1 in the row of the class, 0 elsewhere.
///
/// # Shapes
/// The result is `n_classes × classes.len()`.
///
/// # Panics
/// If a class is not below `n_classes`.
///
/// # Examples
/// ```
/// use chainrule_tensor::one_hot;
/// let t = one_hot::<f32>(&[2, 0], 3);
/// assert_eq!(t.as_slice(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
/// ```
#[track_caller]
pub fn one_hot<F: Float>(classes: &[usize], n_classes: usize) -> Matrix<F> {
    let mut t = Matrix::zeros(n_classes, classes.len());
    for (j, &class) in classes.iter().enumerate() {
        assert!(class < n_classes, "class {class} of sample {j}, expected below {n_classes}");
        t[(class, j)] = F::one();
    }
    t
}

/// The largest value, passing over NaN; −∞ for an empty slice.
fn max<F: Float>(x: &[F]) -> F {
    x.iter().fold(F::neg_infinity(), |max, &value| if value > max { value } else { max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_columns_are_independent_and_sum_to_one() {
        // exp(0) : exp(ln 2) : exp(ln 5) = 1 : 2 : 5.
        let z = Matrix::from_column_slice(3, 2, &[7.0, 7.0, 7.0, 0.0, 2.0_f64.ln(), 5.0_f64.ln()]);
        let mut y = Matrix::zeros(3, 2);
        softmax_to((&mut y).into(), (&z).into());
        let expected = [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.125, 0.25, 0.625];
        assert!(y.iter().zip(expected).all(|(a, e)| (a - e).abs() <= 1e-15), "{y}");
    }

    #[test]
    fn softmax_of_a_nan_is_noticed() {
        let z = Matrix::from_column_slice(2, 1, &[0.0, f64::NAN]);
        let mut y = Matrix::zeros(2, 1);
        softmax_to((&mut y).into(), (&z).into());
        assert!(y.iter().all(|v| v.is_nan()));
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[-1.0, f64::NAN, -0.5]), 2);
        assert_eq!(argmax::<f64>(&[]), 0);
        assert_eq!(argmax(&[f64::NAN, f64::NEG_INFINITY]), 1);
    }

    #[test]
    #[should_panic(expected = "class 3 of sample 1, expected below 3")]
    fn one_hot_refuses_a_class_out_of_range() {
        one_hot::<f64>(&[0, 3], 3);
    }
}
