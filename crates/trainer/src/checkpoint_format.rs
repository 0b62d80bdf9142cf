#![doc = include_str!("checkpoint/FORMAT.md")]
