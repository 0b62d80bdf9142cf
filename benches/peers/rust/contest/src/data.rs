//! MNIST as rows of numbers, and how well a network does on its test images.

use std::{fs::File, io::Read, path::Path, sync::OnceLock};

use flate2::read::GzDecoder;

/// Pixels of an image.
pub const N_PIXELS: usize = 784;
/// Digits.
pub const N_CLASSES: usize = 10;

/// MNIST, pixels as 0…1.
pub struct Data {
    x: Vec<f32>,
    standardised: OnceLock<[Vec<f32>; 2]>,
    /// The digits of the training images.
    pub classes: Vec<u8>,
    /// The test images, row after row.
    pub test_x: Vec<f32>,
    /// The digits of the test images.
    pub test_classes: Vec<u8>,
}

impl Data {
    /// Reads the four files from `folder`.
    pub fn load(folder: &Path) -> Data {
        let read = |name: &str, header: usize| {
            let file = File::open(folder.join(name)).expect("the data are there");
            let mut bytes = Vec::new();
            GzDecoder::new(file).read_to_end(&mut bytes).expect("the data can be inflated");
            bytes.split_off(header)
        };
        let images = |name| -> Vec<f32> { read(name, 16).iter().map(|&b| f32::from(b) / 255.0).collect() };
        Data {
            x: images("train-images-idx3-ubyte.gz"),
            standardised: OnceLock::new(),
            classes: read("train-labels-idx1-ubyte.gz", 8),
            test_x: images("t10k-images-idx3-ubyte.gz"),
            test_classes: read("t10k-labels-idx1-ubyte.gz", 8),
        }
    }

    /// Training and test images with MNIST's usual mean 0 and variance 1: no pixel is zero then.
    fn standardised(&self) -> &[Vec<f32>; 2] {
        self.standardised.get_or_init(|| {
            [&self.x, &self.test_x].map(|x| x.iter().map(|v| (v - 0.1307) / 0.3081).collect())
        })
    }

    /// Makes ready, outside of any measurement, what `gather` reads.
    pub fn prepare(&self, standardised: bool) {
        if standardised {
            self.standardised();
        }
    }

    /// Copies training images into one piece, and their digits.
    pub fn gather(&self, standardised: bool, samples: &[u32]) -> (Vec<f32>, Vec<u8>) {
        let all = if standardised { &self.standardised()[0] } else { &self.x };
        let mut x = Vec::with_capacity(samples.len() * N_PIXELS);
        for &i in samples {
            x.extend_from_slice(&all[i as usize * N_PIXELS..(i as usize + 1) * N_PIXELS]);
        }
        (x, samples.iter().map(|&i| self.classes[i as usize]).collect())
    }

    /// The mean cross-entropy and the accuracy over the test images.
    pub fn test_loss_and_accuracy(
        &self,
        standardised: bool,
        mut logits: impl FnMut(&[f32]) -> Vec<f32>,
    ) -> (f64, f64) {
        let x = if standardised { &self.standardised()[1] } else { &self.test_x };
        let z: Vec<f32> = x.chunks(1000 * N_PIXELS).flat_map(|rows| logits(rows)).collect();
        let (mut loss, mut right) = (0.0, 0);
        for (z, &class) in z.chunks(N_CLASSES).zip(&self.test_classes) {
            let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = z.iter().map(|&v| f64::from(v - largest).exp()).sum();
            loss += sum.ln() - f64::from(z[usize::from(class)] - largest);
            right += usize::from(z[usize::from(class)] == largest);
        }
        let n = self.test_classes.len() as f64;
        (loss / n, right as f64 / n)
    }
}
