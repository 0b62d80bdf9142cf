//! The state dict: tensors with PyTorch's names and layout, from a network and back.
//!
//! ```text
//! chainrule   W1 (outputs × inputs, column after column)      b1       gamma2  beta2  running_mean2  running_var2
//! PyTorch     0.weight [outputs, inputs], row after row       0.bias   1.weight, 1.bias, 1.running_mean, 1.running_var
//! ```
//! The number is the index in `nn.Sequential`, where activations and dropout count too. The tensors of a layer of a program's
//! own keep the names that it gives them.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use chainrule_trainer::{
    Network, NetworkConfig,
    layers::{self, Kind, Layer, LayerConfig, OwnLayers, no_own_layers},
};

use crate::{Problem, description, forms};

/// The parameters and running statistics of a network by PyTorch's names, and which network that is, if it is known.
///
/// # Examples
/// ```
/// use chainrule_formats::StateDict;
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let net = Mlp::new(&MlpConfig::new([3, 5, 2]))?;
/// let state = StateDict::of(&net)?;
/// let names: Vec<_> = state.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
/// assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight"]); // 1 is the sigmoid
/// assert_eq!(state.get("0.weight").unwrap().shape, [5, 3]); // outputs, inputs
/// assert_eq!(state.to_network()?.parameters_crc32(), net.parameters_crc32());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StateDict {
    pub(crate) tensors: Vec<Tensor>,
    config: Option<NetworkConfig>,
}

/// A named array as a file has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tensor {
    /// The name, such as `0.weight`.
    pub name: String,
    /// The type of its elements, as the file calls it.
    pub dtype: String,
    /// The shape; none for a single number.
    pub shape: Vec<usize>,
    /// The values, row after row; none where the type is not one of numbers that a network has, or where only shapes
    /// were read.
    pub values: Option<Vec<f32>>,
}

impl Tensor {
    /// A tensor.
    pub(crate) fn new(name: &str, dtype: &str, shape: Vec<usize>, values: Option<Vec<f32>>) -> Self {
        Tensor { name: name.to_string(), dtype: dtype.to_string(), shape, values }
    }

    /// The index of the layer and the name within it: 0 and `weight` of `0.weight`.
    pub(crate) fn place(&self) -> Option<(usize, &str)> {
        let (index, rest) = self.name.split_once('.')?;
        Some((index.parse().ok()?, rest))
    }

    /// Whether it counts something and is no parameter: PyTorch's `num_batches_tracked`, for an average that chainrule
    /// doesn't have, or a single whole number, such as an epoch.
    pub(crate) fn is_counter(&self) -> bool {
        let is_whole = match self.dtype.as_bytes() {
            [b'I' | b'U', ..] => true,
            [b'<' | b'>' | b'|' | b'=', kind, ..] => matches!(kind, b'i' | b'u'),
            _ => false,
        };
        match self.name.rsplit('.').next() {
            Some("weight" | "bias" | "running_mean" | "running_var") => false,
            Some("num_batches_tracked") => true,
            _ => is_whole && self.shape.iter().all(|size| *size == 1),
        }
    }

    /// Name and shape: `0.weight [50, 784]`.
    pub(crate) fn shown(&self) -> String {
        shown(&self.name, &self.shape)
    }

    /// The values, if they are finite floats, and not negative where they are variances.
    fn checked(&self) -> Result<&[f32], Problem> {
        let Some(values) = &self.values else {
            let what = format!("the type of {}", self.name);
            return Err(Problem::unsupported(&what, &self.dtype, "32- or 64-bit floats, little-endian"));
        };
        let is_variance = self.name.ends_with("running_var");
        let good = |value: f32| value.is_finite() && !(is_variance && value < 0.0);
        match values.iter().position(|value| !good(*value)) {
            None => Ok(values),
            Some(index) => Err(Problem::Value {
                name: self.name.clone(),
                index,
                value: values[index],
                expected: if is_variance { "a finite number not below 0" } else { "a finite number" },
            }),
        }
    }
}

pub(crate) fn shown(name: &str, shape: &[usize]) -> String {
    format!("{name} {shape:?}")
}

impl StateDict {
    /// The tensors of a file with the description of their network, if no two have the same name.
    pub(crate) fn new(tensors: Vec<Tensor>, description: Option<&str>) -> Result<Self, Problem> {
        let config = description.map(|json| description::from_json(json, tensors.len())).transpose()?;
        StateDict::with_config(tensors, config)
    }

    /// The same with a description that was read, before the tensors where memory counts.
    pub(crate) fn with_config(
        mut tensors: Vec<Tensor>,
        config: Option<NetworkConfig>,
    ) -> Result<Self, Problem> {
        // 10.weight stands behind 2.weight.
        tensors.sort_by_cached_key(|tensor| {
            (tensor.place().map_or(usize::MAX, |(index, _)| index), tensor.name.clone())
        });
        if let Some(pair) = tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(Problem::unsupported("two tensors of one name", &pair[0].name, "every name once"));
        }
        Ok(StateDict { tensors, config })
    }

    /// The parameters and running statistics of `net`.
    ///
    /// # Errors
    /// [`Problem::Value`] if one is not finite; [`Problem::Tensor`] if the layers are no longer those of the network's
    /// configuration; [`Problem::Unsupported`] if a layer of a program's own has two tensors of one name.
    pub fn of(net: &Network) -> Result<Self, Problem> {
        let (config, layers, values) = (net.config(), net.layers(), net.sequential().values());
        let mut of_net = (0..layers.len()).flat_map(|l| layers.tensors_of(l));
        let mut tensors = Vec::new();
        // Only the network has the layers of a program's own.
        let layer = |l: usize| match &config.layers[l] {
            LayerConfig::Own { .. } if l < layers.len() => Ok(layers.layer(l)),
            known => known.layer(&no_own_layers),
        };
        each_tensor(config, &forms::indices(&config.layers), layer, |name, shape| {
            let (found, n_columns) = (of_net.next(), shape.get(1).copied().unwrap_or(1));
            let Some(tensor) = found.filter(|found| (found.n_rows, found.n_columns) == (shape[0], n_columns))
            else {
                let found = found.map_or("no such tensor".to_string(), |found| {
                    shown(&name, &[found.n_rows, found.n_columns])
                });
                return Err(Problem::Tensor { found, expected: shown(&name, &shape) });
            };
            let values = by_rows(tensor.view(values).as_slice(), tensor.n_rows);
            let tensor = Tensor::new(&name, "F32", shape, Some(values));
            tensor.checked()?;
            tensors.push(tensor);
            Ok(())
        })?;
        if let Some(other) = of_net.next() {
            let found = shown("another tensor", &[other.n_rows, other.n_columns]);
            return Err(Problem::Tensor { found, expected: "none".to_string() });
        }
        StateDict::with_config(tensors, Some(config.clone()))
    }

    /// All tensors, ordered by their index and name.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// The network that the tensors are of, as the file describes it; none in a file of another program.
    pub fn config(&self) -> Option<&NetworkConfig> {
        self.config.as_ref()
    }

    /// The line that describes the network in a file.
    pub(crate) fn description(&self) -> Result<Option<String>, Problem> {
        self.config.as_ref().map(description::to_json).transpose()
    }

    /// The network that the file describes.
    ///
    /// # Errors
    /// [`Problem::NoDescription`] if it describes none: then [`to_mlp_as`](StateDict::to_mlp_as) and
    /// [`to_network_as`](StateDict::to_network_as) are the ways;
    /// [`Problem::Description`] if it has layers of a program's own, which
    /// [`to_network_with_own`](StateDict::to_network_with_own) takes; [`Problem::Tensor`] if the tensors are not those of
    /// the network; [`Problem::Value`] or [`Problem::Unsupported`] if their values cannot be a network's.
    pub fn to_network(&self) -> Result<Network, Problem> {
        self.to_network_with_own(&no_own_layers)
    }

    /// The same with layers of a program's own, which `own` makes of their names and settings.
    ///
    /// # Errors
    /// As [`to_network`](StateDict::to_network), but for names that `own` knows.
    pub fn to_network_with_own(&self, own: OwnLayers<'_, f32>) -> Result<Network, Problem> {
        let config = self.config.as_ref().ok_or(Problem::NoDescription)?;
        filled(config, &forms::indices(&config.layers), &self.tensors, own, false)
    }
}

/// The network of this configuration with these tensors, where its layers are these modules. In a file of another program
/// (`is_foreign`), a bias that is not there is 0, and a batch norm's weight 1.
pub(crate) fn filled(
    config: &NetworkConfig,
    modules: &[impl Display],
    tensors: &[Tensor],
    own: OwnLayers<'_, f32>,
    is_foreign: bool,
) -> Result<Network, Problem> {
    let mut of_file: BTreeMap<&str, &Tensor> = tensors.iter().map(|t| (&*t.name, t)).collect();
    let (mut all, layer) = (Vec::new(), |l: usize| config.layers[l].layer(own));
    each_tensor(config, modules, layer, |name, shape| {
        let found = of_file.remove(&*name);
        let may_lack = name.ends_with(".bias") || (shape.len() == 1 && name.ends_with(".weight"));
        if found.is_none() && is_foreign && may_lack {
            all.push(None);
            return Ok(());
        }
        let Some(tensor) = found.filter(|tensor| tensor.shape == shape) else {
            let found = found.map_or("no such tensor".to_string(), Tensor::shown);
            return Err(Problem::Tensor { found, expected: shown(&name, &shape) });
        };
        all.push(Some(tensor.checked()?));
        Ok(())
    })?;
    let is_left = |tensor: &&Tensor| of_file.contains_key(&*tensor.name) && !tensor.is_counter();
    if let Some(other) = tensors.iter().find(is_left) {
        let expected = "none of that name".to_string();
        return Err(Problem::Tensor { found: other.shown(), expected });
    }
    // Only now, when its size is known to be that of the tensors, memory is taken for it.
    let mut net = Network::with_own(config, own).map_err(description::problem)?;
    let (layers, values) = net.sequential_mut().split_mut();
    for (tensor, by_rows) in (0..layers.len()).flat_map(|l| layers.tensors_of(l)).zip(all) {
        // What the file lacks is as layers begin: biases 0, the weights of batch norm 1.
        let Some(by_rows) = by_rows else { continue };
        copy_by_columns(by_rows, tensor.n_rows, tensor.view_mut(values).as_mut_slice());
    }
    Ok(net)
}

/// Calls `each` with the name and the shape in a file of every tensor, layer after layer, so that nothing is kept of what a
/// file describes and does not have. The layers, made by `layer`, are these modules there.
fn each_tensor(
    config: &NetworkConfig,
    modules: &[impl Display],
    layer: impl Fn(usize) -> Result<Arc<dyn Layer<f32>>, layers::Error>,
    mut each: impl FnMut(String, Vec<usize>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut input = config.input;
    for (l, module) in modules.iter().enumerate() {
        let layer = layer(l).map_err(description::problem)?;
        let output = layer.output(input).map_err(Problem::Description)?;
        for tensor in layer.tensors(input) {
            let name = format!("{module}.{}", forms::tensor_name(&config.layers[l], &tensor.name));
            let is_vector = tensor.kind != Kind::Weight && tensor.n_columns == 1;
            let shape = if is_vector { vec![tensor.n_rows] } else { vec![tensor.n_rows, tensor.n_columns] };
            each(name, shape)?;
        }
        input = output;
    }
    Ok(())
}

/// Column after column to row after row.
pub(crate) fn by_rows(values: &[f32], n_rows: usize) -> Vec<f32> {
    (0..n_rows).flat_map(|i| values.iter().skip(i).step_by(n_rows)).copied().collect()
}

/// Row after row to column after column.
fn copy_by_columns(values: &[f32], n_rows: usize, to: &mut [f32]) {
    let n_columns = values.len() / n_rows.max(1);
    for (i, row) in values.chunks_exact(n_columns.max(1)).enumerate() {
        for (to, value) in to[i..].iter_mut().step_by(n_rows).zip(row) {
            *to = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_by_their_type_and_shape() {
        let is_counter = |name: &str, dtype: &str, shape: &[usize]| {
            Tensor::new(name, dtype, shape.to_vec(), None).is_counter()
        };
        for dtype in ["<i8", "|u1", ">i4", "I64", "U8"] {
            assert!(is_counter("epoch", dtype, &[]) && is_counter("a.step", dtype, &[1]), "{dtype}");
            assert!(!is_counter("epochs", dtype, &[2]) && !is_counter("0.weight", dtype, &[1]), "{dtype}");
        }
        for dtype in ["<f4", "<U8", "|S3", "F32", "BF16", "|b1"] {
            assert!(!is_counter("epoch", dtype, &[]), "{dtype}");
        }
        assert!(is_counter("1.num_batches_tracked", "F32", &[]));
    }

    #[test]
    fn rows_and_columns() {
        // 1 2 3
        // 4 5 6
        let columns = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
        assert_eq!(by_rows(&columns, 2), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let mut back = [0.0; 6];
        copy_by_columns(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, &mut back);
        assert_eq!(back, columns);
    }
}
