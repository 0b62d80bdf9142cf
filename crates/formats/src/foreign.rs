//! Importing files without a description, as PyTorch and NumPy write them: sizes follow from the shapes of the tensors.

use std::collections::BTreeMap;

use chainrule_trainer::{
    Activation, Mlp, MlpConfig, Network, NetworkConfig,
    layers::{LayerConfig, no_own_layers},
    losses::LossConfig,
};

use crate::{Problem, StateDict, Tensor, description, forms, state_dict::filled};

impl StateDict {
    /// The network whose layers' sizes are those of the tensors, with these activations and this loss.
    ///
    /// The tensors have the names of an `nn.Sequential` of `Linear` layers, with a `BatchNorm1d` behind each hidden one
    /// or behind none; what has no parameters (activations, `Dropout`, `Flatten`) may stand anywhere, but where there is
    /// an activation, there must be an index for it. All names may have a prefix in common: `module.`, `net.`. Tensors that
    /// PyTorch leaves out are 0, or 1 where they scale: `Linear(bias=False)`, `BatchNorm1d(affine=False)`. Single whole numbers
    /// (`num_batches_tracked`, an epoch) are no parameters. `activations` has one for all hidden layers, one for each, or
    /// one for each and one for the outputs. Batch norm has PyTorch's eps, 1e-5: for another, which no tensor tells, and for
    /// any other list of layers, there is [`to_network_as`](StateDict::to_network_as).
    ///
    /// # Errors
    /// [`Problem::Tensor`] if names or shapes are no such network's; [`Problem::Activations`] if they are too many, too
    /// few, or have no room; [`Problem::Order`] if an activation may stand before a batch norm as well as behind it;
    /// [`Problem::Description`] if the loss does not fit; [`Problem::Value`] or [`Problem::Unsupported`] if the values cannot
    /// be a network's.
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
        let mut config = NetworkConfig::try_from(config).map_err(description::problem)?;
        put_in_order(&mut config.layers, &found)?;
        filled(&config, &place(&config.layers, &found)?, self.tensors(), &no_own_layers, true)
    }

    /// The network of these layers and this loss, for all that the tensors don't tell.
    ///
    /// `layers` names all layers in their order, by the names of [`LayerConfig`] or PyTorch's, with settings in brackets where
    /// they are not as usual: `affine, relu, batch-norm(eps=0.001), dropout(0.5), affine`, or
    /// `Sequential(Linear(4, 5), LeakyReLU(0.2), Linear(5, 2))`, also as PyTorch prints it. Sizes are those of the tensors. Layers
    /// with tensors are taken in the order of their indices, unless all of them are named: `fc1=affine, relu, fc2=affine`.
    ///
    /// # Errors
    /// [`Problem::Layers`] if the list cannot be read, or is not that of the tensors; all others as
    /// [`to_mlp_as`](StateDict::to_mlp_as).
    ///
    /// # Examples
    /// ```
    /// use chainrule_formats::npz;
    /// use chainrule_trainer::losses::LossConfig;
    /// // Linear(1, 1), ReLU, BatchNorm1d(1), Linear(1, 2)
    /// let one = |name| (name, &[1][..], &[1.0_f32][..]);
    /// let (w1, w2) = (("0.weight", &[1, 1][..], &[1.0][..]), ("3.weight", &[2, 1][..], &[1.0, -1.0][..]));
    /// let bytes = npz::arrays_to_bytes(&[w1, one("2.running_mean"), one("2.running_var"), w2])?;
    /// let net = npz::from_bytes(&bytes)?.to_network_as("affine, relu, batch-norm(eps=3), affine", LossConfig::default())?;
    /// let logits = net.logits(&chainrule_trainer::tensor::Matrix::from_column_slice(1, 1, &[5.0]));
    /// assert_eq!(logits.as_slice(), [2.0, -2.0]); // (5 − 1)/√(1 + 3)
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_network_as(&self, layers: &str, loss: LossConfig) -> Result<Network, Problem> {
        let listed = forms::layers(layers).map_err(Problem::Layers)?;
        let with_tensors = listed.iter().filter(|(_, layer)| has_tensors(layer));
        let named: Vec<&str> = with_tensors.clone().filter_map(|(module, _)| *module).collect();
        let n = with_tensors.count();
        if !named.is_empty() && named.len() < n {
            let problem =
                format!("{} of {n} layers with tensors have a name, expected all or none", named.len());
            return Err(Problem::Layers(problem));
        }
        let found: Vec<(usize, &Tensor)> = match named.is_empty() {
            true => self.found()?.into_iter().collect(),
            // Their places in the list are not known to be those of the file.
            false => {
                let of = |name: &&str| self.of_module(name).map(|tensor| (usize::MAX, tensor));
                named.iter().map(of).collect::<Result<_, _>>()?
            }
        };
        if found.len() != n {
            let names: Vec<_> = found.iter().map(|(_, tensor)| module(tensor)).collect();
            let has = format!("the file has {}: {}", found.len(), names.join(", "));
            return Err(Problem::Layers(format!("{n} with tensors are named, {has}")));
        }
        let (mut of_file, mut all, mut modules) = (found.iter(), Vec::new(), Vec::new());
        let (mut n_inputs, mut next, mut between) = (None, 0, 0);
        for (_, mut layer) in listed {
            let mut name = "";
            if !has_tensors(&layer) {
                between += 1;
            } else if let Some((index, tensor)) = of_file.next() {
                if index - next < between {
                    let room = index - next;
                    let problem =
                        format!("{between} stand before {}, which has room for {room}", module(tensor));
                    return Err(Problem::Layers(problem));
                }
                (next, between) = (index.saturating_add(1) % usize::MAX, 0);
                name = module(tensor);
                let n = match (&mut layer, &tensor.shape[..]) {
                    (LayerConfig::Affine(affine), &[n_outputs, n_inputs]) => {
                        affine.n_outputs = n_outputs;
                        n_inputs
                    }
                    (LayerConfig::BatchNorm(_), &[n]) => n,
                    (other, _) => {
                        let expected = match other {
                            LayerConfig::Affine(_) => "[outputs, inputs] of an affine layer",
                            _ => "[units] of a batch norm",
                        };
                        let (found, expected) = (tensor.shown(), expected.to_string());
                        return Err(Problem::Tensor { found, expected });
                    }
                };
                n_inputs.get_or_insert(n);
            }
            all.push(layer);
            modules.push(name);
        }
        let config = NetworkConfig::new(n_inputs.unwrap_or(0), all, loss);
        config.check().map_err(description::problem)?;
        filled(&config, &modules, self.tensors(), &no_own_layers, true)
    }

    /// The tensor of this module that shows its sizes.
    fn of_module(&self, name: &str) -> Result<&Tensor, Problem> {
        let of = |tensor| self.get(&format!("{name}.{tensor}"));
        of("weight").or_else(|| of("running_mean")).ok_or_else(|| {
            let (found, expected) = ("no such tensor".to_string(), format!("{name}.weight"));
            Problem::Tensor { found, expected }
        })
    }

    /// The same without the tensors of these names, and without those whose names begin with one of them and a dot.
    ///
    /// # Errors
    /// [`Problem::Tensor`] if there is none of a name.
    pub fn without(mut self, names: &[impl AsRef<str>]) -> Result<Self, Problem> {
        for name in names.iter().map(AsRef::as_ref) {
            let before = self.tensors.len();
            self.tensors.retain(|tensor| {
                tensor.name.strip_prefix(name).is_none_or(|rest| !(rest.is_empty() || rest.starts_with('.')))
            });
            if self.tensors.len() == before {
                let (found, expected) = ("no such tensor".to_string(), format!("{name}, to leave it out"));
                return Err(Problem::Tensor { found, expected });
            }
        }
        Ok(self)
    }

    /// The layers with tensors by their index, each by the tensor that shows its sizes: batch norm may have no weights.
    fn found(&self) -> Result<BTreeMap<usize, &Tensor>, Problem> {
        let tensors = || self.tensors.iter().filter(|tensor| !tensor.is_counter());
        // Others have no place in a list of layers, and no say in what all names begin with.
        let has_index = |tensor: &&Tensor| {
            module(tensor).rsplit('.').next().is_some_and(|last| last.parse::<usize>().is_ok())
        };
        let prefix = prefix(tensors().filter(has_index));
        let mut found = BTreeMap::new();
        for tensor in tensors() {
            let place = tensor.name.strip_prefix(prefix).and_then(|rest| rest.split_once('.'));
            let Some((index, name)) =
                place.and_then(|(index, name)| Some((index.parse::<usize>().ok()?, name)))
            else {
                let expected = format!("names as those of nn.Sequential, such as {prefix}0.weight");
                return Err(Problem::Tensor { found: tensor.shown(), expected });
            };
            match name {
                "weight" => _ = found.insert(index, tensor),
                "running_mean" => _ = found.entry(index).or_insert(tensor),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The name of the module that a tensor is of: `net.0` of `net.0.weight`.
fn module(tensor: &Tensor) -> &str {
    tensor.name.rsplit_once('.').map_or("", |(module, _)| module)
}

/// What the names of all modules begin with, up to a dot: `net.` of `net.0` and `net.2`.
fn prefix<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> &'a str {
    let shorter = |text: &'a str| text.rfind('.').map_or("", |at| &text[..=at]);
    let mut modules = tensors.map(module);
    let mut common = shorter(modules.next().unwrap_or(""));
    for module in modules {
        while !module.starts_with(common) {
            common = shorter(&common[..common.len() - 1]);
        }
    }
    common
}

fn has_tensors(layer: &LayerConfig) -> bool {
    matches!(layer, LayerConfig::Affine(_) | LayerConfig::BatchNorm(_))
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

/// Puts activations before the batch norm where the indices leave no room behind it; `layers` has them behind.
fn put_in_order(layers: &mut [LayerConfig], found: &BTreeMap<usize, &Tensor>) -> Result<(), Problem> {
    let indices: Vec<usize> = found.keys().copied().collect();
    let is_norm = |layer: &LayerConfig| matches!(layer, LayerConfig::BatchNorm(_));
    let norms: Vec<usize> = (0..layers.len()).filter(|l| is_norm(&layers[*l])).collect();
    let (mut other, mut unknown) = (layers.to_vec(), None);
    for (i, l) in norms.into_iter().enumerate() {
        // Every hidden layer is an affine one with a batch norm, and the last is affine.
        let Some(&[before, at, behind]) = indices.get(2 * i..2 * i + 3) else { break };
        if at - before < 2 || has_tensors(&layers[l + 1]) {
            continue;
        }
        other.swap(l, l + 1);
        match behind - at < 2 {
            true => layers.swap(l, l + 1),
            false => unknown = unknown.or(Some((layers[l + 1].name().to_string(), at))),
        }
    }
    let Some((activation, at)) = unknown else { return Ok(()) };
    let norm = module(found[&at]).to_string();
    let names = |layers: &[LayerConfig]| layers.iter().map(|l| l.name()).collect::<Vec<_>>().join(",");
    Err(Problem::Order { activation, norm, orders: [names(&other), names(layers)] })
}

/// The module of every layer in the file, which has `found`; that of layers without tensors is not used.
fn place<'a>(layers: &[LayerConfig], found: &BTreeMap<usize, &'a Tensor>) -> Result<Vec<&'a str>, Problem> {
    let (mut placed, mut of_file) = (Vec::new(), found.iter());
    // The last index with its module, and the activation behind it.
    let (mut last, mut name, mut between) = (0, "", None);
    for layer in layers {
        if !has_tensors(layer) {
            between = Some(layer.name());
        } else if let Some((&index, tensor)) = of_file.next() {
            if let Some(activation) = between.take().filter(|_| index - last < 2) {
                return Err(Problem::Activations {
                    found: activation.to_string(),
                    expected: format!("identity, since there is no layer between {last} and {index}"),
                });
            }
            (last, name) = (index, module(tensor));
        }
        placed.push(name);
    }
    Ok(placed)
}
