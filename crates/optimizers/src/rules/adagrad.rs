//! AdaGrad: every parameter value has its own learning rate, which falls as its squared gradients add up.
//!
//! s ← s + g′², w ← w − rate · g′ / (√s + ε), where g′ = g + λ·w, s starts at 0 and λ is the weight decay.
//!
//! Optimizer state: the sum of squared gradients s. Source: Duchi, Hazan and Singer 2011, *Adaptive subgradient methods
//! for online learning and stochastic optimization*; PyTorch's `Adagrad`; *Deep Learning from Scratch*, 6.1.5, where ε is
//! 1e-7.

use chainrule_tensor::Float;

use crate::{Error, Optimizer, Update, settings};

/// s += g′², w −= rate · g′ / (√s + ε), g′ = g + λ·w.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.01 | how far the first step moves every value | finite, above 0 |
/// | `eps` | 1e-10 | ε, keeps the divisor from 0 | finite, above 0 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The defaults are PyTorch's; its `lr_decay` is a [`Schedule`](crate::Schedule)'s job here.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{AdaGrad, Optimizer};
/// let rule = AdaGrad::new(0.5);
/// let (mut w, mut slots) = ([4.0_f64], rule.new_slots(1));
/// for (step, g, expected) in [(1, 3.0, 3.5), (2, 4.0, 3.1)] {
///     rule.step(step, &mut w, &[g], &mut slots); // √s = 3, 5
///     assert!((w[0] - expected).abs() < 1e-9);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct AdaGrad {
    /// How far the first step moves every value.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    pub learning_rate: f64,
    /// ε, keeps the divisor from 0.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::eps"))]
    pub eps: f64,
    /// The weight decay λ.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    pub weight_decay: f64,
    /// Whether biases are decayed too.
    pub decay_biases: bool,
}

impl Default for AdaGrad {
    fn default() -> Self {
        AdaGrad { learning_rate: 0.01, eps: 1e-10, weight_decay: 0.0, decay_biases: true }
    }
}

settings::rule_settings! { AdaGrad, with_eps(eps) }

impl<F: Float> Optimizer<F> for AdaGrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn n_slots(&self) -> usize {
        1
    }

    fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn update(&self, update: Update<'_, F>) {
        let (rate, eps) = (F::of(update.learning_rate), F::of(self.eps));
        let decay = update.decay(self.weight_decay, self.decay_biases);
        update.for_each_with_slot(decay, move |w, g, s| {
            *s += g * g;
            w - rate * g / (s.sqrt() + eps)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::walk;

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = AdaGrad::default();
        assert_eq!((rule.learning_rate, rule.eps, rule.weight_decay), (0.01, 1e-10, 0.0));
        assert!(rule.decay_biases);
    }

    #[test]
    fn three_steps_by_hand() {
        // √s = 2, √8, √(8 + 1) = 3; ε counts for less than 1e-10.
        let expected = 4.0 - 0.5 * (1.0 - 0.5_f64.sqrt() + 1.0 / 3.0);
        let found = walk(&AdaGrad::new(0.5), 4.0, &[2.0, -2.0, 1.0]);
        assert!((found - expected).abs() <= 1e-9, "{found}, expected {expected}");
    }

    #[test]
    fn eps_is_outside_of_the_root() {
        // 1 − 0.5 · 3 / (3 + 1); inside it would be 3 / √10.
        let rule = AdaGrad::new(0.5).with_eps(1.0);
        assert_eq!(walk(&rule, 1.0, &[3.0]), 0.625);
    }

    #[test]
    fn weight_decay_by_hand() {
        // g′ = 1 + 0.5·4 = 3, and ε = 1.
        let rule = AdaGrad::new(0.5).with_eps(1.0).with_weight_decay(0.5);
        assert_eq!(walk(&rule, 4.0, &[1.0]), 3.625);
    }

    #[test]
    fn no_gradient_no_step() {
        assert_eq!(walk(&AdaGrad::default(), 1.0, &[0.0, 0.0]), 1.0);
    }
}
