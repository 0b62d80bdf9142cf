#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Of a function.
mod gradient_descent;

// What a rule is and what it is given.
mod optimizer;

// The rules, and what their settings have in common.
mod rules;
mod settings;

// What happens to a gradient and to the learning rate before an update.
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
