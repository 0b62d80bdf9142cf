//! Products of dense matrices.
//!
//! - [`product_add`] holds two vectors of rows by six columns.
//! - [`transposed_product_add`] does the same after it has laid a tile of the left factor out in columns.

use std::ops::Range;

use num_traits::Zero;

use super::register::Vector;
use crate::{Operand, kernel::scalar};

/// The most vectors of rows and columns in a tile of a dense product: with a column of the left factor and one number of
/// the right, they fill all sixteen registers.
const DENSE_ROWS: usize = 2;
const DENSE_COLUMNS: usize = 6;

/// The block size along k: so many terms are added to all tiles before the next, so that the panel of the left factor stays in
/// the first-level cache.
const DENSE_TERMS: usize = 64;

/// Where the vectors of a tile of rows begin: the last one ends with the tile.
#[inline(always)]
fn offsets<V: Vector, const N: usize>(rows: &Range<usize>) -> [usize; N] {
    let mut offsets = [rows.start; N];
    for (v, offset) in offsets.iter_mut().enumerate() {
        *offset += (v * V::LANES).min(rows.len() - V::LANES);
    }
    offsets
}

/// Cuts `m` rows, enough for a vector, into nearly equal tiles of at most `largest` vectors. Where there are several, the
/// last has two vectors at least, so that its rows, which may be no whole number of vectors, are enough for one.
#[inline(always)]
fn tiles<V: Vector>(m: usize, largest: usize) -> impl Iterator<Item = Range<usize>> {
    debug_assert!(m >= V::LANES && largest >= 2);
    let n_vectors = m.div_ceil(V::LANES);
    let n_tiles = n_vectors.div_ceil(largest);
    let cut = move |t: usize| (t * n_vectors / n_tiles * V::LANES).min(m);
    (0..n_tiles).map(move |t| cut(t)..cut(t + 1))
}

/// # Safety
/// AVX2 and FMA are there; `y` has m·n values, `a` m·k, and `b` one for every row and column.
#[inline(always)]
pub(super) unsafe fn product_add<V: Vector>(y: &mut [V::F], a: &[V::F], m: usize, b: Operand<'_, V::F>) {
    if m < V::LANES {
        return scalar::product_add(y, a, m, b);
    }
    let k = b.n_rows;
    for first in (0..k).step_by(DENSE_TERMS) {
        let terms = first..k.min(first + DENSE_TERMS);
        for rows in tiles::<V>(m, DENSE_ROWS) {
            let a = Tile { start: a[first * m + rows.start..].as_ptr(), stride: m };
            // SAFETY: as the caller promises.
            unsafe { product_tiles::<V>(y, m, a, b, &terms, &rows) }
        }
    }
}

/// # Safety
/// AVX2 and FMA are there; `y` has m·n values, `a` k·m, and `b` one for every row and column.
#[inline(always)]
pub(super) unsafe fn transposed_product_add<V: Vector>(
    y: &mut [V::F],
    a: &[V::F],
    m: usize,
    b: Operand<'_, V::F>,
) {
    if m < V::LANES {
        return scalar::transposed_product_add(y, a, m, b);
    }
    let k = b.n_rows;
    // Room for the largest tile of the type with the most lanes.
    let mut columns = [V::F::default(); DENSE_ROWS * 8 * DENSE_TERMS];
    let stride = DENSE_ROWS * V::LANES;
    for first in (0..k).step_by(DENSE_TERMS) {
        let terms = first..k.min(first + DENSE_TERMS);
        for rows in tiles::<V>(m, DENSE_ROWS) {
            for (i, row) in rows.clone().enumerate() {
                let a = &a[row * k..][terms.clone()];
                for (column, &a) in columns[i..].iter_mut().step_by(stride).zip(a) {
                    *column = a;
                }
            }
            let a = Tile { start: columns.as_ptr(), stride };
            // SAFETY: as the caller promises; the tile has a column of `rows` values for every term.
            unsafe { product_tiles::<V>(y, m, a, b, &terms, &rows) }
        }
    }
}

/// Some rows of the left factor: where the first column of the terms begins, and how far it is to the next.
#[derive(Clone, Copy)]
struct Tile<F> {
    start: *const F,
    stride: usize,
}

/// Adds `terms` to the rows `rows` of all columns.
///
/// # Safety
/// AVX2 and FMA are there; `y` has m·n values and `b` one for every row and column, `a` has rows.len() values in a column
/// for each of the `terms`, and these are two vectors of rows at most.
#[inline(always)]
unsafe fn product_tiles<V: Vector>(
    y: &mut [V::F],
    m: usize,
    a: Tile<V::F>,
    b: Operand<'_, V::F>,
    terms: &Range<usize>,
    rows: &Range<usize>,
) {
    let (_, n) = b.shape();
    let n_tiles = n.div_ceil(DENSE_COLUMNS);
    for t in 0..n_tiles {
        let (j, end) = (t * n / n_tiles, (t + 1) * n / n_tiles);
        // SAFETY: as the caller promises.
        unsafe {
            let y = y.as_mut_ptr().add(j * m + rows.start);
            let b_start = b.data.as_ptr().add(terms.start * b.row_stride + j * b.column_stride);
            with_constant!(
                rows.len().div_ceil(V::LANES),
                N in 1 2,
                with_constant!(
                    end - j,
                    C in 1 2 3 4 5 6,
                    product_tile::<V, N, C>(y, m, a, b_start, b, terms.len(), rows.len())
                )
            )
        }
    }
}

/// # Safety
/// As [`product_tiles`], where `y` and `b_start` are the first values of the tile and of its terms.
#[inline(always)]
unsafe fn product_tile<V: Vector, const N: usize, const C: usize>(
    y: *mut V::F,
    m: usize,
    a: Tile<V::F>,
    b_start: *const V::F,
    b: Operand<'_, V::F>,
    n_terms: usize,
    n_rows: usize,
) {
    let offsets = offsets::<V, N>(&(0..n_rows));
    // SAFETY: C columns of y and n_terms of a have n_rows values, which have room for N vectors at these offsets.
    unsafe {
        let mut sums = [[V::splat(Zero::zero()); N]; C];
        for c in 0..C {
            for v in 0..N {
                sums[c][v] = V::load(y.add(c * m + offsets[v]));
            }
        }
        let (mut column, mut row) = (a.start, b_start);
        for _ in 0..n_terms {
            let mut of_a = [sums[0][0]; N];
            for v in 0..N {
                of_a[v] = V::load(column.add(offsets[v]));
            }
            for c in 0..C {
                let factor = V::splat(*row.add(c * b.column_stride));
                for v in 0..N {
                    sums[c][v] = of_a[v].mul_add(factor, sums[c][v]);
                }
            }
            column = column.wrapping_add(a.stride);
            row = row.wrapping_add(b.row_stride);
        }
        for c in 0..C {
            for v in 0..N {
                sums[c][v].store(y.add(c * m + offsets[v]));
            }
        }
    }
}
