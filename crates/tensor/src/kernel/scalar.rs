//! The loops as one would write them: what runs where there are no vectors, and what the vectors are tested against.

use std::ops::Range;

use crate::{Float, Operand, SparseView};

/// y[i, j] += Σₚ w[i, p] · x[p, j], over the values of x that are stored.
pub(super) fn sparse_product_add<F: Float>(y: &mut [F], w: &[F], m: usize, x: SparseView<'_, F>) {
    for j in 0..x.n_columns() {
        let y = &mut y[j * m..(j + 1) * m];
        for (p, value) in x.column(j) {
            for (y, &w) in y.iter_mut().zip(&w[p * m..]) {
                *y += w * value;
            }
        }
    }
}

/// dw[i, p − rows.start] += Σⱼ dy[i, j] · x[p, j], over the values of x in `rows` that are stored.
pub(super) fn sparse_outer_add<F: Float>(
    dw: &mut [F],
    dy: &[F],
    m: usize,
    x: SparseView<'_, F>,
    rows: Range<usize>,
) {
    for j in 0..x.n_columns() {
        let dy = &dy[j * m..(j + 1) * m];
        for (p, value) in x.column(j).filter(|(p, _)| rows.contains(p)) {
            for (dw, &dy) in dw[(p - rows.start) * m..].iter_mut().zip(dy) {
                *dw += dy * value;
            }
        }
    }
}

/// y[i, j] = Σₚ a[i, p] · b[p, j] or, if it adds, +=; p in order, rounded once a term.
pub(super) fn product<F: Float>(y: &mut [F], adds: bool, a: Operand<'_, F>, b: Operand<'_, F>) {
    if !adds {
        y.fill(F::zero());
    }
    let ((m, k), n) = (a.shape(), b.n_columns);
    for j in 0..n {
        let y = &mut y[j * m..(j + 1) * m];
        for p in 0..k {
            let factor = b.get(p, j);
            for (i, y) in y.iter_mut().enumerate() {
                *y = a.get(i, p).mul_add(factor, *y);
            }
        }
    }
}

/// y = exp(x − shift), by the mathematical library.
pub(super) fn exp_to<F: Float>(y: &mut [F], x: &[F], shift: F) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = (x - shift).exp();
    }
}

/// y = σ(x) and complement = σ(−x), from one exponential, which does not overflow.
pub(super) fn sigmoid_to<F: Float>(y: &mut [F], complement: &mut [F], x: &[F]) {
    for ((y, complement), &x) in y.iter_mut().zip(complement).zip(x) {
        let e = (-x.abs()).exp();
        let (larger, smaller) = (F::one() / (F::one() + e), e / (F::one() + e));
        (*y, *complement) = if x >= F::zero() { (larger, smaller) } else { (smaller, larger) };
    }
}
