//! From a call to its exit code: parse, call, and one line for what went wrong.

use std::process::ExitCode;

use chainrule_trainer::MAX_THREADS;
use clap::{Command, Parser, error::ErrorKind};

use crate::{
    Result, Usage, call, output,
    stop::{self, Stopped},
    suggest,
};

/// Reads the arguments of this process, runs the command that they name, and returns the exit code: 0, 2 for a wrong call,
/// 128 and its number for a signal that ended a run, and 1 for everything else, with one line `error: …` on standard error.
///
/// `name` is what the program is called: help, errors and the calls that they propose begin with it.
pub fn run<A: Parser>(name: &str, command: impl FnOnce(A) -> Result<()>) -> ExitCode {
    stop::go_on_where_files_are_limited();
    let program = call::set(name, A::command());
    let arguments = program.clone().try_get_matches().and_then(|matches| A::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return report(&error, program),
    };
    match command(arguments).and_then(|()| output::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<Stopped>() {
            Some(Stopped(signal)) => ExitCode::from(signal.exit_code()),
            None if error.is::<Usage>() => wrong(&format!("error: {error}"), program),
            None => {
                output::complain(format_args!("error: {error}"));
                ExitCode::from(1)
            }
        },
    }
}

/// Starts one thread per processor, or as many as `RAYON_NUM_THREADS` says, for the rest of the process: where they cannot be
/// started, the first who needs them would panic.
pub(crate) fn start_threads() -> Result<()> {
    let wanted = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse::<usize>().ok());
    if let Some(n) = wanted.filter(|n| *n > MAX_THREADS) {
        return Err(format!("RAYON_NUM_THREADS is {n}, expected 1 to {MAX_THREADS}").into());
    }
    Ok(rayon::ThreadPoolBuilder::new().build_global().map_err(|cause| {
        format!("cannot start the threads: {cause}; fewer need less memory (RAYON_NUM_THREADS=1)")
    })?)
}

/// Says what is wrong with the call, and where its options are explained.
fn wrong(sentence: &str, program: &Command) -> ExitCode {
    let name = call::name();
    let command = call::arguments().next().and_then(|word| word.into_string().ok());
    match command.filter(|name| program.find_subcommand(name).is_some()) {
        Some(command) => output::complain(format_args!("{sentence}; see {name} {command} --help")),
        None => output::complain(format_args!("{sentence}; see {name} --help")),
    }
    ExitCode::from(2)
}

/// Prints help as clap lays it out, and a wrong call as one line: what is wrong, clap's tip, and where help is.
fn report(error: &clap::Error, program: &Command) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match output::printed(error.print()).and_then(|()| output::finish()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output::complain(format_args!("error: {error}"));
                ExitCode::from(1)
            }
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return wrong("error: no command was given", program);
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
    wrong(&sentence, program)
}
