//! The integration tests of this crate in one program.

mod common;

mod event_files;
mod hostile;
mod runs;
