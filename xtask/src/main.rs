//! `cargo xtask`: the command line of chainrule, and what only this repository needs. Every command is a module of its own.

#![forbid(unsafe_code)]

mod browser;
mod browser_test;
mod ci;
mod compare;
mod fuzz;
mod interop;
mod logs_check;
mod machine;
mod networks;
mod own;
mod pictures;
mod python;
mod scaling;
mod statistics;
mod torture;
mod valgrind;

use std::process::ExitCode;

use chainrule_cli::{self as cli, LOGGED_NETWORK, Result, Usage, args, data::Data, output};
use clap::{Parser, Subcommand};

/// The commands of chainrule, and those that test and measure this repository.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        cargo xtask train-mnist                       the tutorial's recipe, about 94.5 %\n  \
        cargo xtask train-mnist --learning-rate 0.5   with a better rate, about 97 %\n  \
        cargo xtask train-mnist --report out.html     an HTML page with curves, mistakes and weights\n  \
        cargo xtask compare --peers chainrule         measure its speed\n  \
        cargo xtask ci                                check everything\n\n\
        More examples are in each command's help: cargo xtask predict --help"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    OfUsers(cli::Command),
    /// Check that exported networks give the same outputs in PyTorch, NumPy and onnxruntime
    Interop(interop::Interop),
    /// Check the logs of train-mnist with TensorBoard's own reader
    LogsCheck(logs_check::LogsCheck),
    /// Compare the speed of chainrule with that of other libraries
    Compare(compare::Compare),
    /// Measure the time of a training step by threads and batch size, and fit a model to it
    Scaling(scaling::Scaling),
    /// Kill a run at random moments and resume it each time: it must end with the bits of one never killed
    Torture(torture::Torture),
    /// Fuzz every reader of files, within limits of memory and time
    Fuzz(fuzz::Fuzz),
    /// Run the kernels' tests and a small training run under valgrind or AddressSanitizer
    Valgrind(valgrind::Valgrind),
    /// Test the report page in a headless Chromium (needs chromium, node and npm)
    BrowserTest(browser_test::BrowserTest),
    /// Make the pictures of the README (needs chromium, node and npm)
    Pictures(pictures::Pictures),
    /// Run every check that has to pass before a change is accepted, cheapest first
    Ci(ci::Ci),
}

fn main() -> ExitCode {
    cli::run("cargo xtask", |arguments: Arguments| match &arguments.command {
        Command::OfUsers(command) => command.run(),
        Command::Interop(options) => interop::run(options),
        Command::LogsCheck(options) => logs_check::run(options),
        Command::Compare(options) => compare::run(options),
        Command::Scaling(options) => scaling::run(options),
        Command::Torture(options) => torture::run(options),
        Command::Fuzz(options) => fuzz::run(options),
        Command::Valgrind(options) => valgrind::run(options),
        Command::BrowserTest(options) => browser_test::run(options),
        Command::Pictures(options) => pictures::run(options),
        Command::Ci(options) => ci::run(options),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_speaks_json_and_shows_examples() {
        let of_users = cli::Arguments::command();
        for command in Arguments::command().get_subcommands() {
            let name = command.get_name();
            if of_users.find_subcommand(name).is_some() {
                continue;
            }
            assert!(
                command.get_arguments().any(|argument| argument.get_id() == "json"),
                "{name} has no --json"
            );
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("cargo xtask {name}")), "{name} has no example: {help}");
        }
    }
}
