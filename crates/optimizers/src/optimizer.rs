//! What an update rule is: a pure function of a parameter, its gradient, and what is remembered of both.

use std::fmt::Debug;

use chainrule_tensor::{Float, vectorized};

use crate::Error;

/// The most values that any rule remembers per value of a parameter.
pub const MAX_SLOTS: usize = 2;

/// An update rule.
///
/// A rule is pure: what it remembers is in the slots of the [`Update`], which a [`State`](crate::State) keeps. It
/// works value by value, in the arithmetic of `F`, so that a parameter may be updated in parts.
///
/// # Examples
/// A rule of one's own, which goes by the sign of the gradient alone:
/// ```
/// use chainrule_optimizers::{Optimizer, State, Update};
/// #[derive(Debug)]
/// struct SignDescent;
/// impl Optimizer<f32> for SignDescent {
///     fn name(&self) -> &'static str {
///         "sign-descent"
///     }
///     fn learning_rate(&self) -> f64 {
///         0.5
///     }
///     fn n_slots(&self) -> usize {
///         0
///     }
///     fn update(&self, update: Update<'_, f32>) {
///         let rate = update.learning_rate as f32;
///         for (w, g) in update.parameter.iter_mut().zip(update.gradient) {
///             *w -= rate * g.signum();
///         }
///     }
/// }
/// let mut w = [1.0, 1.0];
/// let mut state = State::new(&SignDescent, [("w", 2)]);
/// state.begin_step();
/// state.update(&SignDescent, 0, &mut w, &[100.0, -0.01]);
/// assert_eq!(w, [0.5, 1.5]);
/// ```
pub trait Optimizer<F: Float>: Debug + Send + Sync {
    /// The name by which reports and files call this rule.
    fn name(&self) -> &'static str;

    /// The configured learning rate. What a step uses is in its [`Update`], since a schedule may change it.
    fn learning_rate(&self) -> f64;

    /// How many values the rule remembers per value of a parameter, at most [`MAX_SLOTS`].
    fn n_slots(&self) -> usize;

    /// Refuses settings out of range. Whoever uses a rule asks first; one without settings that could be wrong leaves it.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them, with its good range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Updates a parameter, or a part of one, and its slots. Nothing is allocated.
    ///
    /// # Panics
    /// Unless the gradient and the first [`n_slots`](Optimizer::n_slots) slots have the length of the parameter.
    #[track_caller]
    fn update(&self, update: Update<'_, F>);
}

/// One update of one parameter, or of a part of it.
///
/// A [`State`](crate::State) makes these with [`ParameterState::update`](crate::ParameterState::update).
#[derive(Debug)]
#[non_exhaustive]
pub struct Update<'a, F> {
    /// The name of the parameter.
    pub name: &'a str,
    /// The values to update.
    pub parameter: &'a mut [F],
    /// The gradient of the loss by them.
    pub gradient: &'a [F],
    /// What the rule remembers of them, 0 before the first step; unused slots are empty.
    pub slots: [&'a mut [F]; MAX_SLOTS],
    /// The number of the step, 1 for the first.
    pub step: u64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Whether this is a bias, which a rule can be told not to decay: by name `b`, `bias`, or the `gamma` and `beta` of
    /// a normalisation, with or without the number of a layer. Whoever knows better may set it.
    pub is_bias: bool,
}

impl<F: Float> Update<'_, F> {
    /// λ for this parameter: the given one, or 0 for a bias that is not to be decayed.
    pub(crate) fn decay(&self, weight_decay: f64, decay_biases: bool) -> f64 {
        if self.is_bias && !decay_biases { 0.0 } else { weight_decay }
    }

    /// Replaces every value w by `step(w, g)`, where g is its gradient with λ·w added.
    #[track_caller]
    pub(crate) fn for_each(self, decay: f64, step: impl Fn(F, F) -> F) {
        self.assert_lengths(0);
        let (decay, values) = (F::of(decay), self.parameter.iter_mut().zip(self.gradient));
        vectorized(|| {
            for (w, &g) in values {
                *w = step(*w, g + decay * *w);
            }
        });
    }

    /// The same with what is remembered of the value, which `step(w, g, v)` updates.
    #[track_caller]
    pub(crate) fn for_each_with_slot(self, decay: f64, step: impl Fn(F, F, &mut F) -> F) {
        self.assert_lengths(1);
        let [slot, _] = self.slots;
        let (decay, values) = (F::of(decay), self.parameter.iter_mut().zip(slot).zip(self.gradient));
        vectorized(|| {
            for ((w, v), &g) in values {
                *w = step(*w, g + decay * *w, v);
            }
        });
    }

    /// Asserts what a rule with `n_slots` slots demands.
    ///
    /// # Panics
    /// Unless `gradient.len()` and the length of each of the first `n_slots` slots are `parameter.len()`.
    #[track_caller]
    pub fn assert_lengths(&self, n_slots: usize) {
        let (name, length) = (self.name, self.parameter.len());
        let gradient = self.gradient.len();
        assert!(gradient == length, "{name}: a gradient of {gradient} values for a parameter of {length}");
        for (i, slot) in self.slots[..n_slots].iter().enumerate() {
            let found = slot.len();
            assert!(found == length, "{name}: slot {i} of {found} values for a parameter of {length}");
        }
    }
}

/// Whether a parameter of this name counts as a bias.
pub(crate) fn is_bias(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(name, "b" | "bias" | "gamma" | "beta")
}

#[cfg(test)]
mod tests {
    use super::is_bias;

    #[test]
    fn biases_are_known_by_name() {
        for name in ["b", "b1", "b12", "bias", "bias3", "gamma", "gamma2", "beta2"] {
            assert!(is_bias(name), "{name}");
        }
        for name in ["W", "W1", "w", "weight", "blend1", "basis", "B1", "1", ""] {
            assert!(!is_bias(name), "{name}");
        }
    }
}
