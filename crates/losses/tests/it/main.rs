//! The integration tests of this crate in one program.

mod golden;
mod gradients;
mod predictions;
mod properties;
mod settings;
mod weights;
