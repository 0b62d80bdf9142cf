//! Nesterov's momentum: the gradient is taken where the momentum will have led.
//!
//! v ← μ·v + g′, w ← w − rate · (g′ + μ·v), where g′ = g + λ·w, v starts at 0 and λ is the weight decay.
//!
//! Optimizer state: the momentum buffer v. Source: PyTorch's `SGD` with `nesterov`; Sutskever et al. 2013, *On the
//! importance of initialization and momentum*; Bengio et al. 2012, *Advances in optimizing recurrent networks*.
//!
//! w here is already the point ahead, at which the gradient is wanted, so that no other point needs to be kept.

use chainrule_tensor::Float;

use super::momentum;
use crate::{Error, Optimizer, Update, settings};

/// v = μ·v + g′, w −= rate · (g′ + μ·v), g′ = g + λ·w; at the first step v = g′.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.01 (the book's) | the learning rate | finite, above 0 |
/// | `momentum` | 0.9 (the book's) | μ, how much of the momentum buffer is kept | 0 ≤ μ < 1 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The program of *Deep Learning from Scratch* differs from this, from PyTorch and from the paper in its first step.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Nesterov, Optimizer};
/// let rule = Nesterov::new(0.5).with_momentum(0.5);
/// let (mut w, mut slots) = ([4.0_f64], rule.new_slots(1));
/// for (step, expected) in [(1, 2.5), (2, 0.75), (3, -1.125)] {
///     rule.step(step, &mut w, &[2.0], &mut slots); // v = 2, 3, 3.5; w −= 0.5·(2 + 0.5·v)
///     assert_eq!(w, [expected]);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Nesterov {
    /// The learning rate.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    pub learning_rate: f64,
    /// μ, how much of the momentum buffer is kept; with 0 it is [`Sgd`](crate::Sgd).
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::momentum"))]
    pub momentum: f64,
    /// The weight decay λ.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    pub weight_decay: f64,
    /// Whether biases are decayed too.
    pub decay_biases: bool,
}

impl Default for Nesterov {
    fn default() -> Self {
        Nesterov { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0, decay_biases: true }
    }
}

settings::rule_settings! { Nesterov, with_momentum(momentum) }

impl<F: Float> Optimizer<F> for Nesterov {
    fn name(&self) -> &'static str {
        "nesterov"
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
        let decay = update.decay(self.weight_decay, self.decay_biases);
        let momentum = F::of(self.momentum);
        momentum::step(update, self.momentum, decay, move |g, v| g + momentum * v);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::descend;

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = Nesterov::default();
        assert_eq!((rule.learning_rate, rule.momentum, rule.weight_decay), (0.01, 0.9, 0.0));
        assert!(rule.decay_biases);
    }

    #[test]
    fn two_steps_by_hand() {
        // v = 1, w = 1 − 0.1·(1 + 0.9·1); v = 0.9 + 0.81, w = 0.81 − 0.1·(0.81 + 0.9·1.71).
        let rule = Nesterov::new(0.1);
        for (steps, expected) in [(1, 0.81), (2, 0.5751)] {
            assert!((descend(&rule, steps) - expected).abs() <= 1e-15);
        }
    }

    #[test]
    fn weight_decay_by_hand() {
        // On ½ w², λ = 1 doubles the gradient: v = 2, w = 1 − 0.25·(2 + 0.5·2);
        // v = 0.5·2 + 0.5, w = 0.25 − 0.25·(0.5 + 0.5·1.5).
        let rule = Nesterov::new(0.25).with_momentum(0.5).with_weight_decay(1.0);
        assert_eq!([descend(&rule, 1), descend(&rule, 2)], [0.25, -0.0625]);
    }
}
