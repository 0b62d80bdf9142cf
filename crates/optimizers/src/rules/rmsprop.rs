//! RMSProp: the gradient, divided by a moving average of its root mean square.
//!
//! s ← α·s + (1 − α)·g′², w ← w − rate · g′ / (√s + ε), where g′ = g + λ·w, s starts at 0 and λ is the weight decay.
//!
//! Optimizer state: the moving average of squared gradients s. Source: Tieleman and Hinton 2012, lecture 6.5 of *Neural
//! networks for machine learning*; PyTorch's `RMSprop`, without its options `momentum` and `centered`.

use chainrule_tensor::Float;

use crate::{Error, Optimizer, Update, settings};

/// s = α·s + (1 − α)·g′², w −= rate · g′ / (√s + ε), g′ = g + λ·w.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.01 | about how far a value moves per step | finite, above 0 |
/// | `alpha` | 0.99 | α, how much of s is kept | 0 ≤ α < 1 |
/// | `eps` | 1e-8 | ε, keeps the divisor from 0 | finite, above 0 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The defaults are PyTorch's. As s starts at 0, the first step is rate / √(1 − α) long: ten times the rate, at the
/// default α.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Optimizer, RmsProp};
/// let rule = RmsProp::new(0.5).with_alpha(0.75);
/// let (mut w, mut slots) = ([4.0_f64], rule.new_slots(1));
/// for (step, g, expected) in [(1, 2.0, 3.0), (2, 1.0, 2.5)] {
///     rule.step(step, &mut w, &[g], &mut slots); // s = 1, 0.75 + 0.25
///     assert!((w[0] - expected).abs() < 1e-7);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct RmsProp {
    /// About how far a value moves per step.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    pub learning_rate: f64,
    /// α, how much of s is kept.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::alpha"))]
    pub alpha: f64,
    /// ε, keeps the divisor from 0.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::eps"))]
    pub eps: f64,
    /// The weight decay λ.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    pub weight_decay: f64,
    /// Whether biases are decayed too.
    pub decay_biases: bool,
}

impl Default for RmsProp {
    fn default() -> Self {
        RmsProp { learning_rate: 0.01, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, decay_biases: true }
    }
}

settings::rule_settings! { RmsProp, with_alpha(alpha), with_eps(eps) }

impl<F: Float> Optimizer<F> for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
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
        let (kept, new) = (F::of(self.alpha), F::of(1.0 - self.alpha));
        let decay = update.decay(self.weight_decay, self.decay_biases);
        update.for_each_with_slot(decay, move |w, g, s| {
            *s = kept * *s + new * g * g;
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
        let rule = RmsProp::default();
        let (rate, alpha, eps, decay) = (rule.learning_rate, rule.alpha, rule.eps, rule.weight_decay);
        assert_eq!((rate, alpha, eps, decay), (0.01, 0.99, 1e-8, 0.0));
        assert!(rule.decay_biases);
    }

    #[test]
    fn two_steps_by_hand() {
        // s = 1, w = 4 − 0.5·2/(1 + 1); s = 0.75 + 3.25, w = 3.5 + 0.5·√13/(2 + 1).
        let rule = RmsProp::new(0.5).with_alpha(0.75).with_eps(1.0);
        let root = 13.0_f64.sqrt();
        let found = walk(&rule, 4.0, &[2.0, -root]);
        assert!((found - (3.5 + root / 6.0)).abs() <= 1e-15, "{found}");
    }

    #[test]
    fn weight_decay_by_hand() {
        // g′ = −2 + 2·2 = 2, s = 1.
        let rule = RmsProp::new(0.5).with_alpha(0.75).with_eps(1.0);
        assert_eq!(walk(&rule.with_weight_decay(2.0), 2.0, &[-2.0]), 1.5);
    }

    #[test]
    fn the_first_step_is_ten_times_the_rate() {
        for g in [1e-3, 1.0, -1e6] {
            let moved = walk(&RmsProp::default(), 0.0, &[g]);
            assert!((moved + 0.1 * g.signum()).abs() <= 1e-5, "{moved} for {g}");
        }
    }
}
