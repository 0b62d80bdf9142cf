//! `cargo xtask train-mnist`: the main job.

use std::{ops::ControlFlow, path::PathBuf, time::Instant};

use chainrule_mnist::Mnist;
use chainrule_optimizers::Optimizer;
use chainrule_trainer::{
    Checkpoint, Checkpoints, EpochReport, Event, Length, MAX_THREADS, Mlp, MlpConfig, Summary, TrainConfig,
    TrainingRecord, evaluate, train,
};
use serde::Serialize;

use crate::{
    Result,
    args::TrainMnist,
    data,
    keeping::{self, ErrorEvent, ResumedEvent, StoppedEvent},
    output::{self, Bar},
    report,
    run_config::RunConfig,
    stop::{Signal, Stop, Stopped},
};

pub(crate) fn run(options: &TrainMnist) -> Result<()> {
    let config = RunConfig::new(options)?;
    if options.print_config {
        output::line(config.to_toml()?.trim_end());
        return Ok(());
    }
    if let Some(path) = &options.checkpoint {
        // Before training, not after it.
        Checkpoint::check_path(path)?;
    }
    if let Some(path) = &options.report {
        Checkpoint::check_path(path)?;
    }
    let checkpoints = options.keeping.checkpoints()?;
    let stopped = match config.training.threads {
        None => load_and_train(options, config, &checkpoints)?,
        Some(threads) => {
            if !(1..=MAX_THREADS).contains(&threads) {
                return Err(format!("threads is {threads}, expected 1 to {MAX_THREADS}").into());
            }
            // Not the configuration's own pool, so that the closing evaluation has the same workers.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|cause| format!("cannot start {threads} threads: {cause}"))?;
            let mut config = config;
            config.training.threads = None;
            pool.install(|| load_and_train(options, config, &checkpoints).map_err(|error| error.to_string()))?
        }
    };
    match stopped {
        None => Ok(()),
        Some(signal) => Err(Stopped(signal).into()),
    }
}

/// Returns the signal that has stopped the run.
fn load_and_train(
    options: &TrainMnist,
    config: RunConfig,
    checkpoints: &Checkpoints,
) -> Result<Option<Signal>> {
    // Before the first word, so that whoever reads it can stop the run.
    let stop = Stop::listen().map_err(|cause| format!("cannot listen for signals: {cause}"))?;
    let loading = Instant::now();
    let mut mnist = data::load(options.data_dir.as_deref())?;
    if let Some(limit) = options.train_limit {
        mnist.train.truncate(limit);
    }
    let loading = loading.elapsed().as_secs_f64();
    let images = mnist.train.images();
    let RunConfig { network, training } = config;
    let mut net = Mlp::new(&network.for_images(images.n_pixels()))?;

    let talk = !options.json && !options.quiet;
    if talk {
        output::line(format_args!(
            "{} training and {} test images of {}×{}, read in {loading:.2} s",
            mnist.train.len(),
            mnist.test.len(),
            images.n_rows(),
            images.n_columns(),
        ));
        output::line(net.summary());
        output::line(describe(net.config(), &training, mnist.train.len()));
    }
    let mut summary = train_watched(&mut net, &mnist, &training, options, checkpoints, &stop)?;
    if let Some(path) = &options.checkpoint {
        let record = TrainingRecord::new(training.clone(), summary.history.clone());
        let checkpoint = Checkpoint::new(net.clone(), record);
        match summary.state.take() {
            Some(state) => checkpoint.with_state(state).save(path)?,
            None => checkpoint.save(path)?,
        }
    }
    if let Some(path) = &options.report {
        report::write_at_end(path, options, &net, &training, &summary, &mnist)?;
    }
    if let Some(signal) = stop.heard().filter(|_| summary.stopped) {
        say_stopped(signal, &summary, options);
        return Ok(Some(signal));
    }
    match options.json {
        true => output::json(&Done::new(&summary, &net, options)),
        false => print_summary(&summary, &net, &mnist, options)?,
    }
    Ok(None)
}

/// Where the run was stopped, and how it goes on.
fn say_stopped(signal: Signal, summary: &Summary, options: &TrainMnist) {
    // The folder's newest, unless there is no folder.
    let path = summary.checkpoint.clone().or(options.checkpoint.clone());
    let go_on = path.clone().map(|path| keeping::call_to_go_on(Some(path), &options.keeping));
    let (name, step) = (signal.name(), summary.steps);
    match &go_on {
        Some(call) => eprintln!("stopped by {name} after step {step}; go on with: {call}"),
        None => eprintln!(
            "stopped by {name} after step {step}; nothing was saved, for want of --checkpoint-dir DIR"
        ),
    }
    if options.json {
        let path = path.map(|path| path.to_string_lossy().into_owned());
        output::json(&StoppedEvent::new(signal, step, path, go_on));
    }
}

/// Trains, and shows how it goes.
fn train_watched(
    net: &mut Mlp,
    mnist: &Mnist,
    config: &TrainConfig,
    options: &TrainMnist,
    checkpoints: &Checkpoints,
    stop: &Stop,
) -> Result<Summary> {
    let talk = !options.json && !options.quiet;
    let bar = Bar::new(talk);
    let mut epochs = match config.length {
        Length::Epochs(epochs) => Some(epochs),
        _ => None,
    };
    let mut steps_per_epoch = 1;
    let observer = |event: Event<'_>| {
        match event {
            Event::Resumed(resumed) => {
                for error in &resumed.damaged {
                    bar.warn(&format!("{error}; it is passed over"));
                }
                if options.json {
                    output::json(&ResumedEvent {
                        event: "resumed",
                        step: resumed.step,
                        checkpoint: resumed.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
                        damaged: resumed.damaged.iter().map(ToString::to_string).collect(),
                    });
                } else if let (true, Some(path)) = (talk, &resumed.path) {
                    bar.line(&format!("goes on after step {}, from {}", resumed.step, path.display()));
                }
            }
            Event::NotSaved(error) => {
                bar.warn(&format!("{error}; the run goes on"));
                if options.json {
                    output::json(&ErrorEvent { event: "checkpoint_error", message: error.to_string() });
                }
            }
            // A run that goes on will tell of the whole epoch.
            Event::Epoch(report) if stop.heard().is_some() && report.step % steps_per_epoch != 0 => {}
            Event::Step(step) => {
                bar.step(step);
                steps_per_epoch = step.steps_per_epoch;
                // How many steps an epoch has is known when the first has begun.
                epochs.get_or_insert(step.n_steps.div_ceil(step.steps_per_epoch));
            }
            Event::Epoch(report) if options.json => output::json(&Epoch::new(report)),
            Event::Epoch(report) if talk => bar.line(&output::epoch(report, epochs.unwrap_or(report.epoch))),
            _ => {}
        }
        match stop.heard() {
            None => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(()),
        }
    };
    let (set, test) = (&mnist.train, Some(&mnist.test));
    // Without a file to go on from, nothing has to be known about the data.
    let result = match options.keeping.is_wanted() || options.checkpoint.is_some() {
        true => checkpoints.train(net, set, test, config, observer),
        false => train(net, set, test, config, observer),
    };
    bar.finish();
    Ok(result.map_err(|error| keeping::explain(error, checkpoints))?)
}

fn print_summary(summary: &Summary, net: &Mlp, mnist: &Mnist, options: &TrainMnist) -> Result<()> {
    let train = evaluate(net, &mnist.train)?;
    let test = evaluate(net, &mnist.test)?;
    if let Some(epoch) = summary.best_epoch {
        let why = if summary.stopped_early { "stopped early; " } else { "" };
        output::line(format_args!("{why}kept epoch {epoch}, which had the lowest validation loss"));
    }
    output::line(format_args!(
        "test accuracy {:.2} %, train accuracy {:.2} %",
        100.0 * test.accuracy(),
        100.0 * train.accuracy(),
    ));
    output::line(output::per_class(&test));
    output::line(format_args!(
        "{} {} in {:.2} s, {}",
        summary.steps,
        if summary.steps == 1 { "step" } else { "steps" },
        summary.seconds(),
        output::throughput(summary.samples_per_second()),
    ));
    output::line(format_args!("parameters_crc32 {:08x}", net.parameters_crc32()));
    for path in saved_to(summary, options) {
        output::line(format_args!("saved to {}", path.display()));
    }
    Ok(())
}

/// The file that was asked for, and the newest checkpoint of the folder.
fn saved_to<'a>(summary: &'a Summary, options: &'a TrainMnist) -> impl Iterator<Item = &'a PathBuf> {
    options.checkpoint.iter().chain(&summary.checkpoint)
}

/// The recipe in one or two lines.
fn describe(net: &MlpConfig, config: &TrainConfig, n_samples: usize) -> String {
    let threads = rayon::current_num_threads();
    let mut text = format!(
        "{}: rate {}, batch {}, seed {}, {threads} {}",
        Optimizer::<f32>::name(&config.optimizer),
        Optimizer::<f32>::learning_rate(&config.optimizer),
        config.batch_size.min(n_samples),
        config.seed,
        if threads == 1 { "thread" } else { "threads" },
    );
    let schedule = config.schedule.to_string();
    let mut more = Vec::new();
    if let Some(init) = net.init {
        more.push(format!("initial weights {init}"));
    }
    if schedule != "constant" {
        more.push(format!("schedule {schedule}"));
    }
    if config.validation > 0.0 {
        more.push(format!("validation {}", config.validation));
    }
    if !more.is_empty() {
        text.push_str(&format!("\n{}", more.join(", ")));
    }
    text
}

/// `{"event":"epoch",…}`; what concerns validation is there if some is.
#[derive(Serialize)]
struct Epoch {
    event: &'static str,
    epoch: u64,
    step: u64,
    train_loss: f64,
    train_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_loss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_accuracy: Option<f64>,
    seconds: f64,
    samples_per_second: f64,
}

impl Epoch {
    fn new(report: &EpochReport) -> Self {
        Epoch {
            event: "epoch",
            epoch: report.epoch,
            step: report.step,
            train_loss: report.train_loss,
            train_accuracy: report.train_accuracy,
            test_accuracy: report.test_accuracy,
            validation_loss: report.validation_loss,
            validation_accuracy: report.validation_accuracy,
            seconds: report.seconds,
            samples_per_second: report.samples_per_second,
        }
    }
}

/// `{"event":"done",…}`
#[derive(Serialize)]
struct Done {
    event: &'static str,
    epochs: u64,
    steps: u64,
    test_accuracy: Option<f64>,
    seconds: f64,
    samples_per_second: f64,
    checkpoint: Option<String>,
    parameters_crc32: String,
}

impl Done {
    fn new(summary: &Summary, net: &Mlp, options: &TrainMnist) -> Self {
        Done {
            event: "done",
            epochs: summary.epochs,
            steps: summary.steps,
            test_accuracy: summary.test_accuracy,
            seconds: summary.seconds(),
            samples_per_second: summary.samples_per_second(),
            // JSON has no other than Unicode text.
            checkpoint: saved_to(summary, options).next().map(|path| path.to_string_lossy().into_owned()),
            parameters_crc32: format!("{:08x}", net.parameters_crc32()),
        }
    }
}
