//! Who watches over a run, and who keeps what it needs to go on.

use std::ops::ControlFlow;

use crate::{Error, Event, Mlp, Samples, Summary, TrainConfig, train::Run};

/// Whoever watches.
pub(crate) type Observer<'o> = &'o mut (dyn FnMut(Event<'_>) -> ControlFlow<()> + Send + 'o);

/// Who keeps what a run needs to go on: all of it is in a [`Run`] between two steps.
pub(crate) trait Keeper: Send {
    /// Before the first step. The run may be put to where another one was.
    fn begin<S: Samples>(&mut self, _: &mut Run<'_, S>, _: Observer<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// After a step, and after the end of its epoch, if it is one.
    fn after_step<S: Samples>(&mut self, _: &mut Run<'_, S>, _: Observer<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// After the last step, or the one with which the run was `stopped`; an epoch that is under way has not been ended yet.
    fn halt<S: Samples>(&mut self, _: &mut Run<'_, S>, _stopped: bool, _: Observer<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// When the network is as it is to be used.
    fn end(&mut self, _: &Mlp, _: &TrainConfig, _: &mut Summary, _: Observer<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Who keeps nothing.
pub(crate) struct Nobody;

impl Keeper for Nobody {}
