//! The trait of all optimizers: an update rule is a pure function of parameters, their gradient, and the optimizer state.

use std::{array, fmt::Debug};

use chainrule_tensor::{Float, vectorized};

use crate::Error;

/// The maximum number of optimizer state slots per parameter.
pub const MAX_SLOTS: usize = 2;

/// An optimizer: an update rule and its settings.
///
/// A rule is pure: its state is in slots that the caller owns, each as long as the flattened parameters. It works
/// elementwise, in the arithmetic of `F`, so that any part of the parameters may be updated by itself.
///
/// # Examples
/// A rule of one's own, which goes by the sign of the gradient alone:
/// ```
/// use chainrule_optimizers::{Optimizer, Update};
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
/// let (mut w, mut slots) = ([1.0, 1.0], SignDescent.new_slots(2));
/// SignDescent.step(1, &mut w, &[100.0, -0.01], &mut slots);
/// assert_eq!(w, [0.5, 1.5]);
/// ```
pub trait Optimizer<F: Float>: Debug + Send + Sync {
    /// The name by which reports and files call this rule.
    fn name(&self) -> &'static str;

    /// The base learning rate. The learning rate of a step is in its [`Update`], since a schedule may change it.
    fn learning_rate(&self) -> f64;

    /// How many state slots the rule has, at most [`MAX_SLOTS`].
    fn n_slots(&self) -> usize;

    /// Refuses settings out of range. Training calls it first; by default nothing is refused.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them, with its good range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Updates a part of the parameters and its slots. Nothing is allocated.
    ///
    /// # Panics
    /// Unless the gradient and the first [`n_slots`](Optimizer::n_slots) slots are as long as the parameters.
    #[track_caller]
    fn update(&self, update: Update<'_, F>);

    /// The optimizer state before the first step, for this many values: zeros in each slot that the rule has, and empty
    /// vectors for the others.
    ///
    /// # Panics
    /// If [`check`](Optimizer::check) refuses a setting, or there are more than [`MAX_SLOTS`] slots.
    #[track_caller]
    fn new_slots(&self, n_values: usize) -> [Vec<F>; MAX_SLOTS] {
        self.check().unwrap_or_else(|error| panic!("{error}"));
        let (n_slots, name) = (self.n_slots(), self.name());
        assert!(n_slots <= MAX_SLOTS, "{name} has {n_slots} slots, expected at most {MAX_SLOTS}");
        array::from_fn(|i| vec![F::zero(); if i < n_slots { n_values } else { 0 }])
    }

    /// One step in a training loop of your own, with the base learning rate: updates all of `parameters`. Steps count from
    /// 1.
    ///
    /// Weight decay is for all values. For another learning rate, or to leave values out of the decay, make an [`Update`].
    ///
    /// # Panics
    /// As [`update`](Optimizer::update).
    #[track_caller]
    fn step(&self, step: u64, parameters: &mut [F], gradient: &[F], slots: &mut [Vec<F>]) {
        self.update(Update::new(parameters, gradient, slots, step, self.learning_rate()));
    }
}

/// What one step updates: parameters, with their gradient and optimizer state. It may be a part of all parameters.
///
/// # Examples
/// Two threads share a step:
/// ```
/// use chainrule_optimizers::{Momentum, Optimizer, Update};
/// let rule = Momentum::new(0.5);
/// let (mut w, mut slots) = ([1.0_f64, 2.0, 3.0], rule.new_slots(3));
/// let (first, rest) = Update::new(&mut w, &[2.0, 4.0, 6.0], &mut slots, 1, 0.5).split_at(1);
/// std::thread::scope(|scope| {
///     scope.spawn(|| rule.update(first));
///     rule.update(rest);
/// });
/// assert_eq!((w, slots), ([0.0, 0.0, 0.0], [vec![2.0, 4.0, 6.0], vec![]]));
/// ```
#[derive(Debug)]
pub struct Update<'a, F> {
    /// The values to update.
    pub parameter: &'a mut [F],
    /// The gradient of the loss with respect to them.
    pub gradient: &'a [F],
    /// The optimizer state, 0 before the first step: a slice per slot, empty where the rule has none.
    pub slots: [&'a mut [F]; MAX_SLOTS],
    /// The number of the step, 1 for the first.
    pub step: u64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Whether these are weights, which always decay. A rule can be told not to decay the others: biases, and the scale
    /// and shift of batch normalisation.
    pub decays: bool,
    /// The weight decay of the rule is multiplied by it: groups of parameters may decay more or less than others.
    pub decay_factor: f64,
}

impl<'a, F> Update<'a, F> {
    /// The update of values that decay.
    pub fn new(
        parameter: &'a mut [F],
        gradient: &'a [F],
        slots: &'a mut [Vec<F>],
        step: u64,
        learning_rate: f64,
    ) -> Self {
        let mut slots = slots.iter_mut().map(|slot| &mut slot[..]);
        let slots = array::from_fn(|_| slots.next().unwrap_or_default());
        Update { parameter, gradient, slots, step, learning_rate, decays: true, decay_factor: 1.0 }
    }

    /// Splits the update at position `mid`. The two parts, in any order, give the bits of the whole. What is empty, an unused
    /// slot or a gradient that is yet to come, stays empty.
    ///
    /// # Panics
    /// If a slice that is there has fewer than `mid` values.
    #[track_caller]
    pub fn split_at(self, mid: usize) -> (Self, Self) {
        let split = |values: &'a mut [F]| values.split_at_mut(if values.is_empty() { 0 } else { mid });
        let (parameter, parameter_rest) = split(self.parameter);
        let (gradient, gradient_rest) =
            self.gradient.split_at(if self.gradient.is_empty() { 0 } else { mid });
        let [(a, a_rest), (b, b_rest)] = self.slots.map(split);
        let rest =
            Update { parameter: parameter_rest, gradient: gradient_rest, slots: [a_rest, b_rest], ..self };
        (Update { parameter, gradient, slots: [a, b], ..rest }, rest)
    }
}

impl<F: Float> Update<'_, F> {
    /// λ for these values: the given one, or 0 for biases that are not to be decayed.
    pub(crate) fn decay(&self, weight_decay: f64, decay_biases: bool) -> f64 {
        if self.decays || decay_biases { weight_decay * self.decay_factor } else { 0.0 }
    }

    /// Replaces every value w by `step(w, g)`, where g is its gradient with λ·w added.
    ///
    /// `step` has to own what it captures: behind a reference, a rate would be loaded again after every write, since it
    /// could be what was written, and nothing would be vectorised.
    #[track_caller]
    pub(crate) fn for_each(self, decay: f64, step: impl Fn(F, F) -> F) {
        self.assert_lengths(0);
        let (decay, values) = (F::of(decay), self.parameter.iter_mut().zip(self.gradient));
        vectorized(move || {
            for (w, &g) in values {
                *w = step(*w, g + decay * *w);
            }
        });
    }

    /// The same with the optimizer state v of every value, which `step(w, g, v)` updates.
    #[track_caller]
    pub(crate) fn for_each_with_slot(self, decay: f64, step: impl Fn(F, F, &mut F) -> F) {
        self.assert_lengths(1);
        let [slot, _] = self.slots;
        let (decay, values) = (F::of(decay), self.parameter.iter_mut().zip(slot).zip(self.gradient));
        vectorized(move || {
            for ((w, v), &g) in values {
                *w = step(*w, g + decay * *w, v);
            }
        });
    }

    /// Asserts that the gradient and the first `n_slots` slots are as long as the parameters.
    ///
    /// # Panics
    /// Unless `gradient.len()` and the length of each of the first `n_slots` slots are `parameter.len()`.
    #[track_caller]
    pub fn assert_lengths(&self, n_slots: usize) {
        let (length, gradient) = (self.parameter.len(), self.gradient.len());
        assert!(gradient == length, "a gradient of {gradient} values for a parameter of {length}");
        for (i, slot) in self.slots[..n_slots].iter().enumerate() {
            let found = slot.len();
            assert!(found == length, "slot {i} of {found} values for a parameter of {length}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Update;
    use crate::{Adam, Momentum, Optimizer, Sgd};

    #[test]
    fn slots_start_at_zero_and_unused_ones_are_empty() {
        let slots = |rule: &dyn Optimizer<f32>| rule.new_slots(2);
        assert_eq!(slots(&Sgd::default()), [vec![], vec![]]);
        assert_eq!(slots(&Momentum::default()), [vec![0.0; 2], vec![]]);
        assert_eq!(slots(&Adam::default()), [vec![0.0; 2], vec![0.0; 2]]);
    }

    #[test]
    #[should_panic(expected = "learning rate 0, expected a finite number above 0")]
    fn a_setting_out_of_range_has_no_slots() {
        Optimizer::<f32>::new_slots(&Sgd::new(0.0), 1);
    }

    #[test]
    fn parts_know_what_the_whole_knows() {
        let (mut w, mut slots) = ([1.0_f32, 2.0, 3.0], Momentum::default().new_slots(3));
        let whole = Update { decays: false, ..Update::new(&mut w, &[], &mut slots, 7, 0.25) };
        let (first, rest) = whole.split_at(2);
        assert_eq!((&*first.parameter, &*rest.parameter), (&[1.0, 2.0][..], &[3.0][..]));
        // A gradient that is yet to come, the momentum buffer, and the slot that is not there.
        assert_eq!((first.gradient.len(), rest.gradient.len()), (0, 0));
        assert_eq!([first.slots.map(|slot| slot.len()), rest.slots.map(|slot| slot.len())], [[2, 0], [1, 0]]);
        for (step, learning_rate, decays) in
            [(first.step, first.learning_rate, first.decays), (rest.step, rest.learning_rate, rest.decays)]
        {
            assert_eq!((step, learning_rate, decays), (7, 0.25, false));
        }
    }

    #[test]
    #[should_panic(expected = "slot 0 of 4 values for a parameter of 3")]
    fn slots_of_another_network_panic() {
        let rule = Momentum::default();
        rule.step(1, &mut [0.0_f32; 3], &[1.0; 3], &mut rule.new_slots(4));
    }
}
