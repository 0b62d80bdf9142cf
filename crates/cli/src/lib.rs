#![doc = include_str!("../README.md")]
//! # The library
//!
//! A program of one's own may have all commands: [`run`] reads a call and runs it.
//!
//! ```no_run
//! use chainrule_cli::{Arguments, run};
//!
//! fn main() -> std::process::ExitCode {
//!     run("chainrule", |arguments: Arguments| arguments.command.run())
//! }
//! ```
//!
//! Every command is a module of its own; what is worth testing by itself lives in the other crates. The modules that are
//! public serve the repository's own commands, `chainrule`, and are no promise.

#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod args;
mod call;
mod commands;
mod compare_runs;
mod completions;
#[doc(hidden)]
pub mod data;
mod error;
mod evaluate;
mod export;
mod gradcheck;
mod history;
mod import;
mod inspect;
mod keeping;
#[doc(hidden)]
pub mod output;
mod picture;
mod places;
mod predict;
mod program;
mod report;
mod run_config;
mod run_file;
mod stop;
mod suggest;
mod table;
mod train_mnist;

pub use commands::{Arguments, Command};
pub use error::{Result, Usage};
pub use program::run;
#[doc(hidden)]
pub use train_mnist::LOGGED_NETWORK;
