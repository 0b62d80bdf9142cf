#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod error;

// The network.
mod gradient;
mod mlp_config;
mod network;
mod network_config;
mod numerical;
mod predictor;
mod target_scale;

// Training.
mod communicator;
mod early_stopping;
mod events;
mod minibatch;
mod not_finite;
mod parallel;
mod parameter_group;
mod run;
mod train;
mod train_config;
mod train_state;
mod update;

// What became of it.
pub mod diagnostics;
mod evaluate;
mod metrics;

// What a file keeps.
#[cfg(feature = "checkpoint")]
mod checkpoint;
#[cfg(feature = "checkpoint")]
pub mod checkpoint_format;
#[cfg(feature = "checkpoint")]
mod data_identity;
#[cfg(feature = "checkpoint")]
mod differences;
#[cfg(feature = "checkpoint")]
mod resume;

// For crates that depend on this one alone.
pub use chainrule_data as data;
pub use chainrule_layers as layers;
pub use chainrule_losses as losses;
pub use chainrule_optimizers as optimizers;
pub use chainrule_tensor as tensor;

pub use chainrule_data::{Dataset, Samples, Sampling, TargetKind, split};
pub use chainrule_files::{check_file_path, write_file};
pub use chainrule_layers::{Activation, Encode, Encoding};
#[cfg(feature = "checkpoint")]
pub use checkpoint::{Checkpoint, Checkpoints, Every, OnCheckpointError, Resume, TrainingRecord};
pub use communicator::Communicator;
#[cfg(feature = "checkpoint")]
pub use data_identity::data_identity;
#[cfg(feature = "checkpoint")]
pub use differences::{Difference, differences};
pub use early_stopping::EarlyStopping;
pub use error::{CheckpointProblem, Error};
pub use evaluate::{Evaluation, evaluate};
pub use events::{EpochReport, Event, Resumed, Saved, StepReport, Summary};
pub use gradient::Gradient;
pub use metrics::{Confusion, Deviation};
pub use minibatch::{MiniBatch, Outcome};
pub use mlp_config::MlpConfig;
pub use network::{Mlp, Network, TwoLayerNet};
pub use network_config::NetworkConfig;
pub use parallel::MAX_THREADS;
pub use parameter_group::ParameterGroup;
pub use predictor::Predictor;
pub use target_scale::TargetScale;
pub use train::{Train, train};
pub use train_config::{GradientMethod, Length, TrainConfig};
pub use train_state::{DataIdentity, TrainState};
pub use update::update;
