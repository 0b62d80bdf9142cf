//! `Images`: grey images of one size, kept as bytes.

use std::fmt;
use std::ops::Range;

use chainrule_data::scale_to;
use chainrule_tensor::{Float, InputBuffer, Matrix, MatrixViewMut};

use crate::sparse::SparseImages;

/// Grey images of one size: a byte per pixel, row after row, image after image; 0 is background, 255 full ink.
///
/// # Examples
/// ```
/// use chainrule_mnist::Images;
/// // Two images of one row and three columns.
/// let images = Images::new(2, 1, 3, vec![0, 51, 255, 102, 0, 0]);
/// assert_eq!(images.image(1), [102, 0, 0]);
/// // As floats, one column is one image.
/// let x = images.to_matrix::<f32>(0..2);
/// assert_eq!(x.shape(), (3, 2));
/// assert_eq!(x.as_slice(), [0.0, 0.2, 1.0, 0.4, 0.0, 0.0]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    n_images: usize,
    n_rows: usize,
    n_columns: usize,
    pixels: Vec<u8>,
    sparse: SparseImages,
}

impl Images {
    /// Images from their pixels. There may be none of them, as in an unused split; IDX files hold at least one.
    ///
    /// # Panics
    /// Unless `pixels.len() == n_images · n_rows · n_columns`, with at least one row and one column.
    #[track_caller]
    pub fn new(n_images: usize, n_rows: usize, n_columns: usize, pixels: Vec<u8>) -> Images {
        assert!(n_rows > 0 && n_columns > 0, "images of {n_rows}×{n_columns} pixels");
        let expected = n_rows.checked_mul(n_columns).and_then(|n_pixels| n_pixels.checked_mul(n_images));
        assert!(
            expected == Some(pixels.len()),
            "{n_images} images of {n_rows}×{n_columns} need {n_images}·{n_rows}·{n_columns} pixels, found {}",
            pixels.len()
        );
        Images { n_images, n_rows, n_columns, pixels, sparse: SparseImages::default() }
    }

    /// How many images.
    #[inline]
    pub fn n_images(&self) -> usize {
        self.n_images
    }

    /// Pixels from top to bottom of an image.
    #[inline]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Pixels from left to right of an image.
    #[inline]
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Pixels of one image, `n_rows · n_columns`: the inputs of a net.
    #[inline]
    pub fn n_pixels(&self) -> usize {
        self.n_rows * self.n_columns
    }

    /// Image `i`, row after row.
    ///
    /// # Panics
    /// Unless `i < n_images`.
    #[inline]
    #[track_caller]
    pub fn image(&self, i: usize) -> &[u8] {
        assert!(i < self.n_images, "image {i} of {}", self.n_images);
        &self.pixels[i * self.n_pixels()..(i + 1) * self.n_pixels()]
    }

    /// All pixels, image after image.
    #[inline]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Keeps the first `n` images; without effect if there are no more than that.
    pub fn truncate(&mut self, n: usize) {
        self.n_images = self.n_images.min(n);
        self.pixels.truncate(self.n_images * self.n_pixels());
        self.sparse = SparseImages::default();
    }

    /// Writes the images `indices` to the columns of `x`, in this order, as floats 0…1 (pixel / 255, exactly rounded).
    ///
    /// # Shapes
    /// `x` is pixels × `indices.len()`.
    ///
    /// # Panics
    /// Unless `x` is `n_pixels × indices.len()` and every index is below `n_images`.
    #[track_caller]
    pub fn gather_to<F: Float>(&self, mut x: MatrixViewMut<'_, F>, indices: &[usize]) {
        let n_pixels = self.n_pixels();
        assert!(
            x.shape() == (n_pixels, indices.len()),
            "{} images of {n_pixels} pixels into a {}×{} matrix",
            indices.len(),
            x.n_rows(),
            x.n_columns()
        );
        // Not in a closure: the panic of a wrong index shall name our caller.
        for (x, &i) in x.as_mut_slice().chunks_exact_mut(n_pixels).zip(indices) {
            scale_to(x, self.image(i));
        }
    }

    /// Writes the images `indices` into `x` as floats 0…1: sparse, if `x` takes that and enough of the pixels are 0, and
    /// otherwise dense.
    ///
    /// # Panics
    /// Unless every index is below `n_images`.
    #[track_caller]
    pub fn inputs_to<F: Float>(&self, x: &mut InputBuffer<F>, indices: &[usize]) {
        let n_pixels = self.n_pixels();
        if !(x.takes_sparse() && self.sparse.gather_to(x, &self.pixels, n_pixels, indices)) {
            self.gather_to(x.dense_mut(n_pixels, indices.len()), indices);
        }
    }

    /// The images `range` as columns of floats 0…1 (pixel / 255, exactly rounded).
    ///
    /// # Shapes
    /// The result is pixels × images.
    ///
    /// # Panics
    /// Unless `range.start <= range.end <= n_images`.
    #[track_caller]
    pub fn to_matrix<F: Float>(&self, range: Range<usize>) -> Matrix<F> {
        assert!(
            range.start <= range.end && range.end <= self.n_images,
            "images {range:?} of {}",
            self.n_images
        );
        let n_pixels = self.n_pixels();
        let mut x = Matrix::zeros(n_pixels, range.len());
        scale_to(x.as_mut_slice(), &self.pixels[range.start * n_pixels..range.end * n_pixels]);
        x
    }
}

/// The sizes without the pixels: 47 million numbers help nobody in a message.
impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Images")
            .field("n_images", &self.n_images)
            .field("n_rows", &self.n_rows)
            .field("n_columns", &self.n_columns)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four images of 2×1 pixels: 0 and 51, 102 and 153, 204 and 255, 5 and 10.
    fn four() -> Images {
        Images::new(4, 2, 1, vec![0, 51, 102, 153, 204, 255, 5, 10])
    }

    #[test]
    fn gathering_takes_any_order_and_repeats() {
        let mut x = Matrix::from_element(2, 3, f64::NAN);
        four().gather_to(MatrixViewMut::from(&mut x), &[2, 0, 2]);
        assert_eq!(x.as_slice(), [0.8, 1.0, 0.0, 0.2, 0.8, 1.0]);
    }

    #[test]
    fn a_range_is_the_same_as_its_indices() {
        let mut x = Matrix::from_element(2, 2, f32::NAN);
        four().gather_to(MatrixViewMut::from(&mut x), &[1, 2]);
        assert_eq!(four().to_matrix::<f32>(1..3), x);
        assert_eq!(four().to_matrix::<f32>(4..4).shape(), (2, 0));
    }

    #[test]
    fn truncating_keeps_the_first() {
        let mut images = four();
        images.truncate(9);
        assert_eq!(images, four());
        images.truncate(1);
        assert_eq!(images, Images::new(1, 2, 1, vec![0, 51]));
        images.truncate(0);
        assert_eq!((images.n_images(), images.n_pixels()), (0, 2));
    }

    #[test]
    #[should_panic(expected = "3 images of 2×2 need 3·2·2 pixels, found 11")]
    fn a_wrong_number_of_pixels_panics() {
        Images::new(3, 2, 2, vec![0; 11]);
    }

    #[test]
    #[should_panic(expected = "2 images of 2 pixels into a 2×3 matrix")]
    fn a_wrong_shape_panics() {
        four().gather_to(MatrixViewMut::from(&mut Matrix::<f32>::zeros(2, 3)), &[0, 1]);
    }

    #[test]
    #[should_panic(expected = "image 4 of 4")]
    fn an_index_past_the_end_panics() {
        four().gather_to(MatrixViewMut::from(&mut Matrix::<f32>::zeros(2, 1)), &[4]);
    }

    #[test]
    #[should_panic(expected = "images 3..5 of 4")]
    fn a_range_past_the_end_panics() {
        four().to_matrix::<f32>(3..5);
    }
}
