//! The training loop: mini-batch, gradient, update, and a word to whoever watches.

use std::{ops::ControlFlow, time::Instant};

use chainrule_data::{Order, split};
use chainrule_gradcheck::Step;
use chainrule_layers::Context;
use chainrule_losses::TargetBuffer;
use chainrule_optimizers::{Optimizer, State, schedule::Schedule};
use chainrule_tensor::InputBuffer;

use crate::{
    Error, Event, GradientMethod, Length, MiniBatch, Mlp, Outcome, Samples, StepReport, Summary, TrainConfig,
    average::Average,
    early_stopping::Best,
    evaluate::{check_samples, evaluate, evaluate_at},
    keep::{Keeper, Nobody, Observer},
    not_finite::{STEPS_PER_CHECK, not_finite},
    numerical::MeanLoss,
    parallel,
    progress::Epoch,
    update::clip_mut,
};

/// Trains `net` on `samples`, and evaluates it on `test` after every epoch.
///
/// The observer hears of every step and every epoch and can stop the run with [`ControlFlow::Break`]. The trained
/// parameters have the same bits for any number of threads. With an average, `net` ends as the average; with early
/// stopping, as it was after the best epoch.
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
/// use chainrule_trainer::{Event, MlpConfig, TrainConfig, TwoLayerNet, train};
/// // Two pixels: class 0 is left, class 1 is right.
/// let set = ImageSet::new(Images::new(4, 1, 2, vec![255, 0, 0, 255, 250, 9, 30, 200]), vec![0, 1, 0, 1]);
/// let mut net = TwoLayerNet::new(&MlpConfig::new([2, 4, 2]))?;
/// let config = TrainConfig::new().with_optimizer(Sgd::new(2.0)?).with_epochs(200).with_batch_size(4);
/// let mut last = f64::INFINITY;
/// let summary = train(&mut net, &set, Some(&set), &config, |event| {
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
    net: &mut Mlp,
    samples: &S,
    test: Option<&S>,
    config: &TrainConfig,
    observer: impl FnMut(Event<'_>) -> ControlFlow<()> + Send,
) -> Result<Summary, Error> {
    train_with(net, &config.optimizer, samples, test, config, observer)
}

/// [`train`] with an update rule of one's own instead of the configured one.
///
/// # Errors
/// As [`train`].
pub fn train_with<S: Samples>(
    net: &mut Mlp,
    optimizer: &dyn Optimizer<f32>,
    samples: &S,
    test: Option<&S>,
    config: &TrainConfig,
    observer: impl FnMut(Event<'_>) -> ControlFlow<()> + Send,
) -> Result<Summary, Error> {
    train_kept(net, optimizer, samples, test, config, &mut Nobody, observer)
}

/// [`train_with`] with somebody who keeps what a run needs to go on.
pub(crate) fn train_kept<S: Samples>(
    net: &mut Mlp,
    optimizer: &dyn Optimizer<f32>,
    samples: &S,
    test: Option<&S>,
    config: &TrainConfig,
    keeper: &mut impl Keeper,
    mut observer: impl FnMut(Event<'_>) -> ControlFlow<()> + Send,
) -> Result<Summary, Error> {
    config.check()?;
    check_rate(optimizer.learning_rate())?;
    check_samples(net, samples)?;
    if let Some(test) = test {
        check_samples(net, test)?;
    }
    parallel::on_threads(config.threads, || {
        Run::new(net, optimizer, samples, test, config)?.run(keeper, &mut observer)
    })?
}

/// A rate may be in range and yet nothing, or infinite, in the arithmetic of the training.
pub(crate) fn check_rate(rate: f64) -> Result<(), Error> {
    if (rate as f32).is_finite() && rate as f32 > 0.0 {
        return Ok(());
    }
    let expected = format!("a number that f32 can hold, {:e} to {:e}", f32::from_bits(1), f32::MAX);
    Err(Error::config("learning rate", format_args!("{rate:?}"), expected))
}

/// A training run on the threads it was given.
pub(crate) struct Run<'a, S> {
    pub(crate) net: &'a mut Mlp,
    pub(crate) optimizer: &'a dyn Optimizer<f32>,
    pub(crate) state: State<f32>,
    pub(crate) schedule: Schedule,
    pub(crate) samples: &'a S,
    test: Option<&'a S>,
    /// The samples held out.
    validation: Vec<usize>,
    pub(crate) config: &'a TrainConfig,
    pub(crate) order: Order,
    pub(crate) n_steps: u64,
    /// Steps taken.
    pub(crate) n_taken: u64,
    /// The average, and the network that is evaluated with it.
    pub(crate) average: Option<(Average, Mlp)>,
    /// The best epoch so far, if early stopping goes by it.
    pub(crate) best: Option<Best>,
    /// Whether early stopping has ended the run.
    pub(crate) patience_ended: bool,
    /// The epoch that is under way.
    pub(crate) epoch: Epoch,
    pub(crate) summary: Summary,
}

impl<'a, S: Samples> Run<'a, S> {
    fn new(
        net: &'a mut Mlp,
        optimizer: &'a dyn Optimizer<f32>,
        samples: &'a S,
        test: Option<&'a S>,
        config: &'a TrainConfig,
    ) -> Result<Self, Error> {
        let (pool, validation) = match config.validation {
            0.0 => ((0..samples.n_samples()).collect(), Vec::new()),
            share => split(samples, share, config.seed)?,
        };
        if config.validation > 0.0 && (pool.is_empty() || validation.is_empty()) {
            let expected = "a share that leaves a sample to train on and one to validate on";
            let found = format!("{} of {} samples", config.validation, samples.n_samples());
            return Err(Error::config("the share for validation", found, expected));
        }
        let order = Order::new(config.sampling, config.seed, pool, config.batch_size);
        let n_steps = match config.length {
            Length::Epochs(epochs) => epochs.saturating_mul(order.steps_per_epoch()),
            Length::Steps(steps) => steps,
        };
        let schedule = config.schedule.clone().with_total_steps(n_steps);
        let average = config.average.map(|decay| (Average::new(net.layers().n_values(), decay), net.clone()));
        Ok(Run {
            state: State::new(optimizer, net.parameter_names()),
            schedule: schedule.map_err(|cause| Error::Schedule { cause })?,
            net,
            optimizer,
            samples,
            test,
            validation,
            config,
            order,
            n_steps,
            n_taken: 0,
            average,
            best: config.early_stopping.map(Best::new),
            patience_ended: false,
            epoch: Epoch::new(1),
            summary: Summary::default(),
        })
    }

    fn run(mut self, keeper: &mut impl Keeper, observer: Observer<'_>) -> Result<Summary, Error> {
        keeper.begin(&mut self, observer)?;
        let mut mini_batch = MiniBatch::new(self.net.sequential(), self.order.batch_size());
        let mut stopped = false;
        while !stopped && !self.is_done() {
            stopped = self.take_step(&mut mini_batch, observer)?;
            if self.whole_epochs().is_some() {
                stopped |= self.end_epoch(observer)?;
            }
            keeper.after_step(&mut self, observer)?;
        }
        keeper.halt(&mut self, stopped, observer)?;
        if self.whole_epochs().is_none() {
            self.end_epoch(observer)?;
        }
        let config = self.config;
        let (net, mut summary) = self.finish(stopped)?;
        keeper.end(net, config, &mut summary, observer)?;
        Ok(summary)
    }

    /// Whether there is no step left to take.
    pub(crate) fn is_done(&self) -> bool {
        self.n_taken >= self.n_steps || self.patience_ended
    }

    /// How many epochs have been taken, unless one is under way.
    pub(crate) fn whole_epochs(&self) -> Option<u64> {
        let steps_per_epoch = self.order.steps_per_epoch();
        self.n_taken.is_multiple_of(steps_per_epoch).then(|| self.n_taken / steps_per_epoch)
    }

    /// The next step. Returns whether the observer stops the run.
    fn take_step(&mut self, mini_batch: &mut MiniBatch, observer: Observer<'_>) -> Result<bool, Error> {
        let (begun, step) = (Instant::now(), self.n_taken + 1);
        let learning_rate = self.schedule.rate(self.optimizer.learning_rate(), step - 1);
        let outcome = self.step(step, learning_rate, mini_batch).map_err(|error| self.explained(error))?;
        self.n_taken = step;
        self.epoch.add(&outcome, begun.elapsed());
        if step.is_multiple_of(STEPS_PER_CHECK) {
            self.check_parameters()?;
        }
        let report = StepReport {
            epoch: self.epoch.number,
            step,
            n_steps: self.n_steps,
            steps_per_epoch: self.order.steps_per_epoch(),
            loss: outcome.loss.mean(),
            learning_rate,
            seconds: (self.summary.time + self.epoch.time).as_secs_f64(),
            n_samples: self.summary.n_samples + self.epoch.n_samples,
        };
        Ok(observer(Event::Step(&report)).is_break())
    }

    /// Ends the epoch that is under way: evaluates the network, and tells. Returns whether the observer stops the run.
    fn end_epoch(&mut self, observer: Observer<'_>) -> Result<bool, Error> {
        self.check_parameters()?;
        let evaluated = evaluated(self.net, &mut self.average);
        let test = self.test.map(|test| evaluate(evaluated, test)).transpose()?;
        let validation =
            (!self.validation.is_empty()).then(|| evaluate_at(evaluated, self.samples, &self.validation));
        let learning_rate = self.schedule.rate(self.optimizer.learning_rate(), self.n_taken - 1);
        let report = self.epoch.report(self.n_taken, learning_rate, test.as_ref(), validation.as_ref());
        if let (Some(best), Some(validation)) = (&mut self.best, &validation) {
            self.patience_ended =
                best.record(self.epoch.number, validation.loss.mean(), evaluated.sequential().values());
        }
        self.summary.add(&self.epoch, &report, self.order.steps_per_epoch());
        self.epoch = Epoch::new(self.epoch.number + 1);
        let stops = observer(Event::Epoch(&report)).is_break();
        Ok(observer(Event::Network { epoch: &report, net: evaluated }).is_break() || stops)
    }

    /// The network as it would be used now.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn usable(&mut self) -> &Mlp {
        evaluated(self.net, &mut self.average)
    }

    /// Leaves the network as it is to be used: as the average, or as it was after the best epoch.
    fn finish(self, stopped: bool) -> Result<(&'a Mlp, Summary), Error> {
        let mut summary = self.summary;
        summary.stopped = stopped && self.n_taken < self.n_steps;
        summary.stopped_early = self.patience_ended && !stopped && self.n_taken < self.n_steps;
        if let Some((average, _)) = &self.average {
            self.net.set_values(&average.values);
        }
        if let Some((epoch, values)) = self.best.and_then(Best::into_best) {
            self.net.set_values(&values);
            summary.best_epoch = Some(epoch);
            let test = self.test.map(|test| evaluate(self.net, test)).transpose()?;
            summary.test_accuracy =
                test.and_then(|test| test.confusion).map(|confusion| confusion.accuracy());
        }
        Ok((self.net, summary))
    }

    /// One step: the gradient of the next mini-batch, and the update.
    fn step(&mut self, step: u64, learning_rate: f64, mini_batch: &mut MiniBatch) -> Result<Outcome, Error> {
        let epoch = (step - 1) / self.order.steps_per_epoch() + 1;
        let indices = self.order.mini_batch(step - 1);
        let context = Context::training(self.config.seed, step - 1).in_epoch(epoch - 1);
        let context = context.of_samples(indices.len());
        let loss = self.net.config().loss.loss();
        let outcome = mini_batch.run(self.net.sequential(), loss, self.samples, indices, &context);
        let mean = outcome.loss.mean();
        // A mini-batch of samples none of which counts has neither a loss nor a gradient.
        if !mean.is_finite() && outcome.loss.divisor != 0.0 {
            return Err(not_finite("the loss".into(), mean, epoch, step, learning_rate));
        }
        let is_numerical = self.config.gradient == GradientMethod::Numerical;
        if is_numerical || self.config.clip.is_some() {
            mini_batch.sum_gradient(self.net.sequential());
        }
        if is_numerical {
            let gradient = numerical_step(self.net, self.samples, indices, &context);
            mini_batch.gradient_mut().copy_from_slice(&gradient);
        }
        if let Some(clip) = &self.config.clip {
            // Clipping would hide it.
            self.check_gradient(mini_batch.gradient(), step, learning_rate)?;
            clip_mut(mini_batch.gradient_mut(), clip);
        }
        mini_batch.update(self.net.sequential_mut(), self.optimizer, &mut self.state, learning_rate);
        if let Some((average, _)) = &mut self.average {
            average.follow(self.net.sequential().values());
        }
        Ok(outcome)
    }
}

/// The network as it would be used now.
fn evaluated<'n>(net: &'n Mlp, average: &'n mut Option<(Average, Mlp)>) -> &'n Mlp {
    match average {
        None => net,
        Some((average, averaged)) => {
            averaged.set_values(&average.values);
            averaged
        }
    }
}

/// The gradient of a mini-batch by central differences, in `f64`, rounded to `f32` for the update.
fn numerical_step(net: &Mlp, samples: &impl Samples, indices: &[usize], context: &Context) -> Vec<f32> {
    let (mut x, mut t) = (InputBuffer::<f64>::new(), TargetBuffer::new());
    samples.gather(&mut x, &mut t, indices, *context);
    let x = x.as_input().dense().to_matrix();
    let net = net.cast::<f64>();
    let mean_loss = MeanLoss {
        net: net.sequential(),
        loss: net.config().loss.loss(),
        x: &x,
        t: t.as_targets(),
        weights: t.weights(),
        context,
    };
    let gradient = mean_loss.numerical_gradient(Step::Fixed(1e-4));
    gradient.into_iter().map(|g| g as f32).collect()
}
