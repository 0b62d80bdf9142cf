//! `cargo xtask train-mnist`: the main job.

use std::{ops::ControlFlow, time::Instant};

use chainrule_mnist::Mnist;
use chainrule_optimizers::Optimizer;
use chainrule_trainer::{
    Checkpoint, EpochReport, Event, Length, MAX_THREADS, Mlp, MlpConfig, Summary, TrainConfig,
    TrainingRecord, evaluate, train,
};
use serde::Serialize;

use crate::{
    Result,
    args::TrainMnist,
    data,
    output::{self, Bar},
    run_config::RunConfig,
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
    match config.training.threads {
        None => load_and_train(options, config),
        Some(threads) => {
            if !(1..=MAX_THREADS).contains(&threads) {
                return Err(format!("threads is {threads}, expected 1 to {MAX_THREADS}").into());
            }
            // Not the configuration's own pool, so that the closing evaluation has the same workers.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|cause| format!("cannot start {threads} threads: {cause}"))?;
            let mut config = config;
            config.training.threads = None;
            pool.install(|| load_and_train(options, config).map_err(|error| error.to_string()))?;
            Ok(())
        }
    }
}

fn load_and_train(options: &TrainMnist, config: RunConfig) -> Result<()> {
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
    let summary = train_watched(&mut net, &mnist, &training, options)?;
    if let Some(path) = &options.checkpoint {
        let record = TrainingRecord::new(training, summary.history.clone());
        Checkpoint::new(net.clone(), record).save(path)?;
    }
    match options.json {
        true => output::json(&Done::new(&summary, &net, options)),
        false => print_summary(&summary, &net, &mnist, options)?,
    }
    Ok(())
}

/// Trains, and shows how it goes.
fn train_watched(
    net: &mut Mlp,
    mnist: &Mnist,
    config: &TrainConfig,
    options: &TrainMnist,
) -> Result<Summary> {
    let talk = !options.json && !options.quiet;
    let bar = Bar::new(talk);
    let mut epochs = match config.length {
        Length::Epochs(epochs) => Some(epochs),
        _ => None,
    };
    let observer = |event: Event<'_>| {
        match event {
            Event::Step(step) => {
                bar.step(step);
                // How many steps an epoch has is known when the first has begun.
                epochs.get_or_insert(step.n_steps.div_ceil(step.steps_per_epoch));
            }
            Event::Epoch(report) if options.json => output::json(&Epoch::new(report)),
            Event::Epoch(report) if talk => bar.line(&output::epoch(report, epochs.unwrap_or(report.epoch))),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let result = train(net, &mnist.train, Some(&mnist.test), config, observer);
    bar.finish();
    Ok(result?)
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
    if let Some(path) = &options.checkpoint {
        output::line(format_args!("saved to {}", path.display()));
    }
    Ok(())
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
            checkpoint: options.checkpoint.as_ref().map(|path| path.to_string_lossy().into_owned()),
            parameters_crc32: format!("{:08x}", net.parameters_crc32()),
        }
    }
}
