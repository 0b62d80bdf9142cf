//! AdaGrad: every value has its own rate, which falls as its gradients add up.
//!
//! s ← s + g′², w ← w − rate · g′ / (√s + ε), where g′ = g + λ·w, s starts at 0 and λ is the weight decay.
//!
//! Remembers s. Source: Duchi, Hazan and Singer 2011, *Adaptive subgradient methods for online learning and stochastic
//! optimization*; PyTorch's `Adagrad`; *Deep Learning from Scratch*, 6.1.5, where ε is 1e-7.

use chainrule_tensor::{Float, vectorized};

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
/// use chainrule_optimizers::{AdaGrad, State};
/// let rule = AdaGrad::new(0.5)?;
/// let mut w = [4.0_f64];
/// let mut state = State::new(&rule, [("w", 1)]);
/// for (g, expected) in [(3.0, 3.5), (4.0, 3.1)] {
///     state.begin_step();
///     state.update(&rule, 0, &mut w, &[g]); // √s = 3, 5
///     assert!((w[0] - expected).abs() < 1e-9);
/// }
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct AdaGrad {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    learning_rate: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::eps"))]
    eps: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    weight_decay: f64,
    decay_biases: bool,
}

impl Default for AdaGrad {
    fn default() -> Self {
        AdaGrad { learning_rate: 0.01, eps: 1e-10, weight_decay: 0.0, decay_biases: true }
    }
}

impl AdaGrad {
    /// The rule with this learning rate and the defaults for the rest.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn new(rate: f64) -> Result<Self, Error> {
        AdaGrad::default().with_learning_rate(rate)
    }

    /// The same rule with another learning rate.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn with_learning_rate(self, rate: f64) -> Result<Self, Error> {
        Ok(AdaGrad { learning_rate: settings::learning_rate(rate)?, ..self })
    }

    /// The same rule with another ε.
    ///
    /// # Errors
    /// [`Error::Setting`] unless ε is finite and above 0.
    pub fn with_eps(self, eps: f64) -> Result<Self, Error> {
        Ok(AdaGrad { eps: settings::eps(eps)?, ..self })
    }

    /// The same rule with weight decay.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the decay is finite and not below 0.
    pub fn with_weight_decay(self, decay: f64) -> Result<Self, Error> {
        Ok(AdaGrad { weight_decay: settings::weight_decay(decay)?, ..self })
    }

    /// The same rule, whose weight decay is for biases too (the default, as in PyTorch) or not.
    pub fn with_decay_biases(self, decay_biases: bool) -> Self {
        AdaGrad { decay_biases, ..self }
    }

    /// How far the first step moves every value.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// ε.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// λ.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    /// Whether biases are decayed too.
    pub fn decay_biases(&self) -> bool {
        self.decay_biases
    }
}

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

    fn update(&self, update: Update<'_, F>) {
        update.assert_lengths(1);
        let (rate, eps) = (F::of(update.learning_rate), F::of(self.eps));
        let decay = F::of(update.decay(self.weight_decay, self.decay_biases));
        let [sum, _] = update.slots;
        let values = update.parameter.iter_mut().zip(sum).zip(update.gradient);
        vectorized(|| {
            for ((w, s), &g) in values {
                let g = g + decay * *w;
                *s += g * g;
                *w -= rate * g / (s.sqrt() + eps);
            }
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
        assert_eq!((rule.learning_rate(), rule.eps(), rule.weight_decay()), (0.01, 1e-10, 0.0));
        assert!(rule.decay_biases());
    }

    #[test]
    fn three_steps_by_hand() {
        // √s = 2, √8, √(8 + 1) = 3; ε counts for less than 1e-10.
        let expected = 4.0 - 0.5 * (1.0 - 0.5_f64.sqrt() + 1.0 / 3.0);
        let found = walk(&AdaGrad::new(0.5).unwrap(), 4.0, &[2.0, -2.0, 1.0]);
        assert!((found - expected).abs() <= 1e-9, "{found}, expected {expected}");
    }

    #[test]
    fn eps_is_outside_of_the_root() {
        // 1 − 0.5 · 3 / (3 + 1); inside it would be 3 / √10.
        let rule = AdaGrad::new(0.5).unwrap().with_eps(1.0).unwrap();
        assert_eq!(walk(&rule, 1.0, &[3.0]), 0.625);
    }

    #[test]
    fn weight_decay_by_hand() {
        // g′ = 1 + 0.5·4 = 3, and ε = 1.
        let rule = AdaGrad::new(0.5).unwrap().with_eps(1.0).unwrap().with_weight_decay(0.5).unwrap();
        assert_eq!(walk(&rule, 4.0, &[1.0]), 3.625);
    }

    #[test]
    fn no_gradient_no_step() {
        assert_eq!(walk(&AdaGrad::default(), 1.0, &[0.0, 0.0]), 1.0);
    }
}
