//! Adam: momentum, divided by the root mean square of the gradient, both averages corrected for their start at 0.
//!
//! m ← β₁·m + (1 − β₁)·g′, v ← β₂·v + (1 − β₂)·g′², w ← w − rate · m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and
//! v̂ = v / (1 − β₂ᵗ) at step t = 1, 2, …, g′ = g + λ·w and λ is the weight decay.
//!
//! Optimizer state: the moving averages m of the gradient and v of its square. Source: Kingma and Ba 2015, *Adam: a
//! method for stochastic optimization*, algorithm 1; PyTorch's `Adam`. *Deep Learning from Scratch*, 6.1.6, adds ε before
//! the correction of v, so that its early steps differ.

use chainrule_tensor::{Float, math::pow, vectorized};

use crate::{Error, Optimizer, Update, settings};

/// m = β₁·m + (1 − β₁)·g′, v = β₂·v + (1 − β₂)·g′², w −= rate · m̂ / (√v̂ + ε), g′ = g + λ·w.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.001 | about how far a value moves per step | finite, above 0 |
/// | `beta1` | 0.9 | β₁, how much of m is kept | 0 ≤ β₁ < 1 |
/// | `beta2` | 0.999 | β₂, how much of v is kept | 0 ≤ β₂ < 1 |
/// | `eps` | 1e-8 | ε, keeps the divisor from 0 | finite, above 0 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The defaults are the paper's and PyTorch's. m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) are averages of what there has
/// been up to step t. The weight decay is divided by √v̂ with the gradient; [`AdamW`](crate::AdamW) keeps it apart.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Adam, Optimizer};
/// let rule = Adam::new(0.5);
/// let (mut w, mut slots) = ([4.0_f64, 4.0], rule.new_slots(2));
/// for (step, expected) in [(1, 3.5), (2, 3.0), (3, 2.5)] {
///     // Gradients that stay the same move by the rate, whatever their size.
///     rule.step(step, &mut w, &[1000.0, 0.125], &mut slots);
///     assert!(w.iter().all(|w| (w - expected).abs() < 1e-6));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Adam {
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

impl Default for Adam {
    fn default() -> Self {
        let (learning_rate, beta1, beta2, eps) = (1e-3, 0.9, 0.999, 1e-8);
        Adam { learning_rate, beta1, beta2, eps, weight_decay: 0.0, decay_biases: true }
    }
}

settings::rule_settings! { Adam, with_betas(beta1, beta2), with_eps(eps) }

impl<F: Float> Optimizer<F> for Adam {
    fn name(&self) -> &'static str {
        "adam"
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
        let decay = update.decay(self.weight_decay, self.decay_biases);
        step(update, [self.beta1, self.beta2, self.eps], decay, 0.0);
    }
}

/// The update of Adam, with `decay` · w added to the gradient, and of AdamW, with `shrink` · w subtracted from w.
#[track_caller]
pub(super) fn step<F: Float>(update: Update<'_, F>, [beta1, beta2, eps]: [f64; 3], decay: f64, shrink: f64) {
    update.assert_lengths(2);
    assert!(update.step > 0, "step 0, expected steps to count from 1");
    let t = update.step as f64;
    let rate = F::of(update.learning_rate / (1.0 - pow(beta1, t)));
    let unbias = F::of(1.0 / (1.0 - pow(beta2, t)).sqrt());
    let (kept, new, new_square) = (F::of(beta1), F::of(1.0 - beta1), F::of(1.0 - beta2));
    let (kept_square, eps, decay, shrink) = (F::of(beta2), F::of(eps), F::of(decay), F::of(shrink));
    let [mean, square] = update.slots;
    let values = update.parameter.iter_mut().zip(mean).zip(square).zip(update.gradient);
    vectorized(|| {
        for (((w, m), v), &g) in values {
            let g = g + decay * *w;
            *m = kept * *m + new * g;
            *v = kept_square * *v + new_square * g * g;
            *w -= shrink * *w + rate * *m / (v.sqrt() * unbias + eps);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::walk;

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = Adam::default();
        assert_eq!((rule.learning_rate, rule.beta1, rule.beta2), (0.001, 0.9, 0.999));
        assert_eq!((rule.eps, rule.weight_decay, rule.decay_biases), (1e-8, 0.0, true));
    }

    #[test]
    fn two_steps_by_hand() {
        // m = 1/2, v = 1/2, m̂ = v̂ = 1; m = 1/4 + 3/2, v = 1/4 + 9/2, m̂ = 7/3, v̂ = 19/3.
        let rule = Adam::new(0.5).with_betas(0.5, 0.5).with_eps(1.0);
        assert_eq!(walk(&rule, 4.0, &[1.0]), 3.75);
        let expected = 3.75 - 0.5 * (7.0 / 3.0) / ((19.0_f64 / 3.0).sqrt() + 1.0);
        let found = walk(&rule, 4.0, &[1.0, 3.0]);
        assert!((found - expected).abs() <= 1e-15, "{found}, expected {expected}");
    }

    #[test]
    fn weight_decay_by_hand() {
        // g′ = −1 + 0.5·4 = 1.
        let rule = Adam::new(0.5).with_eps(1.0).with_weight_decay(0.5);
        assert!((walk(&rule, 4.0, &[-1.0]) - 3.75).abs() <= 1e-15);
    }

    #[test]
    fn equal_gradients_move_by_the_rate_also_after_many_steps() {
        // m̂ = g and v̂ = g² at every step: both corrections tend to 1.
        for n_steps in [1, 10, 10_000] {
            let moved = walk(&Adam::default(), 0.0, &vec![2.0; n_steps]);
            let expected = -1e-3 * n_steps as f64;
            assert!((moved / expected - 1.0).abs() <= 1e-8, "{moved}, expected {expected}");
        }
    }

    #[test]
    #[should_panic(expected = "step 0, expected steps to count from 1")]
    fn an_update_before_the_first_step_panics() {
        let rule = Adam::default();
        rule.update(Update::new(&mut [1.0_f32], &[1.0], &mut rule.new_slots(1), 0, 0.1));
    }
}
