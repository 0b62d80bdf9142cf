//! AdamW: Adam with decoupled weight decay, which shrinks the values themselves instead of changing the gradient.
//!
//! w ← w − rate·λ·w − rate · m̂ / (√v̂ + ε), with m̂ and v̂ of the plain gradient as in [`adam`](crate::Adam).
//!
//! Remembers m and v. Source: Loshchilov and Hutter 2019, *Decoupled weight decay regularization*, algorithm 2;
//! PyTorch's `AdamW`, which multiplies the decay by the rate, as here.

use chainrule_tensor::Float;

use crate::{Error, Optimizer, Update, adam, settings};

/// w −= rate·λ·w + rate · m̂ / (√v̂ + ε), with the m̂ and v̂ of [`Adam`](crate::Adam).
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.001 | about how far a value moves per step | finite, above 0 |
/// | `beta1` | 0.9 | β₁, the share of m that is kept | 0 ≤ β₁ < 1 |
/// | `beta2` | 0.999 | β₂, the share of v that is kept | 0 ≤ β₂ < 1 |
/// | `eps` | 1e-8 | ε, keeps the divisor from 0 | finite, above 0 |
/// | `weight_decay` | 0.01 | λ, takes rate·λ of every value away | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// The defaults are PyTorch's.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{AdamW, State};
/// let rule = AdamW::new(0.5)?.with_weight_decay(0.5)?;
/// let mut w = [4.0_f64];
/// let mut state = State::new(&rule, [("w", 1)]);
/// state.begin_step();
/// state.update(&rule, 0, &mut w, &[0.0]);
/// assert_eq!(w, [3.0]); // 4 − 0.5·0.5·4: without a gradient only the decay is left
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct AdamW {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    learning_rate: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::beta1"))]
    beta1: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::beta2"))]
    beta2: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::eps"))]
    eps: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    weight_decay: f64,
    decay_biases: bool,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
            decay_biases: true,
        }
    }
}

impl AdamW {
    /// The rule with this learning rate and the defaults for the rest.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn new(rate: f64) -> Result<Self, Error> {
        AdamW::default().with_learning_rate(rate)
    }

    /// The same rule with another learning rate.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn with_learning_rate(self, rate: f64) -> Result<Self, Error> {
        Ok(AdamW { learning_rate: settings::learning_rate(rate)?, ..self })
    }

    /// The same rule with other β₁ and β₂.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 ≤ β₁ < 1 and 0 ≤ β₂ < 1.
    pub fn with_betas(self, beta1: f64, beta2: f64) -> Result<Self, Error> {
        Ok(AdamW { beta1: settings::beta1(beta1)?, beta2: settings::beta2(beta2)?, ..self })
    }

    /// The same rule with another ε.
    ///
    /// # Errors
    /// [`Error::Setting`] unless ε is finite and above 0.
    pub fn with_eps(self, eps: f64) -> Result<Self, Error> {
        Ok(AdamW { eps: settings::eps(eps)?, ..self })
    }

    /// The same rule with another weight decay; 0 makes it [`Adam`](crate::Adam).
    ///
    /// # Errors
    /// [`Error::Setting`] unless the decay is finite and not below 0.
    pub fn with_weight_decay(self, decay: f64) -> Result<Self, Error> {
        Ok(AdamW { weight_decay: settings::weight_decay(decay)?, ..self })
    }

    /// The same rule, whose weight decay is for biases too (the default, as in PyTorch) or not.
    pub fn with_decay_biases(self, decay_biases: bool) -> Self {
        AdamW { decay_biases, ..self }
    }

    /// About how far a value moves per step.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// β₁.
    pub fn beta1(&self) -> f64 {
        self.beta1
    }

    /// β₂.
    pub fn beta2(&self) -> f64 {
        self.beta2
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

    fn update(&self, update: Update<'_, F>) {
        let shrink = update.learning_rate * update.decay(self.weight_decay, self.decay_biases);
        adam::step(update, (self.beta1, self.beta2), self.eps, 0.0, shrink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adam, State, test_util::walk};

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = AdamW::default();
        assert_eq!((rule.learning_rate(), rule.beta1(), rule.beta2()), (0.001, 0.9, 0.999));
        assert_eq!((rule.eps(), rule.weight_decay(), rule.decay_biases()), (1e-8, 0.01, true));
    }

    #[test]
    fn the_decay_stays_out_of_the_averages() {
        // Both averages see g = 1: 4 − 0.5·0.25·4 − 0.5·1/(1 + 1), whereas Adam's see 2.
        let rule = AdamW::new(0.5).unwrap().with_eps(1.0).unwrap().with_weight_decay(0.25).unwrap();
        assert!((walk(&rule, 4.0, &[1.0]) - 3.25).abs() <= 1e-15);
        let adam = Adam::new(0.5).unwrap().with_eps(1.0).unwrap().with_weight_decay(0.25).unwrap();
        assert!((walk(&adam, 4.0, &[1.0]) - (4.0 - 0.5 * 2.0 / 3.0)).abs() <= 1e-15);
    }

    #[test]
    fn without_decay_it_is_adam() {
        let (gradients, none) = ([1.0, -0.5, 3.0], AdamW::default().with_weight_decay(0.0).unwrap());
        assert_eq!(walk(&none, 2.0, &gradients), walk(&Adam::default(), 2.0, &gradients));
    }

    #[test]
    fn a_lower_rate_decays_less() {
        let rule = AdamW::new(100.0).unwrap().with_weight_decay(0.5).unwrap();
        let (mut w, mut state) = ([4.0_f64], State::new(&rule, [("w", 1)]));
        state.begin_step();
        rule.update(state.iter_mut().next().unwrap().update(&mut w, &[0.0], 0.25));
        assert_eq!(w, [3.5]);
    }
}
