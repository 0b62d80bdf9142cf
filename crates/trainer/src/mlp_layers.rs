//! From a configuration to layers: which there are, in which order, and how they start.

use chainrule_layers::{Affine, BatchNorm, Dropout, Layer, Sequential};
use chainrule_tensor::{Float, Init, Matrix};

use crate::{Activation, MlpConfig};

impl MlpConfig {
    /// The initial weights of affine layer `l`.
    fn init_of(&self, l: usize) -> Init {
        self.init.unwrap_or(match self.activations[..] {
            [Activation::Sigmoid, Activation::Identity] => Init::Normal { std: 0.01 },
            _ => self.activations[l].init(),
        })
    }

    /// The layers of a checked configuration, with initial weights.
    pub(crate) fn layers<F: Float>(&self) -> Sequential<F> {
        self.layers_of(|n_inputs, n_outputs, l| {
            Affine::init(n_inputs, n_outputs, self.init_of(l), self.seed, l as u64)
        })
    }

    /// The layers, all of whose parameters and buffers `fill` writes, in order; parameters first.
    pub(crate) fn filled_layers<F: Float>(&self, mut fill: impl FnMut(&mut [F])) -> Sequential<F> {
        let mut layers = self.layers_of(|n_inputs, n_outputs, _| {
            Affine::new(Matrix::zeros(n_outputs, n_inputs), vec![F::zero(); n_outputs])
        });
        layers.visit_parameters_mut(&mut |_, parameter| fill(parameter.values));
        layers.visit_buffers_mut(&mut |buffer| fill(buffer.values));
        layers
    }

    /// The layers; `affine` makes one from inputs, outputs and its position among the affine layers.
    fn layers_of<F: Float>(&self, affine: impl Fn(usize, usize, usize) -> Affine<F>) -> Sequential<F> {
        let n_affine = self.activations.len();
        let mut n_inputs = self.n_encoded();
        let mut layers: Vec<Box<dyn Layer<F>>> = Vec::new();
        if let Some(encoding) = &self.encoding {
            layers.push(Box::new(encoding.clone()));
        }
        for (l, (&n_outputs, &activation)) in self.sizes[1..].iter().zip(&self.activations).enumerate() {
            layers.push(Box::new(affine(n_inputs, n_outputs, l)));
            let is_hidden = l + 1 < n_affine;
            if self.normalises(l) {
                layers.push(Box::new(BatchNorm::new(n_outputs)));
            }
            if activation != Activation::Identity {
                layers.push(activation.layer());
            }
            if is_hidden && self.dropout > 0.0 {
                layers.push(Box::new(Dropout::new(self.dropout).expect("a checked configuration")));
            }
            n_inputs = n_outputs;
        }
        Sequential::new(self.sizes[0], layers)
    }

    /// The names, rows and columns of all parameters, in order, and then of all buffers.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn shapes(&self) -> Vec<(String, usize, usize)> {
        let mut n_inputs = self.n_encoded();
        let (mut parameters, mut buffers) = (Vec::new(), Vec::new());
        let mut number = 0;
        for (l, &n_outputs) in self.sizes[1..].iter().enumerate() {
            number += 1;
            parameters.push((format!("W{number}"), n_outputs, n_inputs));
            parameters.push((format!("b{number}"), n_outputs, 1));
            if self.normalises(l) {
                number += 1;
                parameters.extend(["gamma", "beta"].map(|name| (format!("{name}{number}"), n_outputs, 1)));
                let names = ["running_mean", "running_var"];
                buffers.extend(names.map(|name| (format!("{name}{number}"), n_outputs, 1)));
            }
            n_inputs = n_outputs;
        }
        parameters.append(&mut buffers);
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(config: &MlpConfig) -> Vec<&'static str> {
        config.layers::<f32>().layers().map(|layer| layer.name()).collect()
    }

    #[test]
    fn hidden_layers_have_all_that_was_asked_for() {
        let config = MlpConfig::new([4, 3, 2]);
        assert_eq!(names(&config), ["affine", "sigmoid", "affine"]);
        let config = config.with_batch_norm(true).with_dropout(0.5).with_activation(Activation::Relu);
        assert_eq!(names(&config), ["affine", "batch-norm", "relu", "dropout", "affine"]);
        let config = MlpConfig::new([4, 3, 2]).with_activations([Activation::Tanh, Activation::Sigmoid]);
        assert_eq!(names(&config), ["affine", "tanh", "affine", "sigmoid"]);
        assert_eq!(names(&MlpConfig::new([4, 2])), ["affine"]);
    }

    #[test]
    fn initial_weights_follow_the_activation() {
        let config = MlpConfig::new([4, 3, 2]);
        assert_eq!(config.init_of(0), Init::Normal { std: 0.01 });
        assert_eq!(config.clone().with_activation(Activation::Relu).init_of(0), Init::HeNormal);
        let deep = MlpConfig::new([4, 3, 3, 2]);
        assert_eq!([0, 1, 2].map(|l| deep.init_of(l)), [Init::XavierNormal; 3]);
        assert_eq!(deep.with_init(Init::HeUniform).init_of(1), Init::HeUniform);
    }

    #[cfg(feature = "checkpoint")]
    #[test]
    fn shapes_are_those_of_the_layers() {
        for config in [MlpConfig::new([4, 3, 2]), MlpConfig::new([4, 3, 5, 2]).with_batch_norm(true)] {
            let layers = config.layers::<f32>();
            let mut shapes = Vec::new();
            layers.visit_parameters(&mut |name, p| shapes.push((name.to_string(), p.shape.0, p.shape.1)));
            layers.visit_buffers(&mut |name, b| shapes.push((name, b.shape.0, b.shape.1)));
            assert_eq!(config.shapes(), shapes);
        }
    }
}
