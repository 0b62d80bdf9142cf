//! Products with sparse inputs.
//!
//! - [`product_add`] adds, sample by sample, the columns of W that belong to inputs that are not 0, block of inputs by block,
//!   so that the block of W stays in the first-level cache while all samples pass by.
//! - [`outer_add`] holds the sample's dy in registers and adds its multiples to the columns of dW that belong to
//!   inputs that are not 0, block by block for the same reason: only dW is loaded and stored.

use std::{marker::PhantomData, ops::Range};

use num_traits::{Float, Zero};

use super::register::Vector;
use crate::{
    SparseView,
    kernel::scalar,
    sparse::{BLOCK, blocks_of},
};

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
pub(super) unsafe fn product_add<V: Vector>(y: &mut [V::F], w: &[V::F], m: usize, x: SparseView<'_, V::F>) {
    if m < V::LANES {
        return scalar::sparse_product_add(y, w, m, x, Float::mul_add);
    }
    let cover = Cover::<V>::new(w.as_ptr(), m);
    for tile in cover.tiles() {
        // SAFETY: as the caller promises.
        unsafe {
            with_constant!(
                tile.len(),
                N in 1 2 3 4 5 6 7 8,
                product_tile::<V, N>(y, w, m, x, cover.offsets(tile.start))
            )
        }
    }
}

/// # Safety
/// As [`product_add`]; there is room for a vector at each of the `offsets` in a column.
#[inline(always)]
unsafe fn product_tile<V: Vector, const N: usize>(
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
pub(super) unsafe fn outer_add<V: Vector>(
    dw: &mut [V::F],
    dy: &[V::F],
    m: usize,
    x: SparseView<'_, V::F>,
    inputs: Range<usize>,
) {
    if m < V::LANES {
        return scalar::sparse_outer_add(dw, dy, m, x, inputs, Float::mul_add);
    }
    let cover = Cover::<V>::new(dw.as_ptr(), m);
    for tile in cover.tiles() {
        // SAFETY: as the caller promises.
        unsafe {
            with_constant!(
                tile.len(),
                N in 1 2 3 4 5 6 7 8,
                outer_tile::<V, N>(dw, dy, m, x, &inputs, cover.offsets(tile.start))
            )
        }
    }
}

/// # Safety
/// As [`outer_add`]; there is room for a vector at each of the `offsets` in a column.
#[inline(always)]
unsafe fn outer_tile<V: Vector, const N: usize>(
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
