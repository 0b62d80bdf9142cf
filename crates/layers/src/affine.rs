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

use chainrule_tensor::{
    F32_RANGE, Float, Init, Matrix, MatrixViewMut, Operand, Shape, fill_columns, input_outer_add_to,
    input_product_add_to, product_to, row_sums_add_to,
};

use crate::{Extras, Kind, Layer, Pass, Sequential, Tensor};

/// `y = W·x + b`, also called linear, dense or fully connected.
///
/// # Examples
/// ```
/// use chainrule_layers::Affine;
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Affine {
    /// Values per sample that come out.
    pub n_outputs: usize,
    /// The weights at the start; biases start at 0.
    pub init: Init,
}

/// The tensors, in order.
const W: usize = 0;
const B: usize = 1;

impl Affine {
    /// An affine layer with `n_outputs` outputs, whose weights start as [`Init::XavierNormal`].
    pub fn outputs(n_outputs: usize) -> Self {
        Affine { n_outputs, init: Init::XavierNormal }
    }

    /// The same with another initialisation of the weights.
    pub fn with_init(self, init: Init) -> Self {
        Affine { init, ..self }
    }

    /// A network of this one layer, with the given weights (outputs × inputs) and biases (outputs).
    ///
    /// # Panics
    /// Unless `w.nrows() == b.len()` and `w` has at least one row and one column.
    #[allow(clippy::new_ret_no_self, reason = "the tutorials' line; a layer has no values of its own")]
    #[track_caller]
    pub fn new<F: Float>(w: Matrix<F>, b: Vec<F>) -> Sequential<F> {
        assert!(!w.is_empty(), "W is {}×{}, an affine layer needs inputs and outputs", w.nrows(), w.ncols());
        assert_eq!(w.nrows(), b.len(), "rows of W ({}×{}) and length of b", w.nrows(), w.ncols());
        let mut alone = Sequential::of(Affine::outputs(w.nrows()), w.ncols());
        alone.unpack(&[w.as_slice(), &b].concat());
        alone
    }
}

impl<F: Float> Layer<F> for Affine {
    fn name(&self) -> &str {
        "affine"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        match (input.size(), self.n_outputs) {
            (1.., 1..) if self.init.is_valid() => Ok(Shape::flat(self.n_outputs)),
            (1.., 1..) => Err(match self.init {
                Init::Normal { std } if std > 0.0 && std.is_finite() => {
                    format!("initial weights normal:{std:?}, expected {F32_RANGE}")
                }
                init => format!("initial weights {init}, expected a finite standard deviation"),
            }),
            (inputs, outputs) => {
                Err(format!("{inputs} inputs and {outputs} outputs, expected at least 1 of both"))
            }
        }
    }

    /// The grain is the block of sparse inputs, so that no part of the gradient splits one.
    fn tensors(&self, input: Shape) -> Vec<Tensor> {
        vec![
            Tensor::random("W", Kind::Weight, self.n_outputs, input.size(), self.init).with_grain(64),
            Tensor::constant("b", Kind::Bias, self.n_outputs, 0.0),
        ]
    }

    #[track_caller]
    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        let w = pass.matrix(W);
        let (n_outputs, n_inputs) = w.shape();
        assert_eq!(pass.x.shape().0, n_inputs, "inputs of an affine layer with W of {n_outputs}×{n_inputs}");
        fill_columns(y.reborrow(), pass.vector(B));
        input_product_add_to(y, w, pass.x);
    }

    fn backward_to(&self, dx: MatrixViewMut<'_, F>, _: &mut [F], pass: &Pass<'_, F>) {
        product_to(dx, Operand::from(pass.matrix(W)).t(), pass.dy);
    }

    fn gradient_to(&self, i: usize, from: usize, mut dw: MatrixViewMut<'_, F>, pass: &Pass<'_, F>) {
        if i == W {
            let n_columns = dw.n_columns();
            input_outer_add_to(dw, pass.dy, pass.x, from..from + n_columns);
        } else {
            row_sums_add_to(dw.as_mut_slice(), pass.dy);
        }
    }

    fn extras(&self) -> Extras<'_, F> {
        Extras { takes_sparse: true, is_affine: true, ..Extras::default() }
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
        let affine = |n_outputs| Affine::outputs(n_outputs).with_init(Init::Normal { std: 0.5 });
        assert_layer(affine(7), |x| x);
        assert_layer(affine(1), |x| x);
    }

    #[test]
    fn parts_of_the_gradient_make_up_the_whole() {
        let (n_inputs, n_outputs, n_samples) = (150, 8, 13);
        let affine = Sequential::<f64>::of(Affine::outputs(n_outputs), n_inputs);
        let (x, dy) = (random_matrix(n_inputs, n_samples, 2), random_matrix(n_outputs, n_samples, 3));
        let (_, cache) = affine.forward(&x);
        let whole = affine.backward(&cache, &dy);
        let grain = affine.layers().tensors_of(0)[W].grain;
        assert_eq!(grain, 64);
        let pass = Pass { x: (&x).into(), dy: (&dy).into(), ..Pass::new(&[], crate::Context::inference()) };
        for cut in (0..=n_inputs).step_by(grain) {
            let mut dw = Matrix::from_element(n_outputs, n_inputs, 1.0);
            for columns in [0..cut, cut..n_inputs] {
                let part = &mut dw.as_mut_slice()[columns.start * n_outputs..columns.end * n_outputs];
                let part = MatrixViewMut::new(part, n_outputs, columns.len());
                Layer::<f64>::gradient_to(&Affine::outputs(n_outputs), W, columns.start, part, &pass);
            }
            for (g, e) in dw.iter().zip(whole.of("W")) {
                assert!((g - 1.0 - e).abs() <= 1e-13, "cut at {cut}: adds {}, expected {e}", g - 1.0);
            }
        }
    }

    #[test]
    #[should_panic(expected = "inputs of an affine layer with W of 3×2")]
    fn a_wrong_number_of_inputs_shows_the_shape() {
        Affine::new(Matrix::<f32>::zeros(3, 2), vec![0.0; 3]).forward(&Matrix::zeros(4, 1));
    }

    #[test]
    fn layers_that_cannot_be_are_refused() {
        let problem =
            |affine: Affine, n_inputs| Layer::<f32>::output(&affine, Shape::flat(n_inputs)).unwrap_err();
        assert_eq!(problem(Affine::outputs(0), 3), "3 inputs and 0 outputs, expected at least 1 of both");
        assert_eq!(problem(Affine::outputs(2), 0), "0 inputs and 2 outputs, expected at least 1 of both");
        let nan = Affine::outputs(2).with_init(Init::Normal { std: f64::NAN });
        assert_eq!(problem(nan, 3), "initial weights normal:NaN, expected a finite standard deviation");
    }
}
