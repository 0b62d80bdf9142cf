//! The network of the first tutorial, for `t1_xor` and `t1_gradient_verification`.
//!
//! Any number of layers, a sigmoid behind each, weights and nothing else. The tutorial has one sample per row, chainrule
//! one per column:
//!
//! | | tutorial | here |
//! | --- | --- | --- |
//! | forward | aₗ₊₁ = σ(aₗ·Wₗ) | aₗ₊₁ = σ(Wₗ·aₗ) |
//! | backward | deltaₗ = (deltaₗ₊₁·Wₗᵀ)·aₗ(1 − aₗ) | deltaₗ = (Wₗᵀ·deltaₗ₊₁)·aₗ(1 − aₗ) |
//! | update | Wₗ += rate · aₗᵀ·deltaₗ₊₁ | Wₗ −= rate · deltaₗ₊₁·aₗᵀ |
//!
//! The tutorial's error is y − a, ours is the derivative of the cost, a − y: hence += there and −= here.

use chainrule::layers::{LayerExt, Sigmoid};
use chainrule::losses::Loss;
use chainrule::tensor::random::{Purpose, generator, index};
use chainrule::tensor::{Init, Matrix};

/// The four rows of XOR: two inputs, and what should come out.
pub(crate) fn xor() -> (Matrix<f64>, Matrix<f64>) {
    let x = Matrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    (x, Matrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0]))
}

/// The input with a constant 1 behind its values: the only bias that the tutorial's first program has.
pub(crate) fn with_constant(x: &Matrix<f64>) -> Matrix<f64> {
    x.clone().insert_row(x.nrows(), 1.0)
}

/// The units that the first program makes of `sizes`: one more in the input, for the constant, and in every hidden
/// layer, which learns it like any other; none in the output. `[2, 2, 1]` means 3 inputs, 3 hidden units, 1 output.
pub(crate) fn units(sizes: &[usize]) -> Vec<usize> {
    let (output, others) = sizes.split_last().expect("a network has layers");
    others.iter().map(|size| size + 1).chain([*output]).collect()
}

/// One of the samples, a pure function of the seed and the step, and what should come out.
pub(crate) fn draw(x: &Matrix<f64>, y: &Matrix<f64>, seed: u64, step: u64) -> (Matrix<f64>, Matrix<f64>) {
    let sample = index(&mut generator(seed, Purpose::Draw, step, 0), x.ncols());
    (x.columns(sample, 1).into_owned(), y.columns(sample, 1).into_owned())
}

#[derive(Clone, Debug)]
pub(crate) struct Net {
    /// Outputs × inputs of every layer.
    pub(crate) weights: Vec<Matrix<f64>>,
}

impl Net {
    /// A network with these numbers of units, inputs first, and standard normal weights.
    pub(crate) fn new(units: &[usize], seed: u64) -> Net {
        let init = Init::Normal { std: 1.0 };
        let sizes = units.windows(2).zip(0..);
        Net { weights: sizes.map(|(sizes, layer)| init.matrix(sizes[1], sizes[0], seed, layer)).collect() }
    }

    /// The outputs for many samples.
    pub(crate) fn predict(&self, x: &Matrix<f64>) -> Matrix<f64> {
        self.weights.iter().fold(x.clone(), |a, w| Sigmoid.forward(&(w * a)).0)
    }

    /// The mean of `cost` over the samples or outputs, as it counts.
    pub(crate) fn cost(&self, x: &Matrix<f64>, y: &Matrix<f64>, cost: &dyn Loss<f64>) -> f64 {
        cost.value((&self.predict(x)).into(), y.into()).mean()
    }

    /// Backpropagation: the derivatives of the sum of `cost` with respect to all weights. None of them is changed
    /// meanwhile. (The tutorial's last program updates a weight before it propagates through it.)
    pub(crate) fn gradient(
        &self,
        x: &Matrix<f64>,
        y: &Matrix<f64>,
        cost: &dyn Loss<f64>,
    ) -> Vec<Matrix<f64>> {
        let (mut a, mut inputs, mut caches) = (x.clone(), Vec::new(), Vec::new());
        for w in &self.weights {
            let (output, cache) = Sigmoid.forward(&(w * &a));
            inputs.push(a);
            caches.push(cache);
            a = output;
        }

        let (_, mut da) = cost.gradient((&a).into(), y.into());
        let mut gradient = Vec::new();
        for ((w, input), cache) in self.weights.iter().zip(&inputs).zip(&caches).rev() {
            let delta = Sigmoid.backward(cache, &da).dx;
            gradient.push(&delta * input.transpose());
            da = w.transpose() * delta;
        }
        gradient.reverse();
        gradient
    }

    /// One step of gradient descent.
    pub(crate) fn update(&mut self, gradient: &[Matrix<f64>], rate: f64) {
        for (w, dw) in self.weights.iter_mut().zip(gradient) {
            *w -= dw * rate;
        }
    }
}
