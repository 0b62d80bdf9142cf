//! The program `chainrule`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use chainrule_cli::{Arguments, run};

fn main() -> ExitCode {
    // `chainrule` says by this variable that it was called; the program is then spoken of by that name.
    let name = std::env::var("CHAINRULE_CALLED_AS").unwrap_or_else(|_| "chainrule".to_string());
    run(&name, |arguments: Arguments| arguments.command.run())
}
