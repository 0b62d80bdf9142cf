//! Binary cross-entropy in which yes counts more, or less, than no.
//!
//! With the weight pᵢ of output i:
//! - value: L = −Σᵢ (pᵢ·tᵢ·ln σ(zᵢ) + (1 − tᵢ)·ln σ(−zᵢ)), for one sample
//! - gradient: ∂L/∂zᵢ = (1 − tᵢ)·σ(zᵢ) − pᵢ·tᵢ·σ(−zᵢ)
//!
//! Shapes: z, t and dz outputs × samples; the divisor is the number of **elements**, outputs · samples, whatever the weights.
//! Both are computed from exp(−|z|), as without weights. Source: PyTorch's `BCEWithLogitsLoss`, `pos_weight`.

use chainrule_tensor::{
    Float, MatrixView, MatrixViewMut,
    math::{exp, ln_1p},
    shown, unmet,
};

use crate::{
    BinaryCrossEntropy, Elementwise, Error, Loss, LossSum, Outputs, Targets, elementwise::sum,
    loss::assert_shapes,
};

/// [`BinaryCrossEntropy`] with a weight for yes: −Σ (p·t·ln σ(z) + (1 − t)·ln(1 − σ(z))), from logits z.
///
/// With p = (samples of no) / (samples of yes), a rare yes counts as much as no as a whole.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `pos_weight` | 1 | p, how often a yes counts: one for all outputs, or one for each | finite, above 0 |
///
/// The mean is that of PyTorch's `binary_cross_entropy_with_logits` with its `pos_weight`: over all elements, not over their weights.
///
/// # Shapes
/// Logits, targets and gradient: outputs × samples. The divisor is outputs · samples.
///
/// # Panics
/// Unless the targets fit the logits, the weights are in their range and there is one, or one for each output; see [`Loss`].
///
/// # Examples
/// ```
/// use chainrule_losses::{BinaryCrossEntropy, Loss};
/// use chainrule_tensor::Matrix;
/// // One label, two samples, odds of 3 : 1 for yes; it was yes, which counts five times, and no.
/// let loss = BinaryCrossEntropy.with_pos_weight([5.0]);
/// let z = Matrix::from_element(1, 2, 3.0_f64.ln());
/// let t = Matrix::from_column_slice(1, 2, &[1.0, 0.0]);
/// let (value, dz) = loss.gradient((&z).into(), (&t).into());
/// assert!((value.mean() - (-5.0 * 0.75_f64.ln() - 0.25_f64.ln()) / 2.0).abs() < 1e-15);
/// assert!((dz[0] + 5.0 * 0.25).abs() < 1e-15 && (dz[1] - 0.75).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct WeightedBinaryCrossEntropy {
    /// How often a yes counts: one weight for all outputs, or one for each.
    pub pos_weight: Vec<f64>,
}

impl BinaryCrossEntropy {
    /// The same loss with a weight for yes: one for all outputs, or one for each.
    pub fn with_pos_weight(self, pos_weight: impl Into<Vec<f64>>) -> WeightedBinaryCrossEntropy {
        WeightedBinaryCrossEntropy { pos_weight: pos_weight.into() }
    }
}

impl WeightedBinaryCrossEntropy {
    /// Refuses weights out of range.
    ///
    /// # Errors
    /// [`Error::Classes`] unless there is a weight, and all are finite and above 0, also in `f32`.
    pub fn check(&self) -> Result<(), Error> {
        if self.pos_weight.is_empty() {
            return Error::classes("no weight of yes", "one for all outputs, or one for each");
        }
        for (output, &weight) in self.pos_weight.iter().enumerate() {
            let good = weight > 0.0 && weight.is_finite();
            if let Some(expected) = unmet(weight, good, "a finite number above 0") {
                return Error::classes(
                    format!("weight {} of yes in output {output}", shown(weight)),
                    expected,
                );
            }
        }
        Ok(())
    }

    /// Value and derivative of output `i`.
    fn value_and_derivative<F: Float>(&self, i: usize, z: F, t: F) -> (F, F) {
        let weight = self.pos_weight[if self.pos_weight.len() == 1 { 0 } else { i }];
        let (yes, no) = (F::of(weight) * t, F::one() - t);
        let e = exp(-z.abs());
        let (larger, smaller) = (F::one() / (F::one() + e), e / (F::one() + e)); // σ(|z|), σ(−|z|)
        let rest = (yes + no) * ln_1p(e);
        match z >= F::zero() {
            true => (no * z + rest, no * larger - yes * smaller),
            false => (-yes * z + rest, no * smaller - yes * larger),
        }
    }

    #[track_caller]
    fn sum<F: Float>(&self, z: MatrixView<'_, F>, t: Targets<'_, F>, keep: impl FnMut(F)) -> LossSum {
        Loss::<F>::check_outputs(self, z.n_rows()).unwrap_or_else(|error| panic!("{error}"));
        let sum = sum(z, t, |i, z, t| self.value_and_derivative(i, z, t), keep);
        LossSum { sum, divisor: z.as_slice().len() as f64 }
    }
}

impl<F: Float> Loss<F> for WeightedBinaryCrossEntropy {
    /// That of the loss without weights: they are a setting.
    fn name(&self) -> &'static str {
        BinaryCrossEntropy::NAME
    }

    fn outputs(&self) -> Outputs {
        BinaryCrossEntropy::OUTPUTS
    }

    fn axis(&self) -> &'static str {
        "mean loss (weighted nats per output)"
    }

    fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn check_outputs(&self, n_outputs: usize) -> Result<(), Error> {
        self.check()?;
        match self.pos_weight.len() {
            1 => Ok(()),
            n if n == n_outputs => Ok(()),
            n => Error::classes(
                format!("the number of weights of yes is {n}"),
                format!("1 or {n_outputs}, one for every output"),
            ),
        }
    }

    fn value(&self, z: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        t.assert_fit(z);
        self.sum(z, t, |_| ())
    }

    fn gradient_to(&self, mut dz: MatrixViewMut<'_, F>, z: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        assert_shapes(&dz, z, t);
        let mut dz = dz.as_mut_slice().iter_mut();
        self.sum(z, t, |derivative| *dz.next().expect("dz has the shape of z") = derivative)
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;

    /// PyTorch's formula as its documentation has it, in `f64` and without care: −(p·t·ln σ(z) + (1 − t)·ln(1 − σ(z))).
    fn documented(p: f64, z: f64, t: f64) -> f64 {
        let sigmoid = 1.0 / (1.0 + (-z).exp());
        -(p * t * sigmoid.ln() + (1.0 - t) * (1.0 - sigmoid).ln())
    }

    #[test]
    fn values_are_those_of_the_documented_formula() {
        // Outputs × samples: yes and no, what lies between, and both signs of z.
        let z = Matrix::from_column_slice(2, 4, &[0.0, 1.5, -2.5, 0.25, 4.0, -3.0, -0.5, 2.0]);
        let t = Matrix::from_column_slice(2, 4, &[1.0, 0.0, 1.0, 1.0, 0.0, 0.3, 0.75, 0.0]);
        for weights in [vec![3.0], vec![0.25, 7.0]] {
            let loss = BinaryCrossEntropy.with_pos_weight(weights.clone());
            let value = loss.value((&z).into(), (&t).into());
            let of = |(k, (z, t)): (usize, (&f64, &f64))| documented(weights[k % weights.len()], *z, *t);
            let expected: f64 = z.iter().zip(t.iter()).enumerate().map(of).sum();
            assert!((value.sum - expected).abs() <= 1e-13 * expected, "{value:?}, expected {expected}");
            assert_eq!(value.divisor, 8.0);
            assert_eq!(loss.gradient((&z).into(), (&t).into()).0, value);
        }
    }

    #[test]
    fn a_weight_of_one_is_the_loss_without_weights() {
        let loss = BinaryCrossEntropy.with_pos_weight([1.0]);
        for z in [-1000.0, -30.0, -1.0, 0.0, 0.5, 30.0, 1000.0] {
            for t in [0.0, 0.25, 1.0] {
                let (value, derivative) = loss.value_and_derivative(0, z, t);
                let plain = BinaryCrossEntropy.value_and_derivative(z, t);
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-15 * b.abs().max(0.25);
                assert!(close(value, plain.0) && close(derivative, plain.1), "z = {z}, t = {t}");
            }
        }
        // The small loss and gradient of a confident right answer, by `mpmath` with 50 digits, seven times.
        let (value, derivative) =
            BinaryCrossEntropy.with_pos_weight([7.0]).value_and_derivative(0, 30.0_f64, 1.0);
        assert!((value - 7.0 * 9.357622968839737e-14).abs() <= 1e-27, "{value:e}");
        assert!((derivative + 7.0 * 9.357622968839299e-14).abs() <= 1e-27, "{derivative:e}");
    }

    #[test]
    fn weights_out_of_range_are_refused() {
        let refused = |weights: &[f64]| {
            let loss = BinaryCrossEntropy.with_pos_weight(weights);
            Loss::<f32>::check_outputs(&loss, 3).unwrap_err().to_string()
        };
        for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            let message = refused(&[1.0, bad, 1.0]);
            assert_eq!(message, format!("weight {bad} of yes in output 1, expected a finite number above 0"));
        }
        for bad in [1e-50, 1e39] {
            let expected = "expected a number that f32 can hold, 1e-45 to 3.4028235e38";
            assert_eq!(refused(&[bad]), format!("weight {bad:?} of yes in output 0, {expected}"));
        }
        assert_eq!(refused(&[]), "no weight of yes, expected one for all outputs, or one for each");
        assert_eq!(
            refused(&[1.0, 2.0]),
            "the number of weights of yes is 2, expected 1 or 3, one for every output"
        );
        assert_eq!(Loss::<f32>::check_outputs(&BinaryCrossEntropy.with_pos_weight([2.0]), 3), Ok(()));
        assert_eq!(Loss::<f32>::check_outputs(&BinaryCrossEntropy.with_pos_weight([2.0; 3]), 3), Ok(()));
    }
}
