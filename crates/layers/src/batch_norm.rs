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
//! Σ (x − c) and Σ (x − c)², from which μ = c + Σ (x − c)/n and σ² = Σ (x − c)²/n − (μ − c)². They are taken about the running
//! mean c: in `f32` as `f64`, whose digits are twice as many; in `f64` as [three times](crate::double) as many, so that the mean may
//! be as far from c as it likes, and the result does not depend on where the mini-batch is cut.

use chainrule_tensor::{Float, MatrixViewMut, Shape};

use crate::{Error, Extras, Kind, Layer, Pass, Tensor, WholeBatch, double::Double, error::check_number};

/// Normalises every feature over the mini-batch: y = γ·(x − μ)/√(σ² + ε) + β, in inference with running μ and σ².
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `momentum` | 0.1 | how far the running statistics follow each mini-batch | 0 < momentum ≤ 1 |
/// | `eps` | 1e-5 | ε, keeps a feature that never changes from a division by 0 | finite, above 0 |
///
/// A mini-batch of one sample has no variance: y is β, layers before this one learn nothing, and the running variance stays as it
/// is. PyTorch refuses it. The last mini-batch of an epoch may be one, if the batch size leaves one sample over; training with a
/// batch size of 1 is refused.
///
/// # Examples
/// ```
/// use chainrule_layers::{BatchNorm, Context, Sequential};
/// use chainrule_tensor::Matrix;
/// let norm = Sequential::of(BatchNorm::default(), 1);
/// let x = Matrix::from_row_slice(1, 2, &[3.0_f64, 7.0]); // mean 5, variance 4
/// let (y, _) = norm.forward_with(&x, &Context::training(1, 0).of_samples(2));
/// assert!((y[0] + 1.0).abs() < 1e-5 && (y[1] - 1.0).abs() < 1e-5);
/// // In inference the running statistics count: mean 0 and variance 1 at the start.
/// assert!((norm.forward(&x).0[1] - 7.0).abs() < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct BatchNorm {
    /// The share of the newest mini-batch in the running statistics.
    pub momentum: f64,
    /// ε.
    pub eps: f64,
}

impl Default for BatchNorm {
    fn default() -> Self {
        BatchNorm { momentum: 0.1, eps: 1e-5 }
    }
}

/// The tensors, in order.
const GAMMA: usize = 0;
const BETA: usize = 1;
const MEAN: usize = 2;
const VAR: usize = 3;

impl BatchNorm {
    /// The same with another momentum: the share of the newest mini-batch in the running statistics.
    pub fn with_momentum(self, momentum: f64) -> Self {
        BatchNorm { momentum, ..self }
    }

    /// The same with another ε.
    pub fn with_eps(self, eps: f64) -> Self {
        BatchNorm { eps, ..self }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 < momentum ≤ 1, and ε is finite and above 0.
    pub fn check(&self) -> Result<(), Error> {
        let good = self.momentum > 0.0 && self.momentum <= 1.0;
        check_number("batch norm momentum", self.momentum, good, "a number above 0 and not above 1")?;
        let good = self.eps > 0.0 && self.eps.is_finite();
        check_number("batch norm eps", self.eps, good, "a finite number above 0")
    }

    /// μ − c, where c is the running mean, and 1/√(σ² + ε), of feature `i`.
    fn shift_and_inv_std<F: Float>(&self, pass: &Pass<'_, F>, i: usize) -> (Double, f64) {
        let (shift, var) = match pass.context.training {
            true => shift_and_var::<F>(pass.forward_sums, pass.context.n_samples, i),
            false => (Double::default(), pass.vector(VAR)[i].as_f64()),
        };
        (shift, 1.0 / (var + self.eps).sqrt())
    }
}

/// Σ (x − c) and Σ (x − c)² of a feature: [three numbers](add_to) each. In `f32` all but the first are 0.
const SUMS: usize = 2 * SQUARES;
const SQUARES: usize = 3;

/// Whether sums need more digits than `f64` has.
fn is_double<F: Float>() -> bool {
    size_of::<F>() > 4
}

/// μ − c and σ² of feature `i` over a mini-batch of `n_samples`, from its sums.
fn shift_and_var<F: Float>(sums: &[f64], n_samples: usize, i: usize) -> (Double, f64) {
    let (n, sums) = (n_samples as f64, &sums[SUMS * i..SUMS * (i + 1)]);
    let (shift, var) = match is_double::<F>() {
        true => {
            let shift = Double::of_three(&sums[..SQUARES]).over(n);
            (shift, Double::of_three(&sums[SQUARES..]).over(n).minus(shift.squared()).high)
        }
        false => {
            let (shift, square) = (sums[0] / n, sums[SQUARES] / n);
            (Double::new(shift, 0.0), square - shift * shift)
        }
    };
    // Rounding may leave less than nothing.
    (shift, var.max(0.0))
}

#[track_caller]
fn assert_sums<F: Float>(sums: &[f64], n_features: usize, pass: &Pass<'_, F>) {
    let expected = if pass.context.training { SUMS * n_features } else { 0 };
    assert_eq!(sums.len(), expected, "sums over the mini-batch for a batch norm of {n_features} features");
}

impl<F: Float> Layer<F> for BatchNorm {
    fn name(&self) -> &str {
        "batch-norm"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        self.check().map(|()| input).map_err(|error| error.to_string())
    }

    fn tensors(&self, input: Shape) -> Vec<Tensor> {
        let tensor = |name, kind, value| Tensor::constant(name, kind, input.size(), value);
        vec![
            tensor("gamma", Kind::Bias, 1.0),
            tensor("beta", Kind::Bias, 0.0),
            tensor("running_mean", Kind::Buffer, 0.0),
            tensor("running_var", Kind::Buffer, 1.0),
        ]
    }

    fn n_cached(&self, input: Shape) -> usize {
        input.size()
    }

    /// Keeps x̂.
    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, kept: &mut [F], pass: &Pass<'_, F>) {
        let x = pass.x.dense();
        assert_eq!(y.shape(), x.shape(), "shapes of the batch norm's output and input");
        assert_eq!(kept.len(), x.as_slice().len(), "values to keep, and inputs");
        let n = x.n_rows();
        assert_sums(pass.forward_sums, n, pass);
        for i in 0..n {
            let (shift, inv_std) = self.shift_and_inv_std(pass, i);
            let (gamma, beta, c) =
                (pass.vector(GAMMA)[i], pass.vector(BETA)[i], pass.vector(MEAN)[i].as_f64());
            let of_feature = y.as_mut_slice()[i..].iter_mut().step_by(n).zip(kept[i..].iter_mut().step_by(n));
            for ((y, kept), x) in of_feature.zip(x.as_slice()[i..].iter().step_by(n)) {
                // Not x − (c + shift): of one sample this is exactly 0.
                let centred = match is_double::<F>() {
                    true => Double::difference(x.as_f64(), c).minus(shift).high,
                    false => x.as_f64() - c - shift.high,
                };
                *kept = F::of(centred * inv_std);
                *y = gamma * *kept + beta;
            }
        }
    }

    fn backward_to(&self, mut dx: MatrixViewMut<'_, F>, kept: &mut [F], pass: &Pass<'_, F>) {
        let dy = pass.dy;
        assert_eq!(dx.shape(), dy.shape(), "shapes of the batch norm's gradients");
        assert_eq!(kept.len(), dy.as_slice().len(), "values kept, and gradients");
        let (n, n_samples) = (dy.n_rows(), pass.context.n_samples as f64);
        assert_sums(pass.backward_sums, n, pass);
        for i in 0..n {
            let factor = pass.vector(GAMMA)[i].as_f64() * self.shift_and_inv_std(pass, i).1;
            let (dy_mean, dy_x_hat_mean) = match pass.backward_sums.get(SUMS * i..SUMS * (i + 1)) {
                Some(sums) => (sums[0] / n_samples, sums[1] / n_samples),
                None => (0.0, 0.0), // inference: the statistics are constants
            };
            let of_feature = dy.as_slice()[i..].iter().step_by(n).zip(kept[i..].iter().step_by(n));
            for (dx, (dy, x_hat)) in dx.as_mut_slice()[i..].iter_mut().step_by(n).zip(of_feature) {
                *dx = F::of(factor * (dy.as_f64() - dy_mean - x_hat.as_f64() * dy_x_hat_mean));
            }
        }
    }

    fn gradient_to(&self, i: usize, _: usize, mut dw: MatrixViewMut<'_, F>, pass: &Pass<'_, F>) {
        let dw = dw.as_mut_slice();
        for (dy, x_hat) in pass.dy.column_iter().zip(pass.cache.chunks_exact(dw.len())) {
            for ((dw, &dy), &x_hat) in dw.iter_mut().zip(dy).zip(x_hat) {
                *dw += if i == GAMMA { dy * x_hat } else { dy };
            }
        }
    }

    fn extras(&self) -> Extras<'_, F> {
        Extras::whole_batch(self)
    }
}

impl<F: Float> WholeBatch<F> for BatchNorm {
    fn n_sums(&self, input: Shape) -> usize {
        SUMS * input.size()
    }

    fn add_forward_sums(&self, sums: &mut [f64], pass: &Pass<'_, F>) {
        for x in pass.x.dense().column_iter() {
            for ((sums, &x), c) in sums.as_chunks_mut::<SUMS>().0.iter_mut().zip(x).zip(pass.vector(MEAN)) {
                if is_double::<F>() {
                    let difference = Double::difference(x.as_f64(), c.as_f64());
                    let square = difference.squared();
                    add_to(&mut sums[..SQUARES], &[difference.high, difference.low]);
                    add_to(&mut sums[SQUARES..], &[square.high, square.low]);
                } else {
                    let difference = x.as_f64() - c.as_f64();
                    sums[0] += difference;
                    sums[SQUARES] += difference * difference;
                }
            }
        }
    }

    fn merge_forward_sums(&self, sums: &mut [f64], behind: &[f64]) {
        for (sums, behind) in sums.as_chunks_mut::<SUMS>().0.iter_mut().zip(behind.as_chunks::<SUMS>().0) {
            if is_double::<F>() {
                add_to(&mut sums[..SQUARES], &behind[..SQUARES]);
                add_to(&mut sums[SQUARES..], &behind[SQUARES..]);
            } else {
                sums.iter_mut().zip(behind).for_each(|(sum, behind)| *sum += behind);
            }
        }
    }

    fn add_backward_sums(&self, sums: &mut [f64], pass: &Pass<'_, F>) {
        for (dy, x_hat) in pass.dy.column_iter().zip(pass.cache.chunks_exact(pass.dy.n_rows())) {
            for ((sums, dy), x_hat) in sums.as_chunks_mut::<SUMS>().0.iter_mut().zip(dy).zip(x_hat) {
                sums[0] += dy.as_f64();
                sums[1] += dy.as_f64() * x_hat.as_f64();
            }
        }
    }

    fn end_step(&self, values: &mut [F], tensors: &[Tensor], forward_sums: &[f64], n_samples: usize) {
        let n = n_samples as f64;
        let follow =
            |running: F, value: f64| F::of((1.0 - self.momentum) * running.as_f64() + self.momentum * value);
        for i in 0..tensors[MEAN].len() {
            let (shift, var) = shift_and_var::<F>(forward_sums, n_samples, i);
            let mean = &mut values[tensors[MEAN].offset + i];
            *mean = follow(*mean, mean.as_f64() + shift.high);
            if n_samples > 1 {
                let running = &mut values[tensors[VAR].offset + i];
                *running = follow(*running, var * n / (n - 1.0));
            }
        }
    }
}

/// Adds numbers to one of the sums of a feature: what its first number loses goes to the second, and what that loses to the third.
fn add_to(sum: &mut [f64], numbers: &[f64]) {
    for &number in numbers {
        let first = Double::sum(sum[0], number);
        let second = Double::sum(sum[1], first.low);
        (sum[0], sum[1]) = (first.high, second.high);
        sum[2] += second.low;
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::{Context, Matrix, MatrixView};

    use super::*;
    use crate::{
        Sequential,
        check::{assert_network, random_matrix},
    };

    /// With random γ, β and running statistics.
    fn norm(settings: BatchNorm, n: usize) -> Sequential<f64> {
        let mut net = Sequential::of(settings, n);
        let [gamma, beta, mean, var] = [1, 2, 3, 4].map(|seed| random_matrix(n, 1, seed));
        let var = var.map(|v| v * v + 0.1);
        net.unpack(&[gamma.as_slice(), beta.as_slice(), mean.as_slice(), var.as_slice()].concat());
        net
    }

    #[test]
    fn running_statistics_by_hand() {
        let mut norm = Sequential::<f64>::of(BatchNorm::default(), 1);
        let mut step = |samples: &[f64]| {
            let (layers, values) = norm.split_mut();
            let (n, mut sums) = (samples.len(), [0.0; SUMS]);
            let x = MatrixView::new(samples, 1, n).into();
            let pass =
                Pass { x, tensors: layers.tensors_of(0), ..Pass::new(values, Context::training(1, 0)) };
            WholeBatch::<f64>::add_forward_sums(&BatchNorm::default(), &mut sums, &pass);
            BatchNorm::default().end_step(values, layers.tensors_of(0), &sums, n);
            (values[2], values[3])
        };
        // Mean 5 and unbiased variance 8 of {3, 7}, from 0 and 1 by a tenth.
        let (mean, var) = step(&[3.0, 7.0]);
        assert!((mean - 0.5).abs() <= 1e-15 && (var - 1.7).abs() <= 1e-15);
        // One sample moves the mean alone: 0.9·0.5 + 0.1·10.
        let (mean, var) = step(&[10.0]);
        assert!((mean - 1.45).abs() <= 1e-15 && (var - 1.7).abs() <= 1e-15);
    }

    #[test]
    fn a_mini_batch_of_one_and_a_constant_feature_give_beta() {
        let mut norm = Sequential::<f32>::of(BatchNorm::default(), 2);
        norm.tensor_mut("beta1").unwrap().as_mut_slice().copy_from_slice(&[0.25, -4.0]);
        let x = Matrix::from_column_slice(2, 1, &[1e6, -3.0]);
        assert_eq!(norm.forward_with(&x, &Context::training(1, 0)).0.as_slice(), [0.25, -4.0]);
        let x = Matrix::from_element(2, 5, 0.1);
        let (y, _) = norm.forward_with(&x, &Context::training(1, 0));
        assert!(y.column_iter().all(|y| (y[0] - 0.25).abs() <= 1e-5 && (y[1] + 4.0).abs() <= 1e-5));
    }

    /// Ten values that `f64` has exactly, some 10⁶ to 10⁸ standard deviations away from the running mean.
    #[test]
    fn a_mean_far_from_the_running_one_costs_no_digits() {
        for (mean, step, running) in
            [(1e4, 1.0 / 256.0, 0.0), (1e6, 1.0 / 64.0, 0.3), (-1e4, 1.0 / 256.0, 123.4)]
        {
            let mut norm = Sequential::<f64>::of(BatchNorm::default().with_eps(1e-12), 1);
            norm.tensor_mut("running_mean1").unwrap().as_mut_slice()[0] = running;
            let n = 40;
            let x = Matrix::from_fn(1, n, |_, j| mean + step * (j % 10) as f64);
            let (y, _) = norm.forward_with(&x, &Context::training(1, 0).of_samples(n));
            // j = 0…9 have mean 4.5 and variance 8.25.
            let std = (8.25 * step * step + 1e-12).sqrt();
            for (j, y) in y.iter().enumerate() {
                let expected = ((j % 10) as f64 - 4.5) * step / std;
                assert!((y - expected).abs() <= 1e-12, "{mean}, {running}: {y}, expected {expected}");
            }
            // However it is cut, the sums give the same bits.
            let sums_of = |cuts: &[usize]| {
                let mut total = [0.0; SUMS];
                for cut in cuts.windows(2) {
                    let mut sums = [0.0; SUMS];
                    let x = MatrixView::new(&x.as_slice()[cut[0]..cut[1]], 1, cut[1] - cut[0]).into();
                    let tensors = norm.layers().tensors_of(0);
                    let pass = Pass { x, tensors, ..Pass::new(norm.values(), Context::training(1, 0)) };
                    WholeBatch::<f64>::add_forward_sums(&BatchNorm::default(), &mut sums, &pass);
                    WholeBatch::<f64>::merge_forward_sums(&BatchNorm::default(), &mut total, &sums);
                }
                let (shift, var) = shift_and_var::<f64>(&total, n, 0);
                [shift.high, var].map(f64::to_bits)
            };
            let whole = sums_of(&[0, n]);
            for cuts in [&[0, 1, n][..], &[0, 7, 13, n], &[0, 20, n], &[0, 10, 20, 30, n]] {
                assert_eq!(sums_of(cuts), whole, "{cuts:?}");
            }
        }
    }

    /// Samples that look random, of many features: one bit of one of them would show.
    #[test]
    fn wherever_a_mini_batch_is_cut_the_sums_give_the_same_bits() {
        for (mean, std) in [(1e4, 0.01), (1e6, 0.01), (-1e9, 1e-3), (3.0, 2.0)] {
            let (n_features, n) = (40, 100);
            let norm = Sequential::<f64>::of(BatchNorm::default(), n_features);
            let x = random_matrix(n_features, n, 7).map(|x| mean + std * x);
            let of_cuts = |length: usize| {
                let mut total = vec![0.0; SUMS * n_features];
                for part in x.as_slice().chunks(n_features * length) {
                    let mut sums = vec![0.0; SUMS * n_features];
                    let tensors = norm.layers().tensors_of(0);
                    let x = MatrixView::new(part, n_features, part.len() / n_features).into();
                    let pass = Pass { x, tensors, ..Pass::new(norm.values(), Context::training(1, 0)) };
                    WholeBatch::<f64>::add_forward_sums(&BatchNorm::default(), &mut sums, &pass);
                    WholeBatch::<f64>::merge_forward_sums(&BatchNorm::default(), &mut total, &sums);
                }
                let of_feature = |i| shift_and_var::<f64>(&total, n, i);
                (0..n_features)
                    .map(of_feature)
                    .map(|(shift, var)| [shift.high.to_bits(), var.to_bits()])
                    .collect::<Vec<_>>()
            };
            let whole = of_cuts(n);
            for length in [1, 2, 7, 25, 32, 50, 99] {
                assert_eq!(of_cuts(length), whole, "{mean}, {std}, parts of {length}");
            }
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for bad in [0.0, -0.1, 1.5, f64::NAN] {
            let message = BatchNorm::default().with_momentum(bad).check().unwrap_err().to_string();
            let expected = format!("batch norm momentum {bad}, expected a number above 0 and not above 1");
            assert_eq!(message, expected);
        }
        for bad in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            let message = BatchNorm::default().with_eps(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("batch norm eps {bad}, expected a finite number above 0"));
        }
        let message = BatchNorm::default().with_eps(1e-46).check().unwrap_err().to_string();
        let expected = "batch norm eps 1e-46, expected a number that f32 can hold, 1e-45 to 3.4028235e38";
        assert_eq!(message, expected);
    }

    #[test]
    #[should_panic(expected = "sums over the mini-batch for a batch norm of 2 features")]
    fn training_without_sums_panics() {
        let (x, mut y, mut kept) = (Matrix::<f32>::zeros(2, 3), Matrix::zeros(2, 3), [0.0; 6]);
        let pass = Pass { x: (&x).into(), ..Pass::new(&[], Context::training(1, 0).of_samples(3)) };
        BatchNorm::default().forward_to((&mut y).into(), &mut kept, &pass);
    }

    #[test]
    fn gradients_agree() {
        // With the usual ε, two samples are ±1 whatever they are: derivatives that are 0 but for rounding.
        assert_network(|n| norm(BatchNorm::default().with_eps(0.5), n), |x| x);
    }
}
