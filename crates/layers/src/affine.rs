//! Affine: every output is a weighted sum of all inputs, plus a bias.
//!
//! ```text
//! y  = W·x + b
//! dx = Wᵀ·dy
//! dW = dy·xᵀ          summed over the samples by the product itself
//! db = Σ dy           over the samples
//! ```
//! `x`: inputs × samples, `y`: outputs × samples, `W`: outputs × inputs, `b`: outputs.
//!
//! Source: the fifth tutorial; *Deep Learning from Scratch*, section 5.6, which has one sample per row (`x·W + b`).

use std::ops::Range;

use chainrule_tensor::{
    Float, Init, Input, Matrix, MatrixView, MatrixViewMut, Operand, fill_columns, input_outer_add_to,
    input_product_add_to, product_to, row_sums_add_to,
};

use crate::{Forward, Layer, Parameter, ParameterMut, Trace};

/// `y = W·x + b`, also called linear, dense or fully connected.
///
/// # Examples
/// ```
/// use chainrule_layers::{Affine, Layer};
/// use chainrule_tensor::Matrix;
/// // The fifth tutorial's numbers; it writes x·W with W = [[1, 3, 5], [2, 4, 6]], so ours is the transpose.
/// let affine = Affine::new(
///     Matrix::from_row_slice(3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
///     vec![1.0, 1.0, 1.0],
/// );
/// let (y, _) = affine.forward(&Matrix::from_column_slice(2, 1, &[1.0, 2.0]));
/// assert_eq!(y.as_slice(), [6.0, 12.0, 18.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Affine<F = f32> {
    /// outputs × inputs
    w: Matrix<F>,
    /// outputs
    b: Vec<F>,
}

impl<F: Float> Affine<F> {
    /// An affine layer with the given weights (outputs × inputs) and biases (outputs).
    ///
    /// # Panics
    /// Unless `w.nrows() == b.len()` and `w` has at least one row and one column.
    #[track_caller]
    pub fn new(w: Matrix<F>, b: Vec<F>) -> Self {
        assert!(!w.is_empty(), "W is {}×{}, an affine layer needs inputs and outputs", w.nrows(), w.ncols());
        assert_eq!(w.nrows(), b.len(), "rows of W ({}×{}) and length of b", w.nrows(), w.ncols());
        Affine { w, b }
    }

    /// An affine layer whose weights follow `init`, a pure function of `seed` and `layer`, and whose biases are 0.
    pub fn init(n_inputs: usize, n_outputs: usize, init: Init, seed: u64, layer: u64) -> Self {
        Affine::new(init.matrix(n_outputs, n_inputs, seed, layer), vec![F::zero(); n_outputs])
    }

    /// The weights, outputs × inputs.
    pub fn w(&self) -> &Matrix<F> {
        &self.w
    }

    /// The biases, one per output.
    pub fn b(&self) -> &[F] {
        &self.b
    }
}

impl<F: Float> Layer<F> for Affine<F> {
    fn name(&self) -> &'static str {
        "affine"
    }

    fn boxed_clone(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }

    #[track_caller]
    fn n_outputs(&self, n_inputs: usize) -> usize {
        let (n_outputs, expected) = self.w.shape();
        assert_eq!(n_inputs, expected, "inputs of an affine layer with W of {n_outputs}×{expected}");
        n_outputs
    }

    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, _: &mut [F], forward: &Forward<'_, F>) {
        fill_columns(y.reborrow(), &self.b);
        input_product_add_to(y, (&self.w).into(), forward.x);
    }

    fn backward_to(&self, dx: MatrixViewMut<'_, F>, dy: MatrixView<'_, F>, _: &Trace<'_, F>) {
        product_to(dx, Operand::from(&self.w).t(), dy);
    }

    /// Laid end to end, `W` and `b` are one matrix with a column for each input and one more for the bias; a part is
    /// a run of its columns.
    fn gradient_to(
        &self,
        gradient: &mut [F],
        part: Range<usize>,
        dy: MatrixView<'_, F>,
        trace: &Trace<'_, F>,
    ) {
        let (n_outputs, n_inputs) = self.w.shape();
        let columns = part.start / n_outputs..part.end / n_outputs;
        let inputs = columns.start.min(n_inputs)..columns.end.min(n_inputs);
        let (dw, db) = gradient.split_at_mut(inputs.len() * n_outputs);
        let dw = MatrixViewMut::new(dw, n_outputs, inputs.len());
        input_outer_add_to(dw, dy, trace.x, inputs);
        if columns.contains(&n_inputs) {
            row_sums_add_to(db, dy);
        }
    }

    /// So many columns that listed inputs, which come in blocks, are never cut within one.
    fn gradient_grain(&self) -> usize {
        self.w.nrows() * 64
    }

    fn gradient_reads_parameters(&self) -> bool {
        false
    }

    /// Row r of the output changes by Δw·x, where x is the input's row p, or by Δb.
    fn add_change(&self, row: &mut [F], parameter: usize, change: F, x: Input<'_, F>) -> Option<usize> {
        let (n_outputs, n_inputs) = self.w.shape();
        let (r, p) = (parameter % n_outputs, parameter / n_outputs);
        if p == n_inputs {
            row.iter_mut().for_each(|y| *y += change);
        } else {
            for (y, x) in row.iter_mut().zip(x.dense().column_iter()) {
                *y += change * x[p];
            }
        }
        Some(r)
    }

    fn takes_sparse(&self) -> bool {
        true
    }

    fn visit_parameters<'a>(&'a self, visit: &mut dyn FnMut(Parameter<'a, F>)) {
        visit(Parameter::new("W", self.w.shape(), self.w.as_slice()));
        visit(Parameter::new("b", (self.b.len(), 1), &self.b));
    }

    fn visit_parameters_mut<'a>(&'a mut self, visit: &mut dyn FnMut(ParameterMut<'a, F>)) {
        visit(ParameterMut::new("W", self.w.shape(), self.w.as_mut_slice()));
        visit(ParameterMut::new("b", (self.b.len(), 1), &mut self.b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{assert_layer, random_matrix};

    #[test]
    fn the_fifth_tutorials_backward_pass() {
        // The tutorial's rows are our columns; all integers, exact.
        let affine = Affine::new(Matrix::from_row_slice(3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), vec![1.0; 3]);
        let (_, cache) = affine.forward(&Matrix::from_column_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]));
        let dy = Matrix::from_column_slice(3, 2, &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        let gradients = affine.backward(&cache, &dy);
        assert_eq!(gradients.dx, Matrix::from_column_slice(2, 2, &[9.0, 12.0, 18.0, 24.0]));
        let dw_in_rows = Matrix::from_row_slice(2, 3, &[7.0, 7.0, 7.0, 10.0, 10.0, 10.0]);
        assert_eq!(*gradients.of("W"), dw_in_rows.transpose());
        assert_eq!(gradients.of("b").as_slice(), [3.0, 3.0, 3.0]);
    }

    #[test]
    fn gradients_agree() {
        assert_layer(|n_inputs| Affine::init(n_inputs, 7, Init::Normal { std: 0.5 }, 1, 0), |x| x);
        assert_layer(|n_inputs| Affine::init(n_inputs, 1, Init::Normal { std: 0.5 }, 1, 0), |x| x);
    }

    #[test]
    fn parts_of_the_gradient_make_up_the_whole() {
        let (n_inputs, n_outputs, n_samples) = (9, 8, 13);
        let affine = Affine::<f64>::init(n_inputs, n_outputs, Init::XavierNormal, 1, 0);
        let (x, dy) = (random_matrix(n_inputs, n_samples, 2), random_matrix(n_outputs, n_samples, 3));
        let (_, cache) = affine.forward(&x);
        let whole = affine.backward(&cache, &dy);
        let expected = [whole.of("W").as_slice(), whole.of("b").as_slice()].concat();
        let (grain, n) = (affine.gradient_grain(), affine.n_parameters());
        for cut in (0..=n).step_by(grain) {
            let mut gradient = vec![1.0; n];
            for part in [0..cut, cut..n] {
                let target = &mut gradient[part.clone()];
                affine.gradient_to(target, part, (&dy).into(), &cache.trace(&[]));
            }
            for (g, e) in gradient.iter().zip(&expected) {
                assert!((g - 1.0 - e).abs() <= 1e-14, "cut at {cut}: adds {}, expected {e}", g - 1.0);
            }
        }
    }

    #[test]
    #[should_panic(expected = "inputs of an affine layer with W of 3×2")]
    fn a_wrong_number_of_inputs_shows_the_shape() {
        Affine::new(Matrix::<f32>::zeros(3, 2), vec![0.0; 3]).forward(&Matrix::zeros(4, 1));
    }
}
