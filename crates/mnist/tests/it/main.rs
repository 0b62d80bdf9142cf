//! The integration tests of this crate in one program; `memory.rs` has a program of its own and says why.

mod any_bytes;
mod common;
mod hostile;
mod messages;
mod real_mnist;
mod round_trip;
