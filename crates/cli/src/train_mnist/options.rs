//! The options of `train-mnist`.

use std::path::PathBuf;

use chainrule_losses::LossConfig;
use chainrule_optimizers::{OptimizerConfig, Schedule};
use chainrule_tensor::Init;
use chainrule_trainer::{Activation, GradientMethod, Sampling};
use clap::Args;

use crate::{
    args::{
        above_zero, activation, at_least_one, loss, named, not_below_zero, optimizer, seed, share, threads,
    },
    data::Data,
    keeping::Keeping,
};

/// The network before training.
#[derive(Args, Debug)]
pub(crate) struct Network {
    /// Hidden units: one number for each hidden layer [default: 50]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    pub(crate) hidden: Option<Vec<usize>>,
    /// Activation of the hidden layers: one name for all, or one for each [default: sigmoid]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = activation())]
    pub(crate) activation: Option<Vec<Activation>>,
    /// Initial weights: the standard deviation of a normal distribution, or xavier-uniform, xavier-normal, he-uniform,
    /// he-normal [default: 0.01 for one hidden layer with sigmoid, otherwise he-normal or xavier-normal by activation]
    #[arg(long, value_name = "INIT", allow_negative_numbers = true)]
    pub(crate) init: Option<Init>,
    /// Random seed: initial weights, order of the samples, dropout, validation split [default: 1]
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
    /// Read the settings from this TOML file; command-line options override it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Start from a preset instead of the tutorial's settings: fast reaches 97 % with 50 hidden units in half a second
    #[arg(long, value_name = "NAME", value_parser = ["fast"], conflicts_with = "config")]
    pub(crate) preset: Option<String>,
    /// Print the settings as a TOML file for --config, without training
    #[arg(long, conflicts_with = "json")]
    pub(crate) print_config: bool,

    #[command(flatten, next_help_heading = "Network")]
    pub(crate) network: Network,
    /// Batch normalisation in every hidden layer, before the activation
    #[arg(long)]
    pub(crate) batch_norm: bool,
    /// Dropout probability after every hidden layer, 0 ≤ p < 1 [default: 0]
    #[arg(long, value_name = "P", value_parser = share, allow_negative_numbers = true)]
    pub(crate) dropout: Option<f64>,
    /// Loss function [default: softmax-cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = loss())]
    pub(crate) loss: Option<LossConfig>,
    /// Label smoothing: how much of every target is spread over all classes, 0 ≤ ε < 1 [default: 0]
    #[arg(long, value_name = "EPSILON", value_parser = share, allow_negative_numbers = true)]
    pub(crate) label_smoothing: Option<f64>,
    /// Class weights in the loss, one number for each class [default: all the same]
    #[arg(long, value_name = "W,…", value_delimiter = ',', value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) class_weights: Option<Vec<f64>>,

    /// Optimizer [default: sgd]
    #[arg(long, help_heading = "Optimizer", value_name = "NAME", value_parser = optimizer())]
    pub(crate) optimizer: Option<OptimizerConfig>,
    /// Learning rate [default: 0.1 for sgd, the published default of every other optimizer]
    #[arg(long, help_heading = "Optimizer", value_name = "RATE", value_parser = above_zero, allow_hyphen_values = true)]
    pub(crate) learning_rate: Option<f64>,
    /// Momentum coefficient of momentum and nesterov, 0 ≤ μ < 1 [default: 0.9]
    #[arg(long, help_heading = "Optimizer", value_name = "MU", value_parser = share, allow_negative_numbers = true)]
    pub(crate) momentum: Option<f64>,
    /// Weight decay: decoupled with adamw, an L2 penalty with every other optimizer [default: 0.01 with adamw, otherwise 0]
    #[arg(long, help_heading = "Optimizer", value_name = "DECAY", value_parser = not_below_zero, allow_negative_numbers = true)]
    pub(crate) weight_decay: Option<f64>,
    /// Apply no weight decay to biases and to the scale and shift of batch normalisation
    #[arg(long, help_heading = "Optimizer")]
    pub(crate) no_bias_decay: bool,
    /// Learning-rate schedule, counted in mini-batches: constant, step:EVERY:GAMMA, exponential:GAMMA, cosine, warmup:STEPS,
    /// one-cycle, or several in a row, as in warmup:500+cosine [default: constant]
    #[arg(long, help_heading = "Optimizer", value_name = "SCHEDULE")]
    pub(crate) schedule: Option<Schedule>,
    /// Clip every value of the gradient to ±LIMIT
    #[arg(long, help_heading = "Optimizer", value_name = "LIMIT", value_parser = above_zero, allow_negative_numbers = true, conflicts_with = "clip_norm")]
    pub(crate) clip_value: Option<f64>,
    /// Clip the norm of the whole gradient
    #[arg(long, help_heading = "Optimizer", value_name = "NORM", value_parser = above_zero, allow_negative_numbers = true)]
    pub(crate) clip_norm: Option<f64>,

    /// Samples in a mini-batch [default: 100]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    pub(crate) batch_size: Option<usize>,
    /// Number of epochs [default: 16]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one::<u64>, allow_negative_numbers = true, conflicts_with = "steps")]
    pub(crate) epochs: Option<u64>,
    /// Number of mini-batches to train on, instead of whole epochs
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = at_least_one::<u64>, allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
    /// How mini-batches are drawn: from the shuffled training set, or with replacement as in the tutorial [default: shuffled]
    #[arg(long, help_heading = "Training", value_name = "HOW", value_parser = named::<Sampling>(["shuffled", "with-replacement"]))]
    pub(crate) sampling: Option<Sampling>,
    /// How gradients are computed; numerical takes a second per step [default: backprop]
    #[arg(long, help_heading = "Training", value_name = "HOW", value_parser = named::<GradientMethod>(["backprop", "numerical"]))]
    pub(crate) gradient: Option<GradientMethod>,
    /// Fraction of the training set to hold out for validation, 0 ≤ f < 1 [default: 0]
    #[arg(long, help_heading = "Training", value_name = "FRACTION", value_parser = share, allow_negative_numbers = true)]
    pub(crate) validation: Option<f64>,
    /// Stop after this many epochs without a lower validation loss, and restore the best parameters
    #[arg(long, help_heading = "Training", value_name = "EPOCHS", value_parser = at_least_one::<u64>, allow_negative_numbers = true)]
    pub(crate) early_stopping: Option<u64>,
    /// Return an exponential moving average of the parameters with this decay, 0 ≤ d < 1
    #[arg(long, help_heading = "Training", value_name = "DECAY", value_parser = share, allow_negative_numbers = true)]
    pub(crate) ema: Option<f64>,
    /// Number of threads; the result is the same for any [default: one per processor]
    #[arg(long, help_heading = "Training", value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,

    #[command(flatten, next_help_heading = "Checkpoints during training")]
    pub(crate) keeping: Keeping,

    #[command(flatten, next_help_heading = "Data and output")]
    pub(crate) data: Data,
    /// Train on the first N samples only
    #[arg(long, help_heading = "Data and output", value_name = "N", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    pub(crate) train_limit: Option<usize>,
    /// Save the trained network to this file
    #[arg(long, help_heading = "Data and output", value_name = "PATH")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Write an HTML page about the run to this file: curves, mistakes, weights, calibration
    #[arg(long, help_heading = "Data and output", value_name = "PATH")]
    pub(crate) report: Option<PathBuf>,
    /// Log every epoch into this folder, for TensorBoard and as JSON lines; the trained network is saved there too
    #[arg(long, help_heading = "Data and output", value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
    /// Print one JSON object per epoch and one at the end, and nothing else
    #[arg(long, help_heading = "Data and output")]
    pub(crate) json: bool,
    /// Print the final summary only
    #[arg(long, help_heading = "Data and output")]
    pub(crate) quiet: bool,
}
