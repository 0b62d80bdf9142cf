//! The training loop: mini-batch, gradient, update, and a word to whoever watches.

use std::{ops::ControlFlow, time::Instant};

use chainrule_layers::Context;
use chainrule_losses::{LossSum, SoftmaxCrossEntropy, Targets};
use chainrule_optimizers::{Optimizer, State};

use crate::{
    Error, Event, MiniBatch, Outcome, Samples, Sampling, StepReport, Summary, TwoLayerNet,
    evaluate::{check_samples, evaluate},
    minibatch::n_correct,
    order::Order,
    parallel,
    progress::Epoch,
    update,
};

/// How long training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
/// | `length` | 16 epochs | when training ends | at least 1 |
/// | `batch_size` | 100 | samples per step | at least 1; more than there are counts as all |
/// | `sampling` | shuffled | how mini-batches are put together | |
/// | `seed` | 1 | which order of the samples | any |
/// | `gradient` | backprop | where gradients come from | |
/// | `threads` | rayon's choice | workers; the result has the same bits for any number | 1 to [`MAX_THREADS`](crate::MAX_THREADS) |
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TrainConfig {
    /// When training ends.
    pub length: Length,
    /// Samples per step.
    pub batch_size: usize,
    /// How mini-batches are put together.
    pub sampling: Sampling,
    /// Which order of the samples.
    pub seed: u64,
    /// Where gradients come from.
    pub gradient: GradientMethod,
    /// Workers; `None` leaves the number to rayon.
    pub threads: Option<usize>,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            length: Length::Epochs(16),
            batch_size: 100,
            sampling: Sampling::default(),
            seed: 1,
            gradient: GradientMethod::default(),
            threads: None,
        }
    }
}

impl TrainConfig {
    /// The default settings.
    pub fn new() -> Self {
        TrainConfig::default()
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

    /// Sets the number of workers.
    pub fn with_threads(self, threads: usize) -> Self {
        TrainConfig { threads: Some(threads), ..self }
    }

    fn check(&self) -> Result<(), Error> {
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
        Ok(())
    }
}

/// Trains `net` on `samples` with the softmax cross-entropy, and evaluates it on `test` after every epoch.
///
/// The observer hears of every step and every epoch and can stop the run with [`ControlFlow::Break`]. The trained
/// parameters have the same bits for any number of threads.
///
/// # Errors
/// - [`Error::Config`] if a setting is out of its range;
/// - [`Error::Data`] if samples and network don't fit;
/// - [`Error::NotFinite`] if the loss or a parameter stops being a finite number. The network is then left as it is;
/// - [`Error::Threads`] if the threads could not be started.
///
/// # Examples
/// ```
/// use std::ops::ControlFlow;
/// use chainrule_mnist::{Images, ImageSet};
/// use chainrule_optimizers::Sgd;
/// use chainrule_trainer::{Event, TrainConfig, TwoLayerConfig, TwoLayerNet, train};
/// // Two pixels: class 0 is left, class 1 is right.
/// let set = ImageSet::new(Images::new(4, 1, 2, vec![255, 0, 0, 255, 250, 9, 30, 200]), vec![0, 1, 0, 1]);
/// let mut net = TwoLayerNet::new(&TwoLayerConfig::new(2, 4, 2))?;
/// let config = TrainConfig::new().with_epochs(200).with_batch_size(4);
/// let mut last = f64::INFINITY;
/// let summary = train(&mut net, &Sgd::new(2.0)?, &set, Some(&set), &config, |event| {
///     if let Event::Epoch(epoch) = event {
///         last = epoch.train_loss;
///     }
///     ControlFlow::Continue(())
/// })?;
/// assert!(last < 0.1);
/// assert_eq!(summary.test_accuracy, Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn train<S: Samples>(
    net: &mut TwoLayerNet,
    optimizer: &dyn Optimizer<f32>,
    samples: &S,
    test: Option<&S>,
    config: &TrainConfig,
    mut observer: impl FnMut(Event<'_>) -> ControlFlow<()> + Send,
) -> Result<Summary, Error> {
    config.check()?;
    let rate = optimizer.learning_rate();
    // A rate may be in range and yet nothing, or infinite, in the arithmetic of the training.
    if !((rate as f32).is_finite() && rate as f32 > 0.0) {
        let expected = format!("a number that f32 can hold, {:e} to {:e}", f32::from_bits(1), f32::MAX);
        return Err(Error::config("learning rate", format_args!("{rate:?}"), expected));
    }
    check_samples(net.layers(), samples)?;
    if let Some(test) = test {
        check_samples(net.layers(), test)?;
    }
    parallel::on_threads(config.threads, || {
        Run::new(net, optimizer, samples, test, config).run(&mut observer)
    })?
}

/// A training run on the threads it was given.
struct Run<'a, S> {
    net: &'a mut TwoLayerNet,
    optimizer: &'a dyn Optimizer<f32>,
    state: State<f32>,
    samples: &'a S,
    test: Option<&'a S>,
    config: &'a TrainConfig,
    order: Order,
}

impl<'a, S: Samples> Run<'a, S> {
    fn new(
        net: &'a mut TwoLayerNet,
        optimizer: &'a dyn Optimizer<f32>,
        samples: &'a S,
        test: Option<&'a S>,
        config: &'a TrainConfig,
    ) -> Self {
        Run {
            state: State::new(optimizer, net.layers().parameter_names()),
            order: Order::new(config.sampling, config.seed, samples.n_samples(), config.batch_size),
            net,
            optimizer,
            samples,
            test,
            config,
        }
    }

    fn run(mut self, observer: &mut impl FnMut(Event<'_>) -> ControlFlow<()>) -> Result<Summary, Error> {
        let steps_per_epoch = self.order.steps_per_epoch();
        let n_steps = match self.config.length {
            Length::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
            Length::Steps(steps) => steps,
        };
        let mut mini_batch = MiniBatch::new(self.net.layers(), self.order.batch_size());
        let mut summary = Summary::default();
        let mut epoch = Epoch::new(1);
        for step in 1..=n_steps {
            let begun = Instant::now();
            let outcome = self.step(step, &mut mini_batch)?;
            epoch.add(&outcome, begun.elapsed());
            let report = StepReport {
                epoch: epoch.number,
                step,
                n_steps,
                loss: outcome.loss.mean(),
                seconds: (summary.time + epoch.time).as_secs_f64(),
                n_samples: summary.n_samples + epoch.n_samples,
            };
            let stopped = observer(Event::Step(&report)).is_break();

            if step % steps_per_epoch == 0 || step == n_steps || stopped {
                self.check_parameters(&epoch, step)?;
                let test = self.test.map(|test| evaluate(self.net.layers(), test)).transpose()?;
                let report = epoch.report(step, test.map(|test| test.accuracy()));
                summary.add(&epoch, &report, steps_per_epoch);
                let stopped = observer(Event::Epoch(&report)).is_break() || stopped;
                epoch = Epoch::new(epoch.number + 1);
                if stopped {
                    summary.stopped = step < n_steps;
                    break;
                }
            }
        }
        Ok(summary)
    }

    /// One step: the gradient of the next mini-batch, and the update.
    fn step(&mut self, step: u64, mini_batch: &mut MiniBatch) -> Result<Outcome, Error> {
        let indices = self.order.mini_batch(step - 1);
        let context = Context::training(self.config.seed, step - 1);
        let numerical;
        let (outcome, gradient) = match self.config.gradient {
            GradientMethod::Backprop => {
                let loss = &SoftmaxCrossEntropy::new();
                let outcome = mini_batch.compute(self.net.layers(), loss, self.samples, indices, &context);
                (outcome, mini_batch.gradient())
            }
            GradientMethod::Numerical => {
                let (outcome, gradient) = numerical_step(self.net, self.samples, indices);
                numerical = gradient;
                (outcome, &numerical[..])
            }
        };
        let loss = outcome.loss.mean();
        if !loss.is_finite() {
            let epoch = (step - 1) / self.order.steps_per_epoch() + 1;
            return Err(not_finite("the loss".into(), loss, epoch, step, self.optimizer));
        }
        update(self.net.layers_mut(), self.optimizer, &mut self.state, gradient);
        Ok(outcome)
    }

    fn check_parameters(&self, epoch: &Epoch, step: u64) -> Result<(), Error> {
        let mut found = None;
        self.net.layers().visit_parameters(&mut |name, parameter| {
            if let Some((i, value)) = parameter.values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
                found.get_or_insert((format!("{name}[{i}]"), f64::from(*value)));
            }
        });
        match found {
            Some((what, value)) => Err(not_finite(what, value, epoch.number, step, self.optimizer)),
            None => Ok(()),
        }
    }
}

fn not_finite(what: String, value: f64, epoch: u64, step: u64, optimizer: &dyn Optimizer<f32>) -> Error {
    Error::NotFinite { what, value, epoch, step, learning_rate: optimizer.learning_rate() }
}

/// The gradient of a mini-batch by central differences, in `f64`, rounded to `f32` for the update.
fn numerical_step(net: &TwoLayerNet, samples: &impl Samples, indices: &[usize]) -> (Outcome, Vec<f32>) {
    let (x, classes) = samples.batch::<f64>(indices);
    let net = net.cast::<f64>();
    let n = indices.len() as f64;
    let outcome = Outcome {
        loss: LossSum { sum: net.loss(&x, &classes) * n, divisor: n },
        n_correct: n_correct((&net.logits(&x)).into(), Targets::Classes(&classes)),
        n_samples: indices.len(),
    };
    let gradient = net.numerical_gradient(&x, &classes);
    (outcome, gradient.values().iter().map(|&g| g as f32).collect())
}
