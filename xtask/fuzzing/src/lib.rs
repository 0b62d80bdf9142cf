//! What the tests that give readers any bytes have in common: an allocator that counts, bytes that are nearly right, and
//! the seeds they come from.
//!
//! A target is a function of bytes: it reads them in every way there is, and asserts what is promised whatever they are.
//! The same function is called by a short test (`crates/*/tests/it/hostile`, through [`run`]) and by a fuzzer
//! (`crates/*/fuzz`, through `cargo xtask fuzz`), and both begin with the files in `crates/*/fuzz/seeds/TARGET`.

mod bytes;
mod memory;
mod seeds;

pub use bytes::{Random, mutated};
pub use memory::{peak_of, within};
pub use seeds::{run, write};
