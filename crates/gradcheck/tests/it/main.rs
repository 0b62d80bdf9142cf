//! The integration tests of this crate in one program.

mod control;
mod gradients;
mod inputs;
mod kinks;
mod outputs;
mod panics;
mod refusals;
mod smooth;
mod texts;
