#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// The numerical derivative.
mod real;
mod step;

mod derivative;

// The check.
mod check;
mod comparison;
mod subset;

// What it found.
mod report;
mod reports;

pub use check::Check;
pub use comparison::Worst;
pub use derivative::{central_difference, derivative};
pub use real::Real;
pub use report::{Refusal, Report};
pub use reports::Reports;
pub use step::Step;
