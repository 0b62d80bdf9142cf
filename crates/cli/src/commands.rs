//! The list of commands, with the first line of each one's help.

use clap::{Parser, Subcommand};

use crate::{
    Result,
    compare_runs::{self, CompareRuns},
    completions::{self, Completions},
    evaluate::{self, Evaluate},
    export::{self, Export},
    gradcheck::{self, Gradcheck},
    history::{self, History},
    import::{self, Import},
    inspect::{self, Inspect},
    predict::{self, Predict},
    report::{self, ReportOptions},
    train_mnist::{self, TrainMnist},
};

/// Train small neural networks on the CPU: fast, bit for bit the same on any number of threads, every gradient checked.
#[derive(Debug, Parser)]
#[command(
    name = "chainrule",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        chainrule train-mnist                       the tutorial's recipe, about 94.5 %\n  \
        chainrule train-mnist --learning-rate 0.5   with a better rate, about 97 %\n  \
        chainrule train-mnist --hidden 256,128 --activation relu --optimizer adamw\n  \
        chainrule train-mnist --print-config > run.toml\n  \
        chainrule train-mnist --config run.toml --checkpoint net.ckpt\n  \
        chainrule evaluate --checkpoint net.ckpt    accuracy, confusion matrix, precision, recall\n  \
        chainrule predict --checkpoint net.ckpt seven.png\n  \
        chainrule train-mnist --report out.html     an HTML page with curves, mistakes and weights\n  \
        chainrule export --checkpoint net.ckpt --to onnx --output net.onnx\n\n\
        More examples are in each command's help: chainrule predict --help"
)]
pub struct Arguments {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// A command and its options; `--help` documents them.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Train a network on MNIST, or on other data in MNIST's file format
    TrainMnist(Box<TrainMnist>),
    /// Evaluate a saved network on the test set: accuracy, confusion matrix, recall
    Evaluate(Evaluate),
    /// Classify pictures of digits with a saved network
    Predict(Predict),
    /// Write an HTML page about one run or comparing several: curves, mistakes, weights
    Report(ReportOptions),
    /// Show the loss and accuracy of every epoch of a saved run
    History(History),
    /// Compare saved runs: the settings that differ, and the final results
    CompareRuns(CompareRuns),
    /// Check every derivative of a network against central differences, on real digits
    Gradcheck(Gradcheck),
    /// Export a saved network as safetensors, npz or ONNX
    Export(Export),
    /// Import a network from safetensors or npz as a checkpoint
    Import(Import),
    /// Show what a file contains: a checkpoint, safetensors, npz or ONNX
    Inspect(Inspect),
    /// Print a script that makes a shell complete commands and options
    Completions(Completions),
}

impl Command {
    /// Runs the command, which prints its results to standard output.
    ///
    /// # Errors
    /// One sentence; a [`Usage`](crate::Usage) for options that contradict each other.
    pub fn run(&self) -> Result<()> {
        match self {
            Command::TrainMnist(options) => train_mnist::run(options),
            Command::Evaluate(options) => evaluate::run(options),
            Command::Predict(options) => predict::run(options),
            Command::Report(options) => report::run(options),
            Command::History(options) => history::run(options),
            Command::CompareRuns(options) => compare_runs::run(options),
            Command::Gradcheck(options) => gradcheck::run(options),
            Command::Export(options) => export::run(options),
            Command::Import(options) => import::run(options),
            Command::Inspect(options) => inspect::run(options),
            Command::Completions(options) => completions::run(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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
            assert!(help.contains(&format!("chainrule {name}")), "{name} has no example: {help}");
        }
    }
}
