//! Matrix products that write into a given destination; each factor may be transposed, without a copy.
//!
//! A transposed factor is one whose strides are swapped. The product runs on the calling thread, allocates nothing but that thread's
//! room for packing, once, and takes every sum in the order of its terms, so that no cut of the work shows in a result.

use std::ops::Range;

use crate::{Float, Input, MatrixView, MatrixViewMut, Operand};

/// `y = a · b`.
///
/// # Shapes
/// `a` is *m × k*, `b` is *k × n*, `y` is *m × n*. With *k* = 0, `y` is all zero.
///
/// # Panics
/// Unless the shapes fit; the message shows all three.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, Operand, product_to};
/// let w = Matrix::from_row_slice(2, 3, &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let dy = Matrix::from_column_slice(2, 1, &[1.0, 10.0]);
/// let mut dx = Matrix::zeros(3, 1);
/// product_to((&mut dx).into(), Operand::from(&w).t(), &dy); // dx = Wᵀ · dy
/// assert_eq!(dx.as_slice(), [41.0, 52.0, 63.0]);
/// ```
#[track_caller]
pub fn product_to<'a, F: Float>(
    y: MatrixViewMut<'_, F>,
    a: impl Into<Operand<'a, F>>,
    b: impl Into<Operand<'a, F>>,
) {
    F::kernels().product(y, false, a.into(), b.into());
}

/// `y = y + a · b`; see [`product_to`].
///
/// # Panics
/// Unless the shapes fit.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Matrix, Operand, product_add_to};
/// let dy = Matrix::from_column_slice(1, 2, &[1.0_f32, 2.0]);
/// let x = Matrix::from_column_slice(3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let mut dw = Matrix::from_element(1, 3, 100.0);
/// product_add_to((&mut dw).into(), &dy, Operand::from(&x).t()); // dW += dy · xᵀ
/// assert_eq!(dw.as_slice(), [109.0, 112.0, 115.0]);
/// ```
#[track_caller]
pub fn product_add_to<'a, F: Float>(
    y: MatrixViewMut<'_, F>,
    a: impl Into<Operand<'a, F>>,
    b: impl Into<Operand<'a, F>>,
) {
    F::kernels().product(y, true, a.into(), b.into());
}

/// `y = y + w · x`, whatever the form of `x`.
///
/// Of a sparse `x` only the stored values are multiplied: a weight that is infinite or NaN then does not
/// show in samples whose input is 0, where the dense product would have ∞ · 0.
///
/// # Shapes
/// `y`: outputs × samples, `w`: outputs × inputs, `x`: inputs × samples.
///
/// # Panics
/// Unless the shapes fit.
///
/// # Examples
/// ```
/// use chainrule_tensor::{InputBuffer, Matrix, input_product_add_to};
/// let w = Matrix::from_row_slice(2, 3, &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// let mut x = InputBuffer::new();
/// x.sparse_mut(3).push_column(&[(1, 10.0)]); // (0, 10, 0)
/// let mut y = Matrix::zeros(2, 1);
/// input_product_add_to((&mut y).into(), (&w).into(), x.as_input());
/// assert_eq!(y.as_slice(), [20.0, 50.0]);
/// ```
#[track_caller]
pub fn input_product_add_to<F: Float>(y: MatrixViewMut<'_, F>, w: MatrixView<'_, F>, x: Input<'_, F>) {
    match x {
        Input::Dense(x) => product_add_to(y, w, x),
        Input::Sparse(x) => F::kernels().sparse_product_add(y, w, x),
    }
}

/// `dw = dw + dy · xᵀ` of the inputs `inputs` alone, whatever the form of `x`.
///
/// # Shapes
/// `dw`: outputs × `inputs.len()`, `dy`: outputs × samples, `x`: inputs × samples.
///
/// # Panics
/// Unless the shapes fit.
#[track_caller]
pub fn input_outer_add_to<F: Float>(
    dw: MatrixViewMut<'_, F>,
    dy: MatrixView<'_, F>,
    x: Input<'_, F>,
    inputs: Range<usize>,
) {
    match x {
        Input::Dense(x) => product_add_to(dw, dy, Operand::from(x).rows(inputs).t()),
        Input::Sparse(x) => F::kernels().sparse_outer_add(dw, dy, x, inputs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    /// The readable twin: three loops, in `f64`.
    fn product_by_loops(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
        let mut y = Matrix::zeros(a.nrows(), b.ncols());
        for i in 0..a.nrows() {
            for j in 0..b.ncols() {
                for p in 0..a.ncols() {
                    y[(i, j)] += a[(i, p)] * b[(p, j)];
                }
            }
        }
        y
    }

    /// Small integers, so that every order of summation gives the same bits, also in `f32`.
    fn integers(n_rows: usize, n_columns: usize, salt: usize) -> Matrix<f64> {
        Matrix::from_fn(n_rows, n_columns, |i, j| ((i * 7 + j * 13 + salt) % 9) as f64 - 4.0)
    }

    fn each_way<F: Float>(m: usize, k: usize, n: usize) {
        let (a, b) = (integers(m, k, 1), integers(k, n, 2));
        let expected = product_by_loops(&a, &b).map(F::of);
        let (a, b) = (a.map(F::of), b.map(F::of));
        let (a_t, b_t) = (a.transpose(), b.transpose());
        let factors_a = [Operand::from(&a), Operand::from(&a_t).t()];
        let factors_b = [Operand::from(&b), Operand::from(&b_t).t()];
        for a in factors_a {
            for b in factors_b {
                let mut y = Matrix::from_element(m, n, F::nan());
                product_to((&mut y).into(), a, b);
                assert_eq!(y, expected, "{m}×{k} · {k}×{n}");
                product_add_to((&mut y).into(), a, b);
                assert_eq!(y, &expected + &expected, "adding {m}×{k} · {k}×{n}");
            }
        }
    }

    #[test]
    fn every_combination_agrees_with_the_loops_over_awkward_shapes() {
        for m in [0, 1, 5, 6, 7, 8, 17, 50] {
            for k in [0, 1, 4, 6, 9, 25, 100] {
                for n in [0, 1, 3, 6, 8, 25] {
                    each_way::<f32>(m, k, n);
                    each_way::<f64>(m, k, n);
                }
            }
        }
    }

    #[test]
    fn selected_rows_are_the_right_rows() {
        let (dy, x) = (integers(7, 25, 3), integers(40, 25, 4));
        let expected = product_by_loops(&dy, &x.rows(8, 11).transpose());
        let mut dw = Matrix::zeros(7, 11);
        product_to((&mut dw).into(), &dy, Operand::from(&x).rows(8..19).t());
        assert_eq!(dw, expected);
    }

    /// Neither they nor their transpose lie without gaps.
    #[test]
    fn selected_rows_are_a_first_factor_like_others() {
        let all = integers(40, 25, 4);
        for (from, n) in [(0, 0), (8, 1), (8, 11), (39, 1), (40, 0)] {
            let rows = Operand::from(&all).rows(from..from + n);
            let as_matrix = all.rows(from, n).into_owned();
            for (a, twin) in [(rows, as_matrix.clone()), (rows.t(), as_matrix.transpose())] {
                let b = integers(twin.ncols(), 7, 5);
                let expected = product_by_loops(&twin, &b);
                let mut y = Matrix::from_element(twin.nrows(), 7, f64::NAN);
                product_to((&mut y).into(), a, &b);
                assert_eq!(y, expected, "{n} rows from {from}");
                product_add_to((&mut y).into(), a, Operand::from(&b.transpose()).t());
                assert_eq!(y, &expected + &expected, "adding {n} rows from {from}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "a product of 2×3 and 2×4 into 2×4")]
    fn shapes_that_do_not_fit_are_shown() {
        let (a, b) = (integers(2, 3, 0), integers(2, 4, 0));
        product_to((&mut Matrix::zeros(2, 4)).into(), &a, &b);
    }
}
