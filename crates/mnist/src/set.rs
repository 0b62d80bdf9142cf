//! `ImageSet`: images with their labels.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use chainrule_data::{Samples, TargetKind};
use chainrule_tensor::{Context, Float, InputBuffer, Matrix, Shape, TargetBuffer};

use crate::source::open;
use crate::write::save;
use crate::{Digest, Error, Images, N_CLASSES, Problem, read, write_images, write_labels};

/// Images and a label 0 to 9 for each: the training set or the test set.
///
/// # Examples
/// ```
/// use chainrule_mnist::{ImageSet, Images};
/// use chainrule_tensor::{Matrix, MatrixViewMut};
/// let set = ImageSet::new(Images::new(3, 1, 2, vec![0, 255, 51, 0, 255, 255]), vec![7, 1, 4]);
/// assert_eq!((set.len(), set.label(2)), (3, 4));
///
/// // A mini-batch of the samples 2 and 0: one column is one sample.
/// let mut x = Matrix::<f32>::zeros(set.n_pixels(), 2);
/// set.images().gather_to(MatrixViewMut::from(&mut x), &[2, 0]);
/// assert_eq!(x.as_slice(), [1.0, 1.0, 0.0, 1.0]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ImageSet {
    images: Images,
    labels: Vec<u8>,
}

impl ImageSet {
    /// Joins images and their labels.
    ///
    /// # Panics
    /// Unless `labels.len() == images.n_images()` and every label is 0 to 9.
    #[track_caller]
    pub fn new(images: Images, labels: Vec<u8>) -> ImageSet {
        assert!(labels.len() == images.n_images(), "{} images, {} labels", images.n_images(), labels.len());
        for (i, &label) in labels.iter().enumerate() {
            assert!(usize::from(label) < N_CLASSES, "label {label} at index {i}, expected 0 to 9");
        }
        ImageSet { images, labels }
    }

    /// Reads an IDX file of images and one of labels, each plain or gzip.
    ///
    /// # Errors
    /// [`Problem::CountMismatch`], and those of [`Images::load`] and [`read_labels`](crate::read_labels).
    pub fn load(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<ImageSet, Error> {
        Ok(ImageSet::load_hashed(images.as_ref(), labels.as_ref())?.0)
    }

    /// Also the digests of images and labels.
    pub(crate) fn load_hashed(
        images_path: &Path,
        labels_path: &Path,
    ) -> Result<(ImageSet, [Digest; 2]), Error> {
        // The labels first: they are small, and what is wrong with them is found at once.
        let (labels, labels_digest) = read::labels_from(open(labels_path)?, labels_path)?;
        let (images, images_digest) = read::images_from(open(images_path)?, images_path)?;
        if images.n_images() != labels.len() {
            let (n_images, labels, n_labels) = (images.n_images(), labels_path.to_owned(), labels.len());
            return Err(Problem::CountMismatch { n_images, labels, n_labels }.at(images_path));
        }
        Ok((ImageSet { images, labels }, [images_digest, labels_digest]))
    }

    /// Writes an IDX file of images and one of labels, each gzip if its name ends in `.gz`.
    ///
    /// Each file appears complete or not at all.
    ///
    /// # Errors
    /// [`Problem::Write`], also for an empty set, which has no IDX form.
    pub fn save(&self, images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<(), Error> {
        save(images.as_ref(), |writer| write_images(writer, &self.images))?;
        save(labels.as_ref(), |writer| write_labels(writer, &self.labels))
    }

    /// How many samples.
    #[inline]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of one image: the inputs of a net.
    #[inline]
    pub fn n_pixels(&self) -> usize {
        self.images.n_pixels()
    }

    /// The images.
    #[inline]
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// The labels, each 0 to 9.
    #[inline]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Image `i`, row after row.
    ///
    /// # Panics
    /// Unless `i < len`.
    #[inline]
    #[track_caller]
    pub fn image(&self, i: usize) -> &[u8] {
        self.images.image(i)
    }

    /// The label of image `i`, 0 to 9.
    ///
    /// # Panics
    /// Unless `i < len`.
    #[inline]
    #[track_caller]
    pub fn label(&self, i: usize) -> u8 {
        assert!(i < self.len(), "label {i} of {}", self.len());
        self.labels[i]
    }

    /// Keeps the first `n` samples; without effect if there are no more than that.
    pub fn truncate(&mut self, n: usize) {
        self.images.truncate(n);
        self.labels.truncate(n);
    }

    /// The images `range` as columns of floats 0…1; see [`Images::to_matrix`].
    ///
    /// # Panics
    /// Unless `range.start <= range.end <= len`.
    #[track_caller]
    pub fn to_matrix<F: Float>(&self, range: Range<usize>) -> Matrix<F> {
        self.images.to_matrix(range)
    }
}

/// Pixels become 0…1, the digit is the class.
impl Samples for ImageSet {
    fn n_samples(&self) -> usize {
        self.len()
    }

    fn shape(&self) -> Shape {
        Shape { channels: 1, height: self.images.n_rows(), width: self.images.n_columns() }
    }

    fn target_kind(&self) -> TargetKind {
        let largest = self.labels().iter().max().copied().unwrap_or(0);
        TargetKind::Classes { n_classes: usize::from(largest) + 1 }
    }

    fn class_of(&self, i: usize) -> Option<usize> {
        Some(usize::from(self.label(i)))
    }

    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        self.images.inputs_to(x, indices);
        t.classes_mut().extend(indices.iter().map(|&i| usize::from(self.label(i))));
    }
}

/// The sizes without the data.
impl fmt::Debug for ImageSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageSet").field("images", &self.images).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncating_keeps_images_and_labels_together() {
        let mut set = ImageSet::new(Images::new(3, 1, 1, vec![10, 20, 30]), vec![1, 2, 3]);
        set.truncate(2);
        assert_eq!(set, ImageSet::new(Images::new(2, 1, 1, vec![10, 20]), vec![1, 2]));
        assert_eq!((set.len(), set.is_empty()), (2, false));
    }

    #[test]
    #[should_panic(expected = "1 images, 2 labels")]
    fn different_counts_panic() {
        ImageSet::new(Images::new(1, 1, 1, vec![0]), vec![1, 2]);
    }

    #[test]
    #[should_panic(expected = "label 10 at index 1, expected 0 to 9")]
    fn a_label_that_is_no_class_panics() {
        ImageSet::new(Images::new(2, 1, 1, vec![0, 0]), vec![9, 10]);
    }
}
