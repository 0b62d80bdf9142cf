#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod lock;
mod whole;

pub use lock::lock;
pub use whole::{Disk, System, check_file_path, remove_temporaries, write_file, write_whole};
