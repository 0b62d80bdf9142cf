//! The integration tests of this crate in one program.

mod colours;
mod page;
