#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod draw;

/// The networks that are reported on.
pub use chainrule_trainer as trainer;
