//! AdamW: Adam with decoupled weight decay, which shrinks the values themselves instead of changing the gradient.
//!
//! w ← w − rate·λ·w − rate · m̂ / (√v̂ + ε), with m̂ and v̂ of the plain gradient as in [`adam`](crate::Adam).
//!
//! Optimizer state: the moving averages m of the gradient and v of its square. Source: Loshchilov and Hutter 2019,
//! *Decoupled weight decay regularization*, algorithm 2; PyTorch's `AdamW`, which multiplies the decay by the rate, as
//! here.

use chainrule_tensor::Float;

use super::adam;
use crate::{Error, Optimizer, Update, settings};

/// w −= rate·λ·w + rate · m̂ / (√v̂ + ε), with the m̂ and v̂ of [`Adam`](crate::Adam).
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.001 | about how far a value moves per step | finite, above 0 |
/// | `beta1` | 0.9 | β₁, how much of m is kept | 0 ≤ β₁ < 1 |
/// | `beta2` | 0.999 | β₂, how much of v is kept | 0 ≤ β₂ < 1 |
/// | `eps` | 1e-8 | ε, keeps the divisor from 0 | finite, above 0 |
/// | `weight_decay` | 0.01 | λ, takes rate·λ of every value away | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The defaults are PyTorch's.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{AdamW, Optimizer};
/// let rule = AdamW::new(0.5).with_weight_decay(0.5);
/// let (mut w, mut slots) = ([4.0_f64], rule.new_slots(1));
/// rule.step(1, &mut w, &[0.0], &mut slots);
/// assert_eq!(w, [3.0]); // 4 − 0.5·0.5·4: without a gradient only the decay is left
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AdamW {
    /// About how far a value moves per step.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    pub learning_rate: f64,
    /// β₁, how much of m is kept.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::beta1"))]
    pub beta1: f64,
    /// β₂, how much of v is kept.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::beta2"))]
    pub beta2: f64,
    /// ε, keeps the divisor from 0.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::eps"))]
    pub eps: f64,
    /// The weight decay λ.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    pub weight_decay: f64,
    /// Whether biases are decayed too.
    pub decay_biases: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        let (learning_rate, beta1, beta2, eps) = (1e-3, 0.9, 0.999, 1e-8);
        AdamW { learning_rate, beta1, beta2, eps, weight_decay: 0.01, decay_biases: true }
    }
}

settings::rule_settings! { AdamW, with_betas(beta1, beta2), with_eps(eps) }

impl<F: Float> Optimizer<F> for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn n_slots(&self) -> usize {
        2
    }

    fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn update(&self, update: Update<'_, F>) {
        let shrink = update.learning_rate * update.decay(self.weight_decay, self.decay_biases);
        adam::step(update, [self.beta1, self.beta2, self.eps], 0.0, shrink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adam, test_util::walk};

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = AdamW::default();
        assert_eq!((rule.learning_rate, rule.beta1, rule.beta2), (0.001, 0.9, 0.999));
        assert_eq!((rule.eps, rule.weight_decay, rule.decay_biases), (1e-8, 0.01, true));
    }

    #[test]
    fn the_decay_stays_out_of_the_averages() {
        // Both averages see g = 1: 4 − 0.5·0.25·4 − 0.5·1/(1 + 1), whereas Adam's see 2.
        let rule = AdamW::new(0.5).with_eps(1.0).with_weight_decay(0.25);
        assert!((walk(&rule, 4.0, &[1.0]) - 3.25).abs() <= 1e-15);
        let adam = Adam::new(0.5).with_eps(1.0).with_weight_decay(0.25);
        assert!((walk(&adam, 4.0, &[1.0]) - (4.0 - 0.5 * 2.0 / 3.0)).abs() <= 1e-15);
    }

    #[test]
    fn without_decay_it_is_adam() {
        let (gradients, none) = ([1.0, -0.5, 3.0], AdamW::default().with_weight_decay(0.0));
        assert_eq!(walk(&none, 2.0, &gradients), walk(&Adam::default(), 2.0, &gradients));
    }

    #[test]
    fn a_lower_rate_decays_less() {
        let rule = AdamW::new(100.0).with_weight_decay(0.5);
        let (mut w, mut slots) = ([4.0_f64], rule.new_slots(1));
        rule.update(Update::new(&mut w, &[0.0], &mut slots, 1, 0.25));
        assert_eq!(w, [3.5]);
    }
}
