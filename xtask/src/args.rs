//! The commands and their options.

use std::{fmt, path::PathBuf, process::ExitCode};

use chainrule_tensor::Init;
use chainrule_trainer::MAX_THREADS;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};

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
        cargo xtask train-mnist --hidden 100 --activation relu --init he-normal --optimizer momentum\n  \
        cargo xtask train-mnist --checkpoint net.ckpt && cargo xtask evaluate --checkpoint net.ckpt\n  \
        cargo xtask gradcheck                          every derivative of the network on real digits"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a two-layer network on MNIST, or on data in its format
    TrainMnist(Box<TrainMnist>),
    /// Evaluate a saved network on the test set
    Evaluate(Evaluate),
    /// Check every derivative of the network on real digits against central differences
    Gradcheck(Gradcheck),
    /// Run everything that has to pass before a change is accepted, cheapest first
    Ci,
}

/// The network before training.
#[derive(Args, Debug)]
pub(crate) struct Network {
    /// Hidden units
    #[arg(long, value_name = "N", default_value = "50", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) hidden: usize,
    /// The function between the two affine layers
    #[arg(long, value_name = "NAME", default_value = "sigmoid")]
    pub(crate) activation: Activation,
    /// Initial weights: a standard deviation, or xavier-uniform, xavier-normal, he-uniform, he-normal
    #[arg(long, value_name = "INIT", default_value = "0.01", allow_negative_numbers = true)]
    pub(crate) init: Init,
    /// The seed of the initial weights and of the order of the samples
    #[arg(long, value_name = "SEED", default_value = "1", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,
}

#[derive(Args, Debug)]
pub(crate) struct TrainMnist {
    #[command(flatten)]
    pub(crate) network: Network,
    /// The rule by which gradients change parameters
    #[arg(long, value_name = "NAME", default_value = "sgd")]
    pub(crate) optimizer: Optimizer,
    /// The size of a step [default: 0.1 for sgd, 0.01 for momentum]
    #[arg(long, value_name = "RATE", value_parser = above_zero, allow_hyphen_values = true)]
    pub(crate) learning_rate: Option<f64>,
    /// The share of the velocity that is kept, 0 up to 1, with --optimizer momentum [default: 0.9]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) momentum: Option<f64>,
    /// Pulls every parameter towards 0 (L2)
    #[arg(long, value_name = "DECAY", default_value = "0", value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) weight_decay: f64,
    /// Samples per step
    #[arg(long, value_name = "N", default_value = "100", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) batch_size: usize,
    /// Passes over the training set [default: 16]
    #[arg(long, value_name = "N", value_parser = at_least_one_u64, allow_negative_numbers = true, conflicts_with = "steps")]
    pub(crate) epochs: Option<u64>,
    /// Stop after this many mini-batches instead of whole epochs
    #[arg(long, value_name = "N", value_parser = at_least_one_u64, allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
    /// Workers; the result is the same for any number [default: one per processor]
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,
    /// A folder with the four files in MNIST's format, gzip or plain [default: the bundled MNIST]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How mini-batches are put together; the tutorial draws with replacement
    #[arg(long, value_name = "HOW", default_value = "shuffled")]
    pub(crate) sampling: Sampling,
    /// Where gradients come from; numerical takes many seconds per step
    #[arg(long, value_name = "HOW", default_value = "backprop")]
    pub(crate) gradient: Gradient,
    /// Train on the first N samples only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) train_limit: Option<usize>,
    /// Save the trained network to this file
    #[arg(long, value_name = "PATH")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Print one JSON object per epoch and one at the end, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the closing summary only
    #[arg(long)]
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
pub(crate) enum Activation {
    Sigmoid,
    Relu,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Optimizer {
    Sgd,
    Momentum,
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

fn at_least_one(text: &str) -> Result<usize, String> {
    in_range(text, |n: &usize| *n >= 1, "a whole number from 1")
}

fn at_least_one_u64(text: &str) -> Result<u64, String> {
    in_range(text, |n: &u64| *n >= 1, "a whole number from 1")
}

fn seed(text: &str) -> Result<u64, String> {
    in_range(text, |_| true, "a whole number from 0 to 18446744073709551615")
}

fn threads(text: &str) -> Result<usize, String> {
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
pub(crate) struct Usage(pub(crate) &'static str);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; see {}", self.0, help())
    }
}

impl std::error::Error for Usage {}
