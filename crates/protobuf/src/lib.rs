#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod read;
mod write;

pub use error::Malformed;
pub use read::{Fields, Value};
pub use write::Message;
