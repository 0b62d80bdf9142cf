//! The integration tests of the command line in one program.

mod arithmetic;
mod bad_input;
mod called;
mod commands;
mod common;
mod formats;
mod hard_pictures;
mod hostile;
mod keeping;
mod logs;
#[cfg(unix)]
mod lost_work;
#[path = "../../src/picture/mod.rs"]
#[allow(dead_code, reason = "files are read by the command line alone")]
mod picture;
mod pictures;
mod predict;
mod report;
#[path = "../../src/run_file.rs"]
#[allow(dead_code, reason = "files are read by the command line alone")]
mod run_file;
mod runs;
#[cfg(unix)]
mod terminal;

/// What the tests call.
const PROGRAM: &str = env!("CARGO_BIN_EXE_chainrule");
