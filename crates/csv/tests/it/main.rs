//! The integration tests of this crate in one program.

mod hostile;
mod messages;
mod tables;
