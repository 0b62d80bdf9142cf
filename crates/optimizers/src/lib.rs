#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Of a function.
mod gradient_descent;

// What a rule is and what it is given.
mod optimizer;

// The rules, and the ranges of their settings.
mod adagrad;
mod adam;
mod adamw;
mod momentum;
mod nesterov;
mod rmsprop;
mod settings;
mod sgd;

// Any of them.
mod config;

// What a rule remembers between steps.
mod parameter_state;
mod state;

// What happens to a gradient and to the learning rate before an update.
mod clip;
pub mod schedule;

mod error;

#[cfg(test)]
mod test_util;

pub use adagrad::AdaGrad;
pub use adam::Adam;
pub use adamw::AdamW;
pub use clip::{Clip, NORM_BLOCK, global_norm, global_norm_of_sums, sum_of_squares};
pub use config::OptimizerConfig;
pub use error::Error;
pub use gradient_descent::{gradient_descent, gradient_descent_path};
pub use momentum::Momentum;
pub use nesterov::Nesterov;
pub use optimizer::{MAX_SLOTS, Optimizer, Update};
pub use parameter_state::{ParameterState, ParameterStates};
pub use rmsprop::RmsProp;
pub use schedule::Schedule;
pub use sgd::Sgd;
pub use state::State;
