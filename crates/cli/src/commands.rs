//! The commands.

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

/// Train small neural networks on the CPU: fast, the same bits on any number of threads, every derivative checked.
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
        chainrule evaluate --checkpoint net.ckpt    what is taken for what\n  \
        chainrule predict --checkpoint net.ckpt seven.png\n  \
        chainrule train-mnist --report out.html     curves, mistakes and weights as a page\n  \
        chainrule export --checkpoint net.ckpt --to onnx --output net.onnx\n\n\
        A command's own examples are at the end of its help: chainrule predict --help"
)]
pub struct Arguments {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// A command with its options, which are documented by its help.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Train a network on MNIST, or on data in its format
    TrainMnist(Box<TrainMnist>),
    /// Evaluate a saved network on the test set
    Evaluate(Evaluate),
    /// Read digits in pictures with a saved network
    Predict(Predict),
    /// Write an HTML page on a run, or one that compares several: curves, mistakes, weights
    Report(ReportOptions),
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
    /// Print what a shell has to know to complete commands and options
    Completions(Completions),
}

impl Command {
    /// Runs the command, which prints what it finds to standard output.
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
