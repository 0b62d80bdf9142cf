//! Sigmoid and binary cross-entropy in one: the loss of yes-or-no questions, from their logits.
//!
//! - value: L = −Σᵢ (tᵢ·ln σ(zᵢ) + (1 − tᵢ)·ln σ(−zᵢ)), for one sample
//! - gradient: ∂L/∂zᵢ = σ(zᵢ) − tᵢ
//!
//! Shapes: z, t and dz outputs × samples; the divisor is the number of **elements**, outputs · samples.
//!
//! Both are computed from e = exp(−|z|), which never overflows, without a logarithm of a rounded 0 and without
//! subtracting two numbers near 1: for z ≥ 0 the value is z·(1 − t) + ln(1 + e) and the gradient (1 − t) − σ(−z).
//! Source: Goodfellow et al., *Deep Learning*, 6.2.2.2; PyTorch's `BCEWithLogitsLoss`.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut, argmax};

use crate::{Loss, LossSum, Targets, elementwise};

/// −Σ (t·ln σ(z) + (1 − t)·ln(1 − σ(z))), from logits z, in nats; the mean is taken over all elements.
///
/// Targets are numbers from 0 to 1, the probability of yes; each output is a question of its own. Stable for logits of
/// ±1000 and more. **A single output wants values**: as everywhere, a class *c* means the one-hot column, so class 0
/// of one output is a 1.
///
/// The mean is that of PyTorch's `binary_cross_entropy_with_logits`, whose gradient σ(z) − 1 is less accurate for a
/// target of 1 and a large z.
///
/// # Shapes
/// Logits, targets and gradient: outputs × samples. The divisor is outputs · samples.
///
/// # Panics
/// Unless the targets fit the logits; see [`Loss`].
///
/// # Examples
/// ```
/// use chainrule_losses::{BinaryCrossEntropy, Loss};
/// use chainrule_tensor::Matrix;
/// // One question, two samples, odds of 3 : 1 for yes; it was yes, and no.
/// let z = Matrix::from_element(1, 2, 3.0_f64.ln());
/// let t = Matrix::from_column_slice(1, 2, &[1.0, 0.0]);
/// let (loss, dz) = BinaryCrossEntropy.gradient((&z).into(), (&t).into());
/// assert!((loss.mean() - (-0.75_f64.ln() - 0.25_f64.ln()) / 2.0).abs() < 1e-15);
/// assert!((dz[0] + 0.25).abs() < 1e-15 && (dz[1] - 0.75).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCrossEntropy;

/// The cross-entropy of one logit, and σ(z) − t.
fn value_and_derivative<F: Float>(z: F, t: F) -> (F, F) {
    let e = (-z.abs()).exp();
    let smaller = e / (F::one() + e); // σ(−|z|)
    if z >= F::zero() {
        let no = F::one() - t;
        (z * no + e.ln_1p(), no - smaller)
    } else {
        (-z * t + e.ln_1p(), smaller - t)
    }
}

impl<F: Float> Loss<F> for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary-cross-entropy"
    }

    fn value(&self, z: MatrixView<'_, F>, targets: Targets<'_, F>) -> LossSum {
        let sum = elementwise::sum(z, targets, value_and_derivative);
        LossSum { sum, divisor: elementwise::n_elements(z) }
    }

    fn gradient_to(
        &self,
        dz: MatrixViewMut<'_, F>,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
    ) -> LossSum {
        let sum = elementwise::sum_and_gradient_to(dz, z, targets, value_and_derivative);
        LossSum { sum, divisor: elementwise::n_elements(z) }
    }

    /// σ(z), the probability of yes.
    fn predict_to(&self, mut y: MatrixViewMut<'_, F>, z: MatrixView<'_, F>) {
        assert_eq!(y.shape(), z.shape(), "shapes of the prediction and of the logits");
        for (y, &z) in y.as_mut_slice().iter_mut().zip(z.as_slice()) {
            let e = (-z.abs()).exp();
            *y = if z >= F::zero() { F::one() } else { e } / (F::one() + e);
        }
    }

    /// Of one question: 1 where the answer is more likely yes. Several questions have no class.
    fn true_and_predicted(
        &self,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
        j: usize,
    ) -> Option<(usize, usize)> {
        match targets {
            Targets::Classes(classes) => Some((classes[j], argmax(z.column(j)))),
            Targets::Values(t) if t.n_rows() == 1 => {
                Some((usize::from(t.column(j)[0] > F::of(0.5)), usize::from(z.column(j)[0] > F::zero())))
            }
            Targets::Values(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confident_right_answer_keeps_its_small_loss_and_gradient() {
        // ln(1 + exp(−30)) and σ(−30), by `mpmath` with 50 digits; 1 − σ(30) is 9.359·10⁻¹⁴.
        let (loss, slope) = (9.357622968839737e-14_f64, 9.357622968839299e-14);
        for (z, t, sign) in [(30.0, 1.0, -1.0), (-30.0, 0.0, 1.0)] {
            let (value, derivative) = value_and_derivative(z, t);
            assert!((value - loss).abs() <= 1e-15 * loss, "{value:e}");
            assert!((derivative - sign * slope).abs() <= 1e-15 * slope, "{derivative:e}");
        }
    }

    #[test]
    fn logits_of_a_thousand_by_hand() {
        for (z, t, value, derivative) in [
            (1000.0, 1.0, 0.0, 0.0),
            (1000.0, 0.0, 1000.0, 1.0),
            (-1000.0, 1.0, 1000.0, -1.0),
            (-1000.0, 0.0, 0.0, 0.0),
            (1000.0, 0.25, 750.0, 0.75),
        ] {
            assert_eq!(value_and_derivative(z, t), (value, derivative), "z = {z}, t = {t}");
            assert_eq!(value_and_derivative(z as f32, t as f32), (value as f32, derivative as f32));
        }
    }
}
