//! What `cargo xtask` starts: cargo, which builds and runs the program that has the command.
//!
//! The commands of users are those of `chainrule`, so that nothing is compiled for them that only this repository needs; all
//! others, and the help, are those of the package `xtask`, which has these as well.

#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::{Command, ExitCode},
};

/// All commands of `chainrule`, but `completions`, which has to know those of the repository too.
const OF_USERS: [&str; 10] = [
    "compare-runs",
    "evaluate",
    "export",
    "gradcheck",
    "history",
    "import",
    "inspect",
    "predict",
    "report",
    "train-mnist",
];

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    let is_of_users = arguments.peek().is_some_and(|first| OF_USERS.iter().any(|name| first == name));
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["run", "--release", "--package", if is_of_users { "chainrule-cli" } else { "xtask" }]);
    // Compiling may take minutes: a person sees how it goes.
    if !io::stderr().is_terminal() {
        cargo.arg("--quiet");
    }
    cargo.arg("--").args(arguments);
    // Not for `xtask`, which knows its name: `ci` would hand it on to the tests of `chainrule`.
    if is_of_users {
        cargo.env("CHAINRULE_CALLED_AS", "cargo xtask");
    }
    let error = become_cargo(cargo);
    // Where it cannot be said, the exit code still tells.
    let _ = writeln!(io::stderr(), "error: cargo does not start: {error}");
    ExitCode::FAILURE
}

/// Goes on as cargo, which then goes on as the program: signals and exit codes are the program's own.
#[cfg(unix)]
fn become_cargo(mut cargo: Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut cargo)
}

#[cfg(not(unix))]
fn become_cargo(mut cargo: Command) -> io::Error {
    match cargo.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_of_users_are_known() {
        let program = chainrule_cli::Arguments::command();
        let names = program.get_subcommands().map(clap::Command::get_name);
        let mut names: Vec<&str> = names.filter(|name| *name != "completions").collect();
        names.sort();
        assert_eq!(names, OF_USERS);
    }
}
