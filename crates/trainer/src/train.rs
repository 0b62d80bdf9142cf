//! The training loop: mini-batch, gradient, update, callback.

use std::{iter, ops::ControlFlow, time::Instant};

use chainrule_data::{Order, split};
use chainrule_gradcheck::Step;
use chainrule_layers::{Context, LayerConfig};
use chainrule_losses::{LossSum, Outputs, TargetBuffer};
use chainrule_optimizers::{Optimizer, schedule::Schedule};
use chainrule_tensor::{F32_RANGE, InputBuffer, f32_holds};

#[cfg(feature = "checkpoint")]
use crate::{
    Checkpoint, Checkpoints, Resumed, TrainingRecord,
    checkpoint::{Found, Name, Saver},
    data_identity::data_identity,
    resume::Fresh,
};
use crate::{
    Communicator, Error, Evaluation, Event, GradientMethod, Length, MiniBatch, Network, Outcome,
    ParameterGroup, Samples, StepReport, Summary, TrainConfig, TrainState,
    communicator::OneProcess,
    evaluate::{check_samples, evaluate_all, evaluate_at},
    events::{Callback, EpochReport},
    not_finite::{
        NotFinite, STEPS_PER_CHECK, first_bad_layer, largest_parameter, look_at_gradient, look_at_values,
    },
    numerical::MeanLoss,
    parallel,
    target_scale::Standardised,
    update::clip_mut,
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
    Train {
        net,
        samples,
        test: None,
        config: TrainConfig::default(),
        optimizer: None,
        communicator: &OneProcess,
        callback: Box::new(|_| ControlFlow::Continue(())),
        #[cfg(feature = "checkpoint")]
        checkpoints: None,
    }
}

/// A run to be: see [`train`].
#[must_use = "training starts with `run`"]
pub struct Train<'a, S> {
    net: &'a mut Network,
    samples: &'a S,
    test: Option<&'a S>,
    config: TrainConfig,
    optimizer: Option<&'a dyn Optimizer<f32>>,
    communicator: &'a dyn Communicator,
    callback: Box<Callback<'a>>,
    #[cfg(feature = "checkpoint")]
    checkpoints: Option<&'a Checkpoints>,
}

impl<'a, S: Samples> Train<'a, S> {
    /// Sets a test set, on which the network is evaluated after every epoch; `None` is none.
    pub fn test(self, test: impl Into<Option<&'a S>>) -> Self {
        Train { test: test.into(), ..self }
    }

    /// Sets the settings of the run.
    pub fn config(self, config: &TrainConfig) -> Self {
        Train { config: config.clone(), ..self }
    }

    /// Sets an update rule of one's own instead of the configured one.
    pub fn optimizer(self, rule: &'a dyn Optimizer<f32>) -> Self {
        Train { optimizer: Some(rule), ..self }
    }

    /// Sets where checkpoints are written, when, and from which one the run resumes.
    ///
    /// A run that is resumed takes everything from its checkpoint, whatever the network is; network, settings and data must be
    /// those of the run that was saved, but for the length and the number of threads. A longer one extends a run, even one
    /// that had come to its end, unless its schedule is spread over all steps. Of a rule of one's own, name and number of
    /// slots are compared. The state at the end is in [`Summary::state`].
    #[cfg(feature = "checkpoint")]
    pub fn checkpoints(self, checkpoints: &'a Checkpoints) -> Self {
        Train { checkpoints: Some(checkpoints), ..self }
    }

    /// Sets who exchanges sums with the other processes of a run; each has the same network, data and settings.
    pub fn communicator(self, communicator: &'a dyn Communicator) -> Self {
        Train { communicator, ..self }
    }

    /// Sets what is called after every step and every epoch; [`ControlFlow::Break`] stops the run.
    pub fn callback(self, callback: impl FnMut(Event<'_>) -> ControlFlow<()> + Send + 'a) -> Self {
        Train { callback: Box::new(callback), ..self }
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
        let Train { net, samples, test, config, optimizer, communicator, mut callback, .. } = self;
        let optimizer = optimizer.unwrap_or_else(|| config.optimizer.rule());
        config.check()?;
        check_rule(optimizer, &config.groups)?;
        check_samples(net, samples)?;
        test.map_or(Ok(()), |test| check_samples(net, test))?;
        #[cfg(feature = "checkpoint")]
        let (saver, found) = self.checkpoints.map(|settings| Saver::open(settings, net)).transpose()?.unzip();
        parallel::on_threads(config.threads, || {
            let (pool, validation) = held_out(samples, &config)?;
            let order = Order::new(config.sampling, config.seed, pool, config.batch_size);
            let n_steps = match config.length {
                Length::Epochs(epochs) => epochs.saturating_mul(order.steps_per_epoch()),
                Length::Steps(steps) => steps,
            };
            let schedule = config.schedule.clone().with_total_steps(n_steps);
            schedule.check()?;
            let has_batch_norm =
                net.config().layers.iter().any(|layer| matches!(layer, LayerConfig::BatchNorm(_)));
            if order.batch_size() == 1 && has_batch_norm {
                let expected =
                    "at least 2 with batch normalisation: one sample is its own mean, and nothing is learned";
                return Err(Error::config("the number of samples per step", 1, expected));
            }
            let state = TrainState::new(net.layers(), optimizer, &config, n_steps, schedule.to_string());
            let run = Run {
                net,
                samples,
                test,
                config: &config,
                optimizer,
                communicator,
                callback: &mut *callback,
                schedule,
                order,
                validation,
                state,
                history: Vec::new(),
                #[cfg(feature = "checkpoint")]
                saver,
            };
            #[cfg(feature = "checkpoint")]
            let run = run.resumed(found)?;
            run.run()
        })?
    }
}

/// A rule is asked, and its rate may be in range and yet nothing, or infinite, in the arithmetic of the training.
fn check_rule(rule: &dyn Optimizer<f32>, groups: &[ParameterGroup]) -> Result<(), Error> {
    rule.check()?;
    let of_groups = groups.iter().map(|group| ("learning rate of a group", group.learning_rate));
    for (what, factor) in iter::once(("learning rate", 1.0)).chain(of_groups) {
        let rate = factor * rule.learning_rate();
        if !(rate > 0.0 && f32_holds(rate)) {
            return Err(Error::config(what, format_args!("{rate:?}"), F32_RANGE));
        }
    }
    Ok(())
}

/// What will not work out in a run of `n_steps`, though every setting is in its range.
#[allow(clippy::disallowed_methods, reason = "no bit of the training depends on what is said of it")]
fn warnings(net: &Network, samples: &impl Samples, config: &TrainConfig, n_steps: u64) -> Vec<String> {
    let mut warnings = Vec::new();
    let first = |decay: f64| decay.powf(n_steps.saturating_sub(1) as f64);
    if let Some(decay) = config.average.filter(|&decay| n_steps > 1 && first(decay) > 0.3) {
        // For the first step to count for less than a twentieth: d ≤ 0.05^(1/(n − 1)).
        let most = (0.05_f64.ln() / (n_steps - 1) as f64).exp();
        let digits = 1 + (-(1.0 - most).log10()).ceil() as usize;
        warnings.push(format!(
            "the decay of the average is {decay:?}: after {n_steps} steps, the weights of the first would still make up {:.0} % \
             of it; take {most:.digits$} at most, or train longer",
            100.0 * first(decay)
        ));
    }
    let range = samples.target_range().filter(|(low, high)| low.abs().max(high.abs()) > 100.0);
    if let (Some((low, high)), Outputs::Values, None) =
        (range, net.config().loss.outputs(), &net.config().scale)
    {
        warnings.push(format!(
            "targets reach from {low} to {high}, which the outputs of a network follow slowly, if at all; scale them \
             (NetworkConfig::with_scale)"
        ));
    }
    warnings
}

/// The samples to train on, and those held out to validate on.
fn held_out(samples: &impl Samples, config: &TrainConfig) -> Result<(Vec<usize>, Vec<usize>), Error> {
    if config.validation == 0.0 {
        return Ok(((0..samples.n_samples()).collect(), Vec::new()));
    }
    let (pool, validation) = split(samples, config.validation, config.seed)?;
    if pool.is_empty() || validation.is_empty() {
        let expected = "a share that leaves a sample to train on and one to validate on";
        let found = format!("{} of {} samples", config.validation, samples.n_samples());
        return Err(Error::config("the share for validation", found, expected));
    }
    Ok((pool, validation))
}

/// A training run on the threads it was given.
struct Run<'r, S> {
    net: &'r mut Network,
    samples: &'r S,
    test: Option<&'r S>,
    config: &'r TrainConfig,
    optimizer: &'r dyn Optimizer<f32>,
    communicator: &'r dyn Communicator,
    callback: &'r mut Callback<'r>,
    schedule: Schedule,
    order: Order,
    /// The samples held out.
    validation: Vec<usize>,
    state: TrainState,
    history: Vec<EpochReport>,
    #[cfg(feature = "checkpoint")]
    saver: Option<Saver<'r>>,
}

impl<S: Samples> Run<'_, S> {
    fn run(mut self) -> Result<Summary, Error> {
        let mut mini_batch = MiniBatch::new(self.net.sequential(), self.order.batch_size())
            .with_communicator(self.communicator)
            .with_groups(self.net.layers(), &self.config.groups)?;
        for warning in warnings(self.net, self.samples, self.config, self.state.n_steps) {
            let _ = (self.callback)(Event::Warning(&warning));
        }
        let mut stopped = false;
        while !stopped && !self.is_done() {
            stopped = self.take_step(&mut mini_batch)?;
            if self.ends_epoch() {
                stopped |= self.end_epoch()?;
            }
            stopped = self.communicator.agree(stopped);
            #[cfg(feature = "checkpoint")]
            self.save_if_due()?;
        }
        #[cfg(feature = "checkpoint")]
        let state = self.save_if_stopped(stopped)?;
        if !self.ends_epoch() {
            self.end_epoch()?;
        }
        let is_whole = self.state.step >= self.state.n_steps;
        let mut summary = Summary {
            epochs: self.state.step / self.order.steps_per_epoch(),
            steps: self.state.step,
            test_accuracy: self.history.last().and_then(|report| report.test_accuracy),
            stopped: stopped && !is_whole,
            stopped_early: self.state.stopped_early && !stopped && !is_whole,
            time: self.state.time(),
            n_samples: self.state.n_samples(),
            ..Summary::default()
        };
        self.swap_average();
        if let Some(best) = &self.state.best
            && let Some(values) = &best.values
        {
            self.net.set_values(values);
            summary.best_epoch = Some(best.epoch);
            let confusion = self.test.and_then(|test| evaluate_all(self.net, test).confusion);
            summary.test_accuracy = confusion.map(|confusion| confusion.accuracy());
        }
        summary.history = self.history;
        #[cfg(feature = "checkpoint")]
        if let (Some(saver), Some(state)) = (self.saver, state) {
            let record = TrainingRecord::new(self.config.clone(), summary.history.clone());
            let mut checkpoint = Checkpoint::new(self.net.clone(), record).with_state(state);
            checkpoint.extra.clone_from(&saver.settings.extra);
            summary.checkpoint = saver.finish(&checkpoint, self.callback)?;
            summary.state = checkpoint.state;
        }
        Ok(summary)
    }

    /// Whether there is no step left to take.
    fn is_done(&self) -> bool {
        self.state.step >= self.state.n_steps || self.state.stopped_early
    }

    /// Whether the latest step was the last of an epoch.
    fn ends_epoch(&self) -> bool {
        self.state.step.is_multiple_of(self.order.steps_per_epoch())
    }

    /// What randomness in the step after `n_taken` may depend on.
    fn context(&self, n_taken: u64) -> Context {
        Context::training(self.config.seed, n_taken).in_epoch(n_taken / self.order.steps_per_epoch())
    }

    /// The learning rate of the step after `n_taken`.
    fn learning_rate(&self, n_taken: u64) -> f64 {
        self.schedule.rate(self.optimizer.learning_rate(), n_taken)
    }

    /// The next step. Returns whether the callback stops the run.
    fn take_step(&mut self, mini_batch: &mut MiniBatch) -> Result<bool, Error> {
        let (begun, n_taken) = (Instant::now(), self.state.step);
        let learning_rate = self.learning_rate(n_taken);
        let outcome = self.step(mini_batch, learning_rate)?;
        self.state.step += 1;
        self.state.epoch.add(&outcome, begun.elapsed());
        if self.state.step.is_multiple_of(STEPS_PER_CHECK) {
            self.check_values()?;
        }
        let report = StepReport {
            epoch: self.state.epoch.number,
            step: self.state.step,
            n_steps: self.state.n_steps,
            steps_per_epoch: self.order.steps_per_epoch(),
            loss: outcome.loss.mean(),
            learning_rate,
            seconds: self.state.time().as_secs_f64(),
            n_samples: self.state.n_samples(),
        };
        Ok((self.callback)(Event::Step { report: &report, net: self.net }).is_break())
    }

    /// The gradient of the next mini-batch, and the update.
    fn step(&mut self, mini_batch: &mut MiniBatch, learning_rate: f64) -> Result<Outcome, Error> {
        let context = self.context(self.state.step);
        let indices = self.order.mini_batch(self.state.step);
        let (net, loss) = (self.net.sequential(), self.net.config().loss.loss());
        let samples = &Standardised { samples: self.samples, scale: self.net.config().scale.as_ref() };
        let outcome = mini_batch.run(net, loss, samples, indices, &context);
        let LossSum { sum, divisor } = outcome.loss;
        // A mini-batch of samples none of which counts has neither a loss nor a gradient: 0 / 0.
        let mean = if divisor == 0.0 { sum } else { sum / divisor };
        if !mean.is_finite() {
            let found = NotFinite { what: "the loss".into(), value: mean, layer: None };
            return Err(self.diverged(found, self.state.step));
        }
        if divisor != 0.0 && !(f32_holds(divisor) && f32_holds(1.0 / divisor)) {
            return Err(Error::Data {
                what: "weights of samples or classes".into(),
                found: format!("a sum of {divisor:?} over a mini-batch"),
                expected: "one that f32 can hold, with its reciprocal".into(),
            });
        }
        let is_numerical = self.config.gradient == GradientMethod::Numerical;
        if is_numerical || self.config.clip.is_some() {
            mini_batch.sum_gradient(net);
        }
        if is_numerical {
            let context = context.of_samples(indices.len());
            let gradient = numerical_gradient(self.net, samples, indices, &context);
            mini_batch.gradient_mut().copy_from_slice(&gradient);
        }
        if let Some(clip) = &self.config.clip {
            // Clipping would hide it.
            let found = look_at_gradient(self.net.layers(), mini_batch.gradient());
            found.map_err(|found| self.diverged(found, self.state.step))?;
            clip_mut(mini_batch.gradient_mut(), clip);
        }
        let state = &mut self.state.optimizer;
        state.step += 1;
        let net = self.net.sequential_mut();
        mini_batch.update(net, self.optimizer, &mut state.slots, state.step, learning_rate);
        if let (Some(average), Some(decay)) = (&mut self.state.average, self.config.average) {
            average.follow(self.net.sequential().values(), decay);
        }
        Ok(outcome)
    }

    /// Ends the epoch that is under way: evaluates the network. Returns whether the callback stops the run.
    fn end_epoch(&mut self) -> Result<bool, Error> {
        self.check_values()?;
        let learning_rate = self.learning_rate(self.state.step - 1);
        self.check_counted()?;
        self.swap_average();
        let test = self.test.map(|test| evaluate_all(self.net, test));
        let validation =
            (!self.validation.is_empty()).then(|| evaluate_at(self.net, self.samples, &self.validation));
        for (name, of) in [("test", &test), ("validation", &validation)] {
            if let Some(Err(error)) = of.as_ref().map(|evaluation| self.check_evaluation(name, evaluation)) {
                self.swap_average();
                return Err(error);
            }
        }
        let state = &mut self.state;
        let report =
            EpochReport::new(&state.epoch, state.step, learning_rate, test.as_ref(), validation.as_ref());
        if let (Some(rule), Some(best), Some(validation)) =
            (&self.config.early_stopping, &mut state.best, &validation)
        {
            let values = self.net.sequential().values();
            state.stopped_early = rule.record(best, report.epoch, validation.loss.mean(), values);
        }
        let stops = (self.callback)(Event::Epoch { report: &report, net: self.net }).is_break();
        self.history.push(report);
        self.swap_average();
        if self.ends_epoch() {
            self.state.begin_epoch();
        }
        Ok(stops)
    }

    /// Lets network and moving average change places: evaluation, callbacks and checkpoints see the network as it would be
    /// used.
    fn swap_average(&mut self) {
        if let Some(average) = &mut self.state.average {
            self.net.sequential_mut().split_mut().1.swap_with_slice(&mut average.values);
        }
    }

    /// Refuses parameters, running statistics and an optimizer state that are not finite after the latest step.
    fn check_values(&mut self) -> Result<(), Error> {
        let found = look_at_values(self.net, &self.state.optimizer.slots);
        found.map_err(|found| self.diverged(found, self.state.step - 1))
    }

    /// Refuses an epoch, or a run of less than one, in which no sample counted: there was nothing to learn from.
    fn check_counted(&self) -> Result<(), Error> {
        let counts = self.state.epoch.divisor != 0.0 || !(self.ends_epoch() || self.history.is_empty());
        if counts { Ok(()) } else { Err(nothing_counts("training")) }
    }

    /// Refuses the evaluation of samples none of which counts, and one that is not finite.
    fn check_evaluation(&mut self, name: &str, evaluation: &Evaluation) -> Result<(), Error> {
        let LossSum { sum, divisor } = evaluation.loss;
        if !sum.is_finite() {
            let (what, layer) = (format!("the {name} loss"), format!("the {name} samples"));
            let found = NotFinite { what, value: evaluation.loss.mean(), layer: Some(layer) };
            return Err(self.diverged(found, self.state.step - 1));
        }
        if divisor != 0.0 { Ok(()) } else { Err(nothing_counts(name)) }
    }

    /// The error of a run that has diverged in the step after `n_taken`.
    fn diverged(&mut self, found: NotFinite, n_taken: u64) -> Error {
        let NotFinite { what, value, layer } = found;
        let context = self.context(n_taken);
        let indices = self.order.mini_batch(n_taken);
        let layer = layer.unwrap_or_else(|| first_bad_layer(self.net, self.samples, indices, context));
        Error::NotFinite {
            what,
            value,
            epoch: context.epoch + 1,
            step: n_taken + 1,
            learning_rate: self.learning_rate(n_taken),
            layer: Some(layer),
            largest: largest_parameter(self.net),
            raw_targets: self.net.config().loss.outputs() == Outputs::Values
                && self.net.config().scale.is_none(),
        }
    }
}

#[cfg(feature = "checkpoint")]
impl<S: Samples> Run<'_, S> {
    /// The run where the checkpoint that was found left off.
    fn resumed(mut self, found: Option<Found>) -> Result<Self, Error> {
        let (Some(saver), Some(Found { checkpoint, damaged })) = (&mut self.saver, found) else {
            return Ok(self);
        };
        self.state.data = data_identity(self.samples);
        let (path, checkpoint) = checkpoint.unzip();
        if let (Some(path), Some(checkpoint)) = (&path, checkpoint) {
            let fresh = Fresh { net: self.net, config: self.config, order: &self.order, state: &self.state };
            let state = fresh.check(path, &checkpoint, saver.settings.any_arithmetic)?;
            // The run may be longer now.
            self.state = TrainState { n_steps: self.state.n_steps, ..state };
            self.net.clone_from(&checkpoint.net);
            if let Some(latest) = self.state.latest.take() {
                self.net.sequential_mut().unpack(&latest);
            }
            for (_, list) in self.state.lists_mut() {
                *list = self.net.layers().unpack(list);
            }
            // The report of an epoch that a run ended in is not one of a whole epoch.
            self.history = checkpoint.training.history;
            self.history.truncate((self.state.step / self.order.steps_per_epoch()) as usize);
        }
        let step = self.state.step;
        saver.resumes(path.as_deref(), step);
        if path.is_some() || !damaged.is_empty() {
            let _ = (self.callback)(Event::Resumed(&Resumed { path, step, damaged }));
        }
        Ok(self)
    }

    /// After a step: a checkpoint if one is due, and the best one after the best epoch.
    fn save_if_due(&mut self) -> Result<(), Error> {
        let (is_done, ends_epoch) = (self.is_done(), self.ends_epoch());
        let Some(saver) = &mut self.saver else { return Ok(()) };
        saver.report(self.callback)?;
        let epochs = self.state.step / self.order.steps_per_epoch();
        let mut names = Vec::new();
        // The end of the run has a checkpoint of its own.
        if !is_done && saver.is_due(self.state.step, ends_epoch.then_some(epochs)) {
            names.push(Name::Step(self.state.step));
        }
        if ends_epoch && is_best(&self.history) {
            names.push(Name::Best);
        }
        if names.is_empty() { Ok(()) } else { self.save(&names) }
    }

    /// After the last step: the state to resume from, before a part of an epoch is ended; saved at once if the run was
    /// stopped, since evaluation takes time that a process told to stop may not have.
    fn save_if_stopped(&mut self, stopped: bool) -> Result<Option<TrainState>, Error> {
        if self.saver.is_none() {
            return Ok(None);
        }
        if stopped && !self.is_done() {
            self.save(&[Name::Step(self.state.step)])?;
        }
        Ok(Some(self.packed_state()))
    }

    /// The state as a file has it.
    fn packed_state(&self) -> TrainState {
        let mut state = self.state.clone();
        if state.average.is_some() || state.best.is_some() {
            state.latest = Some(self.net.sequential().values().to_vec());
        }
        for (_, list) in state.lists_mut() {
            *list = self.net.layers().pack(list);
        }
        state
    }

    fn save(&mut self, names: &[Name]) -> Result<(), Error> {
        self.check_values()?;
        let (record, state) =
            (TrainingRecord::new(self.config.clone(), self.history.clone()), self.packed_state());
        self.swap_average();
        let mut checkpoint = Checkpoint::new(self.net.clone(), record).with_state(state);
        self.swap_average();
        match &mut self.saver {
            Some(saver) => {
                checkpoint.extra.clone_from(&saver.settings.extra);
                saver.save(names, &checkpoint, self.callback)
            }
            None => Ok(()),
        }
    }
}

/// Whether the latest epoch has a lower validation loss than all before it.
#[cfg(feature = "checkpoint")]
fn is_best(history: &[EpochReport]) -> bool {
    let loss = |report: &EpochReport| report.validation_loss.unwrap_or(f64::INFINITY);
    let best = |before: &[EpochReport]| before.iter().map(loss).fold(f64::INFINITY, f64::min);
    history.split_last().is_some_and(|(latest, before)| loss(latest) < best(before))
}

fn nothing_counts(name: &str) -> Error {
    Error::Data {
        what: format!("{name} samples"),
        found: "none that counts, since the weight of each, or of its class, is 0".into(),
        expected: "at least one of a weight above 0".into(),
    }
}

/// The gradient of a mini-batch by central differences, in `f64`, rounded to `f32` for the update.
fn numerical_gradient(
    net: &Network,
    samples: &impl Samples,
    indices: &[usize],
    context: &Context,
) -> Vec<f32> {
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
