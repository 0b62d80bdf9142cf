//! The pixels that are not 0, packed once: what training gathers from where most of an image is background.

use std::sync::OnceLock;

use chainrule_tensor::{Float, MAX_SPARSE_ROWS, PackedColumns, SparseBuffer};

use crate::pixels::scaled;

/// The packed form of some images, made when it is first wanted. It says nothing that the pixels don't say, so all are
/// equal.
#[derive(Default)]
pub(crate) struct Listing {
    chunks: OnceLock<Option<Vec<OnceLock<PackedColumns>>>>,
}

/// So many images are packed at once. Threads that gather a first mini-batch side by side also pack side by side.
const CHUNK: usize = 512;

/// Up to this share of pixels that are not 0, a list is faster than all pixels: it takes one multiplication for each of
/// them instead of one for each pixel, but fewer in the same time.
const DENSEST: f64 = 0.5;

/// The share is that of about so many images, taken from all over the set.
const LOOKED_AT: usize = 256;

impl Listing {
    /// Adds the images `indices` to the buffer that `x` gives, as floats 0…1, and returns whether it did: not where a list
    /// would not pay.
    pub(crate) fn gather_to<'x, F: Float>(
        &self,
        x: impl FnOnce() -> &'x mut SparseBuffer<F>,
        pixels: &[u8],
        n_pixels: usize,
        indices: &[usize],
    ) -> bool {
        let chunks = self.chunks.get_or_init(|| {
            let n_chunks = (pixels.len() / n_pixels).div_ceil(CHUNK);
            pays(pixels, n_pixels).then(|| (0..n_chunks).map(|_| OnceLock::new()).collect())
        });
        let Some(chunks) = chunks else { return false };
        let packed = |i: usize| {
            let images = || pixels.chunks(CHUNK * n_pixels).nth(i / CHUNK).expect("an image of the set");
            (chunks[i / CHUNK].get_or_init(|| PackedColumns::new(n_pixels, images())), i % CHUNK)
        };
        let x = x();
        for indices in indices.chunks(AT_ONCE) {
            // They lie anywhere in a large memory, so all are asked for before the first is needed.
            for &i in indices {
                let (chunk, i) = packed(i);
                chunk.prefetch(i);
            }
            for &i in indices {
                let (chunk, i) = packed(i);
                x.push_packed(chunk, i, scaled);
            }
        }
        true
    }
}

/// So many images fit into a first-level cache beside what they become.
const AT_ONCE: usize = 32;

fn pays(pixels: &[u8], n_pixels: usize) -> bool {
    let apart = (pixels.len() / n_pixels).div_ceil(LOOKED_AT).max(1);
    let (mut n_listed, mut n_looked_at) = (0, 0);
    for image in pixels.chunks_exact(n_pixels).step_by(apart) {
        n_listed += image.iter().filter(|&&pixel| pixel != 0).count();
        n_looked_at += n_pixels;
    }
    n_pixels <= MAX_SPARSE_ROWS && n_listed as f64 <= DENSEST * n_looked_at as f64
}

impl Clone for Listing {
    fn clone(&self) -> Self {
        Listing::default()
    }
}

impl PartialEq for Listing {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Listing {}
