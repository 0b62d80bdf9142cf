//! The settings of a training run: optimizer, schedule, length, mini-batches, validation, early stopping.

use chainrule_optimizers::{Clip, OptimizerConfig, Sgd, schedule::Schedule};
use chainrule_tensor::shown;

use crate::{EarlyStopping, Error, ParameterGroup, Sampling};

/// How long training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Length {
    /// This many epochs.
    Epochs(u64),
    /// This many steps, mini-batches that is.
    Steps(u64),
}

/// Where the gradient of a step comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum GradientMethod {
    /// Backpropagation.
    #[default]
    Backprop,
    /// Central differences in `f64`, as the tutorial trains before it has backpropagation: thousands of times slower.
    Numerical,
}

/// The settings of a training run.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `optimizer` | [`Sgd`](chainrule_optimizers::Sgd), rate 0.1 | how gradients change parameters | |
/// | `schedule` | constant | how the learning rate changes from step to step | |
/// | `clip` | none | a bound on the gradient | |
/// | `length` | 16 epochs | when training ends | at least 1 |
/// | `batch_size` | 100 | samples per step | at least 1; more than there are counts as all |
/// | `sampling` | shuffled | how mini-batches are put together | |
/// | `seed` | 1 | which order of the samples | any |
/// | `gradient` | backprop | where gradients come from | |
/// | `validation` | 0 | the share of the samples that is held out to validate on | 0 ≤ share < 1 |
/// | `early_stopping` | no | when to stop early, and go back to the best epoch | wants validation |
/// | `average` | no | the decay *d* of a moving average of the parameters, in which the run ends | 0 ≤ d < 1 |
/// | `groups` | none | parameters with a learning rate and a weight decay of their own | |
/// | `threads` | rayon's choice | workers; the result has the same bits for any number | 1 to [`MAX_THREADS`](crate::MAX_THREADS) |
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct TrainConfig {
    /// How gradients change parameters.
    pub optimizer: OptimizerConfig,
    /// How the learning rate changes from step to step.
    pub schedule: Schedule,
    /// A bound on the gradient.
    pub clip: Option<Clip>,
    /// When training ends.
    pub length: Length,
    /// Samples per step. Where it does not divide their number, the last mini-batch of an epoch has fewer. With batch normalisation
    /// a size of 1 is refused; from a last mini-batch of one sample, which is its own mean, the layers before it learn nothing.
    pub batch_size: usize,
    /// How mini-batches are put together.
    pub sampling: Sampling,
    /// Which order of the samples.
    pub seed: u64,
    /// Where gradients come from.
    pub gradient: GradientMethod,
    /// The share of the samples that is held out to validate on, stratified by class.
    pub validation: f64,
    /// When to stop early, and go back to the best epoch.
    pub early_stopping: Option<EarlyStopping>,
    /// The decay of a moving average of the parameters, which are then what is evaluated and what the run ends in.
    pub average: Option<f64>,
    /// Parameters with a learning rate and a weight decay of their own.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub groups: Vec<ParameterGroup>,
    /// Workers; `None` leaves the number to rayon.
    pub threads: Option<usize>,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            optimizer: Sgd::default().into(),
            schedule: Schedule::default(),
            clip: None,
            length: Length::Epochs(16),
            batch_size: 100,
            sampling: Sampling::default(),
            seed: 1,
            gradient: GradientMethod::default(),
            validation: 0.0,
            early_stopping: None,
            average: None,
            groups: Vec::new(),
            threads: None,
        }
    }
}

impl TrainConfig {
    /// The default settings.
    pub fn new() -> Self {
        TrainConfig::default()
    }

    /// Sets how gradients change parameters.
    pub fn with_optimizer(self, optimizer: impl Into<OptimizerConfig>) -> Self {
        TrainConfig { optimizer: optimizer.into(), ..self }
    }

    /// Sets how the learning rate changes from step to step; a cosine and a one-cycle are spread over the run.
    pub fn with_schedule(self, schedule: impl Into<Schedule>) -> Self {
        TrainConfig { schedule: schedule.into(), ..self }
    }

    /// Sets a bound on the gradient.
    pub fn with_clip(self, clip: Clip) -> Self {
        TrainConfig { clip: Some(clip), ..self }
    }

    /// Sets the length to a number of epochs.
    pub fn with_epochs(self, epochs: u64) -> Self {
        TrainConfig { length: Length::Epochs(epochs), ..self }
    }

    /// Sets the length to a number of steps.
    pub fn with_steps(self, steps: u64) -> Self {
        TrainConfig { length: Length::Steps(steps), ..self }
    }

    /// Sets the samples per step.
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        TrainConfig { batch_size, ..self }
    }

    /// Sets how mini-batches are put together.
    pub fn with_sampling(self, sampling: Sampling) -> Self {
        TrainConfig { sampling, ..self }
    }

    /// Sets the seed of the order of the samples.
    pub fn with_seed(self, seed: u64) -> Self {
        TrainConfig { seed, ..self }
    }

    /// Sets where gradients come from.
    pub fn with_gradient(self, gradient: GradientMethod) -> Self {
        TrainConfig { gradient, ..self }
    }

    /// Sets the share of the samples that is held out to validate on.
    pub fn with_validation(self, share: f64) -> Self {
        TrainConfig { validation: share, ..self }
    }

    /// Sets when to stop early.
    pub fn with_early_stopping(self, rule: EarlyStopping) -> Self {
        TrainConfig { early_stopping: Some(rule), ..self }
    }

    /// Sets the decay of a moving average of the parameters.
    pub fn with_average(self, decay: f64) -> Self {
        TrainConfig { average: Some(decay), ..self }
    }

    /// Adds parameters with a learning rate and a weight decay of their own.
    pub fn with_group(mut self, group: ParameterGroup) -> Self {
        self.groups.push(group);
        self
    }

    /// Sets the number of workers.
    pub fn with_threads(self, threads: usize) -> Self {
        TrainConfig { threads: Some(threads), ..self }
    }

    /// Refuses settings that are out of their range, as [`train`](crate::train) does before it begins.
    ///
    /// # Errors
    /// [`Error::Config`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        self.optimizer.check()?;
        self.schedule.check()?;
        self.clip.map_or(Ok(()), |clip| clip.check())?;
        let (what, length) = match self.length {
            Length::Epochs(n) => ("epochs", n),
            Length::Steps(n) => ("steps", n),
        };
        if length == 0 {
            return Err(Error::config(what, 0, "at least 1"));
        }
        if self.batch_size == 0 {
            return Err(Error::config("batch size", 0, "at least 1"));
        }
        if !(0.0..1.0).contains(&self.validation) {
            return Err(Error::config(
                "the share for validation",
                shown(self.validation),
                "a number from 0 to below 1",
            ));
        }
        if let Some(rule) = self.early_stopping {
            rule.check()?;
            if self.validation == 0.0 {
                return Err(Error::config("the share for validation", 0, "more than 0 for early stopping"));
            }
        }
        self.groups.iter().try_for_each(ParameterGroup::check)?;
        if let Some(decay) = self.average.filter(|decay| !(0.0..1.0).contains(decay)) {
            return Err(Error::config(
                "the decay of the average",
                shown(decay),
                "a number from 0 to below 1",
            ));
        }
        Ok(())
    }
}
