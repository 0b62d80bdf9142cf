//! The file that holds the settings of a run of `train-mnist`, in TOML.
//!
//! It knows nothing of the command line, so that tests and the fuzzer can read any bytes by it.

use std::{
    io::{self, Read},
    path::Path,
};

use chainrule_layers::{BatchNorm, Elu, LeakyRelu};
use chainrule_losses::LossConfig;
use chainrule_mnist::N_CLASSES;
use chainrule_tensor::{Init, in_words};
use chainrule_trainer::{Activation, MlpConfig, TrainConfig};
use serde::{Deserialize, Serialize};

/// The longest file that is read: twenty times what all settings take.
pub(crate) const MAX_LENGTH: u64 = 1 << 14;

/// Reading takes at most this many times the memory of the text, and 64 KiB: so much for
/// keys that are all dots, each of which is a table in a table.
#[allow(dead_code, reason = "tests and the fuzzer hold it to that")]
pub(crate) const MEMORY_FACTOR: usize = 1536;

/// All settings that a file may hold, each with the tutorial's default.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunConfig {
    pub(crate) network: Network,
    pub(crate) training: TrainConfig,
}

/// The network without its numbers of inputs and outputs, which are those of the data.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Network {
    pub(crate) hidden: Vec<usize>,
    /// One for all hidden layers, or one for each.
    pub(crate) activation: Vec<Activation>,
    pub(crate) init: Option<Init>,
    pub(crate) batch_norm: bool,
    pub(crate) dropout: f64,
    pub(crate) seed: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) norm: BatchNorm,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) leaky_relu: LeakyRelu,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) elu: Elu,
    pub(crate) loss: LossConfig,
}

/// What is as usual is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for Network {
    fn default() -> Self {
        Network {
            hidden: vec![50],
            activation: vec![Activation::Sigmoid],
            init: None,
            batch_norm: false,
            norm: BatchNorm::default(),
            dropout: 0.0,
            seed: 1,
            leaky_relu: LeakyRelu::default(),
            elu: Elu::default(),
            loss: LossConfig::default(),
        }
    }
}

impl Network {
    /// The network for images of so many pixels.
    pub(crate) fn for_images(&self, n_pixels: usize) -> MlpConfig {
        let sizes: Vec<usize> =
            [n_pixels].into_iter().chain(self.hidden.clone()).chain([N_CLASSES]).collect();
        let mut config = MlpConfig::new(sizes)
            .with_norm(self.norm)
            .with_batch_norm(self.batch_norm)
            .with_leaky_relu(self.leaky_relu)
            .with_elu(self.elu)
            .with_dropout(self.dropout)
            .with_loss(self.loss.clone())
            .with_seed(self.seed);
        config = match self.activation[..] {
            [for_all] => config.with_activation(for_all),
            _ => config.with_activations([&self.activation[..], &[Activation::Identity]].concat()),
        };
        config.init = self.init;
        config
    }
}

impl RunConfig {
    /// The settings in a file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = whole(path)
            .map_err(|cause| format!("cannot read the configuration {}: {cause}", path.display()))?;
        RunConfig::from_toml(&text)
            .map_err(|(line, message)| format!("{}, line {line}: {message}", path.display()))
    }

    /// The settings that a text gives; or where the mistake is, and what it is.
    pub(crate) fn from_toml(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| one_line(text, &error))
    }

    /// The file that gives these settings.
    pub(crate) fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

/// The text of a file that is not too long; of one without end, no more than that is read.
fn whole(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    chainrule_files::open(path)?.take(MAX_LENGTH + 1).read_to_string(&mut text)?;
    match text.len() as u64 {
        0..=MAX_LENGTH => Ok(text),
        _ => Err(io::Error::other(format!("it is longer than {MAX_LENGTH} bytes"))),
    }
}

/// Where the mistake is and what it is, without the picture of the line that the library draws.
fn one_line(text: &str, error: &toml::de::Error) -> (usize, String) {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut message = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
    // What a person writes first for a choice that is a table.
    if message.contains("invalid type: unit variant")
        && let Some((key, name)) = text.lines().nth(line - 1).and_then(|line| line.split_once('='))
    {
        let table = text.lines().take(line).filter_map(|line| line.trim().strip_prefix('[')).last();
        let (key, name) = (key.trim(), name.trim());
        let table = table.unwrap_or("]").trim_end_matches(']');
        message = format!("{name} has settings of its own: write [{table}.{key}.{}]", name.trim_matches('"'));
    }
    (line, in_words(&message))
}
