//! What the trainer asks of a data set.

use chainrule_mnist::ImageSet;
use chainrule_tensor::{Float, Matrix, MatrixViewMut};

/// Samples with a class each, as a training loop takes them: some at a time, in any order.
///
/// The values may be stored in any form; they become numbers when a mini-batch is gathered, in the element type that
/// is asked for.
pub trait Samples: Sync {
    /// How many samples there are.
    fn n_samples(&self) -> usize;

    /// Values per sample.
    fn n_inputs(&self) -> usize;

    /// The class of sample `index`, counting from 0.
    ///
    /// # Panics
    /// Unless `index < n_samples`.
    fn class(&self, index: usize) -> usize;

    /// Writes the sample `indices[j]` into column `j` of `x`.
    ///
    /// # Panics
    /// Unless `x` is `n_inputs × indices.len()` and every index is below `n_samples`.
    fn gather_to<F: Float>(&self, x: MatrixViewMut<'_, F>, indices: &[usize]);

    /// The samples `indices` as one matrix, inputs × samples, and their classes: the learner's form.
    ///
    /// # Panics
    /// Unless every index is below `n_samples`.
    fn batch<F: Float>(&self, indices: &[usize]) -> (Matrix<F>, Vec<usize>) {
        let mut x = Matrix::zeros(self.n_inputs(), indices.len());
        self.gather_to((&mut x).into(), indices);
        (x, indices.iter().map(|&i| self.class(i)).collect())
    }
}

/// Pixels become 0…1, the digit is the class.
impl Samples for ImageSet {
    fn n_samples(&self) -> usize {
        self.len()
    }

    fn n_inputs(&self) -> usize {
        self.n_pixels()
    }

    fn class(&self, index: usize) -> usize {
        usize::from(self.label(index))
    }

    fn gather_to<F: Float>(&self, x: MatrixViewMut<'_, F>, indices: &[usize]) {
        ImageSet::gather_to(self, x, indices);
    }
}
