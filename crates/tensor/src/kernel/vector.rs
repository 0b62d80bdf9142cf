//! The loops with vectors of 256 bits: AVX2 with fused multiply-add.
//!
//! The idea is the same in all of them: a tile of the result stays in registers while all of its terms are added, and a
//! column of the left factor, which is a run of memory, is multiplied by one number of the right. Where a tile's rows are
//! no whole number of vectors, its last vector overlaps the one before: both compute the same values for the rows they
//! share, so it does not matter which is stored last. Results of fewer rows than a vector has lanes go the plain way.
//!
//! - `sparse_product_add` adds, sample by sample, the columns of W that belong to listed inputs, block of inputs by block,
//!   so that the block of W stays in the first-level cache while all samples pass by.
//! - `sparse_outer_add` holds the sample's dy in registers and adds its multiples to the columns of dW that belong to
//!   listed inputs, block by block for the same reason: only dW is loaded and stored.
//! - `product_add` holds two vectors of rows by six columns.
//! - `transposed_product_add` does the same after it has laid a tile of the left factor out in columns.

use std::{arch::x86_64::*, marker::PhantomData, ops::Range};

use num_traits::Zero;

use super::{Kernels, Shape, Strided, exponential, scalar};
use crate::{
    Float, SparseView,
    sparse::{BLOCK, blocks_of},
};

/// A register of several values.
trait Vector: Copy {
    type F: Float;
    const LANES: usize;

    /// # Safety
    /// AVX2 and FMA are there, and `LANES` values can be read at `from`.
    unsafe fn load(from: *const Self::F) -> Self;

    /// # Safety
    /// AVX2 and FMA are there, and `LANES` values can be written at `to`.
    unsafe fn store(self, to: *mut Self::F);

    /// # Safety
    /// AVX2 and FMA are there.
    unsafe fn splat(value: Self::F) -> Self;

    /// `self · factor + term`, rounded once.
    ///
    /// # Safety
    /// AVX2 and FMA are there.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
}

impl Vector for __m256 {
    type F = f32;
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_fmadd_ps(self, factor, term) }
    }
}

impl Vector for __m256d {
    type F = f64;
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_pd(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_pd(to, self) }
    }

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_set1_pd(value) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_fmadd_pd(self, factor, term) }
    }
}

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

/// Evaluates an expression in which a number that is known at run time only is a constant.
macro_rules! with_constant {
    ($number:expr, $name:ident in $($value:literal)*, $expression:expr) => {
        match $number {
            $($value => {
                const $name: usize = $value;
                $expression
            })*
            other => unreachable!("a tile of {other}"),
        }
    };
}

/// Where the vectors that cover all rows of a column begin.
///
/// A vector that crosses a line of the cache takes two turns to be loaded or stored. Columns of a whole number of vectors
/// all cross at the same places, so they are covered from the first boundary on, and the rows before it by one vector more,
/// which overlaps the next.
#[derive(Clone, Copy)]
struct Cover<V> {
    m: usize,
    /// Rows before the first boundary.
    shift: usize,
    vector: PhantomData<V>,
}

impl<V: Vector> Cover<V> {
    /// Of columns of `m` rows, enough for a vector, that lie one behind the other from `start` on.
    #[inline(always)]
    fn new(start: *const V::F, m: usize) -> Self {
        debug_assert!(m >= V::LANES);
        let shift =
            if m.is_multiple_of(V::LANES) { start.align_offset(size_of::<V>()) % V::LANES } else { 0 };
        Cover { m, shift, vector: PhantomData }
    }

    #[inline(always)]
    fn n_vectors(self) -> usize {
        usize::from(self.shift > 0) + (self.m - self.shift).div_ceil(V::LANES)
    }

    /// The tiles of vectors: one, if that is enough.
    #[inline(always)]
    fn tiles(self) -> impl Iterator<Item = Range<usize>> {
        let n_vectors = self.n_vectors();
        let n_tiles = if n_vectors <= SPARSE_TILE { 1 } else { n_vectors.div_ceil(SPARSE_TILES) };
        let cut = move |t: usize| t * n_vectors / n_tiles;
        (0..n_tiles).map(move |t| cut(t)..cut(t + 1))
    }

    /// Where the `N` vectors from `first` on begin. The last of all ends with the column.
    #[inline(always)]
    fn offsets<const N: usize>(self, first: usize) -> [usize; N] {
        std::array::from_fn(|v| {
            let unshifted = (first + v) * V::LANES;
            let offset =
                if self.shift == 0 { unshifted } else { (unshifted + self.shift).saturating_sub(V::LANES) };
            offset.min(self.m - V::LANES)
        })
    }
}

/// The most vectors of rows in a tile of the sparse products: half of the registers.
const SPARSE_TILE: usize = 8;

/// The most in each, where there are several: fewer, so that more inputs are done at once.
const SPARSE_TILES: usize = 6;

/// How many blocks of inputs are done for all samples before the next, so that their weights, for a tile of so many
/// vectors, stay in a first-level cache of 32 KB beside what else is needed.
#[inline(always)]
fn blocks_at_once<V: Vector>(n_vectors: usize) -> usize {
    (WEIGHTS_AT_ONCE / (BLOCK * n_vectors * size_of::<V>())).max(1)
}

/// In bytes.
const WEIGHTS_AT_ONCE: usize = 28 * 1024;

/// # Safety
/// AVX2 and FMA are there; `y` has m·n values and `w` m·k for x of *k × n*.
#[inline(always)]
unsafe fn sparse_product_add<V: Vector>(y: &mut [V::F], w: &[V::F], m: usize, x: SparseView<'_, V::F>) {
    if m < V::LANES {
        return scalar::sparse_product_add(y, w, m, x);
    }
    let cover = Cover::<V>::new(w.as_ptr(), m);
    for tile in cover.tiles() {
        // SAFETY: as the caller promises.
        unsafe {
            with_constant!(
                tile.len(),
                N in 1 2 3 4 5 6 7 8,
                sparse_product_tile::<V, N>(y, w, m, x, cover.offsets(tile.start))
            )
        }
    }
}

/// # Safety
/// As [`sparse_product_add`]; there is room for a vector at each of the `offsets` in a column.
#[inline(always)]
unsafe fn sparse_product_tile<V: Vector, const N: usize>(
    y: &mut [V::F],
    w: &[V::F],
    m: usize,
    x: SparseView<'_, V::F>,
    offsets: [usize; N],
) {
    let at_once = blocks_at_once::<V>(N);
    for first in (0..x.n_blocks()).step_by(at_once) {
        let blocks = first..x.n_blocks().min(first + at_once);
        for j in 0..x.n_columns() {
            let (inputs, values) = x.blocks(&blocks, j);
            if inputs.is_empty() {
                continue;
            }
            // SAFETY: column j of y and, by the promise of `SparseView`, every listed column of w are within them; the
            // offsets leave room for a vector below row m.
            unsafe {
                let (y, w) = (y.as_mut_ptr().add(j * m), w.as_ptr());
                let mut sums = [V::splat(Zero::zero()); N];
                for v in 0..N {
                    sums[v] = V::load(y.add(offsets[v]));
                }
                for (&input, &value) in inputs.iter().zip(values) {
                    let (w, value) = (w.add(usize::from(input) * m), V::splat(value));
                    for v in 0..N {
                        sums[v] = V::load(w.add(offsets[v])).mul_add(value, sums[v]);
                    }
                }
                for v in 0..N {
                    sums[v].store(y.add(offsets[v]));
                }
            }
        }
    }
}

/// # Safety
/// AVX2 and FMA are there; `dw` has m·rows values and `dy` m·n for x of *k × n*, of which `rows` are rows.
#[inline(always)]
unsafe fn sparse_outer_add<V: Vector>(
    dw: &mut [V::F],
    dy: &[V::F],
    m: usize,
    x: SparseView<'_, V::F>,
    inputs: Range<usize>,
) {
    if m < V::LANES {
        return scalar::sparse_outer_add(dw, dy, m, x, inputs);
    }
    let cover = Cover::<V>::new(dw.as_ptr(), m);
    for tile in cover.tiles() {
        // SAFETY: as the caller promises.
        unsafe {
            with_constant!(
                tile.len(),
                N in 1 2 3 4 5 6 7 8,
                sparse_outer_tile::<V, N>(dw, dy, m, x, &inputs, cover.offsets(tile.start))
            )
        }
    }
}

/// # Safety
/// As [`sparse_outer_add`]; there is room for a vector at each of the `offsets` in a column.
#[inline(always)]
unsafe fn sparse_outer_tile<V: Vector, const N: usize>(
    dw: &mut [V::F],
    dy: &[V::F],
    m: usize,
    x: SparseView<'_, V::F>,
    inputs: &Range<usize>,
    offsets: [usize; N],
) {
    let all = blocks_of(inputs);
    let at_once = blocks_at_once::<V>(N);
    for first in all.clone().step_by(at_once) {
        let blocks = first..all.end.min(first + at_once);
        let whole = inputs.start <= blocks.start * BLOCK && blocks.end * BLOCK <= inputs.end;
        for j in 0..x.n_columns() {
            let (listed, values) = x.blocks(&blocks, j);
            if listed.is_empty() {
                continue;
            }
            // SAFETY: column j of dy and, being one of the inputs, every column of dw that is touched are within them;
            // the offsets leave room for a vector below row m.
            unsafe {
                let dy = dy.as_ptr().add(j * m);
                let mut dys = [V::splat(Zero::zero()); N];
                for v in 0..N {
                    dys[v] = V::load(dy.add(offsets[v]));
                }
                for (&input, &value) in listed.iter().zip(values) {
                    let input = usize::from(input);
                    if !whole && !inputs.contains(&input) {
                        continue;
                    }
                    let (dw, value) = (dw.as_mut_ptr().add((input - inputs.start) * m), V::splat(value));
                    // All are loaded before any is stored, since the last two may overlap.
                    let mut sums = [value; N];
                    for v in 0..N {
                        sums[v] = V::load(dw.add(offsets[v]));
                    }
                    for v in 0..N {
                        sums[v] = dys[v].mul_add(value, sums[v]);
                    }
                    for v in 0..N {
                        sums[v].store(dw.add(offsets[v]));
                    }
                }
            }
        }
    }
}

/// The most vectors of rows and columns in a tile of a dense product: with a column of the left factor and one number of
/// the right, they fill all sixteen registers.
const DENSE_ROWS: usize = 2;
const DENSE_COLUMNS: usize = 6;

/// So many terms are added to all tiles before the next: what a tile needs of the left factor stays in the cache.
const DENSE_TERMS: usize = 64;

/// # Safety
/// AVX2 and FMA are there; `y` has m·n values, `a` m·k, and `b` one for every row and column.
#[inline(always)]
unsafe fn product_add<V: Vector>(y: &mut [V::F], a: &[V::F], b: Strided<'_, V::F>, shape: Shape) {
    let Shape { m, k, .. } = shape;
    if m < V::LANES {
        return scalar::product_add(y, a, b, shape);
    }
    for first in (0..k).step_by(DENSE_TERMS) {
        let terms = first..k.min(first + DENSE_TERMS);
        for rows in tiles::<V>(m, DENSE_ROWS) {
            let a = Tile { start: a[first * m + rows.start..].as_ptr(), stride: m };
            // SAFETY: as the caller promises.
            unsafe { product_tiles::<V>(y, a, b, shape, &terms, &rows) }
        }
    }
}

/// # Safety
/// AVX2 and FMA are there; `y` has m·n values, `a` k·m, and `b` one for every row and column.
#[inline(always)]
unsafe fn transposed_product_add<V: Vector>(y: &mut [V::F], a: &[V::F], b: Strided<'_, V::F>, shape: Shape) {
    let Shape { m, k, .. } = shape;
    if m < V::LANES {
        return scalar::transposed_product_add(y, a, b, shape);
    }
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
            unsafe { product_tiles::<V>(y, a, b, shape, &terms, &rows) }
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
    a: Tile<V::F>,
    b: Strided<'_, V::F>,
    Shape { m, n, .. }: Shape,
    terms: &Range<usize>,
    rows: &Range<usize>,
) {
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
    b: Strided<'_, V::F>,
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

macro_rules! instances {
    ($name:ident, $module:ident, $vector:ty, $f:ty, $exp_to:expr, $sigmoid_to:expr) => {
        pub(super) const $name: Kernels<$f> = Kernels {
            sparse_product_add: $module::sparse_product_add,
            sparse_outer_add: $module::sparse_outer_add,
            product_add: $module::product_add,
            transposed_product_add: $module::transposed_product_add,
            exp_to: $exp_to,
            sigmoid_to: $sigmoid_to,
        };

        /// The loops for one element type, compiled for AVX2 and FMA.
        mod $module {
            use super::*;

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn sparse_product_add(y: &mut [$f], w: &[$f], m: usize, x: SparseView<'_, $f>) {
                // SAFETY: as the caller promises.
                unsafe { super::sparse_product_add::<$vector>(y, w, m, x) }
            }

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn sparse_outer_add(
                dw: &mut [$f],
                dy: &[$f],
                m: usize,
                x: SparseView<'_, $f>,
                rows: Range<usize>,
            ) {
                // SAFETY: as the caller promises.
                unsafe { super::sparse_outer_add::<$vector>(dw, dy, m, x, rows) }
            }

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn product_add(y: &mut [$f], a: &[$f], b: Strided<'_, $f>, shape: Shape) {
                // SAFETY: as the caller promises.
                unsafe { super::product_add::<$vector>(y, a, b, shape) }
            }

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn transposed_product_add(
                y: &mut [$f],
                a: &[$f],
                b: Strided<'_, $f>,
                shape: Shape,
            ) {
                // SAFETY: as the caller promises.
                unsafe { super::transposed_product_add::<$vector>(y, a, b, shape) }
            }
        }
    };
}

instances!(AVX2_F32, f32s, __m256, f32, exp_to, sigmoid_to);
instances!(AVX2_F64, f64s, __m256d, f64, scalar::exp_to, scalar::sigmoid_to);

/// # Safety
/// AVX2 and FMA are there.
#[target_feature(enable = "avx2,fma")]
unsafe fn exp_to(y: &mut [f32], x: &[f32], shift: f32) {
    exponential::exp_to::<true>(y, x, shift);
}

/// # Safety
/// AVX2 and FMA are there.
#[target_feature(enable = "avx2,fma")]
unsafe fn sigmoid_to(y: &mut [f32], complement: &mut [f32], x: &[f32]) {
    exponential::sigmoid_to::<true>(y, complement, x);
}
