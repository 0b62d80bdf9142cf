//! Softmax and cross-entropy in one: the loss of a classifier, from its logits.
//!
//! With Z = Σⱼ exp(zⱼ), for one sample:
//! - value: L = −Σᵢ tᵢ · ln softmax(z)ᵢ = Σᵢ tᵢ · (ln Z − zᵢ), for class c simply ln Z − z_c
//! - gradient: ∂L/∂zᵢ = softmax(z)ᵢ · Σⱼ tⱼ − tᵢ, for class c softmax(z)ᵢ, less 1 where i = c
//!
//! Shapes: z and dz classes × samples; the divisor is the number of samples.
//!
//! With label smoothing ε and class weights w, both of K classes, tᵢ is replaced by aᵢ = wᵢ · ((1 − ε) · tᵢ + ε / K),
//! and with class weights the divisor is the sum of w_c, or of Σᵢ wᵢ · tᵢ, over the samples.
//!
//! The maximum is taken out of every exponential, and value and gradient share one exponential per logit; no ε is
//! needed in the logarithm, since the sum is then at least 1. Source: *Deep Learning from Scratch*, 5.6.3 and
//! appendix A, with softmax and logarithm taken together as in Goodfellow et al., *Deep Learning*, 6.2.2.3; label
//! smoothing: Szegedy et al., *Rethinking the Inception architecture* (2016), section 7.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut, exp_to, math::ln, shown, unmet};

use crate::{Error, Loss, LossSum, Outputs, Targets, error::check, loss::assert_shapes};

/// The cross-entropy of softmax(z), from logits z, in nats per sample.
///
/// Stable for logits of ±1000 and more. Values as targets are distributions, one per column (soft labels); where a
/// target is 0 the term is 0, also for a logit of −∞.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `label_smoothing` | 0 | ε, the part of every target that is spread over all classes | 0 ≤ ε < 1 |
/// | `class_weights` | none | how much each class counts; without weights all count the same | finite, not below 0, one above 0 |
///
/// The mean is that of PyTorch's `cross_entropy`, but for class weights with values as targets: there PyTorch divides
/// by the number of samples, and this by their weight Σ w·t, so that a class and its one-hot column are the same.
///
/// # Shapes
/// Logits and gradient: classes × samples. The divisor is the number of samples, or with class weights the sum of the
/// weights of their classes.
///
/// # Panics
/// Unless the targets fit the logits and the settings are in their ranges; see [`Loss`]. Unless there are as many class
/// weights as classes, if any.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct SoftmaxCrossEntropy {
    /// ε: the part of every target that is spread over all classes.
    pub label_smoothing: f64,
    /// How much each class counts: one weight per class, or none if all count the same.
    #[cfg_attr(feature = "serde", serde(with = "class_weights"))]
    pub class_weights: Option<Vec<f64>>,
}

/// In files, no weights are an empty list.
#[cfg(feature = "serde")]
mod class_weights {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(weights: &Option<Vec<f64>>, to: S) -> Result<S::Ok, S::Error> {
        weights.as_deref().unwrap_or_default().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<f64>>, D::Error> {
        Ok(Some(Vec::deserialize(from)?).filter(|weights| !weights.is_empty()))
    }
}

impl SoftmaxCrossEntropy {
    /// The plain loss: no label smoothing, no class weights.
    pub fn new() -> Self {
        SoftmaxCrossEntropy::default()
    }

    /// Sets the label smoothing ε: targets become (1 − ε)·t + ε/K for K classes, so that no prediction has to be certain.
    ///
    /// # Examples
    /// ```
    /// use chainrule_losses::{Loss, SoftmaxCrossEntropy, Targets};
    /// use chainrule_tensor::Matrix;
    /// let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.5);
    /// // ln 4 − ¾ ln 3: three quarters for the class with odds of 3 : 1, a quarter for the other.
    /// let z = Matrix::from_column_slice(2, 1, &[3.0_f64.ln(), 0.0]);
    /// let value = loss.value((&z).into(), Targets::Classes(&[0])).mean();
    /// assert!((value - (4.0_f64.ln() - 0.75 * 3.0_f64.ln())).abs() < 1e-15);
    /// ```
    pub fn with_label_smoothing(self, label_smoothing: f64) -> Self {
        SoftmaxCrossEntropy { label_smoothing, ..self }
    }

    /// Sets the class weights: the terms of class *c* are multiplied by `weights[c]`, more for a rare class, say.
    pub fn with_class_weights(self, weights: impl Into<Vec<f64>>) -> Self {
        SoftmaxCrossEntropy { class_weights: Some(weights.into()), ..self }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 ≤ ε < 1; [`Error::Classes`] unless class weights, if any, are finite and not below 0, and
    /// one of them is above 0.
    pub fn check(&self) -> Result<(), Error> {
        let good = (0.0..1.0).contains(&self.label_smoothing);
        check("label smoothing", self.label_smoothing, good, "a number from 0 to below 1")?;
        let Some(weights) = &self.class_weights else { return Ok(()) };
        for (class, &weight) in weights.iter().enumerate() {
            if let Some(expected) =
                unmet(weight, weight >= 0.0 && weight.is_finite(), "a finite number not below 0")
            {
                return Error::classes(format!("weight {} of class {class}", shown(weight)), expected);
            }
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            let found = format!("{} class weights and none above 0", weights.len());
            return Error::classes(found, "at least one above 0");
        }
        Ok(())
    }

    /// The class of sample `j`, if no setting makes the other classes count.
    fn plain_class<F: Float>(&self, t: Targets<'_, F>, j: usize) -> Option<usize> {
        match t {
            Targets::Classes(classes) if *self == SoftmaxCrossEntropy::default() => Some(classes[j]),
            _ => None,
        }
    }

    /// aᵢ of sample `j` for all its classes: the target, smoothed and weighted.
    fn shares<F: Float>(&self, t: Targets<'_, F>, j: usize, n: usize) -> impl Iterator<Item = f64> {
        let spread = self.label_smoothing / n as f64;
        (0..n).map(move |i| {
            let smoothed = (1.0 - self.label_smoothing) * t.get(i, j).as_f64() + spread;
            self.class_weights.as_ref().map_or(smoothed, |weights| weights[i] * smoothed)
        })
    }

    /// What the mean divides by.
    fn divisor<F: Float>(&self, t: Targets<'_, F>) -> f64 {
        let Some(weights) = &self.class_weights else { return t.n_samples() as f64 };
        let of_sample = |j| weights.iter().enumerate().map(|(i, w)| w * t.get(i, j).as_f64()).sum::<f64>();
        (0..t.n_samples()).map(of_sample).sum()
    }

    /// The cross-entropy of sample `j`, where `total` is Σ exp(zᵢ − max).
    fn cross_entropy<F: Float>(&self, z: &[F], max: F, total: f64, t: Targets<'_, F>, j: usize) -> f64 {
        // Shown also where every share is 0: 0·NaN, as in the gradient.
        if total.is_nan() {
            return f64::NAN;
        }
        let ln_total = ln(total);
        let nats = |z: F| ln_total - (z - max).as_f64();
        if let Some(class) = self.plain_class(t, j) {
            return nats(z[class]);
        }
        let terms = z.iter().zip(self.shares(t, j, z.len())).filter(|(_, share)| *share != 0.0);
        terms.map(|(&z, share)| share * nats(z)).sum()
    }

    /// Turns the exponentials of sample `j` in `dz` into `exp · scale · Σa − a`, where `scale` makes them a softmax.
    fn subtract_targets<F: Float>(&self, dz: &mut [F], scale: F, t: Targets<'_, F>, j: usize) {
        if let Some(class) = self.plain_class(t, j) {
            dz.iter_mut().for_each(|dz| *dz *= scale);
            dz[class] -= F::one();
            return;
        }
        let n_classes = dz.len();
        let shares = || self.shares(t, j, n_classes).map(F::of);
        let weight = shares().fold(F::zero(), |sum, share| sum + share);
        for (dz, share) in dz.iter_mut().zip(shares()) {
            *dz = *dz * scale * weight - share;
        }
    }

    #[track_caller]
    fn assert_settings(&self, n_classes: usize) {
        self.check().unwrap_or_else(|error| panic!("{error}"));
        if let Some(weights) = &self.class_weights {
            assert_eq!(weights.len(), n_classes, "weights of classes, and classes of the logits");
        }
    }
}

impl<F: Float> Loss<F> for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmax-cross-entropy"
    }

    fn outputs(&self) -> Outputs {
        Outputs::ClassProbabilities
    }

    fn axis(&self) -> &'static str {
        "mean loss (nats per sample)"
    }

    fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn check_outputs(&self, n_outputs: usize) -> Result<(), Error> {
        self.check()?;
        if n_outputs == 1 {
            let expected = "at least 2 with softmax cross-entropy; for yes or no take binary cross-entropy";
            return Error::classes("outputs is 1", expected);
        }
        let n_weights = self.class_weights.as_ref().map_or(n_outputs, Vec::len);
        if n_weights != n_outputs {
            let found = format!("the number of class weights is {n_weights}");
            return Error::classes(found, format!("{n_outputs}, one for every output"));
        }
        Ok(())
    }

    fn value(&self, z: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        t.assert_fit(z);
        self.assert_settings(z.n_rows());
        let sum = z.column_iter().enumerate().fold(0.0, |sum, (j, z)| {
            let max = max(z);
            sum + self.cross_entropy(z, max, sum_of_exp(z, max), t, j)
        });
        LossSum { sum, divisor: self.divisor(t) }
    }

    fn gradient_to(&self, mut dz: MatrixViewMut<'_, F>, z: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        assert_shapes(&dz, z, t);
        self.assert_settings(z.n_rows());
        let mut sum = 0.0;
        for (j, z) in z.column_iter().enumerate() {
            let (dz, max) = (dz.column_mut(j), max(z));
            exp_to(dz, z, max);
            let total = dz.iter().map(|exp| exp.as_f64()).sum();
            sum += self.cross_entropy(z, max, total, t, j);
            self.subtract_targets(dz, F::of(1.0 / total), t, j);
        }
        LossSum { sum, divisor: self.divisor(t) }
    }
}

/// Σ exp(z − max), of the exponentials that the gradient has, in their order.
fn sum_of_exp<F: Float>(z: &[F], max: F) -> f64 {
    let mut exponentials = [F::zero(); 32];
    z.chunks(exponentials.len()).fold(0.0, |sum, z| {
        let exponentials = &mut exponentials[..z.len()];
        exp_to(exponentials, z, max);
        exponentials.iter().fold(sum, |sum, exp| sum + exp.as_f64())
    })
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
    fn weights_that_f32_cannot_hold_are_refused() {
        for bad in [1e-50, 1e39] {
            let message =
                SoftmaxCrossEntropy::new().with_class_weights([1.0, bad]).check().unwrap_err().to_string();
            let expected = "expected a number that f32 can hold, 1e-45 to 3.4028235e38";
            assert_eq!(message, format!("weight {bad:?} of class 1, {expected}"));
        }
        assert!(SoftmaxCrossEntropy::new().with_label_smoothing(1e-50).check().is_err());
    }

    #[test]
    fn a_logit_that_is_nan_shows_in_the_loss_also_where_nothing_counts() {
        for (loss, t) in [
            (SoftmaxCrossEntropy::new().with_class_weights([0.0, 1.0]), Targets::Classes(&[0])),
            (SoftmaxCrossEntropy::new(), Targets::from(&Matrix::zeros(2, 1))),
        ] {
            for z in [[f64::NAN, 0.0], [0.0, f64::NAN], [f64::INFINITY, 0.0]] {
                let z = Matrix::from_column_slice(2, 1, &z);
                let (value, dz) = loss.gradient((&z).into(), t);
                assert!(value.sum.is_nan() && dz.iter().all(|dz| dz.is_nan()), "{value:?}, {dz}");
                assert!(loss.value((&z).into(), t).sum.is_nan());
            }
        }
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
