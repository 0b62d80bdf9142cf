#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod number;
mod parse;
mod table;

pub use error::Error;
pub use number::Number;
pub use table::{MEMORY_FACTOR, Table};
