//! The integration tests of this crate in one program.

mod any_bytes;
mod common;
mod foreign;
mod hostile;
mod memory;
mod networks;
mod round_trip;
