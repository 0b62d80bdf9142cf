//! The way to train: what is trained, on what, and how.

use std::{marker::PhantomData, ops::ControlFlow};

use chainrule_data::AnySamples;
use chainrule_optimizers::Optimizer;

#[cfg(feature = "checkpoint")]
use crate::Checkpoints;
use crate::{
    Communicator, Error, Event, Network, Samples, Summary, TrainConfig, communicator::OneProcess, run::Plan,
};

/// Trains `net` on `samples`: options are methods of what is returned, and [`run`](Train::run) starts it.
///
/// # Examples
/// ```
/// use std::ops::ControlFlow;
/// use chainrule_mnist::{Images, ImageSet};
/// use chainrule_optimizers::Sgd;
/// use chainrule_trainer::{Event, MlpConfig, TrainConfig, TwoLayerNet, train};
/// // Two pixels: class 0 is left, class 1 is right.
/// let set = ImageSet::new(Images::new(4, 1, 2, vec![255, 0, 0, 255, 250, 9, 30, 200]), vec![0, 1, 0, 1]);
/// let mut net = TwoLayerNet::new(&MlpConfig::new([2, 4, 2]))?;
/// let config = TrainConfig::new().with_optimizer(Sgd::new(2.0)).with_epochs(200).with_batch_size(4);
/// let mut last = f64::INFINITY;
/// let training = train(&mut net, &set).test(&set).config(&config).callback(|event| {
///     if let Event::Epoch { report, .. } = event {
///         last = report.train_loss;
///     }
///     ControlFlow::Continue(())
/// });
/// let summary = training.run()?;
/// assert!(last < 0.1);
/// assert_eq!(summary.test_accuracy, Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn train<'a, S: Samples>(net: &'a mut Network, samples: &'a S) -> Train<'a, S> {
    let plan = Plan {
        net,
        samples: AnySamples::new(samples),
        test: None,
        config: TrainConfig::default(),
        optimizer: None,
        communicator: &OneProcess,
        callback: Box::new(|_| ControlFlow::Continue(())),
        #[cfg(feature = "checkpoint")]
        checkpoints: None,
    };
    Train { plan, samples: PhantomData }
}

/// A run to be: see [`train`].
// All that is done with the type of the samples is to forget it, so that a program that trains compiles no training.
#[must_use = "training starts with `run`"]
pub struct Train<'a, S> {
    plan: Plan<'a>,
    samples: PhantomData<&'a S>,
}

impl<'a, S: Samples> Train<'a, S> {
    /// Sets a test set, on which the network is evaluated after every epoch; `None` is none.
    pub fn test(self, test: impl Into<Option<&'a S>>) -> Self {
        Train { plan: Plan { test: test.into().map(AnySamples::new), ..self.plan }, ..self }
    }

    /// Sets the settings of the run.
    pub fn config(self, config: &TrainConfig) -> Self {
        Train { plan: Plan { config: config.clone(), ..self.plan }, ..self }
    }

    /// Sets an update rule of one's own instead of the configured one.
    pub fn optimizer(self, rule: &'a dyn Optimizer<f32>) -> Self {
        Train { plan: Plan { optimizer: Some(rule), ..self.plan }, ..self }
    }

    /// Sets where checkpoints are written, when, and from which one the run resumes.
    ///
    /// A run that is resumed takes everything from its checkpoint, whatever the network is; network, settings and data must be
    /// those of the run that was saved, but for the length, the number of threads and the patience of early stopping, which may
    /// be more. A longer one extends a run, even one that had come to its end, unless its schedule is spread over all steps. Of a rule of one's own, name and number of
    /// slots are compared. The state at the end is in [`Summary::state`].
    #[cfg(feature = "checkpoint")]
    pub fn checkpoints(self, checkpoints: &'a Checkpoints) -> Self {
        Train { plan: Plan { checkpoints: Some(checkpoints), ..self.plan }, ..self }
    }

    /// Sets who exchanges sums with the other processes of a run; each has the same network, data and settings.
    pub fn communicator(self, communicator: &'a dyn Communicator) -> Self {
        Train { plan: Plan { communicator, ..self.plan }, ..self }
    }

    /// Sets what is called after every step and every epoch; [`ControlFlow::Break`] stops the run.
    pub fn callback(self, callback: impl FnMut(Event<'_>) -> ControlFlow<()> + Send + 'a) -> Self {
        Train { plan: Plan { callback: Box::new(callback), ..self.plan }, ..self }
    }

    /// Trains. The trained parameters have the same bits for any number of threads. With a moving average, the network ends
    /// as the average; with early stopping, as it was after the best epoch.
    ///
    /// # Errors
    /// - [`Error::Config`] if a setting is out of its range;
    /// - [`Error::Data`] if samples and network don't fit, or none of the samples has a weight above 0;
    /// - [`Error::NotFinite`] if a loss or a parameter stops being a finite number. The network is then left as it is;
    /// - [`Error::Threads`] if the threads could not be started.
    ///
    /// With checkpoints also
    /// - [`Error::FolderInUse`] if another run works in the folder, [`Error::Folder`] if it is of no use;
    /// - [`Error::FolderNotEmpty`] if it has checkpoints of another run, which would be lost;
    /// - [`Error::Io`] and [`Error::Checkpoint`] if the checkpoint to resume from cannot be read;
    /// - [`Error::Resume`] if it is of another network, other settings or other data;
    /// - [`Error::Io`] if a checkpoint cannot be written and the run is to end then.
    pub fn run(self) -> Result<Summary, Error> {
        self.plan.run()
    }
}
