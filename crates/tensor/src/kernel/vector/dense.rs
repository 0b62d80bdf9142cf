//! Products of dense matrices: blocks around the [tiles](super::tile), so that what is wanted again is still in a cache. Factors are
//! [packed](super::pack) where that costs less than it gives.
//!
//! ```text
//! for 1020 columns of the result       the right factor's: 1 MB, third-level cache
//!   for 256 terms                      a tile's rows and a panel's columns: 28 KB, first-level cache
//!     for 128 rows                     the left factor's: 128 KB, second-level cache
//!       pack these rows
//!       for each panel of 12 columns   packed with the first rows
//!         for each tile of 16 rows     twice, six columns each
//! ```
//! Sums are stored after a block of terms and loaded before the next, which is exact: every sum is one chain of fused
//! multiply-adds in the order of the terms, wherever the cuts are, and whether it was packed. A design like that of Goto and van
//! de Geijn, *Anatomy of high-performance matrix multiplication* (2008), but for the order. Blocks of 8 to 64 vectors and of 128 to 512
//! terms were within 3 % of each other.

use std::{cell::Cell, ops::Range};

use super::{
    pack::pack,
    register::Vector,
    tile::{LINE, PANEL, TILE, Target, Terms, two_tiles},
};
use crate::{Float, Operand};

/// The sizes of blocks: terms, vectors of rows, and columns.
const TERMS: usize = 256;
const VECTORS: usize = 16;
const COLUMNS: usize = 85 * PANEL;

/// `y = a · b`, or `y = y + a · b` if `adds`.
///
/// # Safety
/// AVX2 and FMA are there; `y` has m·n values, column after column, and the factors have one for every row and column.
#[inline(always)]
pub(super) unsafe fn product<V: Vector>(
    y: &mut [V::F],
    adds: bool,
    a: Operand<'_, V::F>,
    b: Operand<'_, V::F>,
) {
    let (m, n) = (a.n_rows, b.n_columns);
    let start = y.as_mut_ptr();
    // SAFETY: as the caller promises; a transposed product has the transposed shapes.
    unsafe {
        if m < V::LANES && m < n {
            // Vectors along the columns: yᵀ = bᵀ · aᵀ has the same sums.
            blocks::<V>(Target { start, row_stride: m, column_stride: 1 }, adds, b.t(), a.t());
        } else {
            blocks::<V>(Target { start, row_stride: 1, column_stride: m }, adds, a, b);
        }
    }
}

/// [`product`], block after block.
///
/// # Safety
/// AVX2 and FMA are there; the target and the factors have a value for every row and column, and nobody else has the target.
#[target_feature(enable = "avx2,fma")]
unsafe fn blocks<V: Vector>(y: Target<V::F>, adds: bool, a: Operand<'_, V::F>, b: Operand<'_, V::F>) {
    let ((m, k), n) = (a.shape(), b.n_columns);
    // Measured: where a packed value would be used a few times only, reading in place is quicker.
    let packs_a = a.row_stride != 1 || m < V::LANES || n > 32;
    let packs_b = m >= V::LANES * if b.row_stride == 1 { 64 } else { 9 };
    // Of few columns taller tiles are needed, since an addition takes four cycles and two begin in each.
    let most_vectors = match n {
        1 => 8,
        2 => 4,
        3 => 3,
        _ => 2,
    };
    // Rows that are read in place pass by all columns at once.
    let (most_vectors_at_once, most_terms) = if packs_a { (VECTORS, TERMS) } else { (most_vectors, 64) };
    let most_terms = most_terms.min(k);
    let most_rows = m.next_multiple_of(V::LANES).min((VECTORS + 2) * V::LANES);
    let room_for_a = if packs_a { most_rows * most_terms } else { 0 };
    let room_for_b = if packs_b { n.min(COLUMNS).div_ceil(TILE).div_ceil(2) * PANEL * most_terms } else { 0 };
    let mut memory = ROOM.take();
    let (a_room, b_room) = room(&mut memory, room_for_a + room_for_b).split_at_mut(room_for_a);
    for columns in cuts(0..n, COLUMNS) {
        for terms in cuts(0..k, most_terms) {
            for rows in row_blocks::<V>(m, most_vectors_at_once) {
                if packs_a {
                    // SAFETY: the instructions are there.
                    unsafe { pack_rows::<V>(a_room, a.columns(terms.clone()), &rows, most_vectors) }
                }
                for (p, panel) in panels(columns.clone()).enumerate() {
                    let mut of_panel = Terms {
                        n: terms.len(),
                        adds: adds || terms.start > 0,
                        a: a.data.as_ptr().wrapping_add(terms.start * a.column_stride),
                        a_stride: a.column_stride,
                        b: b.data
                            .as_ptr()
                            .wrapping_add(terms.start * b.row_stride + panel.start * b.column_stride),
                        b_row_stride: b.row_stride,
                        b_column_stride: b.column_stride,
                    };
                    if packs_b {
                        let to = &mut b_room[p * PANEL * terms.len()..];
                        if rows.start == 0 {
                            // SAFETY: the instructions are there.
                            unsafe { pack::<V>(to, PANEL, b.rows(terms.clone()).columns(panel.clone()).t()) }
                        }
                        (of_panel.b, of_panel.b_row_stride, of_panel.b_column_stride) =
                            (to.as_ptr(), PANEL, 1);
                    }
                    for tile in tiles::<V>(rows.clone(), most_vectors) {
                        let mut of_tile = of_panel;
                        if packs_a {
                            of_tile.a = a_room[(tile.start - rows.start) * terms.len()..].as_ptr();
                            of_tile.a_stride = tile.len().next_multiple_of(V::LANES);
                        } else {
                            of_tile.a = of_panel.a.wrapping_add(tile.start);
                        }
                        // SAFETY: rows, columns and terms are those of the operands.
                        unsafe { two_tiles::<V>(y, of_tile, tile, &panel, packs_a && m > 64) }
                    }
                }
            }
        }
    }
    ROOM.set(memory);
}

/// Packs a block of rows of the left factor, tile after tile.
///
/// # Safety
/// AVX2 and FMA are there.
#[inline(always)]
unsafe fn pack_rows<V: Vector>(
    room: &mut [V::F],
    a: Operand<'_, V::F>,
    rows: &Range<usize>,
    most_vectors: usize,
) {
    // Where the rows of a term lie side by side, some terms of all tiles before the next.
    for some in cuts(0..a.n_columns, if a.row_stride == 1 && a.column_stride > 256 { 8 } else { TERMS }) {
        for tile in tiles::<V>(rows.clone(), most_vectors) {
            let width = tile.len().next_multiple_of(V::LANES);
            let place = (tile.start - rows.start) * a.n_columns + some.start * width;
            // SAFETY: the instructions are there.
            unsafe { pack::<V>(&mut room[place..], width, a.rows(tile).columns(some.clone())) }
        }
    }
}

/// Cuts a range into nearly equal ones of at most `largest`.
#[inline(always)]
fn cuts(all: Range<usize>, largest: usize) -> impl Iterator<Item = Range<usize>> {
    let n = all.len().div_ceil(largest);
    let (length, n_longer) = (all.len() / n.max(1), all.len() % n.max(1));
    // A division takes as long as several terms: one for all.
    let cut = move |t: usize| all.start + t * length + t.min(n_longer);
    (0..n).map(move |t| cut(t)..cut(t + 1))
}

/// Cuts `m` rows into nearly equal blocks of at most `largest` vectors, and what is left in the last, which so has a vector.
#[inline(always)]
fn row_blocks<V: Vector>(m: usize, largest: usize) -> impl Iterator<Item = Range<usize>> {
    let pair = 2 * V::LANES;
    let n_pairs = (m / pair).max(1);
    cuts(0..n_pairs, largest.div_ceil(2))
        .map(move |pairs| pairs.start * pair..if pairs.end == n_pairs { m } else { pairs.end * pair })
}

/// Cuts rows into tiles of `largest` vectors, of which the first may have fewer. The last ends with the rows, which may be no
/// whole number of vectors, but are enough for one there.
#[inline(always)]
fn tiles<V: Vector>(rows: Range<usize>, largest: usize) -> impl Iterator<Item = Range<usize>> {
    let n_vectors = rows.len().div_ceil(V::LANES);
    let n_tiles = n_vectors.div_ceil(largest);
    let missing = n_tiles * largest - n_vectors;
    let cut = move |t: usize| (rows.start + (t * largest).saturating_sub(missing) * V::LANES).min(rows.end);
    (0..n_tiles).map(move |t| cut(t)..cut(t + 1))
}

/// Cuts columns into nearly equal tiles, and takes these by two; where their number is odd, the last is alone.
#[inline(always)]
fn panels(columns: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut tiles = cuts(columns, TILE);
    std::iter::from_fn(move || {
        let first = tiles.next()?;
        Some(first.start..tiles.next().map_or(first.end, |second| second.end))
    })
}

thread_local! {
    /// Memory for packing, which grows to what was needed most and lasts. It is taken out and put back, since a closure would not
    /// be compiled for the instructions of its caller.
    static ROOM: Cell<Vec<f64>> = const { Cell::new(Vec::new()) };
}

/// `n` numbers at least, from the beginning of a line of the cache.
fn room<F: Float>(memory: &mut Vec<f64>, n: usize) -> &mut [F] {
    let n = (n * size_of::<F>() + LINE).div_ceil(size_of::<f64>());
    if memory.len() < n {
        memory.resize(n, 0.0);
    }
    let start = memory.as_ptr().align_offset(LINE);
    // SAFETY: every pattern of bits is a number of either type.
    unsafe { memory[start..].align_to_mut::<F>().1 }
}
