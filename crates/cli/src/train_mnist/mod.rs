//! `chainrule train-mnist`: trains a network and prints how it goes.

mod events;
mod logs;
mod options;
mod words;

use std::{ops::ControlFlow, time::Instant};

use chainrule_mnist::Mnist;
use chainrule_trainer::{
    Checkpoint, Checkpoints, Event, Length, MAX_THREADS, Mlp, Summary, TrainConfig, TrainingRecord, train,
};

use crate::{
    Result, Usage, keeping,
    output::{self, Bar},
    report,
    run_file::RunConfig,
    stop::{Signal, Stop, Stopped},
};

pub use logs::LOGGED_NETWORK;
use logs::Recorder;
pub(crate) use options::{Network, TrainMnist};
use words::{describe, print_summary, say_stopped};

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
        if Some(path) == options.checkpoint.as_ref() {
            return Usage::error("--report and --checkpoint name the same file");
        }
        report::check_path(path)?;
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
    let mut mnist = options.data.load()?;
    if let Some(limit) = options.train_limit {
        mnist.train.truncate(limit);
    }
    let loading = loading.elapsed().as_secs_f64();
    let images = mnist.train.images();
    let RunConfig { network, training } = config;
    let mut net = Mlp::new(network.for_images(images.n_pixels()))?;

    let mut look = Recorder::open(options, checkpoints, images.n_rows(), images.n_columns())?;

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
        output::line(describe(network.init, &training, mnist.train.len()));
    }
    let mut summary = train_watched(&mut net, &mnist, &training, options, checkpoints, &stop, &mut look)?;
    let state = summary.state.take();
    let checkpoint =
        || Checkpoint::new(net.clone(), TrainingRecord::new(training.clone(), summary.history.clone()));
    if let Some(path) = &options.checkpoint {
        match state {
            Some(state) => checkpoint().with_state(state).save(path)?,
            None => checkpoint().save(path)?,
        }
    }
    if let (Some(path), Some(scalars)) = (&options.report, look.for_page.take()) {
        report::write_at_end(path, options, checkpoint(), &summary, scalars, &mnist)?;
    }
    look.save_network(checkpoint);
    if let Some(signal) = stop.heard().filter(|_| summary.stopped) {
        say_stopped(signal, &summary, options);
        return Ok(Some(signal));
    }
    match options.json {
        true => events::done(&summary, &net, options),
        false => print_summary(&summary, &net, &mnist, options)?,
    }
    Ok(None)
}

/// Trains, and shows how it goes.
fn train_watched(
    net: &mut Mlp,
    mnist: &Mnist,
    config: &TrainConfig,
    options: &TrainMnist,
    checkpoints: &Checkpoints,
    stop: &Stop,
    look: &mut Recorder,
) -> Result<Summary> {
    let talk = !options.json && !options.quiet;
    let bar = Bar::new(talk);
    let mut epochs = match config.length {
        Length::Epochs(epochs) => Some(epochs),
        _ => None,
    };
    let mut steps_per_epoch = 1;
    let callback = |event: Event<'_>| {
        match event {
            Event::Resumed(resumed) => {
                for error in &resumed.damaged {
                    bar.warn(&format!("{error}; it is skipped"));
                }
                if options.json {
                    // There is none if all checkpoints were damaged, so that the run begins anew.
                    let checkpoint = resumed.path.as_ref().map(|path| path.to_string_lossy());
                    let damaged: Vec<String> = resumed.damaged.iter().map(ToString::to_string).collect();
                    let step = ("step", resumed.step.into());
                    let members = [step, ("checkpoint", checkpoint.into()), ("damaged", damaged.into())];
                    output::event("resumed", &members);
                } else if let (true, Some(path)) = (talk, &resumed.path) {
                    bar.line(&format!("resumed after step {} from {}", resumed.step, path.display()));
                }
            }
            Event::Warning(text) => {
                let text = text.replace("the decay of the average is", "--ema");
                match options.json {
                    true => output::event("warning", &[("message", text.into())]),
                    false => bar.warn(&text),
                }
            }
            Event::NotSaved(error) => {
                bar.warn(&format!("{error}; training continues"));
                if options.json {
                    output::event("checkpoint_error", &[("message", error.to_string().into())]);
                }
            }
            Event::Step { report, .. } => {
                bar.step(report);
                steps_per_epoch = report.steps_per_epoch;
                // How many steps an epoch has is known when the first has begun.
                epochs.get_or_insert(report.n_steps.div_ceil(report.steps_per_epoch));
            }
            // A run that was stopped and resumes will report the whole epoch.
            Event::Epoch { report, .. } if stop.heard().is_some() && report.step % steps_per_epoch != 0 => {}
            Event::Epoch { report, net } => {
                match options.json {
                    true => events::epoch(report),
                    false if talk => bar.line(&output::epoch(report, epochs.unwrap_or(report.epoch))),
                    false => {}
                }
                look.inside(report, net, &mnist.train, &bar);
            }
            _ => {}
        }
        match stop.heard() {
            None => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(()),
        }
    };
    let mut training = train(net, &mnist.train).test(&mnist.test).config(config).callback(callback);
    // Without a file to resume from, nothing has to be known about the data.
    if options.keeping.is_wanted() || options.checkpoint.is_some() {
        training = training.checkpoints(checkpoints);
    }
    let result = training.run();
    bar.finish();
    Ok(result.map_err(|error| keeping::explain(error, checkpoints))?)
}
