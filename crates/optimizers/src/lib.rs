#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// Of a function.
mod gradient_descent;

// What a rule is and what it is given.
mod optimizer;

// The rules.
mod momentum;
mod sgd;

// Any of them.
mod config;

// What a rule remembers between steps.
mod state;

mod error;

pub use config::OptimizerConfig;
pub use error::Error;
pub use gradient_descent::{gradient_descent, gradient_descent_path};
pub use momentum::Momentum;
pub use optimizer::{MAX_SLOTS, Optimizer, Update};
pub use sgd::Sgd;
pub use state::{ParameterState, State};
