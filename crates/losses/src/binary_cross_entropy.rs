//! Sigmoid and binary cross-entropy in one: the loss of independent labels (yes or no), from their logits.
//!
//! - value: L = −Σᵢ (tᵢ·ln σ(zᵢ) + (1 − tᵢ)·ln σ(−zᵢ)), for one sample
//! - gradient: ∂L/∂zᵢ = σ(zᵢ) − tᵢ
//!
//! Shapes: z, t and dz outputs × samples; the divisor is the number of **elements**, outputs · samples.
//!
//! Both are computed from e = exp(−|z|), which never overflows, without a logarithm of a rounded 0 and without
//! subtracting two numbers near 1: for z ≥ 0 the value is z·(1 − t) + ln(1 + e) and the gradient (1 − t) − σ(−z).
//! Source: Goodfellow et al., *Deep Learning*, 6.2.2.2; PyTorch's `BCEWithLogitsLoss`.

use chainrule_tensor::{
    Float,
    math::{exp, ln_1p},
};

use crate::{Elementwise, Outputs};

/// −Σ (t·ln σ(z) + (1 − t)·ln(1 − σ(z))), from logits z, in nats; the mean is taken over all elements.
///
/// Targets are numbers from 0 to 1, the probability of yes; each output is a label of its own. Stable for logits of
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
/// Unless the targets fit the logits; see [`Loss`](crate::Loss).
///
/// # Examples
/// ```
/// use chainrule_losses::{BinaryCrossEntropy, Loss};
/// use chainrule_tensor::Matrix;
/// // One label, two samples, odds of 3 : 1 for yes; it was yes, and no.
/// let z = Matrix::from_element(1, 2, 3.0_f64.ln());
/// let t = Matrix::from_column_slice(1, 2, &[1.0, 0.0]);
/// let (loss, dz) = BinaryCrossEntropy.gradient((&z).into(), (&t).into());
/// assert!((loss.mean() - (-0.75_f64.ln() - 0.25_f64.ln()) / 2.0).abs() < 1e-15);
/// assert!((dz[0] + 0.25).abs() < 1e-15 && (dz[1] - 0.75).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryCrossEntropy;

impl Elementwise for BinaryCrossEntropy {
    const NAME: &'static str = "binary-cross-entropy";
    const OUTPUTS: Outputs = Outputs::LabelProbabilities;
    const AXIS: &'static str = "mean loss (nats per output)";

    fn value_and_derivative<F: Float>(&self, z: F, t: F) -> (F, F) {
        let e = exp(-z.abs());
        let smaller = e / (F::one() + e); // σ(−|z|)
        if z >= F::zero() {
            let no = F::one() - t;
            (z * no + ln_1p(e), no - smaller)
        } else {
            (-z * t + ln_1p(e), smaller - t)
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
            let (value, derivative) = BinaryCrossEntropy.value_and_derivative(z, t);
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
            let loss = BinaryCrossEntropy;
            assert_eq!(loss.value_and_derivative(z, t), (value, derivative), "z = {z}, t = {t}");
            assert_eq!(loss.value_and_derivative(z as f32, t as f32), (value as f32, derivative as f32));
        }
    }
}
