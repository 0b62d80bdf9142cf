//! The errors of this crate, one sentence each.

use std::{fmt::Display, io, path::PathBuf};

/// Why a network could not be made, trained, resumed, saved or loaded.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error("{what} is {found}, expected {expected}")]
    Config {
        /// The setting.
        what: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        expected: String,
    },

    /// A layer has a setting that is out of its range.
    #[error(transparent)]
    Layer(#[from] chainrule_layers::Error),

    /// The data are of no use.
    #[error(transparent)]
    Samples(#[from] chainrule_data::Error),

    /// The data don't fit the network.
    #[error("{what}: found {found}, expected {expected}")]
    Data {
        /// What does not fit.
        what: String,
        /// What the data have.
        found: String,
        /// What the network takes.
        expected: String,
    },

    /// A loss, a gradient or a parameter is no longer a finite number.
    #[error(
        "training has diverged: {what} is {value} at step {step} in epoch {epoch}{}{}; try a smaller learning rate (it is \
         {learning_rate:?}), a bound on the gradient, a smaller weight decay, smaller initial weights, {}inputs nearer \
         to 0…1{}",
        layer.as_ref().map_or(String::new(), |layer| format!(", first in {layer}")),
        largest.as_ref().map_or(String::new(), |(name, value)| format!("; the largest parameter is {name} = {value:?}")),
        if *raw_targets { "" } else { "or " },
        if *raw_targets { ", or targets that are scaled (NetworkConfig::with_scale)" } else { "" }
    )]
    NotFinite {
        /// The loss, or a parameter or its gradient by name and position.
        what: String,
        /// NaN or an infinity.
        value: f64,
        /// The epoch, from 1.
        epoch: u64,
        /// The step since training began, from 1. Parameters are looked at after every sixteenth step, after every
        /// epoch and before every checkpoint.
        step: u64,
        /// The learning rate of the step.
        learning_rate: f64,
        /// The first layer with a parameter or an output that is not finite.
        layer: Option<String>,
        /// The parameter that is farthest from 0 of those that are finite, by name and position.
        largest: Option<(String, f32)>,
        /// Whether the network predicts values and has no scale of its targets.
        raw_targets: bool,
    },

    /// A setting of the loss is out of its range, or the loss does not fit the outputs.
    #[error("{cause}")]
    Loss {
        /// What is wrong with it.
        cause: chainrule_losses::Error,
    },

    /// The learning-rate schedule contradicts itself, or does not fit the length of the run.
    #[error("{cause}")]
    Schedule {
        /// What does not fit.
        cause: chainrule_optimizers::Error,
    },

    /// The threads could not be started.
    #[error("cannot start {threads} threads: {cause}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The operating system's reason.
        cause: String,
    },

    /// A checkpoint could not be read or written.
    #[error("cannot {doing} the checkpoint {}: {cause}", path.display())]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// The checkpoint.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },

    /// A folder for checkpoints is of no use.
    #[error("cannot {doing} the checkpoint folder {}: {cause}", path.display())]
    Folder {
        /// "make", "read", "write to", "clear" or "start the thread that writes to".
        doing: &'static str,
        /// The folder.
        path: PathBuf,
        /// The operating system's reason.
        cause: io::Error,
    },

    /// Another run writes its checkpoints there.
    #[error(
        "the checkpoint folder {} is in use by another run; wait for its end, or give this run a folder of its own",
        path.display()
    )]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },

    /// A run that begins anew would replace the checkpoints of another.
    #[error(
        "the checkpoint folder {} has checkpoints already, the newest of step {step}; resume that run, or give this one \
         a folder of its own",
        path.display()
    )]
    FolderNotEmpty {
        /// The folder.
        path: PathBuf,
        /// The step of the newest.
        step: u64,
    },

    /// A run cannot go on where a checkpoint left off, since it would be another run.
    #[error("cannot resume from {}: {what} is {found}, expected {expected}", path.display())]
    Resume {
        /// The checkpoint.
        path: PathBuf,
        /// What is different.
        what: String,
        /// As it is in this run.
        found: String,
        /// As it was in the run that was saved.
        expected: String,
    },

    /// A file is no checkpoint, or is damaged.
    #[error("{}: {problem}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: CheckpointProblem,
    },
}

/// What is wrong with a file that should be a checkpoint.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointProblem {
    /// The file is shorter than a checkpoint's header.
    #[error("is no whole checkpoint: found {found} bytes, expected at least {expected}")]
    TooShort {
        /// The length of the file.
        found: u64,
        /// The length of the header and the checksum.
        expected: u64,
    },

    /// The first bytes are another program's.
    #[error("is not a chainrule checkpoint: it starts with \"{}\", expected \"{}\"", found.escape_ascii(), expected.escape_ascii())]
    Foreign {
        /// The first bytes, at most 8.
        found: Vec<u8>,
        /// Those of a checkpoint.
        expected: [u8; 8],
    },

    /// A format of another time.
    #[error("has checkpoint format {found}, this version reads {}", list(expected))]
    Version {
        /// The format of the file.
        found: u32,
        /// The formats that are known.
        expected: Vec<u32>,
    },

    /// The file was cut, or something was appended.
    #[error("has {found} bytes, its header says {expected}: it was {}", if found < expected { "cut" } else { "appended to" })]
    Length {
        /// The length of the file.
        found: u64,
        /// The length that its header gives.
        expected: u64,
    },

    /// The bytes are not those that were written.
    #[error("is damaged: its checksum is {found:08x}, expected {expected:08x}")]
    Checksum {
        /// The checksum of the bytes.
        found: u32,
        /// The checksum that was written.
        expected: u32,
    },

    /// The bytes are those that were written, by a program that knew more kinds.
    #[error("holds something of kind {found}, expected 1 or 2")]
    Kind {
        /// The number of the kind.
        found: u32,
    },

    /// The bytes are whole, but don't say what a checkpoint says.
    #[error("cannot be decoded: {0}")]
    Decode(String),

    /// A parameter is missing, or has another name or shape than the network's.
    #[error("has the parameter {found}, the network it describes expects {expected}")]
    Parameter {
        /// Name and shape in the file.
        found: String,
        /// Name and shape in the network.
        expected: String,
    },

    /// A parameter is not a finite number.
    #[error("has a parameter that is not finite: {name}[{index}] is {value}")]
    NotFinite {
        /// The parameter.
        name: String,
        /// The position in column order.
        index: usize,
        /// NaN or an infinity.
        value: f32,
    },

    /// A running variance is below 0.
    #[error("has a variance below 0: {name}[{index}] is {value}")]
    Variance {
        /// The tensor, or where in the run's state it is.
        name: String,
        /// The position in the tensor.
        index: usize,
        /// The value.
        value: f32,
    },

    /// A squared gradient in the optimizer state is below 0.
    #[error("has a squared gradient below 0: {name}[{index}] is {value}")]
    Square {
        /// Which slot of the state.
        name: String,
        /// The position in the slot.
        index: usize,
        /// The value.
        value: f32,
    },
}

chainrule_tensor::debug_is_display!(Error, CheckpointProblem);

/// Numbers as a sentence has them.
fn list(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

impl From<chainrule_optimizers::Error> for Error {
    fn from(cause: chainrule_optimizers::Error) -> Self {
        match cause {
            chainrule_optimizers::Error::Setting { name, found, expected } => {
                Error::config(name, chainrule_tensor::shown(found), expected)
            }
            cause => Error::Schedule { cause },
        }
    }
}

impl Error {
    pub(crate) fn config(what: &'static str, found: impl Display, expected: impl Display) -> Error {
        Error::Config { what, found: found.to_string(), expected: expected.to_string() }
    }
}
