//! The functions between affine layers, by name.

use std::{fmt, str::FromStr};

use chainrule_layers::{
    Elu, Gelu, GeluTanh, Identity, Layer, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Step, Tanh,
};
use chainrule_tensor::{Float, Init};

use crate::Error;

/// A function that is applied to every output of an affine layer, each with its published settings.
///
/// Its [`Display`](fmt::Display) and [`FromStr`] are the name of its layer: `sigmoid`, `leaky-relu`, and so on.
///
/// # Examples
/// ```
/// use chainrule_trainer::Activation;
/// assert_eq!("gelu-tanh".parse::<Activation>()?, Activation::GeluTanh);
/// assert_eq!(Activation::LeakyRelu.to_string(), "leaky-relu");
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[non_exhaustive]
pub enum Activation {
    /// 1/(1 + exp(−x)).
    #[default]
    Sigmoid,
    /// max(x, 0).
    Relu,
    /// tanh x.
    Tanh,
    /// x above 0, 0.01·x below.
    LeakyRelu,
    /// x above 0, exp(x) − 1 below.
    Elu,
    /// x·σ(x).
    Silu,
    /// ln(1 + exp(x)).
    Softplus,
    /// x·Φ(x).
    Gelu,
    /// The approximation of [`Gelu`](Activation::Gelu) by a tanh.
    GeluTanh,
    /// x: none at all.
    Identity,
    /// 1 above 0, else 0: it cannot learn, since its gradient is 0 everywhere.
    Step,
}

impl Activation {
    /// All of them.
    pub const ALL: &'static [Activation] = &[
        Activation::Sigmoid,
        Activation::Relu,
        Activation::Tanh,
        Activation::LeakyRelu,
        Activation::Elu,
        Activation::Silu,
        Activation::Softplus,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Identity,
        Activation::Step,
    ];

    /// The activation as a layer.
    pub fn layer<F: Float>(self) -> Box<dyn Layer<F>> {
        match self {
            Activation::Sigmoid => Box::new(Sigmoid),
            Activation::Relu => Box::new(Relu),
            Activation::Tanh => Box::new(Tanh),
            Activation::LeakyRelu => Box::new(LeakyRelu::default()),
            Activation::Elu => Box::new(Elu::default()),
            Activation::Silu => Box::new(Silu),
            Activation::Softplus => Box::new(Softplus),
            Activation::Gelu => Box::new(Gelu),
            Activation::GeluTanh => Box::new(GeluTanh),
            Activation::Identity => Box::new(Identity),
            Activation::Step => Box::new(Step),
        }
    }

    /// The initial weights with which the variance of the signal survives the affine layer before this function: He's
    /// for those that are 0 on one side, Xavier's for all others.
    pub fn init(self) -> Init {
        match self {
            Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Silu
            | Activation::Softplus
            | Activation::Gelu
            | Activation::GeluTanh => Init::HeNormal,
            _ => Init::XavierNormal,
        }
    }

    /// The name of its layer.
    pub fn name(self) -> &'static str {
        Layer::<f32>::name(&*self.layer())
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Activation::ALL.iter().copied().find(|activation| activation.name() == text).ok_or_else(|| {
            let expected = format!("one of {}", names().join(", "));
            Error::config("activation", format_args!("{text:?}"), expected)
        })
    }
}

fn names() -> Vec<&'static str> {
    Activation::ALL.iter().map(|activation| activation.name()).collect()
}

impl From<Activation> for String {
    fn from(activation: Activation) -> String {
        activation.to_string()
    }
}

impl TryFrom<String> for Activation {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for &activation in Activation::ALL {
            assert_eq!(activation.to_string().parse::<Activation>().unwrap(), activation);
        }
        assert_eq!(
            "ReLU".parse::<Activation>().unwrap_err().to_string(),
            "activation is \"ReLU\", expected one of sigmoid, relu, tanh, leaky-relu, elu, silu, softplus, gelu, \
             gelu-tanh, identity, step"
        );
    }
}
