//! MNIST as rows of numbers, and how well a network does on its test images.

use std::{path::Path, sync::OnceLock};

use chainrule_benches::standardised;
use chainrule_mnist::{ImageSet, Mnist};

/// Pixels of an image.
pub const N_PIXELS: usize = 784;
/// Digits.
pub const N_CLASSES: usize = 10;

/// MNIST as bytes, and as numbers once these are needed.
pub struct Data {
    pub(crate) mnist: Mnist,
    scaled: OnceLock<[Vec<f32>; 2]>,
    standardised: OnceLock<[Vec<f32>; 2]>,
}

impl Data {
    /// Reads the four files from `folder`.
    pub fn load(folder: &Path) -> Data {
        let mnist = Mnist::load(folder).expect("the data are there");
        Data { mnist, scaled: OnceLock::new(), standardised: OnceLock::new() }
    }

    /// Training and test images, row after row: pixels as 0…1, or standardised.
    pub fn images(&self, is_standardised: bool) -> &[Vec<f32>; 2] {
        let sets = [&self.mnist.train, &self.mnist.test];
        let scaled = |set: &ImageSet| set.to_matrix::<f32>(0..set.len()).as_slice().to_vec();
        match is_standardised {
            true => self.standardised.get_or_init(|| sets.map(standardised)),
            false => self.scaled.get_or_init(|| sets.map(scaled)),
        }
    }

    /// Copies training images into one piece, and their digits.
    pub fn gather(&self, standardised: bool, samples: &[usize]) -> (Vec<f32>, Vec<u8>) {
        let [all, _] = self.images(standardised);
        let mut x = Vec::with_capacity(samples.len() * N_PIXELS);
        for &i in samples {
            x.extend_from_slice(&all[i * N_PIXELS..(i + 1) * N_PIXELS]);
        }
        (x, samples.iter().map(|&i| self.mnist.train.labels()[i]).collect())
    }

    /// The mean cross-entropy and the accuracy over the test images.
    pub fn test_loss_and_accuracy(
        &self,
        standardised: bool,
        mut logits: impl FnMut(&[f32]) -> Vec<f32>,
    ) -> (f64, f64) {
        let [_, x] = self.images(standardised);
        let z: Vec<f32> = x.chunks(1000 * N_PIXELS).flat_map(|rows| logits(rows)).collect();
        let (mut loss, mut right) = (0.0, 0);
        for (z, &class) in z.chunks(N_CLASSES).zip(self.mnist.test.labels()) {
            let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = z.iter().map(|&v| f64::from(v - largest).exp()).sum();
            loss += sum.ln() - f64::from(z[usize::from(class)] - largest);
            right += usize::from(z[usize::from(class)] == largest);
        }
        let n = self.mnist.test.len() as f64;
        (loss / n, right as f64 / n)
    }
}
