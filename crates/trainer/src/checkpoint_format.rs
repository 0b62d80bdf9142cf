#![doc = include_str!("checkpoint/FORMAT.md")]

pub use crate::checkpoint::{MEMORY_FACTOR, MEMORY_MORE};
