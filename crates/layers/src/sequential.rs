//! Layers one behind the other: a network as far as gradients are concerned. Its passes are in `passes.rs`.

use std::ops::Range;

use chainrule_tensor::Float;

use crate::{Layer, Parameter, ParameterMut};

/// A chain of layers, each taking the output of the one before it.
///
/// # Examples
/// ```
/// use chainrule_layers::{Affine, Context, Sequential, Sigmoid};
/// use chainrule_tensor::{Init, Matrix};
/// let init = Init::XavierNormal;
/// let net: Sequential<f32> = Sequential::new(2, vec![
///     Box::new(Affine::init(2, 3, init, 1, 0)),
///     Box::new(Sigmoid),
///     Box::new(Affine::init(3, 1, init, 1, 1)),
/// ]);
/// assert_eq!((net.n_inputs(), net.n_outputs(), net.n_parameters()), (2, 1, 13));
/// let mut workspace = net.workspace(4); // for up to four samples
/// let x = Matrix::zeros(2, 4);
/// let y = net.forward(&mut workspace, (&x).into(), &Context::inference());
/// assert_eq!(y.shape(), (1, 4));
/// ```
#[derive(Debug)]
pub struct Sequential<F = f32> {
    pub(crate) layers: Vec<Box<dyn Layer<F>>>,
    /// The full names of the parameters, in order: `W1`, `b1`, `W2`, …
    names: Vec<String>,
    /// Values per sample before layer 0, between layers, and behind the last.
    pub(crate) sizes: Vec<usize>,
    /// Where the parameters of each layer start when all are laid end to end, and where the last end.
    pub(crate) offsets: Vec<usize>,
    /// Runs of layers; each but the first begins with a layer that wants sums over the mini-batch.
    pub(crate) stages: Vec<Range<usize>>,
}

impl<F: Float> Sequential<F> {
    /// A chain of `layers` for `n_inputs` values per sample.
    ///
    /// # Panics
    /// If there is no layer, or a layer cannot take what the one before it gives.
    #[track_caller]
    pub fn new(n_inputs: usize, layers: Vec<Box<dyn Layer<F>>>) -> Self {
        assert!(!layers.is_empty(), "a network needs at least one layer");
        let (mut sizes, mut offsets, mut names) = (vec![n_inputs], vec![0], Vec::new());
        let (mut number, mut stages, mut stage) = (0, Vec::new(), 0);
        for (l, layer) in layers.iter().enumerate() {
            if layer.n_sums(sizes[l]) > 0 {
                stages.push(stage..l);
                stage = l;
            }
            sizes.push(layer.n_outputs(sizes[sizes.len() - 1]));
            offsets.push(offsets[offsets.len() - 1] + layer.n_parameters());
            number += usize::from(layer.n_parameters() > 0);
            layer.visit_parameters(&mut |parameter| names.push(format!("{}{number}", parameter.name)));
        }
        stages.push(stage..layers.len());
        Sequential { layers, names, sizes, offsets, stages }
    }

    /// Values per sample that go in.
    pub fn n_inputs(&self) -> usize {
        self.sizes[0]
    }

    /// Values per sample that come out.
    pub fn n_outputs(&self) -> usize {
        self.sizes[self.layers.len()]
    }

    /// Whether the first layer takes lists of the inputs that are not 0.
    pub fn takes_sparse(&self) -> bool {
        self.layers[0].takes_sparse()
    }

    /// How many values all parameters have together.
    pub fn n_parameters(&self) -> usize {
        self.offsets[self.layers.len()]
    }

    /// The layers in order.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &dyn Layer<F>> + DoubleEndedIterator {
        self.layers.iter().map(|layer| &**layer)
    }

    /// The layers for changing their parameters, several at the same time.
    pub fn layers_mut(&mut self) -> LayersMut<'_, F> {
        LayersMut { layers: &mut self.layers, offsets: &self.offsets, first: 0 }
    }

    /// Shows every parameter with its full name: that within the layer and the number of the layer, counting from 1
    /// the layers that have any, `W1`, `b1`, `W2` and so on.
    pub fn visit_parameters<'a>(&'a self, visit: &mut dyn FnMut(&'a str, Parameter<'a, F>)) {
        let mut names = self.names.iter();
        for layer in &self.layers {
            layer.visit_parameters(&mut |parameter| {
                let name = names.next().expect("a layer always shows the same parameters");
                visit(name, parameter);
            });
        }
    }

    /// Hands out every parameter for changing; see [`visit_parameters`](Sequential::visit_parameters).
    pub fn visit_parameters_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&'a str, ParameterMut<'a, F>)) {
        let mut names = self.names.iter();
        for layer in &mut self.layers {
            layer.visit_parameters_mut(&mut |parameter| {
                let name = names.next().expect("a layer always shows the same parameters");
                visit(name, parameter);
            });
        }
    }

    /// Shows what inference depends on besides the parameters, running statistics, with full names.
    pub fn visit_buffers<'a>(&'a self, visit: &mut dyn FnMut(String, Parameter<'a, F>)) {
        let mut number = 0;
        for layer in &self.layers {
            number += usize::from(layer.n_parameters() > 0);
            layer.visit_buffers(&mut |buffer| visit(format!("{}{number}", buffer.name), buffer));
        }
    }

    /// Hands out every buffer for changing, in the order of [`visit_buffers`](Sequential::visit_buffers).
    pub fn visit_buffers_mut<'a>(&'a mut self, visit: &mut dyn FnMut(ParameterMut<'a, F>)) {
        for layer in &mut self.layers {
            layer.visit_buffers_mut(visit);
        }
    }

    /// All parameters for changing, in order: the learner's form of
    /// [`visit_parameters_mut`](Sequential::visit_parameters_mut).
    pub fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, F>> {
        let mut all = Vec::new();
        self.visit_parameters_mut(&mut |_, parameter| all.push(parameter));
        all
    }

    /// The full names of all parameters in order, with their lengths: what an optimizer's state is made from.
    pub fn parameter_names(&self) -> Vec<(String, usize)> {
        let mut names = Vec::new();
        self.visit_parameters(&mut |name, parameter| names.push((name.to_string(), parameter.values.len())));
        names
    }

    /// The runs of layers that samples can go through by themselves. Each but the first begins with a layer that in
    /// training wants sums over the whole mini-batch; most networks have one stage.
    ///
    /// Whoever cuts a mini-batch takes every shard through [`forward_stage`](Sequential::forward_stage), adds up what
    /// they then have in [`forward_sums_mut`](crate::Workspace::forward_sums_mut) of the first layer of the next stage, and
    /// puts the total into every workspace; backwards likewise, stages in reverse.
    pub fn stages(&self) -> &[Range<usize>] {
        &self.stages
    }

    /// The number of the layer to which a value belongs, given by its place when all parameters are laid end to end.
    pub(crate) fn layer_of(&self, value: usize) -> usize {
        self.offsets.partition_point(|&offset| offset <= value) - 1
    }

    /// Those of [`gradient_parts`](Sequential::gradient_parts) that have to be known before any parameter of their layer is
    /// updated, since it [reads](Layer::gradient_reads_parameters) them.
    pub fn parts_before_update(&self, length: usize) -> Vec<Range<usize>> {
        let mut parts = self.gradient_parts(length);
        parts.retain(|part| self.layers[self.layer_of(part.start)].gradient_reads_parameters());
        parts
    }

    /// Cuts the parameters laid end to end into parts of about `length` values, none of which crosses a layer: the
    /// cuts depend on the network alone, and every part may be computed by another thread.
    pub fn gradient_parts(&self, length: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        for (layer, bounds) in self.layers.iter().zip(self.offsets.windows(2)) {
            let (start, end) = (bounds[0], bounds[1]);
            if start < end {
                let step = layer.gradient_step(length);
                parts.extend((start..end).step_by(step).map(|from| from..end.min(from.saturating_add(step))));
            }
        }
        parts
    }

    /// No gradient is wanted below this layer.
    pub(crate) fn first_with_parameters(&self) -> usize {
        self.offsets.partition_point(|&offset| offset == 0).saturating_sub(1)
    }
}

/// A run of the layers of a [`Sequential`], for changing their parameters.
#[derive(Debug)]
pub struct LayersMut<'a, F> {
    layers: &'a mut [Box<dyn Layer<F>>],
    /// Of the whole network.
    offsets: &'a [usize],
    /// The number of the first layer of the run.
    first: usize,
}

impl<'a, F: Float> LayersMut<'a, F> {
    /// How many layers there are in the run.
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// How many parameters they have, counting `W` as one.
    pub fn n_parameters(&self) -> usize {
        let mut n = 0;
        self.layers.iter().for_each(|layer| layer.visit_parameters(&mut |_| n += 1));
        n
    }

    /// How many values these have together.
    pub fn n_values(&self) -> usize {
        self.offsets[self.first + self.layers.len()] - self.offsets[self.first]
    }

    /// The first `n` layers, and the others.
    ///
    /// # Panics
    /// Unless there are so many.
    #[track_caller]
    pub fn split_at(self, n: usize) -> (Self, Self) {
        let LayersMut { layers, offsets, first } = self;
        let (layers, rest) = layers.split_at_mut(n);
        (LayersMut { layers, offsets, first }, LayersMut { layers: rest, offsets, first: first + n })
    }

    /// Where the parameters of the first layer are when those of all layers are laid end to end, and the layer itself;
    /// `None` if the run is empty.
    pub fn into_first(self) -> Option<(Range<usize>, &'a mut dyn Layer<F>)> {
        let layer = self.layers.first_mut()?;
        Some((self.offsets[self.first]..self.offsets[self.first + 1], &mut **layer))
    }
}

impl<F: Float> Clone for Sequential<F> {
    fn clone(&self) -> Self {
        Sequential {
            layers: self.layers.iter().map(|layer| layer.boxed_clone()).collect(),
            names: self.names.clone(),
            sizes: self.sizes.clone(),
            offsets: self.offsets.clone(),
            stages: self.stages.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Init;

    use super::*;
    use crate::{Affine, BatchNorm, Relu, Sigmoid};

    fn net() -> Sequential<f64> {
        let init = Init::Normal { std: 0.7 };
        let layers: Vec<Box<dyn Layer<f64>>> = vec![
            Box::new(BatchNorm::new(4)),
            Box::new(Affine::init(4, 9, init, 1, 0)),
            Box::new(Sigmoid),
            Box::new(Affine::init(9, 6, init, 1, 1)),
            Box::new(BatchNorm::new(6)),
            Box::new(Relu),
        ];
        Sequential::new(4, layers)
    }

    #[test]
    fn parameters_are_numbered_by_the_layers_that_have_them() {
        let expected = [
            ("gamma1", 4),
            ("beta1", 4),
            ("W2", 36),
            ("b2", 9),
            ("W3", 54),
            ("b3", 6),
            ("gamma4", 6),
            ("beta4", 6),
        ];
        assert_eq!(net().parameter_names(), expected.map(|(name, length)| (name.to_string(), length)));
        let mut buffers = Vec::new();
        net().visit_buffers(&mut |name, _| buffers.push(name));
        assert_eq!(buffers, ["running_mean1", "running_var1", "running_mean4", "running_var4"]);
    }

    #[test]
    fn stages_begin_with_the_layers_that_want_sums() {
        assert_eq!(net().stages(), [0..0, 0..4, 4..6]);
    }

    #[test]
    fn parts_cover_every_parameter_once_and_cross_no_layer() {
        let net = net();
        for length in [1, 10, 45, usize::MAX] {
            let parts = net.gradient_parts(length);
            assert_eq!(parts[0].start, 0);
            assert_eq!(parts[parts.len() - 1].end, net.n_parameters());
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            for offset in &net.offsets {
                assert!(parts.iter().all(|part| part.end <= *offset || part.start >= *offset));
            }
        }
    }

    #[test]
    #[should_panic(expected = "inputs of an affine layer with W of 2×3")]
    fn layers_that_do_not_fit_are_refused() {
        let init = Init::HeNormal;
        Sequential::<f32>::new(
            5,
            vec![Box::new(Affine::init(5, 4, init, 1, 0)), Box::new(Affine::init(3, 2, init, 1, 1))],
        );
    }
}
