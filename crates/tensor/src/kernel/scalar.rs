//! The loops as one would write them: what runs where there are no vectors, and what the vectors are tested against.
//!
//! They are given the fused multiply-add, which is an instruction or [`fused`](super::fused), and give the same bits with both.

use std::ops::Range;

use crate::{Float, Operand, SparseView};

/// y[i, j] += Σₚ w[i, p] · x[p, j], over the values of x that are stored.
#[inline(always)]
pub(super) fn sparse_product_add<F: Float>(
    y: &mut [F],
    w: &[F],
    m: usize,
    x: SparseView<'_, F>,
    mul_add: impl Fn(F, F, F) -> F,
) {
    for j in 0..x.n_columns() {
        let y = &mut y[j * m..(j + 1) * m];
        for (p, value) in x.column(j) {
            for (y, &w) in y.iter_mut().zip(&w[p * m..]) {
                *y = mul_add(w, value, *y);
            }
        }
    }
}

/// dw[i, p − rows.start] += Σⱼ dy[i, j] · x[p, j], over the values of x in `rows` that are stored.
#[inline(always)]
pub(super) fn sparse_outer_add<F: Float>(
    dw: &mut [F],
    dy: &[F],
    m: usize,
    x: SparseView<'_, F>,
    rows: Range<usize>,
    mul_add: impl Fn(F, F, F) -> F,
) {
    for j in 0..x.n_columns() {
        let dy = &dy[j * m..(j + 1) * m];
        for (p, value) in x.column(j).filter(|(p, _)| rows.contains(p)) {
            for (dw, &dy) in dw[(p - rows.start) * m..].iter_mut().zip(dy) {
                *dw = mul_add(dy, value, *dw);
            }
        }
    }
}

/// y[i, j] = Σₚ a[i, p] · b[p, j] or, if it adds, +=; p in order, rounded once a term.
#[inline(always)]
pub(super) fn product<F: Float>(
    y: &mut [F],
    adds: bool,
    a: Operand<'_, F>,
    b: Operand<'_, F>,
    mul_add: impl Fn(F, F, F) -> F,
) {
    if !adds {
        y.fill(F::zero());
    }
    let ((m, k), n) = (a.shape(), b.n_columns);
    for j in 0..n {
        let y = &mut y[j * m..(j + 1) * m];
        for p in 0..k {
            let factor = b.get(p, j);
            for (i, y) in y.iter_mut().enumerate() {
                *y = mul_add(a.get(i, p), factor, *y);
            }
        }
    }
}
