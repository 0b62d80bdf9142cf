#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

// Gradient descent on a function of a vector.
mod gradient_descent;

// The trait of all optimizers, and what an update is given.
mod optimizer;

// The optimizers, and what their settings have in common.
mod rules;
mod settings;

// Gradient clipping and learning-rate schedules.
mod clip;
pub mod schedule;

mod error;

#[cfg(test)]
mod test_util;

pub use clip::{Clip, NORM_BLOCK, global_norm, global_norm_of_sums, sum_of_squares};
pub use error::Error;
pub use gradient_descent::{gradient_descent, gradient_descent_path};
pub use optimizer::{MAX_SLOTS, Optimizer, Update};
pub use rules::*;
pub use schedule::Schedule;
