//! The command line of chainrule: parse, call, print.
//!
//! `cargo xtask <command>`; every command is a module of its own, and what is worth testing by itself lives in the
//! library crates. A failure is one line `error: …` on standard error and a non-zero exit: 2 for a wrong call, 1 for
//! everything else.

#![forbid(unsafe_code)]

mod args;
mod browser;
mod browser_test;
mod call;
mod ci;
mod compare;
mod compare_runs;
mod completions;
mod data;
mod evaluate;
mod export;
mod fuzz;
mod gradcheck;
mod history;
mod import;
mod inspect;
mod interop;
mod keeping;
mod logs_check;
mod machine;
mod output;
mod own;
mod picture;
mod pictures;
mod predict;
mod python;
mod report;
mod run_config;
mod run_file;
mod scaling;
mod statistics;
mod stop;
mod suggest;
mod table;
mod torture;
mod train_mnist;
mod valgrind;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// A failure is one sentence, with the remedy where there is one.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return args::report(&error),
    };
    let result = match &arguments.command {
        Command::TrainMnist(options) => train_mnist::run(options),
        Command::Evaluate(options) => evaluate::run(options),
        Command::Predict(options) => predict::run(options),
        Command::History(options) => history::run(options),
        Command::CompareRuns(options) => compare_runs::run(options),
        Command::Gradcheck(options) => gradcheck::run(options),
        Command::Export(options) => export::run(options),
        Command::Import(options) => import::run(options),
        Command::Inspect(options) => inspect::run(options),
        Command::Interop(options) => interop::run(options),
        Command::Compare(options) => compare::run(options),
        Command::Scaling(options) => scaling::run(options),
        Command::LogsCheck(options) => logs_check::run(options),
        Command::Report(options) => report::run(options),
        Command::Torture(options) => torture::run(options),
        Command::Fuzz(options) => fuzz::run(options),
        Command::Valgrind(options) => valgrind::run(options),
        Command::BrowserTest(options) => browser_test::run(options),
        Command::Completions(options) => completions::run(options),
        Command::Pictures(options) => pictures::run(options),
        Command::Ci(options) => ci::run(options),
    };
    match result.and_then(|()| output::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<stop::Stopped>() => {
            let code = error.downcast_ref::<stop::Stopped>().map_or(1, |stopped| stopped.0.exit_code());
            ExitCode::from(code)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if error.is::<args::Usage>() { 2 } else { 1 })
        }
    }
}
