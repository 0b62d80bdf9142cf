//! What a two-layer network is made from: sizes, activation, initial weights.

use std::fmt;

use chainrule_layers::{Affine, Layer, Relu, Sequential, Sigmoid};
use chainrule_tensor::{Float, Init};

use crate::Error;

/// The function between the two affine layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Activation {
    /// 1 / (1 + exp(−x)).
    #[default]
    Sigmoid,
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// The activation as a layer.
    pub fn layer<F: Float>(self) -> Box<dyn Layer<F>> {
        match self {
            Activation::Sigmoid => Box::new(Sigmoid),
            Activation::Relu => Box::new(Relu),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Layer::<f32>::name(&*self.layer()))
    }
}

/// What a [`TwoLayerNet`](crate::TwoLayerNet) is made from.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `activation` | sigmoid | between the two affine layers | |
/// | `init` | N(0, 0.01²) | the weights at the start; biases start at 0 | |
/// | `seed` | 1 | which initial weights | any |
///
/// # Examples
/// ```
/// use chainrule_trainer::{Activation, TwoLayerConfig, TwoLayerNet};
/// let config = TwoLayerConfig::new(784, 50, 10).with_activation(Activation::Relu).with_seed(7);
/// let net = TwoLayerNet::<f32>::new(&config)?;
/// assert_eq!(net.n_parameters(), 784 * 50 + 50 + 50 * 10 + 10);
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TwoLayerConfig {
    /// Values per sample.
    pub n_inputs: usize,
    /// Hidden units.
    pub n_hidden: usize,
    /// Classes.
    pub n_outputs: usize,
    /// The function between the two affine layers.
    pub activation: Activation,
    /// The weights at the start.
    pub init: Init,
    /// Which initial weights.
    pub seed: u64,
}

impl TwoLayerConfig {
    /// The tutorial's network with these sizes.
    pub fn new(n_inputs: usize, n_hidden: usize, n_outputs: usize) -> Self {
        TwoLayerConfig {
            n_inputs,
            n_hidden,
            n_outputs,
            activation: Activation::default(),
            init: Init::Normal { std: 0.01 },
            seed: 1,
        }
    }

    /// Sets the function between the two affine layers.
    pub fn with_activation(self, activation: Activation) -> Self {
        TwoLayerConfig { activation, ..self }
    }

    /// Sets the initial weights' distribution.
    pub fn with_init(self, init: Init) -> Self {
        TwoLayerConfig { init, ..self }
    }

    /// Sets the seed of the initial weights.
    pub fn with_seed(self, seed: u64) -> Self {
        TwoLayerConfig { seed, ..self }
    }

    /// The layers; `affine` makes one from inputs, outputs and its position among the affine layers.
    pub(crate) fn layers<F: Float>(&self, affine: impl Fn(usize, usize, u64) -> Affine<F>) -> Sequential<F> {
        let layers: Vec<Box<dyn Layer<F>>> = vec![
            Box::new(affine(self.n_inputs, self.n_hidden, 0)),
            self.activation.layer(),
            Box::new(affine(self.n_hidden, self.n_outputs, 1)),
        ];
        Sequential::new(self.n_inputs, layers)
    }

    /// The names, rows and columns of the parameters, in order.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn parameter_shapes(&self) -> [(&'static str, usize, usize); 4] {
        [
            ("W1", self.n_hidden, self.n_inputs),
            ("b1", self.n_hidden, 1),
            ("W2", self.n_outputs, self.n_hidden),
            ("b2", self.n_outputs, 1),
        ]
    }

    /// How many values all parameters have together, unless that is more than any network of this size class has.
    fn n_parameters(&self) -> Option<usize> {
        let first = self.n_inputs.checked_add(1)?.checked_mul(self.n_hidden)?;
        let second = self.n_hidden.checked_add(1)?.checked_mul(self.n_outputs)?;
        first.checked_add(second).filter(|n| *n <= MAX_PARAMETERS)
    }

    /// Refuses what no network can be made from.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let sizes = [("inputs", self.n_inputs), ("hidden units", self.n_hidden), ("outputs", self.n_outputs)];
        for (what, size) in sizes {
            if size == 0 {
                return Err(Error::config(what, size, "at least 1"));
            }
        }
        if self.n_parameters().is_none() {
            let sizes = format!("{}-{}-{}", self.n_inputs, self.n_hidden, self.n_outputs);
            return Err(Error::config(
                "the network",
                sizes,
                format_args!("at most {MAX_PARAMETERS} parameters"),
            ));
        }
        if !self.init.is_valid() {
            let expected = "a standard deviation that is finite and not negative";
            return Err(Error::config("the distribution of initial weights", self.init, expected));
        }
        Ok(())
    }
}

/// A gigabyte in `f32`: more is no small network, and would end in a lack of memory.
const MAX_PARAMETERS: usize = 1 << 28;
