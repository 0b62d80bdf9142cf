#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod error;

// Where samples come from.
mod any_samples;
mod dataset;
mod pixels;
mod samples;

// Mini-batches and splits.
mod order;
mod split;

pub use any_samples::AnySamples;
/// The inputs and targets that samples are gathered into, for crates that depend on this one alone.
pub use chainrule_tensor as tensor;
pub use dataset::Dataset;
pub use error::Error;
pub use order::{Order, Sampling};
pub use pixels::{scale_to, scaled};
pub use samples::{Samples, TargetKind};
pub use split::{Fold, folds, split};
