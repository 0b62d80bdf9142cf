//! The network of the tutorial, and how it learns.

use chainrule::layers::{LayerExt, Sigmoid};
use chainrule::losses::{HalfSquaredError, Loss, MeanSquaredError};
use chainrule::tensor::Matrix;

pub(crate) const EPOCHS: usize = 900;
/// The tutorial's learning rate. A derivative of the mean is a few hundredths here, since both sigmoids' slopes are at most
/// ¼: 900 steps of 0.005 times that move no weight by much more than a tenth.
pub(crate) const RATE: f64 = 0.005;

/// 400 times as large, so that the same 900 steps lead somewhere. With rates from 1 to 10 the result is much the same.
pub(crate) const LARGER_RATE: f64 = 2.0;

/// Six inputs, two hidden units, one output, a sigmoid behind both layers, no biases.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    /// hidden × inputs
    pub(crate) w1: Matrix<f64>,
    /// outputs × hidden
    pub(crate) w2: Matrix<f64>,
}

/// What is printed of the training set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Losses {
    /// The mean of (output − target)² over the records.
    pub(crate) mean: f64,
    /// The same with the output for the last record in place of every output, as the tutorial computes it.
    pub(crate) of_last_output: f64,
}

impl Net {
    /// The output for every record.
    pub(crate) fn predict(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let (hidden, _) = Sigmoid.forward(&(&self.w1 * x));
        Sigmoid.forward(&(&self.w2 * hidden)).0
    }

    /// The derivatives of half the squared error, summed over the records.
    fn gradient(&self, x: &Matrix<f64>, t: &Matrix<f64>) -> [Matrix<f64>; 2] {
        let (hidden, cache1) = Sigmoid.forward(&(&self.w1 * x));
        let (output, cache2) = Sigmoid.forward(&(&self.w2 * &hidden));
        let (_, dy) = HalfSquaredError.gradient((&output).into(), t.into());
        let delta2 = Sigmoid.backward(&cache2, &dy).dx;
        let delta1 = Sigmoid.backward(&cache1, &(self.w2.transpose() * &delta2)).dx;
        [delta1 * x.transpose(), delta2 * hidden.transpose()]
    }

    /// Trains on all records in every epoch. Returns the losses after the updates of ten epochs, and which those are.
    pub(crate) fn train(&mut self, x: &Matrix<f64>, t: &Matrix<f64>, rate: f64) -> Vec<(usize, Losses)> {
        let rate = rate / x.ncols() as f64;
        let mut seen = Vec::new();
        for epoch in 0..EPOCHS {
            let [dw1, dw2] = self.gradient(x, t);
            self.w1 -= dw1 * rate;
            self.w2 -= dw2 * rate;
            if epoch % (EPOCHS / 10) == 0 {
                seen.push((epoch, self.losses(x, t)));
            }
        }
        seen
    }

    fn losses(&self, x: &Matrix<f64>, t: &Matrix<f64>) -> Losses {
        let output = self.predict(x);
        let only_last = Matrix::from_element(1, x.ncols(), output[x.ncols() - 1]);
        let mean = |y: &Matrix<f64>| MeanSquaredError.value(y.into(), t.into()).mean();
        Losses { mean: mean(&output), of_last_output: mean(&only_last) }
    }

    /// The part of the records for which the output is on the right side of 0.5.
    pub(crate) fn accuracy(&self, x: &Matrix<f64>, t: &Matrix<f64>) -> f64 {
        let n_right = self.predict(x).iter().zip(t).filter(|(y, t)| (**y > 0.5) == (**t > 0.5)).count();
        n_right as f64 / t.len() as f64
    }
}
