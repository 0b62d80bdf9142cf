#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

/// The networks that are reported on.
pub use chainrule_trainer as trainer;
