//! The integration tests of this crate in one program.

mod golden;
mod properties;
mod settings;
