//! The training loop: mini-batch, gradient, update, callback.

#[cfg(feature = "checkpoint")]
mod checkpoints;
mod warnings;

use std::time::Instant;

use chainrule_data::{AnySamples, Order, Samples, split};
use chainrule_gradcheck::Step;
use chainrule_layers::{Context, LayerConfig};
use chainrule_losses::{LossSum, Outputs, TargetBuffer};
use chainrule_optimizers::{Optimizer, schedule::Schedule};
use chainrule_tensor::{InputBuffer, f32_holds, shown};

use self::warnings::{check_rule, of_rates, warnings};
#[cfg(feature = "checkpoint")]
use crate::{Checkpoint, Checkpoints, TrainingRecord, checkpoint::Saver};
use crate::{
    Communicator, Error, Evaluation, Event, GradientMethod, Length, MiniBatch, Network, Outcome,
    ParameterGroup, StepReport, Summary, TrainConfig, TrainState,
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

/// All that a run is made of.
pub(crate) struct Plan<'a> {
    pub(crate) net: &'a mut Network,
    pub(crate) samples: AnySamples<'a>,
    pub(crate) test: Option<AnySamples<'a>>,
    pub(crate) config: TrainConfig,
    pub(crate) optimizer: Option<&'a dyn Optimizer<f32>>,
    pub(crate) communicator: &'a dyn Communicator,
    pub(crate) callback: Box<Callback<'a>>,
    #[cfg(feature = "checkpoint")]
    pub(crate) checkpoints: Option<&'a Checkpoints>,
}

impl Plan<'_> {
    /// The run from its first step, or from where its checkpoint left off, to its end.
    pub(crate) fn run(self) -> Result<Summary, Error> {
        let Plan { net, samples, test, config, optimizer, communicator, mut callback, .. } = self;
        // That of a rule of one's own is not known.
        let weight_decay = if optimizer.is_some() { 0.0 } else { config.optimizer.weight_decay() };
        let optimizer = optimizer.unwrap_or_else(|| config.optimizer.rule());
        config.check()?;
        check_rule(optimizer, weight_decay, &ParameterGroup::factors(&config.groups, net.layers())?)?;
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
                warnings: of_rates(optimizer, &config.groups),
                #[cfg(feature = "checkpoint")]
                saver,
            };
            #[cfg(feature = "checkpoint")]
            let run = run.resumed(found)?;
            run.run()
        })?
    }
}

/// The samples to train on, and those held out to validate on.
fn held_out(samples: AnySamples<'_>, config: &TrainConfig) -> Result<(Vec<usize>, Vec<usize>), Error> {
    if config.validation == 0.0 {
        return Ok(((0..samples.n_samples()).collect(), Vec::new()));
    }
    let (pool, validation) = split(&samples, config.validation, config.seed)?;
    if pool.is_empty() || validation.is_empty() {
        let expected = "a share that leaves a sample to train on and one to validate on";
        let found = format!("{} of {} samples", shown(config.validation), samples.n_samples());
        return Err(Error::config("the share for validation", found, expected));
    }
    Ok((pool, validation))
}

/// A training run on the threads it was given.
struct Run<'r> {
    net: &'r mut Network,
    samples: AnySamples<'r>,
    test: Option<AnySamples<'r>>,
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
    /// What is to be said after the first epoch.
    warnings: Vec<String>,
    #[cfg(feature = "checkpoint")]
    saver: Option<Saver<'r>>,
}

impl Run<'_> {
    fn run(mut self) -> Result<Summary, Error> {
        let mut mini_batch = MiniBatch::new(self.net.sequential(), self.order.batch_size())
            .with_communicator(self.communicator)
            .with_groups(self.net.layers(), &self.config.groups)?;
        let rate = |n_taken| self.learning_rate(n_taken);
        let warnings = warnings(self.net, self.samples, self.config, self.state.n_steps, rate);
        for warning in warnings {
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
        for warning in self.warnings.drain(..) {
            let _ = (self.callback)(Event::Warning(&warning));
        }
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
    samples: &Standardised<'_>,
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
