//! Softmax and cross-entropy in one: the loss of a classifier, from its logits.
//!
//! With Z = Σⱼ exp(zⱼ), for one sample:
//! - value: L = −Σᵢ tᵢ · ln softmax(z)ᵢ = Σᵢ tᵢ · (ln Z − zᵢ), for class c simply ln Z − z_c
//! - gradient: ∂L/∂zᵢ = softmax(z)ᵢ · Σⱼ tⱼ − tᵢ, for class c softmax(z)ᵢ, less 1 where i = c
//!
//! Shapes: z and dz classes × samples; the divisor is the number of samples.
//!
//! The maximum is taken out of every exponential, and value and gradient share one exponential per logit; no ε is
//! needed in the logarithm, since the sum is then at least 1. Source: *Deep Learning from Scratch*, 5.6.3 and
//! appendix A, with softmax and logarithm taken together as in Goodfellow et al., *Deep Learning*, 6.2.2.3.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::{Loss, LossSum, Targets, loss::assert_shapes};

/// The cross-entropy of softmax(z), from logits z, in nats per sample.
///
/// Stable for logits of ±1000 and more. Values as targets are distributions, one per column (soft labels); where a
/// target is 0 the term is 0, also for a logit of −∞.
///
/// The mean is that of PyTorch's `cross_entropy`.
///
/// # Shapes
/// Logits and gradient: classes × samples. The divisor is the number of samples.
///
/// # Panics
/// Unless the targets fit the logits; see [`Loss`].
///
/// # Examples
/// ```
/// use chainrule_losses::{Loss, SoftmaxCrossEntropy, Targets};
/// use chainrule_tensor::Matrix;
/// // Nothing learned yet: ten equal logits cost ln 10 nats.
/// let z = Matrix::<f32>::zeros(10, 1);
/// let loss = SoftmaxCrossEntropy::new().value((&z).into(), Targets::Classes(&[7]));
/// assert!((loss.mean() - 10.0_f64.ln()).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SoftmaxCrossEntropy {}

impl SoftmaxCrossEntropy {
    /// The plain loss: all classes count alike.
    pub fn new() -> Self {
        SoftmaxCrossEntropy::default()
    }
}

impl<F: Float> Loss<F> for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmax-cross-entropy"
    }

    fn value(&self, z: MatrixView<'_, F>, targets: Targets<'_, F>) -> LossSum {
        targets.assert_fit(z);
        let mut sum = 0.0;
        for (j, z) in z.column_iter().enumerate() {
            let max = max(z);
            let total = z.iter().map(|&z| (z - max).exp().as_f64()).sum();
            sum += cross_entropy(z, max, total, targets, j);
        }
        LossSum { sum, divisor: z.n_columns() as f64 }
    }

    fn gradient_to(
        &self,
        mut dz: MatrixViewMut<'_, F>,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
    ) -> LossSum {
        assert_shapes(&dz, z, targets);
        let mut sum = 0.0;
        for (j, z) in z.column_iter().enumerate() {
            let (dz, max) = (dz.column_mut(j), max(z));
            let mut total = 0.0;
            for (dz, &z) in dz.iter_mut().zip(z) {
                *dz = (z - max).exp();
                total += dz.as_f64();
            }
            sum += cross_entropy(z, max, total, targets, j);
            subtract_targets(dz, F::of(1.0 / total), targets, j);
        }
        LossSum { sum, divisor: z.n_columns() as f64 }
    }
}

/// The cross-entropy of sample `j`, where `total` is Σ exp(zᵢ − max).
fn cross_entropy<F: Float>(z: &[F], max: F, total: f64, targets: Targets<'_, F>, j: usize) -> f64 {
    let ln_total = total.ln();
    let nats = |z: F| ln_total - (z - max).as_f64();
    match targets {
        Targets::Classes(classes) => nats(z[classes[j]]),
        Targets::Values(t) => {
            let terms = z.iter().zip(t.column(j)).filter(|(_, t)| !t.is_zero());
            terms.map(|(&z, t)| t.as_f64() * nats(z)).sum()
        }
    }
}

/// Turns the exponentials of sample `j` in `dz` into `exp · scale · Σt − t`, where `scale` makes them a softmax.
fn subtract_targets<F: Float>(dz: &mut [F], scale: F, targets: Targets<'_, F>, j: usize) {
    match targets {
        Targets::Classes(classes) => {
            for dz in dz.iter_mut() {
                *dz *= scale;
            }
            dz[classes[j]] -= F::one();
        }
        Targets::Values(t) => {
            let t = t.column(j);
            let weight = t.iter().fold(F::zero(), |sum, &t| sum + t);
            for (dz, &t) in dz.iter_mut().zip(t) {
                *dz = *dz * scale * weight - t;
            }
        }
    }
}

/// The largest logit, passing over NaN, which the exponentials then show.
fn max<F: Float>(z: &[F]) -> F {
    z.iter().fold(F::neg_infinity(), |max, &z| if z > max { z } else { max })
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::{Matrix, one_hot};

    use super::*;

    /// Odds of 1 : 2 : 5 for the first sample, equal ones for the second.
    fn logits() -> Matrix<f64> {
        Matrix::from_column_slice(3, 2, &[0.0, 2.0_f64.ln(), 5.0_f64.ln(), 7.0, 7.0, 7.0])
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() <= 1e-14, "{found:?}, expected {expected:?}");
        }
    }

    #[test]
    fn classes_by_hand() {
        let (loss, dz) = SoftmaxCrossEntropy::new().gradient((&logits()).into(), Targets::Classes(&[1, 2]));
        assert_close(&[loss.sum, loss.divisor], &[4.0_f64.ln() + 3.0_f64.ln(), 2.0]);
        let third = 1.0 / 3.0;
        assert_close(dz.as_slice(), &[0.125, -0.75, 0.625, third, third, -2.0 * third]);
    }

    #[test]
    fn soft_targets_by_hand() {
        // The second column is a distribution with twice the weight.
        let t = Matrix::from_column_slice(3, 2, &[0.5, 0.5, 0.0, 0.5, 0.5, 1.0]);
        let (loss, dz) = SoftmaxCrossEntropy::new().gradient((&logits()).into(), (&t).into());
        assert_close(&[loss.sum], &[0.5 * 8.0_f64.ln() + 0.5 * 4.0_f64.ln() + 2.0 * 3.0_f64.ln()]);
        let sixth = 1.0 / 6.0;
        assert_close(dz.as_slice(), &[-0.375, -0.25, 0.625, sixth, sixth, -2.0 * sixth]);
    }

    #[test]
    fn a_class_and_its_one_hot_column_have_the_same_bits() {
        let z = Matrix::from_fn(4, 3, |i, j| (i as f32 - 1.3) * (j as f32 + 0.7));
        let by_class = SoftmaxCrossEntropy::new().gradient((&z).into(), Targets::Classes(&[3, 0, 1]));
        let t = one_hot(&[3, 0, 1], 4);
        assert_eq!(by_class, SoftmaxCrossEntropy::new().gradient((&z).into(), (&t).into()));
    }

    #[test]
    fn a_confident_answer_keeps_its_small_loss_in_f32() {
        // ln(1 + e⁻²⁰) = 2.06·10⁻⁹, far below the spacing of f32 at 1.
        let z = Matrix::from_column_slice(2, 1, &[20.0_f32, 0.0]);
        let loss = SoftmaxCrossEntropy::new().value((&z).into(), Targets::Classes(&[0]));
        let expected = (-20.0_f64).exp().ln_1p();
        assert!((loss.sum - expected).abs() <= 1e-6 * expected, "{}, expected {expected}", loss.sum);
    }

    #[test]
    fn a_class_that_is_ruled_out_costs_nothing_where_it_is_not_the_target() {
        let z = Matrix::from_column_slice(3, 1, &[f64::NEG_INFINITY, 0.0, 0.0]);
        let t = one_hot(&[1], 3);
        for targets in [Targets::Classes(&[1]), Targets::from(&t)] {
            let (loss, dz) = SoftmaxCrossEntropy::new().gradient((&z).into(), targets);
            assert_close(&[loss.sum], &[2.0_f64.ln()]);
            assert_close(dz.as_slice(), &[0.0, -0.5, 0.5]);
        }
    }
}
