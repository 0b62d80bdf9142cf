//! What an optimizer remembers between steps: their number, and the slots of every parameter.

use chainrule_tensor::Float;

use crate::{
    Error, MAX_SLOTS, Optimizer,
    parameter_state::{Memory, ParameterStates},
};

/// The memory of a rule: how many steps it has begun, and its slots for every named parameter.
///
/// A loop over whole parameters calls [`begin_step`](State::begin_step) and then [`update`](State::update) for each
/// of them. A trainer that updates on many threads takes all parameters at once from [`iter_mut`](State::iter_mut),
/// splits them as it likes, and makes an [`Update`](crate::Update) of each; nothing of that allocates.
///
/// With the feature `serde` a state can be saved; [`check`](State::check) one that was read before its first use.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Momentum, Optimizer, State};
/// let rule = Momentum::default();
/// let (mut w, mut b) = ([1.0_f32; 6], [0.0_f32; 2]);
/// let (dw, db) = ([0.5; 6], [0.25; 2]);
/// let mut state = State::new(&rule, [("w", 6), ("b", 2)]);
///
/// state.begin_step();
/// let parameters: [(&mut [f32], &[f32]); 2] = [(&mut w, &dw), (&mut b, &db)];
/// for (memory, (parameter, gradient)) in state.iter_mut().zip(parameters) {
///     rule.update(memory.update(parameter, gradient, 0.1));
/// }
/// assert_eq!((w[0], b[0]), (0.95, -0.025));
/// assert_eq!(state.slots(1), [[0.25, 0.25]]); // the velocity of b
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct State<F> {
    rule: String,
    step: u64,
    parameters: Vec<Memory<F>>,
}

impl<F: Float> State<F> {
    /// The state before the first step, for parameters given by name and length: all slots are 0.
    ///
    /// # Panics
    /// If [`check`](Optimizer::check) refuses a setting of the rule, or it has more than [`MAX_SLOTS`] slots.
    #[track_caller]
    pub fn new<N: Into<String>>(
        optimizer: &dyn Optimizer<F>,
        parameters: impl IntoIterator<Item = (N, usize)>,
    ) -> Self {
        optimizer.check().unwrap_or_else(|error| panic!("{error}"));
        let n_slots = optimizer.n_slots();
        assert!(
            n_slots <= MAX_SLOTS,
            "{} has {n_slots} slots, expected at most {MAX_SLOTS}",
            optimizer.name()
        );
        let memory = |(name, length): (N, usize)| Memory {
            name: name.into(),
            length,
            slots: vec![vec![F::zero(); length]; n_slots],
        };
        let parameters = parameters.into_iter().map(memory).collect();
        State { rule: optimizer.name().to_owned(), step: 0, parameters }
    }

    /// The number of the current step, 0 before the first.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Begins the next step and returns its number.
    pub fn begin_step(&mut self) -> u64 {
        self.step += 1;
        self.step
    }

    /// Updates the whole of parameter `index` with the optimizer's own learning rate.
    ///
    /// # Panics
    /// Unless there is such a parameter, [`begin_step`](State::begin_step) has been called, and `parameter`,
    /// `gradient` and the slots of `optimizer` have the same length.
    #[track_caller]
    pub fn update(
        &mut self,
        optimizer: &dyn Optimizer<F>,
        index: usize,
        parameter: &mut [F],
        gradient: &[F],
    ) {
        assert!(self.step > 0, "an update outside of a step, expected begin_step first");
        let memory = self.parameters[index].borrow(self.step);
        optimizer.update(memory.update(parameter, gradient, optimizer.learning_rate()));
    }

    /// Begins the next step and updates all parameters, in order, with the optimizer's own learning rate.
    ///
    /// `gradient` is that of all parameters laid end to end.
    ///
    /// # Panics
    /// Unless there are as many `parameters` as in this state, and `gradient` has a value for each of theirs.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::{Sgd, State};
    /// let (mut w, mut b) = ([1.0_f32, 2.0], [3.0_f32]);
    /// let rule = Sgd::new(1.0);
    /// let mut state = State::new(&rule, [("w", 2), ("b", 1)]);
    /// state.update_all(&rule, [&mut w[..], &mut b[..]], &[1.0, 2.0, 3.0]);
    /// assert_eq!((w, b), ([0.0, 0.0], [0.0]));
    /// ```
    #[track_caller]
    pub fn update_all<'a>(
        &mut self,
        optimizer: &dyn Optimizer<F>,
        parameters: impl IntoIterator<Item = &'a mut [F]>,
        mut gradient: &[F],
    ) {
        self.begin_step();
        let mut n_parameters = 0;
        for parameter in parameters {
            let (of_this, rest) =
                gradient.split_at_checked(parameter.len()).expect("a gradient of all parameters");
            self.update(optimizer, n_parameters, parameter, of_this);
            gradient = rest;
            n_parameters += 1;
        }
        assert!(
            n_parameters == self.parameters.len() && gradient.is_empty(),
            "{n_parameters} parameters and {} values of the gradient left over, expected {} and none",
            gradient.len(),
            self.parameters.len()
        );
    }

    /// The slots of all parameters, in order, for updates at the same time.
    pub fn iter_mut(&mut self) -> ParameterStates<'_, F> {
        ParameterStates { memories: &mut self.parameters, step: self.step }
    }

    /// How many parameters there are.
    pub fn n_parameters(&self) -> usize {
        self.parameters.len()
    }

    /// What is remembered of parameter `index`: one vector per slot of the rule.
    ///
    /// # Panics
    /// Unless `index < n_parameters`.
    #[track_caller]
    pub fn slots(&self, index: usize) -> &[Vec<F>] {
        &self.parameters[index].slots
    }

    /// Whether this, once restored, is a state of `optimizer` for these parameters, given by name and length.
    ///
    /// # Errors
    /// [`Error::Rule`] for another rule, [`Error::ParameterCount`] and [`Error::Parameter`] for other parameters,
    /// [`Error::Slots`] where the state contradicts itself.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::{Sgd, State};
    /// let state = State::<f32>::new(&Sgd::default(), [("w", 6), ("b", 2)]);
    /// let error = state.check(&Sgd::default(), [("w", 6), ("b", 3)]).unwrap_err();
    /// assert_eq!(error.to_string(), "parameter 1 of the state is b with 2 values, expected b with 3");
    /// ```
    pub fn check<N: AsRef<str>>(
        &self,
        optimizer: &dyn Optimizer<F>,
        parameters: impl IntoIterator<Item = (N, usize)>,
    ) -> Result<(), Error> {
        if self.rule != optimizer.name() {
            let (found, expected) = (self.rule.clone(), optimizer.name().to_owned());
            return Err(Error::Rule { found, expected });
        }
        let parameters: Vec<(N, usize)> = parameters.into_iter().collect();
        if self.parameters.len() != parameters.len() {
            let (found, expected) = (self.parameters.len(), parameters.len());
            return Err(Error::ParameterCount { found, expected });
        }
        for (index, (memory, (name, length))) in self.parameters.iter().zip(parameters).enumerate() {
            memory.check(index, name.as_ref(), length, optimizer.n_slots())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Momentum, Sgd};

    #[test]
    fn steps_count_from_one() {
        let mut state = State::<f32>::new(&Sgd::default(), [("w", 1)]);
        assert_eq!(state.step(), 0);
        assert_eq!((state.begin_step(), state.begin_step(), state.step()), (1, 2, 2));
        assert_eq!(state.iter_mut().next().unwrap().step, 2);
    }

    #[test]
    fn slots_start_at_zero_and_unused_ones_are_empty() {
        let mut state = State::<f32>::new(&Momentum::default(), [("w", 3), ("b", 0)]);
        assert_eq!(state.n_parameters(), 2);
        let [w, b] = state.iter_mut().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((w.name, &*w.slots[0], &*w.slots[1]), ("w", &[0.0; 3][..], &[][..]));
        assert_eq!((b.name, b.slots[0].len()), ("b", 0));
    }

    #[test]
    fn a_state_is_checked_against_the_net() {
        let rule = Momentum::default();
        let state = State::<f64>::new(&rule, [("w", 3), ("b", 2)]);
        assert_eq!(state.check(&rule, [("w", 3), ("b", 2)]), Ok(()));
        let message = |rule: &dyn Optimizer<f64>, parameters: &[(&str, usize)]| {
            state.check(rule, parameters.iter().copied()).unwrap_err().to_string()
        };
        assert_eq!(
            message(&Sgd::default(), &[("w", 3), ("b", 2)]),
            "the state of the rule momentum, expected that of sgd"
        );
        assert_eq!(message(&rule, &[("w", 3)]), "the state of 2 parameters, expected 1");
        let swapped = "parameter 0 of the state is w with 3 values, expected b with 2";
        assert_eq!(message(&rule, &[("b", 2), ("w", 3)]), swapped);
        let renamed = "parameter 1 of the state is b with 2 values, expected bias with 2";
        assert_eq!(message(&rule, &[("w", 3), ("bias", 2)]), renamed);
        let longer = "parameter 1 of the state is b with 2 values, expected b with 5";
        assert_eq!(message(&rule, &[("w", 3), ("b", 5)]), longer);
    }

    #[test]
    fn a_state_that_contradicts_itself_is_refused() {
        let rule = Momentum::default();
        let good = State::<f64>::new(&rule, [("w", 3)]);
        for (slots, found) in
            [(vec![], "[]"), (vec![vec![0.0; 2]], "[2]"), (vec![vec![0.0; 3]; 3], "[3, 3, 3]")]
        {
            let mut state = good.clone();
            state.parameters[0].slots = slots;
            let message = state.check(&rule, [("w", 3)]).unwrap_err().to_string();
            assert_eq!(message, format!("slots of {found} values for the parameter w, expected 1 of 3"));
        }
    }

    #[test]
    #[should_panic(expected = "learning rate 0, expected a finite number above 0")]
    fn a_setting_out_of_range_panics() {
        State::<f32>::new(&Sgd::new(0.0), [("w", 1)]);
    }

    #[test]
    #[should_panic(expected = "an update outside of a step, expected begin_step first")]
    fn an_update_before_the_first_step_panics() {
        let rule = Sgd::default();
        State::new(&rule, [("w", 1)]).update(&rule, 0, &mut [0.0_f32], &[1.0]);
    }
}
