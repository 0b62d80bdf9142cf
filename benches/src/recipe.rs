//! The works that train: sizes, rates, batches. The same numbers are in the peers' `recipe.rs` and `common.py`.

use chainrule_optimizers::{Momentum, OptimizerConfig, Sgd};
use chainrule_tensor::Init;
use chainrule_trainer::{Activation, MlpConfig};

/// A network of one hidden layer, and how it is trained.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Hidden units.
    pub n_hidden: usize,
    /// The function behind them.
    pub activation: Activation,
    /// Where weights come from.
    pub init: Init,
    /// The learning rate.
    pub rate: f64,
    /// The share of the velocity that is kept; 0 is plain gradient descent.
    pub momentum: f64,
    /// Samples in a mini-batch.
    pub batch: usize,
    /// Steps per request.
    pub steps: u64,
    /// Whether pixels are standardised, so that none is zero.
    pub standardised: bool,
}

impl Recipe {
    /// The recipe of a work.
    ///
    /// # Panics
    /// If no such work trains.
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
            _ => panic!("{work} does not train"),
        }
    }

    /// The network for images of so many pixels.
    pub fn network(&self, n_pixels: usize) -> MlpConfig {
        MlpConfig::new([n_pixels, self.n_hidden, 10]).with_activation(self.activation).with_init(self.init)
    }

    /// The update rule.
    pub fn optimizer(&self) -> OptimizerConfig {
        match self.momentum {
            0.0 => Sgd::new(self.rate).into(),
            share => Momentum::new(self.rate).with_momentum(share).into(),
        }
    }
}
