//! Batch normalisation: every feature has mean 0 and variance 1 over the mini-batch, then a scale and a shift that are
//! learned.
//!
//! ```text
//! x̂  = (x − μ)/√(σ² + ε)                    training: μ, σ² of the mini-batch; inference: the running ones
//! y  = γ·x̂ + β
//! dβ = Σ dy                                  over the samples
//! dγ = Σ dy·x̂                                over the samples
//! dx = γ/√(σ² + ε) · (dy − (Σ dy + x̂·Σ dy·x̂)/n)    training, n samples; inference: dx = γ/√(σ² + ε) · dy
//! ```
//! `x` and `y`: features × samples; all others: features. σ² divides by n. After every step the running statistics move
//! by the share `momentum` towards μ and towards the unbiased variance, σ²·n/(n − 1), as PyTorch's do.
//!
//! Source: Ioffe and Szegedy, *Batch normalization* (2015), algorithms 1 and 2; PyTorch's `BatchNorm1d`.
//!
//! The statistics are those of the **whole mini-batch**, also where it is cut into shards: the layer asks for the sums
//! Σ (x − c) and Σ (x − c)², from which μ = c + Σ (x − c)/n and σ² = Σ (x − c)²/n − (μ − c)². They are taken in `f64`
//! about the running mean c, so that a mean far from 0 costs no digits once the running mean has followed it.

use std::ops::Range;

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::{Context, Error, Forward, Layer, Parameter, ParameterMut, Trace};

/// Normalises every feature over the mini-batch: y = γ·(x − μ)/√(σ² + ε) + β, in inference with running μ and σ².
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `momentum` | 0.1 | how far the running statistics follow each mini-batch | 0 < momentum ≤ 1 |
/// | `eps` | 1e-5 | ε, keeps a feature that never changes from a division by 0 | finite, above 0 |
///
/// A mini-batch of one sample has no variance: y is β, and the running variance stays as it is. (PyTorch refuses it.)
///
/// # Examples
/// ```
/// use chainrule_layers::{BatchNorm, Context, Layer};
/// use chainrule_tensor::Matrix;
/// let norm = BatchNorm::new(1);
/// let x = Matrix::from_row_slice(1, 2, &[3.0_f64, 7.0]); // mean 5, variance 4
/// let (y, _) = norm.forward_with(&x, &Context::training(1, 0).of_samples(2));
/// assert!((y[0] + 1.0).abs() < 1e-5 && (y[1] - 1.0).abs() < 1e-5);
/// // In inference the running statistics count: mean 0 and variance 1 at the start.
/// assert!((norm.forward(&x).0[1] - 7.0).abs() < 1e-4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm<F = f32> {
    /// Scale, features.
    gamma: Vec<F>,
    /// Shift, features.
    beta: Vec<F>,
    running_mean: Vec<F>,
    running_var: Vec<F>,
    momentum: f64,
    eps: f64,
}

/// What one feature is normalised with: μ = c + shift, and 1/√(σ² + ε).
struct Moments {
    c: f64,
    shift: f64,
    inv_std: f64,
}

impl<F: Float> BatchNorm<F> {
    /// Batch normalisation of `n_features` features with γ = 1 and β = 0.
    pub fn new(n_features: usize) -> Self {
        BatchNorm {
            gamma: vec![F::one(); n_features],
            beta: vec![F::zero(); n_features],
            running_mean: vec![F::zero(); n_features],
            running_var: vec![F::one(); n_features],
            momentum: 0.1,
            eps: 1e-5,
        }
    }

    /// The same with another momentum: the share of the newest mini-batch in the running statistics.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 < momentum ≤ 1.
    pub fn with_momentum(self, momentum: f64) -> Result<Self, Error> {
        if momentum > 0.0 && momentum <= 1.0 {
            Ok(BatchNorm { momentum, ..self })
        } else {
            let expected = "a number above 0 and not above 1";
            Err(Error::Setting { name: "batch norm momentum", found: momentum, expected })
        }
    }

    /// The same with another ε.
    ///
    /// # Errors
    /// [`Error::Setting`] unless ε is finite and above 0.
    pub fn with_eps(self, eps: f64) -> Result<Self, Error> {
        if eps > 0.0 && eps.is_finite() {
            Ok(BatchNorm { eps, ..self })
        } else {
            Err(Error::Setting { name: "batch norm eps", found: eps, expected: "a finite number above 0" })
        }
    }

    /// μ − c and σ² of feature `i` over a mini-batch of `n_samples`, from its sums.
    fn batch_statistics(sums: &[f64], n_samples: usize, i: usize) -> (f64, f64) {
        let n = n_samples as f64;
        let (shift, square) = (sums[2 * i] / n, sums[2 * i + 1] / n);
        // Rounding may leave less than nothing.
        (shift, (square - shift * shift).max(0.0))
    }

    fn moments(&self, sums: &[f64], context: &Context, i: usize) -> Moments {
        let (shift, var) = if context.training {
            BatchNorm::<F>::batch_statistics(sums, context.n_samples, i)
        } else {
            (0.0, self.running_var[i].as_f64())
        };
        Moments { c: self.running_mean[i].as_f64(), shift, inv_std: 1.0 / (var + self.eps).sqrt() }
    }

    #[track_caller]
    fn assert_sums(&self, sums: &[f64], context: &Context) {
        let expected = if context.training { 2 * self.gamma.len() } else { 0 };
        assert_eq!(
            sums.len(),
            expected,
            "sums over the mini-batch for a batch norm of {} features",
            self.gamma.len()
        );
    }
}

impl<F: Float> Layer<F> for BatchNorm<F> {
    fn name(&self) -> &'static str {
        "batch-norm"
    }

    fn boxed_clone(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }

    #[track_caller]
    fn n_outputs(&self, n_inputs: usize) -> usize {
        assert_eq!(n_inputs, self.gamma.len(), "inputs of a batch norm of {} features", self.gamma.len());
        n_inputs
    }

    fn n_cached(&self, n_inputs: usize) -> usize {
        n_inputs
    }

    fn n_sums(&self, n_inputs: usize) -> usize {
        2 * n_inputs
    }

    fn add_forward_sums(&self, sums: &mut [f64], x: MatrixView<'_, F>) {
        for x in x.column_iter() {
            for ((sums, &x), c) in sums.as_chunks_mut::<2>().0.iter_mut().zip(x).zip(&self.running_mean) {
                let difference = x.as_f64() - c.as_f64();
                sums[0] += difference;
                sums[1] += difference * difference;
            }
        }
    }

    /// Keeps x̂.
    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, kept: &mut [F], forward: &Forward<'_, F>) {
        let x = forward.x.dense();
        assert_eq!(y.shape(), x.shape(), "shapes of the batch norm's output and input");
        assert_eq!(kept.len(), x.as_slice().len(), "values to keep, and inputs");
        self.assert_sums(forward.sums, &forward.context);
        let n = self.gamma.len();
        for i in 0..n {
            let Moments { c, shift, inv_std } = self.moments(forward.sums, &forward.context, i);
            let (gamma, beta) = (self.gamma[i], self.beta[i]);
            let of_feature = y.as_mut_slice()[i..].iter_mut().step_by(n).zip(kept[i..].iter_mut().step_by(n));
            for ((y, kept), x) in of_feature.zip(x.as_slice()[i..].iter().step_by(n)) {
                // Not x − (c + shift): of one sample this is exactly 0.
                *kept = F::of((x.as_f64() - c - shift) * inv_std);
                *y = gamma * *kept + beta;
            }
        }
    }

    fn add_backward_sums(&self, sums: &mut [f64], dy: MatrixView<'_, F>, trace: &Trace<'_, F>) {
        for (dy, x_hat) in dy.column_iter().zip(trace.cache.chunks_exact(self.gamma.len())) {
            for ((sums, dy), x_hat) in sums.as_chunks_mut::<2>().0.iter_mut().zip(dy).zip(x_hat) {
                sums[0] += dy.as_f64();
                sums[1] += dy.as_f64() * x_hat.as_f64();
            }
        }
    }

    fn backward_to(&self, mut dx: MatrixViewMut<'_, F>, dy: MatrixView<'_, F>, trace: &Trace<'_, F>) {
        assert_eq!(dx.shape(), dy.shape(), "shapes of the batch norm's gradients");
        assert_eq!(trace.cache.len(), dy.as_slice().len(), "values kept, and gradients");
        self.assert_sums(trace.backward_sums, &trace.context);
        let n = self.gamma.len();
        for i in 0..n {
            let Moments { inv_std, .. } = self.moments(trace.forward_sums, &trace.context, i);
            let factor = self.gamma[i].as_f64() * inv_std;
            let (dy_mean, dy_x_hat_mean) = match trace.backward_sums.get(2 * i..2 * i + 2) {
                Some(sums) => {
                    (sums[0] / trace.context.n_samples as f64, sums[1] / trace.context.n_samples as f64)
                }
                None => (0.0, 0.0), // inference: the statistics are constants
            };
            let of_feature = dy.as_slice()[i..].iter().step_by(n).zip(trace.cache[i..].iter().step_by(n));
            for (dx, (dy, x_hat)) in dx.as_mut_slice()[i..].iter_mut().step_by(n).zip(of_feature) {
                *dx = F::of(factor * (dy.as_f64() - dy_mean - x_hat.as_f64() * dy_x_hat_mean));
            }
        }
    }

    fn gradient_to(
        &self,
        gradient: &mut [F],
        part: Range<usize>,
        dy: MatrixView<'_, F>,
        trace: &Trace<'_, F>,
    ) {
        let n = self.gamma.len();
        assert_eq!((gradient.len(), part), (2 * n, 0..2 * n), "the gradient of γ and β");
        let (dgamma, dbeta) = gradient.split_at_mut(n);
        for (dy, x_hat) in dy.column_iter().zip(trace.cache.chunks_exact(n)) {
            for (((dgamma, dbeta), &dy), &x_hat) in dgamma.iter_mut().zip(&mut *dbeta).zip(dy).zip(x_hat) {
                *dgamma += dy * x_hat;
                *dbeta += dy;
            }
        }
    }

    fn end_step(&mut self, forward_sums: &[f64], n_samples: usize) {
        self.assert_sums(forward_sums, &Context::training(0, 0).of_samples(n_samples));
        let n = n_samples as f64;
        for i in 0..self.gamma.len() {
            let (shift, var) = BatchNorm::<F>::batch_statistics(forward_sums, n_samples, i);
            let mean = self.running_mean[i].as_f64() + shift;
            let follow = |running: F, value: f64| {
                F::of((1.0 - self.momentum) * running.as_f64() + self.momentum * value)
            };
            self.running_mean[i] = follow(self.running_mean[i], mean);
            if n_samples > 1 {
                self.running_var[i] = follow(self.running_var[i], var * n / (n - 1.0));
            }
        }
    }

    fn visit_parameters<'a>(&'a self, visit: &mut dyn FnMut(Parameter<'a, F>)) {
        visit(Parameter::new("gamma", (self.gamma.len(), 1), &self.gamma));
        visit(Parameter::new("beta", (self.beta.len(), 1), &self.beta));
    }

    fn visit_parameters_mut<'a>(&'a mut self, visit: &mut dyn FnMut(ParameterMut<'a, F>)) {
        visit(ParameterMut::new("gamma", (self.gamma.len(), 1), &mut self.gamma));
        visit(ParameterMut::new("beta", (self.beta.len(), 1), &mut self.beta));
    }

    fn visit_buffers<'a>(&'a self, visit: &mut dyn FnMut(Parameter<'a, F>)) {
        visit(Parameter::new("running_mean", (self.running_mean.len(), 1), &self.running_mean));
        visit(Parameter::new("running_var", (self.running_var.len(), 1), &self.running_var));
    }

    fn visit_buffers_mut<'a>(&'a mut self, visit: &mut dyn FnMut(ParameterMut<'a, F>)) {
        visit(ParameterMut::new("running_mean", (self.running_mean.len(), 1), &mut self.running_mean));
        visit(ParameterMut::new("running_var", (self.running_var.len(), 1), &mut self.running_var));
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::check::{assert_layer, random_matrix};

    fn norm(n: usize) -> BatchNorm<f64> {
        let (gamma, beta) = (random_matrix(n, 1, 1), random_matrix(n, 1, 2));
        let (mean, var) = (random_matrix(n, 1, 3), random_matrix(n, 1, 4));
        BatchNorm {
            gamma: gamma.as_slice().to_vec(),
            beta: beta.as_slice().to_vec(),
            running_mean: mean.as_slice().to_vec(),
            running_var: var.iter().map(|v| v * v + 0.1).collect(),
            ..BatchNorm::new(n)
        }
    }

    #[test]
    fn running_statistics_by_hand() {
        // Mean 5 and unbiased variance 8 of {3, 7}, from 0 and 1 by a tenth.
        let mut norm = BatchNorm::<f64>::new(1);
        let mut sums = [0.0; 2];
        norm.add_forward_sums(&mut sums, MatrixView::new(&[3.0, 7.0], 1, 2));
        norm.end_step(&sums, 2);
        assert!((norm.running_mean[0] - 0.5).abs() <= 1e-15 && (norm.running_var[0] - 1.7).abs() <= 1e-15);
        // One sample moves the mean alone: 0.9·0.5 + 0.1·10.
        let mut sums = [0.0; 2];
        norm.add_forward_sums(&mut sums, MatrixView::new(&[10.0], 1, 1));
        norm.end_step(&sums, 1);
        assert!((norm.running_mean[0] - 1.45).abs() <= 1e-15 && (norm.running_var[0] - 1.7).abs() <= 1e-15);
    }

    #[test]
    fn a_mini_batch_of_one_and_a_constant_feature_give_beta() {
        let mut norm = BatchNorm::<f32>::new(2);
        norm.beta = vec![0.25, -4.0];
        let x = Matrix::from_column_slice(2, 1, &[1e6, -3.0]);
        assert_eq!(norm.forward_with(&x, &Context::training(1, 0).of_samples(1)).0.as_slice(), [0.25, -4.0]);
        let x = Matrix::from_element(2, 5, 0.1);
        let (y, _) = norm.forward_with(&x, &Context::training(1, 0).of_samples(5));
        assert!(y.column_iter().all(|y| (y[0] - 0.25).abs() <= 1e-5 && (y[1] + 4.0).abs() <= 1e-5));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for bad in [0.0, -0.1, 1.5, f64::NAN] {
            let message = BatchNorm::<f32>::new(1).with_momentum(bad).unwrap_err().to_string();
            let expected = format!("batch norm momentum {bad}, expected a number above 0 and not above 1");
            assert_eq!(message, expected);
        }
        for bad in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            let message = BatchNorm::<f32>::new(1).with_eps(bad).unwrap_err().to_string();
            assert_eq!(message, format!("batch norm eps {bad}, expected a finite number above 0"));
        }
    }

    #[test]
    #[should_panic(expected = "sums over the mini-batch for a batch norm of 2 features")]
    fn training_without_sums_panics() {
        let (x, mut y, mut kept) = (Matrix::<f32>::zeros(2, 3), Matrix::zeros(2, 3), [0.0; 6]);
        let forward = Forward::new((&x).into(), Context::training(1, 0).of_samples(3));
        BatchNorm::new(2).forward_to((&mut y).into(), &mut kept, &forward);
    }

    #[test]
    fn gradients_agree() {
        // With the usual ε, two samples are ±1 whatever they are: derivatives that are 0 but for rounding.
        assert_layer(|n| norm(n).with_eps(0.5).unwrap(), |x| x);
    }
}
