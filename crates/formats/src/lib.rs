#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod file;

// Between a network and named tensors in PyTorch's layout.
mod description;
mod foreign;
mod forms;
mod state_dict;

// The formats.
mod contents;
pub mod npz;
pub mod onnx;
pub mod safetensors;

/// The networks that are exported and imported.
pub use chainrule_trainer as trainer;

pub use contents::{Contents, Format, MEMORY_FACTOR, inspect, inspect_up_to};
pub use error::{Error, Problem};
pub use forms::pytorch;
pub use state_dict::{StateDict, Tensor};
