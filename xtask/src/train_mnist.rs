//! `cargo xtask train-mnist`: the main job.

use std::{ops::ControlFlow, time::Instant};

use chainrule_optimizers::{Momentum, Optimizer, OptimizerConfig, Sgd};
use chainrule_trainer::{
    Activation, Checkpoint, EpochReport, Event, GradientMethod, Sampling, Summary, TrainConfig,
    TrainingRecord, TwoLayerConfig, TwoLayerNet, evaluate, train,
};
use serde::Serialize;

use crate::{
    Result,
    args::{self, Network, TrainMnist, Usage},
    data,
    output::{self, Bar},
};

pub(crate) fn run(options: &TrainMnist) -> Result<()> {
    let optimizer = optimizer(options)?;
    if let Some(path) = &options.checkpoint {
        // Before training, not after it.
        Checkpoint::check_path(path)?;
    }
    match options.threads {
        None => load_and_train(options, optimizer),
        Some(threads) => {
            // Not the configuration's own pool, so that the closing evaluation has the same workers.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|cause| format!("cannot start {threads} threads: {cause}"))?;
            pool.install(|| load_and_train(options, optimizer).map_err(|error| error.to_string()))?;
            Ok(())
        }
    }
}

fn load_and_train(options: &TrainMnist, optimizer: OptimizerConfig) -> Result<()> {
    let config = train_config(options);
    let loading = Instant::now();
    let mut mnist = data::load(options.data_dir.as_deref())?;
    if let Some(limit) = options.train_limit {
        mnist.train.truncate(limit);
    }
    let loading = loading.elapsed().as_secs_f64();
    let images = mnist.train.images();
    let mut net = TwoLayerNet::new(&network_config(&options.network, images.n_pixels()))?;

    let talk = !options.json && !options.quiet;
    if talk {
        output::line(format_args!(
            "{} training and {} test images of {}×{}, read in {loading:.2} s",
            mnist.train.len(),
            mnist.test.len(),
            images.n_rows(),
            images.n_columns(),
        ));
        output::line(describe(&net, &optimizer, &config, mnist.train.len()));
    }
    let summary = train_watched(&mut net, &optimizer, &mnist, &config, options)?;
    if let Some(path) = &options.checkpoint {
        let record = TrainingRecord::new(config, optimizer, summary.history.clone());
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
    net: &mut TwoLayerNet,
    optimizer: &OptimizerConfig,
    mnist: &chainrule_mnist::Mnist,
    config: &TrainConfig,
    options: &TrainMnist,
) -> Result<Summary> {
    let talk = !options.json && !options.quiet;
    let bar = Bar::new(talk);
    let steps_per_epoch = mnist.train.len().div_ceil(options.batch_size) as u64;
    let epochs = match options.steps {
        Some(steps) => steps.div_ceil(steps_per_epoch),
        None => options.epochs.unwrap_or(DEFAULT_EPOCHS),
    };
    let observer = |event: Event<'_>| {
        match event {
            Event::Step(step) => bar.step(step),
            Event::Epoch(report) if options.json => output::json(&Epoch { event: "epoch", report }),
            Event::Epoch(report) if talk => bar.line(&output::epoch(report, epochs)),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let result = train(net, optimizer, &mnist.train, Some(&mnist.test), config, observer);
    bar.finish();
    Ok(result?)
}

fn print_summary(
    summary: &Summary,
    net: &TwoLayerNet,
    mnist: &chainrule_mnist::Mnist,
    options: &TrainMnist,
) -> Result<()> {
    let train = evaluate(net.layers(), &mnist.train)?;
    let test = evaluate(net.layers(), &mnist.test)?;
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

/// The tutorial's number of epochs.
const DEFAULT_EPOCHS: u64 = 16;

fn describe(
    net: &TwoLayerNet,
    optimizer: &OptimizerConfig,
    config: &TrainConfig,
    n_samples: usize,
) -> String {
    let sizes = net.config();
    let threads = rayon::current_num_threads();
    format!(
        "{}-{}-{} {}: {} parameters, initial weights {}\n\
         {}: rate {}, batch {}, seed {}, {threads} {}",
        sizes.n_inputs,
        sizes.n_hidden,
        sizes.n_outputs,
        sizes.activation,
        output::thousands(net.n_parameters() as f64),
        sizes.init,
        Optimizer::<f32>::name(optimizer),
        Optimizer::<f32>::learning_rate(optimizer),
        config.batch_size.min(n_samples),
        config.seed,
        if threads == 1 { "thread" } else { "threads" },
    )
}

/// The network that the options describe, for images of `n_pixels` pixels.
pub(crate) fn network_config(options: &Network, n_pixels: usize) -> TwoLayerConfig {
    let activation = match options.activation {
        args::Activation::Sigmoid => Activation::Sigmoid,
        args::Activation::Relu => Activation::Relu,
    };
    TwoLayerConfig::new(n_pixels, options.hidden, chainrule_mnist::N_CLASSES)
        .with_activation(activation)
        .with_init(options.init)
        .with_seed(options.seed)
}

fn train_config(options: &TrainMnist) -> TrainConfig {
    let mut config = TrainConfig::new()
        .with_epochs(options.epochs.unwrap_or(DEFAULT_EPOCHS))
        .with_batch_size(options.batch_size)
        .with_seed(options.network.seed)
        .with_sampling(match options.sampling {
            args::Sampling::Shuffled => Sampling::Shuffled,
            args::Sampling::WithReplacement => Sampling::WithReplacement,
        })
        .with_gradient(match options.gradient {
            args::Gradient::Backprop => GradientMethod::Backprop,
            args::Gradient::Numerical => GradientMethod::Numerical,
        });
    if let Some(steps) = options.steps {
        config = config.with_steps(steps);
    }
    config
}

fn optimizer(options: &TrainMnist) -> Result<OptimizerConfig> {
    match options.optimizer {
        args::Optimizer::Sgd => {
            if options.momentum.is_some() {
                return Err(Usage("--momentum is for --optimizer momentum, found --optimizer sgd").into());
            }
            let rate = options.learning_rate.unwrap_or(Sgd::default().learning_rate());
            Ok(Sgd::new(rate)?.with_weight_decay(options.weight_decay)?.into())
        }
        args::Optimizer::Momentum => {
            let default = Momentum::default();
            let rate = options.learning_rate.unwrap_or(default.learning_rate());
            let share = options.momentum.unwrap_or(default.momentum());
            Ok(Momentum::new(rate)?.with_momentum(share)?.with_weight_decay(options.weight_decay)?.into())
        }
    }
}

/// `{"event":"epoch",…}`
#[derive(Serialize)]
struct Epoch<'a> {
    event: &'static str,
    #[serde(flatten)]
    report: &'a EpochReport,
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
    fn new(summary: &Summary, net: &TwoLayerNet, options: &TrainMnist) -> Self {
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
