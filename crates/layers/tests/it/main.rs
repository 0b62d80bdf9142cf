//! The integration tests of this crate in one program.

mod dropout;
mod golden;
mod mutations;
mod reference;
mod sequential;
