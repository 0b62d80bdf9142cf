#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;

// The network.
mod gradient;
mod numerical;
mod two_layer_config;
mod two_layer_net;

// The data, and how they are cut.
mod order;
mod samples;
mod shards;

// Training.
mod evaluate;
mod minibatch;
mod parallel;
mod progress;
mod train;
mod update;

#[cfg(feature = "checkpoint")]
mod checkpoint;

#[cfg(feature = "checkpoint")]
pub use checkpoint::{Checkpoint, TrainingRecord};
pub use error::{CheckpointProblem, Error};
pub use evaluate::{ClassCount, Evaluation, evaluate};
pub use gradient::Gradient;
pub use minibatch::{MiniBatch, Outcome};
pub use order::Sampling;
pub use parallel::MAX_THREADS;
pub use progress::{EpochReport, Event, StepReport, Summary};
pub use samples::{Samples, TargetKind};
pub use train::{GradientMethod, Length, TrainConfig, train};
pub use two_layer_config::{Activation, TwoLayerConfig};
pub use two_layer_net::TwoLayerNet;
pub use update::update;
