//! Gradient descent with momentum, as a ball keeps some of its velocity.
//!
//! v ← μ·v + (g + λ·w), w ← w − rate · v, where v starts at 0 and λ is the weight decay.
//!
//! Optimizer state: the momentum buffer v. Source: PyTorch's `SGD`; Sutskever et al. 2013, *On the importance of
//! initialization and momentum*.
//!
//! *Deep Learning from Scratch*, 6.1.4, puts the learning rate into the buffer: v ← μ·v − rate·g, w ← w + v. For a
//! constant rate the two are the same, the book's v being −rate times ours. When a schedule lowers the rate, ours slows
//! down at once; the book's goes on with the steps in its buffer.

use chainrule_tensor::Float;

use crate::{Error, Optimizer, Update, settings};

/// v = μ·v + (g + λ·w), w −= rate · v; at the first step v = g + λ·w.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.01 (the book's) | the learning rate | finite, above 0 |
/// | `momentum` | 0.9 (the book's) | μ, how much of the momentum buffer is kept | 0 ≤ μ < 1 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// A gradient that stays the same moves w in the end by rate / (1 − μ) of it per step: ten times as far as
/// [`Sgd`](crate::Sgd) with the same rate, at the default μ. Hence the smaller default rate.
///
/// The book's form, v = μ·v − rate·g and w += v, is the same for a constant rate.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Momentum, Optimizer};
/// let rule = Momentum::new(0.5).with_momentum(0.5);
/// let (mut w, mut slots) = ([4.0_f64], rule.new_slots(1));
/// for (step, expected) in [(1, 3.0), (2, 1.5), (3, -0.25)] {
///     rule.step(step, &mut w, &[2.0], &mut slots); // v = 2, 3, 3.5
///     assert_eq!(w, [expected]);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Momentum {
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

impl Default for Momentum {
    fn default() -> Self {
        Momentum { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0, decay_biases: true }
    }
}

settings::rule_settings! { Momentum, with_momentum(momentum) }

impl<F: Float> Optimizer<F> for Momentum {
    fn name(&self) -> &'static str {
        "momentum"
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
        step(update, self.momentum, decay, |_, v| v);
    }
}

/// The update of momentum and of Nesterov's momentum: w −= rate · along(g, v).
#[track_caller]
pub(super) fn step<F: Float>(update: Update<'_, F>, momentum: f64, decay: f64, along: impl Fn(F, F) -> F) {
    let (rate, momentum) = (F::of(update.learning_rate), F::of(momentum));
    update.for_each_with_slot(decay, move |w, g, v| {
        *v = momentum * *v + g;
        w - rate * along(g, *v)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sgd, test_util::descend};

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = Momentum::default();
        assert_eq!((rule.learning_rate, rule.momentum, rule.weight_decay), (0.01, 0.9, 0.0));
        assert_eq!(Momentum::new(0.01), rule);
    }

    #[test]
    fn three_steps_by_hand() {
        // v = 1; 0.9·1 + 0.9 = 1.8; 0.9·1.8 + 0.72 = 2.34.
        let rule = Momentum::new(0.1);
        for (steps, expected) in [(1, 0.9), (2, 0.72), (3, 0.486)] {
            assert!((descend(&rule, steps) - expected).abs() <= 1e-15);
        }
    }

    #[test]
    fn weight_decay_by_hand() {
        // On ½ w², λ = 1 doubles the gradient: v = 2, w = 1 − 0.25·2; v = 0.5·2 + 2·0.5, w = 0.5 − 0.25·2.
        let rule = Momentum::new(0.25).with_momentum(0.5).with_weight_decay(1.0);
        assert_eq!([descend(&rule, 1), descend(&rule, 2)], [0.5, 0.0]);
    }

    #[test]
    fn a_lower_rate_slows_down_at_once() {
        let rule = Momentum::new(100.0).with_momentum(0.5);
        let (mut w, mut slots) = ([4.0_f32], rule.new_slots(1));
        // v = 2, then 0.5·2 + 2 = 3: all of it at the new rate.
        for (step, rate, expected) in [(1, 0.5, 3.0), (2, 0.25, 2.25)] {
            rule.update(Update::new(&mut w, &[2.0], &mut slots, step, rate));
            assert_eq!(w, [expected]);
        }
    }

    #[test]
    fn the_books_form_is_the_same_for_a_constant_rate() {
        let rule = Momentum::default();
        let (mut w, mut v) = (1.0, 0.0);
        for _ in 0..100 {
            v = 0.9 * v - 0.01 * w;
            w += v;
        }
        assert!((descend(&rule, 100) - w).abs() <= 1e-14);
    }

    #[test]
    fn no_momentum_is_plain_gradient_descent() {
        let rule = Momentum::new(0.1).with_momentum(0.0);
        assert_eq!(descend(&rule, 10), descend(&Sgd::default(), 10));
    }

    #[test]
    #[should_panic(expected = "slot 0 of 0 values for a parameter of 2")]
    fn the_state_of_a_rule_that_remembers_nothing_panics() {
        let mut slots = Sgd::default().new_slots(2);
        Momentum::default().step(1, &mut [0.0_f32; 2], &[1.0; 2], &mut slots);
    }
}
