#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// What a loss is and what it is given.
mod error;
mod loss;

// Of classes.
mod binary_cross_entropy;
mod cross_entropy_on_probabilities;
mod softmax_cross_entropy;

// Of values.
mod half_squared_error;
mod huber;
mod mean_squared_error;

// Any of them.
mod config;

// What the losses share that treat every element alike.
mod elementwise;

pub use binary_cross_entropy::BinaryCrossEntropy;
/// The matrices that losses take, for crates that depend on this one alone.
pub use chainrule_tensor as tensor;
pub use chainrule_tensor::{TargetBuffer, Targets};
pub use config::LossConfig;
pub use cross_entropy_on_probabilities::CrossEntropyOnProbabilities;
pub use error::Error;
pub use half_squared_error::HalfSquaredError;
pub use huber::Huber;
pub use loss::{Loss, LossSum};
pub use mean_squared_error::MeanSquaredError;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
