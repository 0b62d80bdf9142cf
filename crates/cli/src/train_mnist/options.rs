//! The options of `train-mnist`.

use std::path::PathBuf;

use chainrule_losses::LossConfig;
use chainrule_optimizers::{OptimizerConfig, Schedule};
use chainrule_tensor::Init;
use chainrule_trainer::{Activation, GradientMethod, Sampling};
use clap::{Args, ValueEnum};

use crate::{
    args::{
        above_zero, activation, at_least_one, at_least_one_u64, loss, named, not_below_zero, optimizer, seed,
        share, threads,
    },
    data::Data,
    keeping::Keeping,
};

/// The network before training.
#[derive(Args, Debug)]
pub(crate) struct Network {
    /// Hidden units; several numbers for several hidden layers [default: 50]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) hidden: Option<Vec<usize>>,
    /// The function behind hidden layers, one name for all or one for each [default: sigmoid]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = activation())]
    pub(crate) activation: Option<Vec<Activation>>,
    /// Initial weights: a standard deviation, or xavier-uniform, xavier-normal, he-uniform, he-normal [default: 0.01
    /// for one hidden layer of sigmoids, else he-normal or xavier-normal by activation]
    #[arg(long, value_name = "INIT", allow_negative_numbers = true)]
    pub(crate) init: Option<Init>,
    /// The seed of the initial weights and of all else that is random [default: 1]
    #[arg(long, value_name = "SEED", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule train-mnist                       the tutorial's recipe, about 94.5 %\n  \
    chainrule train-mnist --learning-rate 0.5   with a better rate, about 97 %\n  \
    chainrule train-mnist --preset fast --checkpoint net.ckpt\n  \
    chainrule train-mnist --hidden 256,128 --activation relu --optimizer adamw\n  \
    chainrule train-mnist --checkpoint-dir run --resume auto\n  \
    chainrule train-mnist --print-config > run.toml\n  \
    chainrule train-mnist --config run.toml --seed 2 --json")]
pub struct TrainMnist {
    /// Take the settings from this file; options that are given as well go before it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Start from other settings than the tutorial's: fast gets 50 hidden units above 97 % in half a second
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) preset: Option<Preset>,
    /// Print the settings of network and training in the form of such a file, and train nothing
    #[arg(long, conflicts_with = "json")]
    pub(crate) print_config: bool,

    #[command(flatten, next_help_heading = "Network")]
    pub(crate) network: Network,
    /// Normalise hidden layers over the mini-batch
    #[arg(long)]
    pub(crate) batch_norm: bool,
    /// The share of hidden outputs left out in training, 0 up to 1 [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) dropout: Option<f64>,
    /// What training minimises [default: softmax-cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = loss())]
    pub(crate) loss: Option<LossConfig>,
    /// The share of every target that is spread over all classes, 0 up to 1 [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) label_smoothing: Option<f64>,
    /// How much each class counts in the loss, one number for each [default: all alike]
    #[arg(long, value_name = "W,…", value_delimiter = ',', value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) class_weights: Option<Vec<f64>>,

    /// The rule by which gradients change parameters [default: sgd]
    #[arg(long, help_heading = "Optimizer", value_name = "NAME", value_parser = optimizer())]
    pub(crate) optimizer: Option<OptimizerConfig>,
    /// The size of a step [default: 0.1 for sgd, the published one for every other rule]
    #[arg(long, help_heading = "Optimizer", value_name = "RATE", value_parser = above_zero, allow_hyphen_values = true)]
    pub(crate) learning_rate: Option<f64>,
    /// The share of the velocity that is kept, 0 up to 1, with momentum and nesterov [default: 0.9]
    #[arg(long, help_heading = "Optimizer", value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) momentum: Option<f64>,
    /// Pulls every parameter towards 0: L2, decoupled with adamw [default: 0, adamw 0.01]
    #[arg(long, help_heading = "Optimizer", value_name = "DECAY", value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) weight_decay: Option<f64>,
    /// Keep biases, and the scales of batch normalisation, out of the weight decay
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) no_bias_decay: bool,
    /// How the learning rate changes, in mini-batches: constant, step:EVERY:GAMMA, exponential:GAMMA, cosine, warmup:STEPS, one-cycle, or
    /// several, as in warmup:500+cosine [default: constant]
    #[arg(long, help_heading = "Optimizer", value_name = "SCHEDULE")]
    pub(crate) schedule: Option<Schedule>,
    /// Bound every value of the gradient
    #[arg(long, help_heading = "Optimizer", value_name = "LIMIT", value_parser = above_zero, allow_negative_numbers = true, conflicts_with = "clip_norm")]
    pub(crate) clip_value: Option<f64>,
    /// Bound the norm of the whole gradient
    #[arg(long, help_heading = "Optimizer", value_name = "NORM", value_parser = above_zero, allow_negative_numbers = true)]
    pub(crate) clip_norm: Option<f64>,

    /// Samples per step [default: 100]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) batch_size: Option<usize>,
    /// Passes over the training set [default: 16]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one_u64, allow_negative_numbers = true, conflicts_with = "steps")]
    pub(crate) epochs: Option<u64>,
    /// Stop after this many mini-batches instead of whole epochs
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one_u64, allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
    /// How mini-batches are put together; the tutorial draws with replacement [default: shuffled]
    #[arg(long, help_heading = "Training", value_name = "HOW", value_parser = named::<Sampling>(["shuffled", "with-replacement"]))]
    pub(crate) sampling: Option<Sampling>,
    /// Where gradients come from; numerical takes a second per step [default: backprop]
    #[arg(long, help_heading = "Training", value_name = "HOW", value_parser = named::<GradientMethod>(["backprop", "numerical"]))]
    pub(crate) gradient: Option<GradientMethod>,
    /// The share of the training set that is held out to validate on, 0 up to 1 [default: 0]
    #[arg(long, help_heading = "Training", value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) validation: Option<f64>,
    /// Stop after so many epochs without a better validation loss, and go back to the best
    #[arg(long, help_heading = "Training", value_name = "EPOCHS", value_parser = at_least_one_u64, allow_negative_numbers = true)]
    pub(crate) early_stopping: Option<u64>,
    /// End in a moving average of the parameters with this decay, 0 up to 1
    #[arg(long, help_heading = "Training", value_name = "DECAY", value_parser = share, allow_negative_numbers = true)]
    pub(crate) ema: Option<f64>,
    /// Workers; the result is the same for any number [default: one per processor]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,

    #[command(flatten, next_help_heading = "Checkpoints on the way")]
    pub(crate) keeping: Keeping,

    #[command(flatten, next_help_heading = "Data and output")]
    pub(crate) data: Data,
    /// Train on the first N samples only
    #[arg(long, help_heading = "Data and output", value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) train_limit: Option<usize>,
    /// Save the trained network to this file
    #[arg(long, help_heading = "Data and output", value_name = "PATH")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Write an HTML page on the run to this file: curves, mistakes, weights, calibration
    #[arg(long, help_heading = "Data and output", value_name = "PATH")]
    pub(crate) report: Option<PathBuf>,
    /// Log every epoch into this folder, for TensorBoard and as JSON lines, and leave the network there
    #[arg(long, help_heading = "Data and output", value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
    /// Print one JSON object per epoch and one at the end, and nothing else
    #[arg(long, help_heading = "Data and output")]
    pub(crate) json: bool,
    /// Print the closing summary only
    #[arg(long, help_heading = "Data and output")]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preset {
    Fast,
}
