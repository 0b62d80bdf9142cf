//! The commands and their options.

use std::{fmt, path::PathBuf, process::ExitCode};

use chainrule_optimizers::Schedule;
use chainrule_tensor::Init;
use chainrule_trainer::MAX_THREADS;
use clap::{
    Args, CommandFactory, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser, error::ErrorKind,
};

use crate::{
    compare::Compare, export::Export, fuzz::Fuzz, import::Import, inspect::Inspect, interop::Interop,
    keeping::Keeping, scaling::Scaling, torture::Torture, valgrind::Valgrind,
};

/// Train small neural networks on the CPU: fast, the same bits on any number of threads, every derivative checked.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        cargo xtask train-mnist                        the tutorial's recipe, 16 epochs, about 94.5 %\n  \
        cargo xtask train-mnist --learning-rate 0.5    the same with a better rate, about 97 %\n  \
        cargo xtask train-mnist --hidden 256,128 --activation relu --optimizer adamw --schedule one-cycle\n  \
        cargo xtask train-mnist --print-config > run.toml && cargo xtask train-mnist --config run.toml\n  \
        cargo xtask train-mnist --checkpoint net.ckpt && cargo xtask evaluate --checkpoint net.ckpt\n  \
        cargo xtask train-mnist --checkpoint-dir run --resume auto      goes on where it was, however it ended\n  \
        cargo xtask export --checkpoint net.ckpt --to safetensors --output net.safetensors\n  \
        cargo xtask gradcheck                          every derivative of the network on real digits"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a network on MNIST, or on data in its format
    TrainMnist(Box<TrainMnist>),
    /// Evaluate a saved network on the test set
    Evaluate(Evaluate),
    /// Check every derivative of the network on real digits against central differences
    Gradcheck(Gradcheck),
    /// Write a saved network in a format that others read: safetensors, npz or ONNX
    Export(Export),
    /// Make a checkpoint of a network that another program wrote as safetensors or npz
    Import(Import),
    /// Show what a file holds: a checkpoint, safetensors, npz or ONNX
    Inspect(Inspect),
    /// Let PyTorch, NumPy and onnxruntime read exported networks and compare the outputs
    Interop(Interop),
    /// Measure chainrule and its peers side by side
    Compare(Compare),
    /// Measure the time of a training step by threads and mini-batch, and what it is made up of
    Scaling(Scaling),
    /// Kill a run at random moments, resume it each time, and compare its end with that of one never killed
    Torture(Torture),
    /// Give every reader of files bytes that a fuzzer makes up, within limits of memory and time
    Fuzz(Fuzz),
    /// Run the kernels' tests and a small training run under valgrind, or under the compiler's AddressSanitizer
    Valgrind(Valgrind),
    /// Run everything that has to pass before a change is accepted, cheapest first
    Ci,
}

/// The network before training.
#[derive(Args, Debug)]
pub(crate) struct Network {
    /// Hidden units; several numbers for several hidden layers [default: 50]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) hidden: Option<Vec<usize>>,
    /// The function behind hidden layers, one name for all or one for each [default: sigmoid]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(names::activations()))]
    pub(crate) activation: Option<Vec<String>>,
    /// Initial weights: a standard deviation, or xavier-uniform, xavier-normal, he-uniform, he-normal [default: 0.01
    /// for one hidden layer of sigmoids, else he-normal or xavier-normal by activation]
    #[arg(long, value_name = "INIT", allow_negative_numbers = true)]
    pub(crate) init: Option<Init>,
    /// The seed of the initial weights and of all else that is random [default: 1]
    #[arg(long, value_name = "SEED", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct TrainMnist {
    /// Take the settings from this file; options that are given as well go before it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Start from other settings than the tutorial's: fast gets 50 hidden units above 97 % in half a second
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) preset: Option<Preset>,
    /// Print the settings of network and training in the form of such a file, and train nothing
    #[arg(long)]
    pub(crate) print_config: bool,

    #[command(flatten, next_help_heading = "Network")]
    pub(crate) network: Network,
    /// Normalise hidden layers over the mini-batch
    #[arg(long)]
    pub(crate) batch_norm: bool,
    /// The share of hidden outputs left out in training, 0 up to 1 [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) dropout: Option<f64>,
    /// What training minimises [default: softmax-cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(names::losses()))]
    pub(crate) loss: Option<String>,
    /// The share of every target that is spread over all classes, 0 up to 1 [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) label_smoothing: Option<f64>,
    /// How much each class counts in the loss, one number for each [default: all alike]
    #[arg(long, value_name = "W,…", value_delimiter = ',', value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) class_weights: Option<Vec<f64>>,

    /// The rule by which gradients change parameters [default: sgd]
    #[arg(long, help_heading = "Optimizer", value_name = "NAME", value_parser = PossibleValuesParser::new(names::optimizers()))]
    pub(crate) optimizer: Option<String>,
    /// The size of a step [default: 0.1 for sgd, the published one for every other rule]
    #[arg(long, help_heading = "Optimizer", value_name = "RATE", value_parser = above_zero, allow_hyphen_values = true)]
    pub(crate) learning_rate: Option<f64>,
    /// The share of the velocity that is kept, 0 up to 1, with momentum and nesterov [default: 0.9]
    #[arg(long, help_heading = "Optimizer", value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) momentum: Option<f64>,
    /// Pulls every parameter towards 0: L2, decoupled with adamw [default: 0, adamw 0.01]
    #[arg(long, help_heading = "Optimizer", value_name = "DECAY", value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) weight_decay: Option<f64>,
    /// Keep biases, and the scales of batch normalisation, out of the weight decay
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) no_bias_decay: bool,
    /// How the learning rate changes, in mini-batches: constant, step:EVERY:GAMMA, exponential:GAMMA, cosine, warmup:STEPS, one-cycle, or
    /// several, as in warmup:500+cosine [default: constant]
    #[arg(long, help_heading = "Optimizer", value_name = "SCHEDULE")]
    pub(crate) schedule: Option<Schedule>,
    /// Bound every value of the gradient
    #[arg(long, help_heading = "Optimizer", value_name = "LIMIT", value_parser = above_zero, allow_negative_numbers = true, conflicts_with = "clip_norm")]
    pub(crate) clip_value: Option<f64>,
    /// Bound the norm of the whole gradient
    #[arg(long, help_heading = "Optimizer", value_name = "NORM", value_parser = above_zero, allow_negative_numbers = true)]
    pub(crate) clip_norm: Option<f64>,

    /// Samples per step [default: 100]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) batch_size: Option<usize>,
    /// Passes over the training set [default: 16]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one_u64, allow_negative_numbers = true, conflicts_with = "steps")]
    pub(crate) epochs: Option<u64>,
    /// Stop after this many mini-batches instead of whole epochs
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one_u64, allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
    /// How mini-batches are put together; the tutorial draws with replacement [default: shuffled]
    #[arg(long, help_heading = "Training", value_name = "HOW")]
    pub(crate) sampling: Option<Sampling>,
    /// Where gradients come from; numerical takes a second per step [default: backprop]
    #[arg(long, help_heading = "Training", value_name = "HOW")]
    pub(crate) gradient: Option<Gradient>,
    /// The share of the training set that is held out to validate on, 0 up to 1 [default: 0]
    #[arg(long, help_heading = "Training", value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) validation: Option<f64>,
    /// Stop after so many epochs without a better validation loss, and go back to the best
    #[arg(long, help_heading = "Training", value_name = "EPOCHS", value_parser = at_least_one_u64, allow_negative_numbers = true)]
    pub(crate) early_stopping: Option<u64>,
    /// End in a moving average of the parameters with this decay, 0 up to 1
    #[arg(long, help_heading = "Training", value_name = "DECAY", value_parser = share, allow_negative_numbers = true)]
    pub(crate) ema: Option<f64>,
    /// Workers; the result is the same for any number [default: one per processor]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,

    #[command(flatten, next_help_heading = "Checkpoints on the way")]
    pub(crate) keeping: Keeping,

    /// A folder with the four files in MNIST's format, gzip or plain [default: the bundled MNIST]
    #[arg(long, help_heading = "Data and output", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Train on the first N samples only
    #[arg(long, help_heading = "Data and output", value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) train_limit: Option<usize>,
    /// Save the trained network to this file
    #[arg(long, help_heading = "Data and output", value_name = "PATH")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Print one JSON object per epoch and one at the end, and nothing else
    #[arg(long, help_heading = "Data and output")]
    pub(crate) json: bool,
    /// Print the closing summary only
    #[arg(long, help_heading = "Data and output")]
    pub(crate) quiet: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    /// The saved network
    #[arg(long, value_name = "PATH")]
    pub(crate) checkpoint: PathBuf,
    /// A folder with the four files in MNIST's format, gzip or plain [default: the bundled MNIST]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Gradcheck {
    #[command(flatten)]
    pub(crate) network: Network,
    /// Digits in the mini-batch
    #[arg(long, value_name = "N", default_value = "100", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) batch_size: usize,
    /// A folder with the four files in MNIST's format, gzip or plain [default: the bundled MNIST]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print one JSON object per parameter and one at the end, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preset {
    Fast,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sampling {
    Shuffled,
    WithReplacement,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Gradient {
    Backprop,
    Numerical,
}

/// The names that the libraries know.
pub(crate) mod names {
    use chainrule_losses::{Loss, LossConfig};
    use chainrule_optimizers::{Optimizer, OptimizerConfig};
    use chainrule_trainer::Activation;

    pub(crate) fn activations() -> Vec<&'static str> {
        Activation::ALL.iter().map(|activation| activation.name()).collect()
    }

    pub(crate) fn losses() -> Vec<&'static str> {
        LossConfig::all().iter().map(Loss::<f32>::name).collect()
    }

    pub(super) fn optimizers() -> Vec<&'static str> {
        OptimizerConfig::all().iter().map(Optimizer::<f32>::name).collect()
    }
}

pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    in_range(text, |n: &usize| *n >= 1, "a whole number from 1")
}

fn at_least_one_u64(text: &str) -> Result<u64, String> {
    in_range(text, |n: &u64| *n >= 1, "a whole number from 1")
}

fn seed(text: &str) -> Result<u64, String> {
    in_range(text, |_| true, "a whole number from 0 to 18446744073709551615")
}

pub(crate) fn threads(text: &str) -> Result<usize, String> {
    in_range(
        text,
        |n: &usize| (1..=MAX_THREADS).contains(n),
        format_args!("a whole number from 1 to {MAX_THREADS}"),
    )
}

fn above_zero(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| x.is_finite() && *x > 0.0, "a finite number above 0")
}

fn not_below_zero(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| x.is_finite() && *x >= 0.0, "a finite number not below 0")
}

fn share(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| (0.0..1.0).contains(x), "a number from 0 and below 1")
}

fn in_range<T: std::str::FromStr>(
    text: &str,
    good: impl Fn(&T) -> bool,
    expected: impl fmt::Display,
) -> Result<T, String> {
    text.parse().ok().filter(good).ok_or_else(|| format!("expected {expected}"))
}

/// Prints help as clap lays it out, and a wrong call as one line: what is wrong, clap's tip, and where help is.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader who has gone away is no failure.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        eprintln!("error: no command was given; see cargo xtask --help");
        return ExitCode::from(2);
    }
    let text = error.render().to_string();
    let said = text.lines().map(str::trim);
    let said = said.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let mut sentence = String::new();
    for line in said.filter(|line| !line.is_empty()) {
        let separator = match sentence.is_empty() {
            true => "",
            false if sentence.ends_with(':') => " ",
            false => "; ",
        };
        sentence.push_str(separator);
        sentence.push_str(line.strip_prefix("tip: ").unwrap_or(line));
    }
    eprintln!("{sentence}; see {}", help());
    ExitCode::from(2)
}

/// Where the options of the command that was called are explained.
fn help() -> String {
    let known = |name: &String| Arguments::command().find_subcommand(name).is_some();
    match std::env::args().nth(1).filter(known) {
        Some(command) => format!("cargo xtask {command} --help"),
        None => "cargo xtask --help".to_string(),
    }
}

/// A call whose options contradict each other in a way that only the command itself knows.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; see {}", self.0, help())
    }
}

impl std::error::Error for Usage {}
