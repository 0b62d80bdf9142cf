//! Gradient descent with momentum: a ball that keeps some of its velocity.
//!
//! v ← μ·v + (g + λ·w), w ← w − rate · v, where v starts at 0 and λ is the weight decay.
//!
//! Remembers v. Source: PyTorch's `SGD`; Sutskever et al. 2013, *On the importance of initialization and momentum*.
//!
//! *Deep Learning from Scratch*, 6.1.4, multiplies by the rate on the way in: v ← μ·v − rate·g, w ← w + v. For a
//! constant rate the two walk the same way, the book's v being −rate times ours. When a schedule lowers the rate, ours
//! slows down at once; the book's keeps the steps it has gathered.

use chainrule_tensor::{Float, vectorized};

use crate::{Error, Optimizer, Update, settings};

/// v = μ·v + (g + λ·w), w −= rate · v; at the first step v = g + λ·w.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `learning_rate` | 0.01 (the book's) | the step per velocity | finite, above 0 |
/// | `momentum` | 0.9 (the book's) | μ, the share of the velocity that is kept | 0 ≤ μ < 1 |
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
/// use chainrule_optimizers::{Momentum, State};
/// let rule = Momentum::new(0.5)?.with_momentum(0.5)?;
/// let mut w = [4.0_f64];
/// let mut state = State::new(&rule, [("w", 1)]);
/// for expected in [3.0, 1.5, -0.25] {
///     state.begin_step();
///     state.update(&rule, 0, &mut w, &[2.0]); // v = 2, 3, 3.5
///     assert_eq!(w, [expected]);
/// }
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Momentum {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::learning_rate"))]
    learning_rate: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::momentum"))]
    momentum: f64,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::weight_decay"))]
    weight_decay: f64,
    decay_biases: bool,
}

impl Default for Momentum {
    fn default() -> Self {
        Momentum { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0, decay_biases: true }
    }
}

impl Momentum {
    /// The rule with this learning rate, the default momentum and no weight decay.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn new(rate: f64) -> Result<Self, Error> {
        Momentum::default().with_learning_rate(rate)
    }

    /// The same rule with another learning rate.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn with_learning_rate(self, rate: f64) -> Result<Self, Error> {
        Ok(Momentum { learning_rate: settings::learning_rate(rate)?, ..self })
    }

    /// The same rule with another μ; 0 makes it [`Sgd`](crate::Sgd).
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 ≤ μ < 1.
    pub fn with_momentum(self, momentum: f64) -> Result<Self, Error> {
        Ok(Momentum { momentum: settings::momentum(momentum)?, ..self })
    }

    /// The same rule with weight decay.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the decay is finite and not below 0.
    pub fn with_weight_decay(self, decay: f64) -> Result<Self, Error> {
        Ok(Momentum { weight_decay: settings::weight_decay(decay)?, ..self })
    }

    /// The same rule, whose weight decay is for biases too (the default, as in PyTorch) or not.
    pub fn with_decay_biases(self, decay_biases: bool) -> Self {
        Momentum { decay_biases, ..self }
    }

    /// The step per velocity.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// μ.
    pub fn momentum(&self) -> f64 {
        self.momentum
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

    fn update(&self, update: Update<'_, F>) {
        update.assert_lengths(1);
        let (rate, momentum) = (F::of(update.learning_rate), F::of(self.momentum));
        let decay = F::of(update.decay(self.weight_decay, self.decay_biases));
        let [velocity, _] = update.slots;
        let values = update.parameter.iter_mut().zip(velocity).zip(update.gradient);
        vectorized(|| {
            for ((w, v), &g) in values {
                *v = momentum * *v + (g + decay * *w);
                *w -= rate * *v;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sgd, State, test_util::descend};

    #[test]
    fn the_defaults_are_the_published_ones() {
        let rule = Momentum::default();
        assert_eq!((rule.learning_rate(), rule.momentum(), rule.weight_decay()), (0.01, 0.9, 0.0));
        assert_eq!(Momentum::new(0.01), Ok(rule));
    }

    #[test]
    fn three_steps_by_hand() {
        // v = 1; 0.9·1 + 0.9 = 1.8; 0.9·1.8 + 0.72 = 2.34.
        let rule = Momentum::new(0.1).unwrap();
        for (steps, expected) in [(1, 0.9), (2, 0.72), (3, 0.486)] {
            assert!((descend(&rule, steps) - expected).abs() <= 1e-15);
        }
    }

    #[test]
    fn weight_decay_by_hand() {
        // On ½ w², λ = 1 doubles the gradient: v = 2, w = 1 − 0.25·2; v = 0.5·2 + 2·0.5, w = 0.5 − 0.25·2.
        let rule = Momentum::new(0.25).unwrap().with_momentum(0.5).unwrap().with_weight_decay(1.0).unwrap();
        assert_eq!([descend(&rule, 1), descend(&rule, 2)], [0.5, 0.0]);
    }

    #[test]
    fn a_lower_rate_slows_down_at_once() {
        let rule = Momentum::new(100.0).unwrap().with_momentum(0.5).unwrap();
        let (mut w, mut state) = ([4.0_f32], State::new(&rule, [("w", 1)]));
        // v = 2, then 0.5·2 + 2 = 3: all of it at the new rate.
        for (rate, expected) in [(0.5, 3.0), (0.25, 2.25)] {
            state.begin_step();
            rule.update(state.iter_mut().next().unwrap().update(&mut w, &[2.0], rate));
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
        let rule = Momentum::new(0.1).unwrap().with_momentum(0.0).unwrap();
        assert_eq!(descend(&rule, 10), descend(&Sgd::default(), 10));
    }

    #[test]
    #[should_panic(expected = "w: slot 0 of 0 values for a parameter of 2")]
    fn the_state_of_a_rule_that_remembers_nothing_panics() {
        let mut state = State::new(&Sgd::default(), [("w", 2)]);
        let mut w = [0.0_f32; 2];
        state.begin_step();
        Momentum::default().update(state.iter_mut().next().unwrap().update(&mut w, &[1.0; 2], 0.1));
    }
}
