//! The integration tests of this crate in one program.

mod common;
mod products;
mod random;
mod special_values;
