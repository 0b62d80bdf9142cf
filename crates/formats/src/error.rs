//! The errors of this crate, one sentence each.

use std::{fmt::Display, io, path::PathBuf};

use chainrule_protobuf::Malformed;

/// Why a file could not be written or read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot be {doing}: {cause}", path.display())]
    Io {
        /// "read" or "written".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },

    /// The file does not hold what was asked for, or the network cannot be put into it.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with a file, or with a network that should become one.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes are of none of the formats.
    #[error(
        "starts with \"{}\", which is neither safetensors, npz, ONNX nor a checkpoint", found.escape_ascii()
    )]
    Unknown {
        /// The first bytes, at most 16.
        found: Vec<u8>,
    },

    /// The bytes break a rule of the format.
    #[error("is no whole {format} file: {what}: found {found}, expected {expected}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// The part of the file.
        what: String,
        /// What is there.
        found: String,
        /// What the format wants.
        expected: String,
    },

    /// The bytes are allowed by the format, but not here.
    #[error("has {what}: found {found}, expected {expected}")]
    Unsupported {
        /// The part of the file.
        what: String,
        /// What is there.
        found: String,
        /// What is read here.
        expected: String,
    },

    /// There is no description of the network in the file, as in all that other programs write.
    #[error("does not say which network its tensors are of: its activations and its loss have to be given")]
    NoDescription,

    /// The description of the network cannot be read, or describes none.
    #[error("has a description of its network that cannot be used: {0}")]
    Description(String),

    /// The activations that were given don't fit.
    #[error("the activations: found {found}, expected {expected}")]
    Activations {
        /// What was given.
        found: String,
        /// What the tensors allow.
        expected: String,
    },

    /// An activation may stand on both sides of a batch norm, and the tensors don't tell on which.
    #[error("does not tell whether {activation} stands before or behind the batch norm {norm}: name all layers, as {} or {}", orders[0], orders[1])]
    Order {
        /// The activation.
        activation: String,
        /// The module of the batch norm.
        norm: String,
        /// All layers, with the activation before and behind.
        orders: [String; 2],
    },

    /// A list of layers cannot be read, or is not that of the tensors.
    #[error("the layers: {0}")]
    Layers(String),

    /// A tensor is missing, or superfluous, or has another shape than the network's.
    #[error("has {found}, the network expects {expected}")]
    Tensor {
        /// Name and shape in the file.
        found: String,
        /// Name and shape in the network.
        expected: String,
    },

    /// A value is not a finite number, or a variance is negative.
    #[error("has a value that no network can have: {name}[{index}] is {value}, expected {expected}")]
    Value {
        /// The tensor.
        name: String,
        /// The position in row-major order.
        index: usize,
        /// The value.
        value: f32,
        /// What is allowed.
        expected: &'static str,
    },

    /// The network has something that the format cannot hold.
    #[error("cannot hold this network: {0}")]
    NotExported(String),
}

chainrule_trainer::tensor::debug_is_display!(Error, Problem);

impl Problem {
    pub(crate) fn malformed(
        format: &'static str,
        what: &str,
        found: impl Display,
        expected: impl Display,
    ) -> Self {
        let (what, found, expected) = (what.to_string(), found.to_string(), expected.to_string());
        Problem::Malformed { format, what, found, expected }
    }

    pub(crate) fn unsupported(what: &str, found: impl Display, expected: impl Display) -> Self {
        let (what, found, expected) = (what.to_string(), found.to_string(), expected.to_string());
        Problem::Unsupported { what, found, expected }
    }
}

impl From<Malformed> for Problem {
    fn from(Malformed { what, found, expected, .. }: Malformed) -> Self {
        Problem::Malformed { format: "ONNX", what, found, expected }
    }
}
