#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;

// What is logged.
mod image;
mod record;
mod scalar;
mod tags;

// How others want it.
mod crc32c;
mod event;

mod writer;

pub use error::Error;
pub use image::Image;
pub use record::Record;
pub use scalar::{MEMORY_FACTOR, Scalar, read_scalars, scalars_from_bytes};
pub use writer::LogWriter;

/// The name of the file with the scalars, in a folder of logs.
pub const SCALARS: &str = "scalars.jsonl";
