//! RMSProp: the gradient, divided by its root mean square over the last steps.
//!
//! s ← α·s + (1 − α)·g′², w ← w − rate · g′ / (√s + ε), where g′ = g + λ·w, s starts at 0 and λ is the weight decay.
//!
//! Remembers s. Source: Tieleman and Hinton 2012, lecture 6.5 of *Neural networks for machine learning*; PyTorch's
//! `RMSprop`, without its options `momentum` and `centered`.

use chainrule_tensor::{Float, vectorized};

use crate::{Error, Optimizer, Update, settings};

/// s = α·s + (1 − α)·g′², w −= rate · g′ / (√s + ε), g′ = g + λ·w.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.01 | about how far a value moves per step | finite, above 0 |
/// | `alpha` | 0.99 | α, the share of s that is kept | 0 ≤ α < 1 |
/// | `eps` | 1e-8 | ε, keeps the divisor from 0 | finite, above 0 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The defaults are PyTorch's. As s starts at 0, the first step is rate / √(1 − α) long: ten times the rate, at the
/// default α.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{RmsProp, State};
/// let rule = RmsProp::new(0.5)?.with_alpha(0.75)?;
/// let mut w = [4.0_f64];
/// let mut state = State::new(&rule, [("w", 1)]);
/// for (g, expected) in [(2.0, 3.0), (1.0, 2.5)] {
///     state.begin_step();
///     state.update(&rule, 0, &mut w, &[g]); // s = 1, 0.75 + 0.25
///     assert!((w[0] - expected).abs() < 1e-7);
/// }
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct RmsProp {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    learning_rate: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::alpha"))]
    alpha: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::eps"))]
    eps: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    weight_decay: f64,
    decay_biases: bool,
}

impl Default for RmsProp {
    fn default() -> Self {
        RmsProp { learning_rate: 0.01, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, decay_biases: true }
    }
}

impl RmsProp {
    /// The rule with this learning rate and the defaults for the rest.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn new(rate: f64) -> Result<Self, Error> {
        RmsProp::default().with_learning_rate(rate)
    }

    /// The same rule with another learning rate.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn with_learning_rate(self, rate: f64) -> Result<Self, Error> {
        Ok(RmsProp { learning_rate: settings::learning_rate(rate)?, ..self })
    }

    /// The same rule with another α.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 ≤ α < 1.
    pub fn with_alpha(self, alpha: f64) -> Result<Self, Error> {
        Ok(RmsProp { alpha: settings::alpha(alpha)?, ..self })
    }

    /// The same rule with another ε.
    ///
    /// # Errors
    /// [`Error::Setting`] unless ε is finite and above 0.
    pub fn with_eps(self, eps: f64) -> Result<Self, Error> {
        Ok(RmsProp { eps: settings::eps(eps)?, ..self })
    }

    /// The same rule with weight decay.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the decay is finite and not below 0.
    pub fn with_weight_decay(self, decay: f64) -> Result<Self, Error> {
        Ok(RmsProp { weight_decay: settings::weight_decay(decay)?, ..self })
    }

    /// The same rule, whose weight decay is for biases too (the default, as in PyTorch) or not.
    pub fn with_decay_biases(self, decay_biases: bool) -> Self {
        RmsProp { decay_biases, ..self }
    }

    /// About how far a value moves per step.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// α.
    pub fn alpha(&self) -> f64 {
        self.alpha
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

    fn update(&self, update: Update<'_, F>) {
        update.assert_lengths(1);
        let (rate, eps) = (F::of(update.learning_rate), F::of(self.eps));
        let (kept, new) = (F::of(self.alpha), F::of(1.0 - self.alpha));
        let decay = F::of(update.decay(self.weight_decay, self.decay_biases));
        let [square, _] = update.slots;
        let values = update.parameter.iter_mut().zip(square).zip(update.gradient);
        vectorized(|| {
            for ((w, s), &g) in values {
                let g = g + decay * *w;
                *s = kept * *s + new * g * g;
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
        let rule = RmsProp::default();
        let (rate, alpha, eps, decay) = (rule.learning_rate(), rule.alpha(), rule.eps(), rule.weight_decay());
        assert_eq!((rate, alpha, eps, decay), (0.01, 0.99, 1e-8, 0.0));
        assert!(rule.decay_biases());
    }

    #[test]
    fn two_steps_by_hand() {
        // s = 1, w = 4 − 0.5·2/(1 + 1); s = 0.75 + 3.25, w = 3.5 + 0.5·√13/(2 + 1).
        let rule = RmsProp::new(0.5).unwrap().with_alpha(0.75).unwrap().with_eps(1.0).unwrap();
        let root = 13.0_f64.sqrt();
        let found = walk(&rule, 4.0, &[2.0, -root]);
        assert!((found - (3.5 + root / 6.0)).abs() <= 1e-15, "{found}");
    }

    #[test]
    fn weight_decay_by_hand() {
        // g′ = −2 + 2·2 = 2, s = 1.
        let rule = RmsProp::new(0.5).unwrap().with_alpha(0.75).unwrap().with_eps(1.0).unwrap();
        assert_eq!(walk(&rule.with_weight_decay(2.0).unwrap(), 2.0, &[-2.0]), 1.5);
    }

    #[test]
    fn the_first_step_is_ten_times_the_rate() {
        for g in [1e-3, 1.0, -1e6] {
            let moved = walk(&RmsProp::default(), 0.0, &[g]);
            assert!((moved + 0.1 * g.signum()).abs() <= 1e-5, "{moved} for {g}");
        }
    }
}
