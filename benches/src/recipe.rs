//! The workloads that train: sizes, learning rates, batch sizes. The Rust peers use them too; `common.py` has the same numbers.

use chainrule_optimizers::{Momentum, OptimizerConfig, Sgd};
use chainrule_tensor::Init;
use chainrule_trainer::{Activation, MlpConfig};

/// A network of one hidden layer, and how it is trained.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Hidden units.
    pub n_hidden: usize,
    /// Their activation.
    pub activation: Activation,
    /// How weights are initialised.
    pub init: Init,
    /// The learning rate.
    pub rate: f64,
    /// The momentum coefficient; 0 is plain SGD.
    pub momentum: f64,
    /// Samples in a mini-batch.
    pub batch: usize,
    /// Steps per request.
    pub steps: u64,
    /// Whether pixels are standardised, so that none is zero.
    pub standardised: bool,
}

impl Recipe {
    /// The recipe of a workload; `whole` is that of the peers.
    ///
    /// # Panics
    /// If no such workload trains.
    pub fn of(work: &str) -> Recipe {
        let w1 = Recipe {
            n_hidden: 50,
            activation: Activation::Sigmoid,
            init: Init::Normal { std: 0.01 },
            rate: 0.1,
            momentum: 0.0,
            batch: 100,
            steps: 600,
            standardised: false,
        };
        let w2 = Recipe {
            n_hidden: 800,
            activation: Activation::Relu,
            init: Init::HeNormal,
            rate: 0.05,
            momentum: 0.9,
            batch: 128,
            steps: 200,
            ..w1
        };
        match work {
            "W1" => w1,
            "W2" => w2,
            "D1" => Recipe { standardised: true, ..w1 },
            "D2" => Recipe { standardised: true, rate: 0.005, ..w2 },
            "whole" => Recipe { rate: 2.0, init: Init::Normal { std: 0.05 }, ..w1 },
            _ => panic!("{work} does not train"),
        }
    }

    /// The network for images with this many pixels.
    pub fn network(&self, n_pixels: usize) -> MlpConfig {
        MlpConfig::new([n_pixels, self.n_hidden, 10]).with_activation(self.activation).with_init(self.init)
    }

    /// The optimizer.
    pub fn optimizer(&self) -> OptimizerConfig {
        match self.momentum {
            0.0 => Sgd::new(self.rate).into(),
            momentum => Momentum::new(self.rate).with_momentum(momentum).into(),
        }
    }

    /// Whether the activation is ReLU; else it is the sigmoid.
    pub fn relu(&self) -> bool {
        self.activation == Activation::Relu
    }
}
