//! The commands, and what their options have in common.

use std::{fmt, process::ExitCode};

use chainrule_trainer::MAX_THREADS;
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};

use crate::{
    browser_test::BrowserTest, ci::Ci, compare::Compare, compare_runs::CompareRuns, completions::Completions,
    evaluate::Evaluate, export::Export, fuzz::Fuzz, gradcheck::Gradcheck, history::History, import::Import,
    inspect::Inspect, interop::Interop, logs_check::LogsCheck, pictures::Pictures, predict::Predict,
    report::ReportOptions, scaling::Scaling, suggest, torture::Torture, train_mnist::TrainMnist,
    valgrind::Valgrind,
};

/// Train small neural networks on the CPU: fast, the same bits on any number of threads, every derivative checked.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        cargo xtask train-mnist                       the tutorial's recipe, about 94.5 %\n  \
        cargo xtask train-mnist --learning-rate 0.5   with a better rate, about 97 %\n  \
        cargo xtask train-mnist --hidden 256,128 --activation relu --optimizer adamw\n  \
        cargo xtask train-mnist --print-config > run.toml\n  \
        cargo xtask train-mnist --config run.toml --checkpoint net.ckpt\n  \
        cargo xtask evaluate --checkpoint net.ckpt    what is taken for what\n  \
        cargo xtask predict --checkpoint net.ckpt seven.png\n  \
        cargo xtask train-mnist --report out.html     curves, mistakes and weights as a page\n  \
        cargo xtask export --checkpoint net.ckpt --to onnx --output net.onnx\n\n\
        A command's own examples are at the end of its help: cargo xtask predict --help"
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
    /// Read digits in pictures with a saved network
    Predict(Predict),
    /// Show the epochs of a saved run
    History(History),
    /// Show in which settings saved runs differ, and how they ended
    CompareRuns(CompareRuns),
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
    /// Let TensorBoard's own reader read what a training has logged, and compare
    LogsCheck(LogsCheck),
    /// Write an HTML page on a run, or one that compares several: curves, mistakes, weights
    Report(ReportOptions),
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
    /// Print what a shell has to know to complete commands and options
    Completions(Completions),
    /// Test the report page in a headless Chromium (needs chromium, node and npm)
    BrowserTest(BrowserTest),
    /// Make the pictures of the README (needs chromium, node and npm)
    Pictures(Pictures),
    /// Run everything that has to pass before a change is accepted, cheapest first
    #[command(after_help = "Examples:\n  cargo xtask ci")]
    Ci(Ci),
}

/// The names that the libraries know.
pub(crate) mod names {
    use chainrule_losses::{Loss, LossConfig};
    use chainrule_optimizers::OptimizerConfig;
    use chainrule_trainer::Activation;

    pub(crate) fn activations() -> Vec<&'static str> {
        Activation::ALL.iter().map(|activation| activation.name()).collect()
    }

    pub(crate) fn losses() -> Vec<&'static str> {
        LossConfig::all().iter().map(Loss::<f32>::name).collect()
    }

    pub(crate) fn optimizers() -> Vec<&'static str> {
        OptimizerConfig::all().iter().map(OptimizerConfig::name).collect()
    }
}

pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    in_range(text, |n: &usize| *n >= 1, "a whole number from 1")
}

pub(crate) fn at_least_one_u64(text: &str) -> Result<u64, String> {
    in_range(text, |n: &u64| *n >= 1, "a whole number from 1")
}

pub(crate) fn seed(text: &str) -> Result<u64, String> {
    in_range(text, |_| true, "a whole number from 0 to 18446744073709551615")
}

pub(crate) fn threads(text: &str) -> Result<usize, String> {
    in_range(
        text,
        |n: &usize| (1..=MAX_THREADS).contains(n),
        format_args!("a whole number from 1 to {MAX_THREADS}"),
    )
}

pub(crate) fn above_zero(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| x.is_finite() && *x > 0.0, "a finite number above 0")
}

pub(crate) fn not_below_zero(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| x.is_finite() && *x >= 0.0, "a finite number not below 0")
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
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
    // The values that clap knows have its own suggestion.
    if error.kind() == ErrorKind::ValueValidation {
        sentence = suggest::in_message(&sentence);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_speaks_json_and_shows_examples() {
        let command = Arguments::command();
        for command in command.get_subcommands() {
            let name = command.get_name();
            assert!(
                command.get_arguments().any(|argument| argument.get_id() == "json"),
                "{name} has no --json"
            );
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("cargo xtask {name}")), "{name} has no example: {help}");
        }
    }
}
