#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod file;

// What is reported on.
mod run;
mod scalar;

// What the test set says about a network.
mod calibration;
mod inside;
mod predictions;

// The page.
mod chart;
mod draw;
mod numbers;
mod page;
mod picture;
mod report;
mod sections;

/// The networks that are reported on.
pub use chainrule_trainer as trainer;

pub use error::Error;
pub use report::Report;
pub use run::Run;
pub use scalar::Scalar;
