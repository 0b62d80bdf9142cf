#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// The numerical derivative.
mod real;
mod step;

mod derivative;

// The check of a function of one slice, and of its kinks.
mod check;
mod comparison;
mod judge;
mod kink;
mod limit;
mod stencil;
mod subset;

// Checks built on that one.
mod control;
mod inputs;
mod outputs;

// Results.
mod refusal;
mod report;
mod reports;

pub use check::Check;
pub use comparison::Worst;
pub use derivative::{central_difference, derivative};
pub use real::Real;
pub use refusal::Refusal;
pub use report::Report;
pub use reports::Reports;
pub use step::Step;
