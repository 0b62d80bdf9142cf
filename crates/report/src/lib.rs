#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;

// What is reported on.
mod run;

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
mod table;
mod text;

/// What is measured while a network is trained.
pub use chainrule_logs as logs;
/// The networks that are reported on.
pub use chainrule_trainer as trainer;

pub use error::Error;
pub use report::Report;
pub use run::Run;
pub use text::harmless;
