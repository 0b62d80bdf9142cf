//! The layers of a network by their index in PyTorch's `nn.Sequential`.

use chainrule_trainer::{Activation, Encoding, MlpConfig};

/// A layer; its position among all others is its index in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// `nn.Linear`.
    Linear { n_inputs: usize, n_outputs: usize },
    /// `nn.BatchNorm1d`, which has learned values and running ones.
    BatchNorm { n: usize },
    /// Any function but the identity, which takes no index.
    Activation(Activation),
    /// `nn.Dropout`: it has an index, and nothing else.
    Dropout,
}

/// The layers behind the encoding, which PyTorch's network does not have.
pub(crate) fn parts(config: &MlpConfig) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut n_inputs = config.encoding.as_ref().map_or(config.sizes[0], Encoding::n_outputs);
    let n_affine = config.activations.len();
    for (l, (&n_outputs, &activation)) in config.sizes[1..].iter().zip(&config.activations).enumerate() {
        let is_hidden = l + 1 < n_affine;
        parts.push(Part::Linear { n_inputs, n_outputs });
        if is_hidden && config.batch_norm {
            parts.push(Part::BatchNorm { n: n_outputs });
        }
        if activation != Activation::Identity {
            parts.push(Part::Activation(activation));
        }
        if is_hidden && config.dropout > 0.0 {
            parts.push(Part::Dropout);
        }
        n_inputs = n_outputs;
    }
    parts
}

impl Part {
    /// The last part of the names and the shapes of its parameters, and then of its running statistics.
    pub(crate) fn tensors(&self) -> Vec<(&'static str, Vec<usize>)> {
        match *self {
            Part::Linear { n_inputs, n_outputs } => {
                vec![("weight", vec![n_outputs, n_inputs]), ("bias", vec![n_outputs])]
            }
            Part::BatchNorm { n } => {
                ["weight", "bias", "running_mean", "running_var"].map(|name| (name, vec![n])).to_vec()
            }
            Part::Activation(_) | Part::Dropout => vec![],
        }
    }
}

/// The network as it is made in PyTorch, in which nothing corresponds to the step function: then there is none.
///
/// # Examples
/// ```
/// use chainrule_formats::pytorch;
/// use chainrule_trainer::MlpConfig;
/// assert_eq!(
///     pytorch(&MlpConfig::new([784, 50, 10]).with_dropout(0.5)).unwrap(),
///     "Sequential(Linear(784, 50), Sigmoid(), Dropout(0.5), Linear(50, 10))"
/// );
/// ```
pub fn pytorch(config: &MlpConfig) -> Option<String> {
    let module = |part: &Part| {
        Some(match part {
            Part::Linear { n_inputs, n_outputs } => format!("Linear({n_inputs}, {n_outputs})"),
            Part::BatchNorm { n } => format!("BatchNorm1d({n})"),
            Part::Dropout => format!("Dropout({})", config.dropout),
            Part::Activation(activation) => match activation {
                Activation::Sigmoid => "Sigmoid()",
                Activation::Relu => "ReLU()",
                Activation::Tanh => "Tanh()",
                Activation::LeakyRelu => "LeakyReLU()",
                Activation::Elu => "ELU()",
                Activation::Silu => "SiLU()",
                Activation::Softplus => "Softplus()",
                Activation::Gelu => "GELU()",
                Activation::GeluTanh => "GELU(approximate=\"tanh\")",
                _ => return None,
            }
            .to_string(),
        })
    };
    let modules: Option<Vec<String>> = parts(config).iter().map(module).collect();
    Some(format!("Sequential({})", modules?.join(", ")))
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::Mlp;

    use super::*;

    fn name(part: &Part) -> String {
        match part {
            Part::Linear { .. } => "affine".to_string(),
            Part::BatchNorm { .. } => "batch-norm".to_string(),
            Part::Activation(activation) => activation.to_string(),
            Part::Dropout => "dropout".to_string(),
        }
    }

    #[test]
    fn they_are_the_network_s_layers() {
        for config in [
            MlpConfig::new([4, 2]),
            MlpConfig::new([4, 3, 2]).with_dropout(0.1),
            MlpConfig::new([4, 3, 5, 2]).with_batch_norm(true).with_activation(Activation::Identity),
            MlpConfig::new([4, 3, 2])
                .with_activations([Activation::Tanh, Activation::Sigmoid])
                .with_batch_norm(true)
                .with_dropout(0.5),
        ] {
            let net: Mlp = Mlp::new(&config).unwrap();
            let layers: Vec<_> = net.layers().iter().map(|layer| layer.name().to_string()).collect();
            assert_eq!(parts(&config).iter().map(name).collect::<Vec<_>>(), layers);
        }
    }
}
