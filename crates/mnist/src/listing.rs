//! The pixels that are not 0, listed once: what training gathers from where most of an image is background.

use std::sync::OnceLock;

use chainrule_tensor::{Float, MAX_SPARSE_ROWS, SparseBuffer};

use crate::pixels::scaled;

/// The list of some images, made when it is first wanted. It says nothing that the pixels don't say, so all are equal.
#[derive(Default)]
pub(crate) struct Listing {
    list: OnceLock<Option<SparseBuffer<u8>>>,
}

/// Up to this share of pixels that are not 0, a list is faster than all pixels: it takes one multiplication for each of
/// them instead of one for each pixel, but fewer in the same time.
const DENSEST: f64 = 0.5;

impl Listing {
    /// The list of images of `n_pixels` each, one behind the other; `None` if that would not pay.
    pub(crate) fn of(&self, pixels: &[u8], n_pixels: usize) -> Option<&SparseBuffer<u8>> {
        let list = self.list.get_or_init(|| {
            let n_listed = pixels.iter().filter(|&&pixel| pixel != 0).count();
            let pays = n_pixels <= MAX_SPARSE_ROWS && n_listed as f64 <= DENSEST * pixels.len() as f64;
            pays.then(|| {
                let mut list = SparseBuffer::new();
                list.clear(n_pixels);
                pixels.chunks_exact(n_pixels).for_each(|image| list.push_bytes(image, |pixel| pixel));
                list
            })
        });
        list.as_ref()
    }
}

/// Adds the images `indices` to `x` as floats 0…1.
pub(crate) fn gather_to<F: Float>(list: &SparseBuffer<u8>, x: &mut SparseBuffer<F>, indices: &[usize]) {
    let list = list.as_view();
    x.push_changed(list, indices, scaled);
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
