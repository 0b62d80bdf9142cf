//! `chainrule train-mnist`: trains a network and prints how it goes.

mod events;
mod logs;
mod options;
mod results;
mod words;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use chainrule_files::write_file;
use chainrule_logs::SCALARS;
use chainrule_mnist::Mnist;
use chainrule_trainer::{
    Checkpoint, Checkpoints, Error, Event, Length, MAX_THREADS, Mlp, Summary, TrainConfig, TrainingRecord,
    train,
};

use crate::{
    Result, Usage, data, keeping,
    output::{self, Bar},
    places, program, report,
    run_file::RunConfig,
    stop::{Signal, Stop, Stopped},
};

pub use logs::LOGGED_NETWORK;
use logs::{LOCK, Recorder};
pub(crate) use options::{Network, TrainMnist};
use results::Results;
use words::{describe, print_summary, say_stopped};

pub(crate) fn run(options: &TrainMnist) -> Result<()> {
    let config = RunConfig::new(options)?;
    if options.print_config {
        output::lines(config.to_toml()?.trim_end());
        return Ok(());
    }
    // Before training, not after it.
    check_files(options)?;
    if let Some(path) = &options.checkpoint {
        Checkpoint::check_path(path)?;
    }
    if let Some(path) = &options.report {
        report::check_path(path)?;
    }
    options.checkpoint.iter().chain(&options.report).for_each(|path| places::clear_up_interrupted(path));
    let checkpoints = options.keeping.checkpoints()?;
    let stopped = match config.training.threads {
        None => {
            program::start_threads()?;
            load_and_train(options, config, &checkpoints)?
        }
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

/// Refuses outputs of which one would replace another, or what the run reads.
fn check_files(options: &TrainMnist) -> Result<()> {
    let in_logs = |name: &str| options.log_dir.as_ref().map(|folder| folder.join(name));
    let given = |files: &[(&'static str, Option<PathBuf>)]| -> Vec<places::Named> {
        files.iter().filter_map(|(option, file)| Some((*option, file.clone()?))).collect()
    };
    let config = given(&[("--config", options.config.clone())]);
    let mut outputs =
        given(&[("--report", options.report.clone()), ("--checkpoint", options.checkpoint.clone())]);
    let folders = given(&[
        ("--checkpoint-dir", options.keeping.checkpoint_dir.clone()),
        ("--log-dir", options.log_dir.clone()),
    ]);
    // What is read is never replaced; what is written is no folder.
    let files = [&outputs[..], &config].concat();
    let is_taken = |option: &str, file: &Path| option == "--checkpoint-dir" && Checkpoints::has_name(file);
    places::check_beside(&files, &folders, is_taken)?;
    outputs.extend(given(&[LOGGED_NETWORK, SCALARS, LOCK].map(|name| ("--log-dir", in_logs(name)))));
    places::check_distinct(&outputs, &[config, options.data.files()].concat())?;
    match (&options.report, &options.keeping.resume) {
        (Some(page), Some(resumed)) if places::are_same(page, resumed) => {
            Usage::error(format!("--report and --resume name the same file, {}", page.display()))
        }
        _ => Ok(()),
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

    let mut checkpoints = checkpoints.clone();
    if options.keeping.is_wanted() || options.checkpoint.is_some() || options.log_dir.is_some() {
        for (name, told) in options.data.told(&mnist.test) {
            checkpoints = checkpoints.with_extra(name, told);
        }
    }
    let checkpoints = &checkpoints;
    if options.keeping.resume.is_some()
        && let Some((path, checkpoint)) = checkpoints.newest()?
        && let Some(problem) = data::Known::of(&checkpoint).other_test_set(&mnist.test)
    {
        return Err(format!("cannot resume from {}: {problem}", path.display()).into());
    }
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
        output::lines(net.summary());
        output::lines(describe(&net, network.init, &training, mnist.train.len()));
    }
    let (mut summary, is_saved) =
        train_watched(&mut net, &mnist, &training, options, checkpoints, &stop, &mut look)?;
    if let Some(problem) = look.refused.take() {
        return Err(problem.into());
    }
    let state = summary.state.take();
    let signal = stop.heard().filter(|_| summary.stopped);
    let write = |path: &Path, bytes: &[u8]| match signal {
        Some(_) => places::write_interrupted(path, options.keeping.resume.as_deref(), bytes),
        None => write_file(path, bytes).map(|()| path.to_path_buf()),
    };
    let save = |path: &Path, checkpoint: &Checkpoint| {
        let written = write(path, &checkpoint.to_bytes());
        written.map_err(|cause| Error::Io { doing: "write", path: path.to_path_buf(), cause })
    };
    let checkpoint = || {
        let record = TrainingRecord::new(training.clone(), summary.history.clone());
        let mut checkpoint = Checkpoint::new(net.clone(), record);
        checkpoint.extra.clone_from(&checkpoints.extra);
        checkpoint
    };
    // Each is tried, whatever becomes of the others.
    let mut results = Results { in_folder: summary.checkpoint.clone(), is_saved, ..Results::default() };
    if let Some(path) = &options.checkpoint {
        let mut checkpoint = checkpoint();
        checkpoint.state = state;
        results.checkpoint = results.tried(save(path, &checkpoint).map_err(Into::into));
    }
    if let (Some(path), Some(scalars)) = (&options.report, look.for_page.take()) {
        let write = |html: String| write(path, html.as_bytes());
        let written = report::write_at_end(path, options, checkpoint(), &summary, scalars, &mnist, write);
        results.page = results.tried(written);
    }
    if let Some(folder) = &options.log_dir {
        let saved = save(&folder.join(LOGGED_NETWORK), &checkpoint()).inspect_err(|error| look.tell(error));
        results.tried(saved.map_err(Into::into));
    }
    match signal {
        Some(signal) => say_stopped(signal, &summary, &results, options),
        None if options.json => events::done(&summary, &net, &results),
        None => print_summary(&summary, &net, &mnist, &results, options)?,
    }
    match (results.failed.join("; "), signal) {
        (failed, None) if !failed.is_empty() => Err(failed.into()),
        (failed, Some(_)) if !failed.is_empty() => {
            output::complain(format_args!("error: {failed}"));
            Ok(signal)
        }
        _ => Ok(signal),
    }
}

/// Trains, and shows how it goes. Also returns whether the last checkpoint was written, if there is a folder of them.
fn train_watched(
    net: &mut Mlp,
    mnist: &Mnist,
    config: &TrainConfig,
    options: &TrainMnist,
    checkpoints: &Checkpoints,
    stop: &Stop,
    look: &mut Recorder,
) -> Result<(Summary, bool)> {
    let talk = !options.json && !options.quiet;
    let bar = Bar::new(talk);
    let mut epochs = match config.length {
        Length::Epochs(epochs) => Some(epochs),
        _ => None,
    };
    let mut steps_per_epoch = 1;
    let mut is_saved = true;
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
            Event::Saved(_) => is_saved = true,
            Event::NotSaved(error) => {
                is_saved = false;
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
        match stop.heard().is_none() && look.refused.is_none() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    };
    let mut training = train(net, &mnist.train).test(&mnist.test).config(config).callback(callback);
    // Without a file to resume from, nothing has to be known about the data.
    if options.keeping.is_wanted() || options.checkpoint.is_some() {
        training = training.checkpoints(checkpoints);
    }
    let result = training.run();
    bar.finish();
    Ok((result.map_err(|error| keeping::explain(error, checkpoints))?, is_saved))
}
