//! Sparse images: the pixels that are not 0, for data sets most of whose pixels are background.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use chainrule_data::scaled;
use chainrule_tensor::{Float, InputBuffer, MAX_SPARSE_ROWS, PackedColumns, prefetch};

/// The sparse form of some images, made when it is first wanted. It follows from the pixels, so that any two are equal.
#[derive(Default)]
pub(crate) struct SparseImages {
    /// `None` if dense inputs are faster.
    chunks: OnceLock<Option<Vec<Chunk>>>,
}

/// Some consecutive images. At first their sparse form is made anew each time, and kept when they have been wanted as often as
/// there are images: for images that are used once it is not worth it.
#[derive(Default)]
struct Chunk {
    n_wanted: AtomicUsize,
    packed: OnceLock<PackedColumns>,
}

/// So many images are packed at once. Threads that gather a mini-batch side by side also pack side by side.
const CHUNK: usize = 512;

/// Up to this fraction of pixels that are not 0, sparse inputs are faster than dense ones: they take one multiplication for
/// each of them instead of one for each pixel, but fewer in the same time.
const DENSEST: f64 = 0.4;

/// The fraction is that of about so many images, spread over the set.
const LOOKED_AT: usize = 256;

impl SparseImages {
    /// Adds the images `indices` to `x` as floats 0…1, and returns whether it did: not where dense inputs are faster.
    pub(crate) fn gather_to<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        pixels: &[u8],
        n_pixels: usize,
        indices: &[usize],
    ) -> bool {
        let chunks = self.chunks.get_or_init(|| {
            let n_chunks = (pixels.len() / n_pixels).div_ceil(CHUNK);
            are_sparse(pixels, n_pixels).then(|| (0..n_chunks).map(|_| Chunk::default()).collect())
        });
        let Some(chunks) = chunks else { return false };
        let image = |i: usize| &pixels[i * n_pixels..(i + 1) * n_pixels];
        let x = x.sparse_mut(n_pixels);
        for indices in indices.chunks(AT_ONCE) {
            // They lie anywhere in a large memory, so all are asked for before the first is needed.
            for &i in indices {
                match chunks[i / CHUNK].packed.get() {
                    Some(packed) => packed.prefetch(i % CHUNK),
                    None => prefetch(image(i)),
                }
            }
            for &i in indices {
                let chunk = &chunks[i / CHUNK];
                match chunk.packed.get() {
                    Some(packed) => x.push_packed(packed, i % CHUNK, scaled),
                    None => {
                        x.push_bytes(image(i), scaled);
                        let start = i / CHUNK * CHUNK * n_pixels;
                        let images = &pixels[start..pixels.len().min(start + CHUNK * n_pixels)];
                        if chunk.n_wanted.fetch_add(1, Ordering::Relaxed) == images.len() / n_pixels {
                            chunk.packed.get_or_init(|| PackedColumns::new(n_pixels, images));
                        }
                    }
                }
            }
        }
        true
    }
}

/// So many images fit into a first-level cache beside what they become.
const AT_ONCE: usize = 32;

/// Whether sparse inputs are faster.
fn are_sparse(pixels: &[u8], n_pixels: usize) -> bool {
    let apart = (pixels.len() / n_pixels).div_ceil(LOOKED_AT).max(1);
    let (mut n_listed, mut n_looked_at) = (0, 0);
    for image in pixels.chunks_exact(n_pixels).step_by(apart) {
        n_listed += image.iter().filter(|&&pixel| pixel != 0).count();
        n_looked_at += n_pixels;
    }
    n_pixels <= MAX_SPARSE_ROWS && n_listed as f64 <= DENSEST * n_looked_at as f64
}

impl Clone for SparseImages {
    fn clone(&self) -> Self {
        SparseImages::default()
    }
}

impl PartialEq for SparseImages {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for SparseImages {}
