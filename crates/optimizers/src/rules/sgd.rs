//! Stochastic gradient descent.
//!
//! w ← w − rate · (g + λ·w), where λ is the weight decay, λ/2 · |w|² added to the loss.
//!
//! No optimizer state. Source: tutorial 2; *Deep Learning from Scratch*, 6.1.2; PyTorch's `SGD`.

use chainrule_tensor::Float;

use crate::{Error, Optimizer, Update, settings};

/// w −= rate · (g + λ·w).
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.1 (the tutorial's) | the learning rate | finite, above 0 |
/// | `weight_decay` | 0 | λ, pulls every value towards 0 (L2) | finite, not below 0 |
/// | `decay_biases` | true | whether λ is for biases too | |
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Optimizer, Sgd};
/// let rule = Sgd::new(0.5).with_weight_decay(1.0);
/// let mut w = [4.0_f64];
/// rule.step(1, &mut w, &[2.0], &mut rule.new_slots(1));
/// assert_eq!(w, [1.0]); // 4 − 0.5 · (2 + 1·4)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Sgd {
    /// The learning rate.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    pub learning_rate: f64,
    /// The weight decay λ.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    pub weight_decay: f64,
    /// Whether biases are decayed too.
    pub decay_biases: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Sgd { learning_rate: 0.1, weight_decay: 0.0, decay_biases: true }
    }
}

settings::rule_settings! { Sgd }

impl<F: Float> Optimizer<F> for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn n_slots(&self) -> usize {
        0
    }

    fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn update(&self, update: Update<'_, F>) {
        let rate = F::of(update.learning_rate);
        let decay = update.decay(self.weight_decay, self.decay_biases);
        update.for_each(decay, move |w, g| w - rate * g);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_published_ones() {
        let sgd = Sgd::default();
        assert_eq!((sgd.learning_rate, sgd.weight_decay, sgd.decay_biases), (0.1, 0.0, true));
        assert_eq!(Sgd::new(0.1), sgd);
    }

    #[test]
    fn the_rate_of_the_update_counts() {
        let (mut w, sgd) = ([1.0_f32, 2.0], Sgd::new(100.0));
        sgd.update(Update::new(&mut w, &[4.0, -4.0], &mut sgd.new_slots(2), 1, 0.25));
        assert_eq!(w, [0.0, 3.0]);
    }

    #[test]
    #[should_panic(expected = "a gradient of 2 values for a parameter of 3")]
    fn a_gradient_of_another_length_panics() {
        let sgd = Sgd::default();
        sgd.step(1, &mut [0.0_f32; 3], &[1.0; 2], &mut sgd.new_slots(3));
    }
}
