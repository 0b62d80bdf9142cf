//! A small data set that can be learned: every class is a bright blob in another place of a 6×6 image.

use chainrule_mnist::{ImageSet, Images};
use chainrule_tensor::random::{Purpose, generator, index};

/// The first `n` of an endless row of samples.
pub(crate) fn blobs(n: usize) -> ImageSet {
    const SIDE: usize = 6;
    let mut rng = generator(5, Purpose::Draw, 0, 0);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let class = index(&mut rng, 10);
        for pixel in 0..SIDE * SIDE {
            let bright = pixel % 10 == class;
            let noise = index(&mut rng, 120);
            pixels.push(if bright { 255 - noise } else { noise } as u8);
        }
        labels.push(class as u8);
    }
    ImageSet::new(Images::new(n, SIDE, SIDE, pixels), labels)
}
