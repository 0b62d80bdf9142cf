//! What a rule remembers of each parameter, and its loan to the threads that update it.

use chainrule_tensor::Float;

use crate::{Error, MAX_SLOTS, Update, optimizer::is_bias};

/// The slots of one parameter, each as long as it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Memory<F> {
    pub(crate) name: String,
    pub(crate) length: usize,
    pub(crate) slots: Vec<Vec<F>>,
}

impl<F: Float> Memory<F> {
    pub(crate) fn borrow(&mut self, step: u64) -> ParameterState<'_, F> {
        let mut slots: [&mut [F]; MAX_SLOTS] = Default::default();
        for (borrowed, slot) in slots.iter_mut().zip(&mut self.slots) {
            *borrowed = slot;
        }
        ParameterState { name: &self.name, slots, step }
    }

    pub(crate) fn check(&self, index: usize, name: &str, length: usize, n_slots: usize) -> Result<(), Error> {
        if self.name != name || self.length != length {
            return Err(Error::Parameter {
                index,
                found: self.name.clone(),
                found_length: self.length,
                expected: name.to_owned(),
                expected_length: length,
            });
        }
        let found: Vec<usize> = self.slots.iter().map(Vec::len).collect();
        if found != vec![length; n_slots] {
            return Err(Error::Slots { name: name.to_owned(), found, expected: n_slots, length });
        }
        Ok(())
    }
}

/// The slots of one parameter, borrowed from a [`State`](crate::State) for the current step.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParameterState<'a, F> {
    /// The name of the parameter.
    pub name: &'a str,
    /// What the rule remembers of it; unused slots are empty.
    pub slots: [&'a mut [F]; MAX_SLOTS],
    /// The number of the step, 1 for the first.
    pub step: u64,
}

impl<'a, F: Float> ParameterState<'a, F> {
    /// The update of the whole parameter in this step.
    pub fn update(self, parameter: &'a mut [F], gradient: &'a [F], learning_rate: f64) -> Update<'a, F> {
        let ParameterState { name, slots, step } = self;
        Update { parameter, gradient, slots, step, learning_rate, decays: !is_bias(name) }
    }

    /// What is remembered of the values before `mid`, and of those from `mid` on: rules work value by value, so both may
    /// be updated by themselves, with the same bits.
    ///
    /// # Panics
    /// Unless slots that are in use have `mid` values.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::{Optimizer, Sgd, State};
    /// let (mut w, dw) = ([1.0_f64, 2.0, 3.0], [2.0, 4.0, 6.0]);
    /// let rule = Sgd::new(0.5);
    /// let mut state = State::new(&rule, [("w", 3)]);
    /// state.begin_step();
    /// let (first, rest) = state.iter_mut().next().unwrap().split_at(1);
    /// let (w_first, w_rest) = w.split_at_mut(1);
    /// rule.update(first.update(w_first, &dw[..1], 0.5)); // on one thread
    /// rule.update(rest.update(w_rest, &dw[1..], 0.5)); // and on another
    /// assert_eq!(w, [0.0, 0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn split_at(self, mid: usize) -> (Self, Self) {
        let ParameterState { name, slots: whole, step } = self;
        let (mut slots, mut rest): ([&mut [F]; MAX_SLOTS], [&mut [F]; MAX_SLOTS]) = Default::default();
        for ((slot, rest), whole) in slots.iter_mut().zip(&mut rest).zip(whole) {
            // Unused slots are empty, and so are their parts.
            let mid = if whole.is_empty() { 0 } else { mid };
            (*slot, *rest) = whole.split_at_mut(mid);
        }
        (ParameterState { name, slots, step }, ParameterState { name, slots: rest, step })
    }
}

/// The slots of all parameters, or of a run of them, borrowed from a [`State`](crate::State) for the current step.
#[derive(Debug)]
pub struct ParameterStates<'a, F> {
    pub(crate) memories: &'a mut [Memory<F>],
    pub(crate) step: u64,
}

impl<F: Float> ParameterStates<'_, F> {
    /// Those of the first `n` parameters, and the others.
    ///
    /// # Panics
    /// Unless there are so many.
    #[track_caller]
    pub fn split_at(self, n: usize) -> (Self, Self) {
        let (memories, rest) = self.memories.split_at_mut(n);
        (ParameterStates { memories, step: self.step }, ParameterStates { memories: rest, step: self.step })
    }
}

impl<'a, F: Float> Iterator for ParameterStates<'a, F> {
    type Item = ParameterState<'a, F>;

    fn next(&mut self) -> Option<ParameterState<'a, F>> {
        let memory = self.memories.split_off_first_mut()?;
        Some(memory.borrow(self.step))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.memories.len(), Some(self.memories.len()))
    }
}

impl<F: Float> ExactSizeIterator for ParameterStates<'_, F> {}
