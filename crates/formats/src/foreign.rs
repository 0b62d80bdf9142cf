//! Importing files without a description, as PyTorch and NumPy write them: sizes follow from the shapes of the tensors.

use std::collections::BTreeMap;

use chainrule_trainer::{
    Activation, Mlp, MlpConfig, NetworkConfig,
    layers::{LayerConfig, no_own_layers},
    losses::LossConfig,
};

use crate::{Problem, StateDict, Tensor, description, state_dict::filled};

impl StateDict {
    /// The network whose layers' sizes are those of the tensors, with these activations and this loss.
    ///
    /// The tensors have the names of an `nn.Sequential` of `Linear` layers, with a `BatchNorm1d` behind each hidden one
    /// or behind none; what has no parameters (activations, `Dropout`, `Flatten`) may stand anywhere, but where there is
    /// an activation, there must be an index for it. `activations` has one for all hidden layers, one for each, or one
    /// for each and one for the outputs.
    ///
    /// # Errors
    /// [`Problem::Tensor`] if names or shapes are no such network's; [`Problem::Activations`] if they are too many, too
    /// few, or have no room; [`Problem::Description`] if the loss does not fit; [`Problem::Value`] or
    /// [`Problem::Unsupported`] if the values cannot be a network's.
    ///
    /// # Examples
    /// ```
    /// use chainrule_formats::{StateDict, npz};
    /// use chainrule_trainer::{Activation, Mlp, MlpConfig, losses::LossConfig};
    /// // NumPy wrote it: np.savez("xor.npz", **{"0.weight": …, "0.bias": …, "2.weight": …, "2.bias": …})
    /// let state = npz::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/xor.npz"))?;
    /// let net = state.to_mlp_as(&[Activation::Tanh], LossConfig::BinaryCrossEntropy)?;
    /// assert_eq!(net.config().sizes(), [2, 3, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_mlp_as(&self, activations: &[Activation], loss: LossConfig) -> Result<Mlp, Problem> {
        let found = self.found()?;
        let (sizes, batch_norm) = sizes(&found)?;
        let config = MlpConfig::new(sizes).with_loss(loss).with_batch_norm(batch_norm);
        let config = with_activations(config, activations)?;
        let config = NetworkConfig::try_from(config).map_err(description::problem)?;
        filled(&config, &place(&config.layers, found.into_keys())?, self.tensors(), &no_own_layers)
    }

    /// The layers with parameters by their index, as their weights show.
    fn found(&self) -> Result<BTreeMap<usize, &Tensor>, Problem> {
        let mut found = BTreeMap::new();
        for tensor in self.tensors() {
            let Some((index, name)) = tensor.place() else {
                let expected = "names as those of nn.Sequential, such as 0.weight".to_string();
                return Err(Problem::Tensor { found: tensor.shown(), expected });
            };
            if name == "weight" {
                found.insert(index, tensor);
            }
        }
        Ok(found)
    }
}

/// The sizes of the layers, and whether hidden ones have batch normalisation.
fn sizes(found: &BTreeMap<usize, &Tensor>) -> Result<(Vec<usize>, bool), Problem> {
    let (mut sizes, mut n_norms) = (Vec::new(), 0);
    let mut previous_is_linear = false;
    for tensor in found.values() {
        let last = sizes.last().copied();
        match tensor.shape[..] {
            [n_outputs, n_inputs] if last.is_none_or(|last| last == n_inputs) => {
                if last.is_none() {
                    sizes.push(n_inputs);
                }
                sizes.push(n_outputs);
                previous_is_linear = true;
            }
            [n] if previous_is_linear && last == Some(n) => {
                n_norms += 1;
                previous_is_linear = false;
            }
            _ => {
                let expected = match last {
                    None => "a weight [outputs, inputs]".to_string(),
                    Some(n) => format!("[outputs, {n}], or [{n}] of a batch norm behind a linear layer"),
                };
                return Err(Problem::Tensor { found: tensor.shown(), expected });
            }
        }
    }
    if sizes.is_empty() {
        let (found, expected) = ("no weights".to_string(), "at least 0.weight".to_string());
        return Err(Problem::Tensor { found, expected });
    }
    let n_hidden = sizes.len() - 2;
    if n_norms != 0 && n_norms != n_hidden {
        let found = format!("{n_norms} batch norms");
        return Err(Problem::Tensor {
            found,
            expected: format!("none or {n_hidden}, one in each hidden layer"),
        });
    }
    Ok((sizes, n_norms > 0))
}

fn with_activations(config: MlpConfig, given: &[Activation]) -> Result<MlpConfig, Problem> {
    let n_hidden = config.sizes.len() - 2;
    if given.len() == 1 && n_hidden > 0 {
        return Ok(config.with_activation(given[0]));
    }
    let mut all = given.to_vec();
    if all.len() == n_hidden {
        all.push(Activation::Identity);
    }
    match all.len() == n_hidden + 1 {
        true => Ok(config.with_activations(all)),
        false => Err(Problem::Activations {
            found: given.len().to_string(),
            expected: format!("{n_hidden}, one for each hidden layer, or one more for the outputs"),
        }),
    }
}

/// The index of every layer in the file, given those of the layers with parameters; that of the others is not used.
fn place(layers: &[LayerConfig], mut indices: impl Iterator<Item = usize>) -> Result<Vec<usize>, Problem> {
    let mut placed = Vec::new();
    // The last index, and the activation behind it.
    let (mut last, mut between) = (0, None);
    for layer in layers {
        if !matches!(layer, LayerConfig::Affine(_) | LayerConfig::BatchNorm(_)) {
            between = Some(layer.name());
        } else if let Some(index) = indices.next() {
            if let Some(activation) = between.take().filter(|_| index - last < 2) {
                return Err(Problem::Activations {
                    found: activation.to_string(),
                    expected: format!("identity, since there is no layer between {last} and {index}"),
                });
            }
            last = index;
        }
        placed.push(last);
    }
    Ok(placed)
}
