//! The program `chainrule`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use chainrule_cli::{Arguments, run};

fn main() -> ExitCode {
    // `cargo xtask` sets it, so that help and errors use the name that the user typed.
    let name = std::env::var("CHAINRULE_CALLED_AS").unwrap_or_else(|_| "chainrule".to_string());
    run(&name, |arguments: Arguments| arguments.command.run())
}
