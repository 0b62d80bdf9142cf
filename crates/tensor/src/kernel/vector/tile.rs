//! The innermost loop of dense products: a tile of the result stays in registers while a run of terms is added to it.
//!
//! Two vectors of rows by six columns are twelve sums, which fill the sixteen registers with two vectors of the left factor and one
//! number of the right. An addition takes four cycles and two begin in each, so eight sums keep both units busy: tiles of few
//! columns are taller.

use std::{
    arch::x86_64::{_MM_HINT_T0, _mm_prefetch},
    ops::Range,
};

use super::register::Vector;

/// The most columns of a tile, and of a panel: two tiles, so that rows that came from the second-level cache are used twice.
pub(super) const TILE: usize = 6;
pub(super) const PANEL: usize = 2 * TILE;

/// The most sums of a tile.
const SUMS: usize = 12;

/// Bytes in a line of the cache.
pub(super) const LINE: usize = 64;

/// Where a result is: that of row i and column j at `i · row_stride + j · column_stride`.
#[derive(Clone, Copy)]
pub(super) struct Target<F> {
    pub(super) start: *mut F,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

/// Some terms of a tile: `n` columns of some rows of the left factor, and as many rows of some columns of the right.
#[derive(Clone, Copy)]
pub(super) struct Terms<F> {
    pub(super) n: usize,
    /// Whether they are added to what is there.
    pub(super) adds: bool,
    pub(super) a: *const F,
    pub(super) a_stride: usize,
    pub(super) b: *const F,
    pub(super) b_row_stride: usize,
    pub(super) b_column_stride: usize,
}

/// What is known of the strides when a tile is compiled, so that addresses take no instructions of their own: nothing; the
/// left factor is packed, and a column, or a row, of the right is a run of memory; both are packed.
const ANY: u8 = 0;
const COLUMN_RUNS: u8 = 1;
const ROW_RUNS: u8 = 2;
const PACKED: u8 = 3;

/// Adds the terms to a tile of rows in all columns of a panel.
///
/// # Safety
/// AVX2 and FMA are there; the target and the terms have values for these rows and columns.
#[inline(always)]
pub(super) unsafe fn two_tiles<V: Vector>(
    y: Target<V::F>,
    terms: Terms<V::F>,
    rows: Range<usize>,
    panel: &Range<usize>,
    asks: bool,
) {
    let n = rows.len();
    let half = if panel.len() > TILE { panel.len().div_ceil(2) } else { panel.len() };
    for (first, c) in [(0, half), (half, panel.len() - half)] {
        if c == 0 {
            break;
        }
        let start = y.start.wrapping_add(rows.start * y.row_stride + (panel.start + first) * y.column_stride);
        let terms = Terms { b: terms.b.wrapping_add(first * terms.b_column_stride), ..terms };
        if y.row_stride == 1 && n >= V::LANES {
            // The next tile's rows lie behind these.
            for j in (0..c).filter(|_| asks) {
                for line in [n, n + LINE / size_of::<V::F>()] {
                    // SAFETY: nothing is read that could be seen, wherever it is.
                    unsafe {
                        _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(j * y.column_stride + line).cast())
                    };
                }
            }
            // SAFETY: as the caller promises.
            unsafe { add_to_tile::<V>(start, y.column_stride, n, c, &terms) }
            continue;
        }
        // Rows that are no vectors of memory go through some that are; what is beyond them is of no account.
        let mut tile = [V::F::default(); SUMS * 8];
        let height = n.next_multiple_of(V::LANES);
        // SAFETY: as the caller promises, and a tile has at most SUMS vectors.
        unsafe {
            for (i, j) in (0..c).flat_map(|j| (0..n).map(move |i| (i, j))) {
                tile[j * height + i] = *start.add(i * y.row_stride + j * y.column_stride);
            }
            add_to_tile::<V>(tile.as_mut_ptr(), height, n.max(V::LANES), c, &terms);
            for (i, j) in (0..c).flat_map(|j| (0..n).map(move |i| (i, j))) {
                *start.add(i * y.row_stride + j * y.column_stride) = tile[j * height + i];
            }
        }
    }
}

/// Adds the terms to a tile of `n_rows` rows, a vector or more, which are runs of memory.
///
/// This and [`tile`] are functions of their own: inlined wherever they are called, some hundred tiles take half a minute to compile.
///
/// # Safety
/// AVX2 and FMA are there; the tile and the terms have values for these rows and columns.
#[target_feature(enable = "avx2,fma")]
unsafe fn add_to_tile<V: Vector>(
    y: *mut V::F,
    y_stride: usize,
    n_rows: usize,
    n_columns: usize,
    terms: &Terms<V::F>,
) {
    let n_vectors = n_rows.div_ceil(V::LANES);
    macro_rules! tiles {
        ($strides:ident: $($n:literal by $($c:literal)*;)*) => {
            match (n_vectors, n_columns) {
                $($(($n, $c) => tile::<V, $n, $c, $strides>(y, y_stride, n_rows, terms),)*)*
                (n, c) => unreachable!("a tile of {n} by {c}"),
            }
        };
    }
    let a_is_packed = terms.a_stride == n_vectors * V::LANES;
    // SAFETY: as the caller promises; the strides are what they are found to be.
    unsafe {
        match (terms.b_row_stride, terms.b_column_stride) {
            (PANEL, 1) if a_is_packed && n_vectors <= 2 && n_columns > 3 => {
                tiles!(PACKED: 1 by 4 5 6; 2 by 4 5 6;)
            }
            (_, 1) if a_is_packed && n_vectors <= 2 && n_columns > 3 => {
                tiles!(ROW_RUNS: 1 by 4 5 6; 2 by 4 5 6;)
            }
            (1, _) if a_is_packed && n_vectors <= 2 && n_columns > 3 => {
                tiles!(COLUMN_RUNS: 1 by 4 5 6; 2 by 4 5 6;)
            }
            _ => {
                tiles!(ANY: 1 by 1 2 3 4 5 6; 2 by 1 2 3 4 5 6; 3 by 1 2 3; 4 by 1 2; 5 by 1; 6 by 1; 7 by 1; 8 by 1;)
            }
        }
    }
}

/// # Safety
/// As [`add_to_tile`], with N vectors of rows and C columns, and strides as said.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<V: Vector, const N: usize, const C: usize, const STRIDES: u8>(
    y: *mut V::F,
    y_stride: usize,
    n_rows: usize,
    terms: &Terms<V::F>,
) {
    let (a_stride, b_row_stride, b_column_stride) = match STRIDES {
        PACKED => (N * V::LANES, PANEL, 1),
        COLUMN_RUNS => (N * V::LANES, 1, terms.b_column_stride),
        ROW_RUNS => (N * V::LANES, terms.b_row_stride, 1),
        _ => (terms.a_stride, terms.b_row_stride, terms.b_column_stride),
    };
    // The last vector ends with the rows and may overlap the one before: both compute the same values for the rows they share.
    let offset = |v: usize| if v + 1 < N { v * V::LANES } else { n_rows - V::LANES };
    // SAFETY: as the caller promises.
    unsafe {
        let mut sums = [[V::splat(V::F::default()); N]; C];
        if terms.adds {
            for c in 0..C {
                for v in 0..N {
                    sums[c][v] = V::load(y.add(c * y_stride + offset(v)));
                }
            }
        }
        let mut column = terms.a;
        // Columns are reached from a pointer for every three: one for all would make a chain of additions.
        let mut rows: [*const V::F; 2] = [terms.b, terms.b.wrapping_add(3 * b_column_stride)];
        macro_rules! add_term {
            () => {{
                let mut of_a = [sums[0][0]; N];
                for v in 0..N {
                    of_a[v] = V::load(column.add(offset(v)));
                }
                for c in 0..C {
                    let factor = V::splat(*rows[c / 3].add(c % 3 * b_column_stride));
                    for v in 0..N {
                        sums[c][v] = of_a[v].mul_add(factor, sums[c][v]);
                    }
                }
                column = column.wrapping_add(a_stride);
                for row in &mut rows[..C.div_ceil(3)] {
                    *row = row.wrapping_add(b_row_stride);
                }
            }};
        }
        let at_once = if STRIDES == ANY { 1 } else { 4 };
        for _ in 0..terms.n / at_once {
            for _ in 0..at_once {
                add_term!();
            }
        }
        for _ in 0..terms.n % at_once {
            add_term!();
        }
        for c in 0..C {
            for v in 0..N {
                sums[c][v].store(y.add(c * y_stride + offset(v)));
            }
        }
    }
}
