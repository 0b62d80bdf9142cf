//! The integration tests of `cargo xtask` and of the repository in one program.

#[cfg(unix)]
mod circles;
#[path = "../../../crates/cli/tests/it/common/mod.rs"]
#[allow(dead_code, reason = "made for the tests of all commands")]
mod common;
mod compare;
mod errors;
mod help;
mod outside;
mod repository;
mod scaling;
mod torture;

/// What the tests call.
const PROGRAM: &str = env!("CARGO_BIN_EXE_xtask");
