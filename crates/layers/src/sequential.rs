//! Layers one behind the other: a network as far as gradients are concerned.
//!
//! ```text
//! forward    x → layer 0 → layer 1 → … → outputs
//! backward   dy of the last layer → … → dy of layer 0; the gradient with respect to x is never computed
//! gradient   dW, db, … of every layer from its input and its dy
//! ```
//! All three work in a [`Workspace`] that the caller owns. The gradient can be asked for in parts, from samples that
//! lie in several workspaces: that is how the trainer cuts its work. Where a layer wants sums over the whole mini-batch,
//! the passes go by [stages](Sequential::stages), between which the sums of all workspaces are added up.

use std::ops::Range;

use chainrule_tensor::{Float, Input, MatrixView, MatrixViewMut};

use crate::{Context, Forward, Layer, Parameter, ParameterMut, Trace, Workspace, workspace::Left};

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
    layers: Vec<Box<dyn Layer<F>>>,
    /// The full names of the parameters, in order: `W1`, `b1`, `W2`, …
    names: Vec<String>,
    /// Values per sample before layer 0, between layers, and behind the last.
    sizes: Vec<usize>,
    /// Where the parameters of each layer start when all are laid end to end, and where the last end.
    offsets: Vec<usize>,
    /// Runs of layers; each but the first begins with a layer that wants sums over the mini-batch.
    stages: Vec<Range<usize>>,
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

    /// How many values all parameters have together.
    pub fn n_parameters(&self) -> usize {
        self.offsets[self.layers.len()]
    }

    /// The layers in order.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &dyn Layer<F>> + DoubleEndedIterator {
        self.layers.iter().map(|layer| &**layer)
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

    /// Memory for the passes of up to `n_samples` samples at a time.
    pub fn workspace(&self, n_samples: usize) -> Workspace<F> {
        let room = |size: usize| vec![F::zero(); size * n_samples];
        let outputs: Vec<_> = self.sizes[1..].iter().map(|&size| room(size)).collect();
        let with_inputs = || self.layers.iter().zip(&self.sizes);
        let sums: Vec<_> = with_inputs().map(|(layer, &size)| vec![0.0; layer.n_sums(size)]).collect();
        let caches = with_inputs().map(|(layer, &size)| room(layer.n_cached(size))).collect();
        let dys = outputs.clone();
        Workspace {
            n_samples,
            left: Left { outputs, caches, backward_sums: sums.clone(), forward_sums: sums },
            dys,
        }
    }

    /// The forward pass of the samples of `x`; returns the outputs, outputs × samples, which stay in `workspace`
    /// together with all that the other passes need. In training these are the whole mini-batch.
    ///
    /// # Panics
    /// If `x` does not have `n_inputs` rows, or the workspace is that of another network.
    #[track_caller]
    pub fn forward<'w>(
        &self,
        workspace: &'w mut Workspace<F>,
        x: Input<'_, F>,
        context: &Context,
    ) -> MatrixView<'w, F> {
        for stage in &self.stages {
            self.forward_stage(workspace, x, stage.clone(), context);
        }
        workspace.outputs_of(self)
    }

    /// The backward pass of the samples that went forward last: takes the gradient that was written to
    /// [`Workspace::outputs_and_gradient`] back to the output of every layer that has parameters or is behind one.
    ///
    /// # Panics
    /// If `x` is not of the shape that went forward.
    #[track_caller]
    pub fn backward(&self, workspace: &mut Workspace<F>, x: Input<'_, F>, context: &Context) {
        for stage in self.stages.iter().rev() {
            self.backward_stage(workspace, x, stage.clone(), context);
        }
    }

    /// The runs of layers that samples can go through by themselves. Each but the first begins with a layer that in
    /// training wants sums over the whole mini-batch; most networks have one stage.
    ///
    /// Whoever cuts a mini-batch takes every shard through [`forward_stage`](Sequential::forward_stage), adds up what
    /// they then have in [`forward_sums_mut`](Workspace::forward_sums_mut) of the first layer of the next stage, and
    /// puts the total into every workspace; backwards likewise, stages in reverse.
    pub fn stages(&self) -> &[Range<usize>] {
        &self.stages
    }

    /// Takes the samples of `x` forward through the layers `stage`, and leaves in `workspace` what they contribute to
    /// the sums of the layer behind.
    ///
    /// # Panics
    /// As [`forward`](Sequential::forward).
    #[track_caller]
    pub fn forward_stage(
        &self,
        workspace: &mut Workspace<F>,
        x: Input<'_, F>,
        stage: Range<usize>,
        context: &Context,
    ) {
        let (n_inputs, n_samples) = x.shape();
        assert_eq!(n_inputs, self.n_inputs(), "values per sample, and inputs of the network");
        if stage.start == 0 {
            self.make_room(workspace, n_samples);
        }
        let behind = stage.end;
        for l in stage {
            let (before, from_here) = workspace.left.outputs.split_at_mut(l);
            let x = input(self, x, before, l);
            let y = MatrixViewMut::new(&mut from_here[0], self.sizes[l + 1], n_samples);
            let mut forward = Forward::new(x, context.at_layer(l));
            if context.training {
                forward = forward.with_sums(&workspace.left.forward_sums[l]);
            }
            self.layers[l].forward_to(y, &mut workspace.left.caches[l], &forward);
        }
        if context.training && behind < self.layers.len() {
            let x = input(self, x, &workspace.left.outputs, behind).dense();
            let sums = &mut workspace.left.forward_sums[behind];
            sums.fill(0.0);
            self.layers[behind].add_forward_sums(sums, x);
        }
    }

    /// Takes the samples backward to the output of the first layer of `stage`, and leaves in `workspace` what they
    /// contribute to the sums of that layer.
    ///
    /// # Panics
    /// As [`backward`](Sequential::backward).
    #[track_caller]
    pub fn backward_stage(
        &self,
        workspace: &mut Workspace<F>,
        x: Input<'_, F>,
        stage: Range<usize>,
        context: &Context,
    ) {
        assert_eq!(x.shape(), (self.n_inputs(), workspace.n_samples), "shapes of the input now and forward");
        let first = stage.start.max(self.first_with_parameters());
        for l in (first + 1..=stage.end.min(self.layers.len() - 1)).rev() {
            let (before, from_here) = workspace.dys.split_at_mut(l);
            let dx = MatrixViewMut::new(&mut before[l - 1], self.sizes[l], workspace.n_samples);
            let dy = MatrixView::new(&from_here[0], self.sizes[l + 1], workspace.n_samples);
            let trace = trace(self, &workspace.left, x, l, context);
            self.layers[l].backward_to(dx, dy, &trace);
        }
        let l = stage.start;
        if context.training && !stage.is_empty() && !workspace.left.backward_sums[l].is_empty() {
            let mut sums = std::mem::take(&mut workspace.left.backward_sums[l]);
            sums.fill(0.0);
            let dy = MatrixView::new(&workspace.dys[l], self.sizes[l + 1], workspace.n_samples);
            let trace = trace(self, &workspace.left, x, l, context);
            self.layers[l].add_backward_sums(&mut sums, dy, &trace);
            workspace.left.backward_sums[l] = sums;
        }
    }

    /// Ends a training step of `n_samples` after its update: running statistics follow. `workspace` is any of those in
    /// which the mini-batch went forward.
    pub fn end_step(&mut self, workspace: &Workspace<F>, n_samples: usize) {
        for (layer, sums) in self.layers.iter_mut().zip(&workspace.left.forward_sums) {
            if !sums.is_empty() {
                layer.end_step(sums, n_samples);
            }
        }
    }

    /// No gradient is wanted below this layer.
    fn first_with_parameters(&self) -> usize {
        self.offsets.partition_point(|&offset| offset == 0).saturating_sub(1)
    }

    /// Adds to `gradient` the part `part` of the gradient of all parameters laid end to end, summed over the samples
    /// that went backward last. `part` is one of [`gradient_parts`](Sequential::gradient_parts).
    ///
    /// # Panics
    /// Unless `gradient.len() == part.len()`.
    #[track_caller]
    pub fn gradient_to(
        &self,
        gradient: &mut [F],
        part: Range<usize>,
        workspace: &Workspace<F>,
        x: Input<'_, F>,
        context: &Context,
    ) {
        assert_eq!(gradient.len(), part.len(), "values of the gradient, and parameters of the part");
        let l = self.offsets.partition_point(|&offset| offset <= part.start) - 1;
        let within = part.start - self.offsets[l]..part.end - self.offsets[l];
        let dy = MatrixView::new(&workspace.dys[l], self.sizes[l + 1], workspace.n_samples);
        let trace = trace(self, &workspace.left, x, l, context);
        self.layers[l].gradient_to(gradient, within, dy, &trace);
    }

    /// The gradient of all parameters laid end to end, summed over the samples that went backward last: the learner's
    /// form of [`gradient_to`](Sequential::gradient_to).
    pub fn gradient(&self, workspace: &Workspace<F>, x: Input<'_, F>, context: &Context) -> Vec<F> {
        let mut gradient = vec![F::zero(); self.n_parameters()];
        for part in self.gradient_parts(usize::MAX) {
            self.gradient_to(&mut gradient[part.clone()], part, workspace, x, context);
        }
        gradient
    }

    /// Cuts the parameters laid end to end into parts of about `length` values, none of which crosses a layer: the
    /// cuts depend on the network alone, and every part may be computed by another thread.
    pub fn gradient_parts(&self, length: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        for (layer, bounds) in self.layers.iter().zip(self.offsets.windows(2)) {
            let (start, end) = (bounds[0], bounds[1]);
            if start < end {
                let grain = layer.gradient_grain();
                assert!(grain > 0, "the layer \"{}\" has parameters and a gradient grain of 0", layer.name());
                let step = (length / grain).max(1) * grain;
                parts.extend((start..end).step_by(step).map(|from| from..end.min(from.saturating_add(step))));
            }
        }
        parts
    }

    #[track_caller]
    fn make_room(&self, workspace: &mut Workspace<F>, n_samples: usize) {
        let (found, expected) = (workspace.left.outputs.len(), self.layers.len());
        assert_eq!(found, expected, "layers in the workspace, and in the network");
        workspace.n_samples = n_samples;
        for (l, layer) in self.layers.iter().enumerate() {
            // Within the samples that the workspace was made for, this allocates nothing.
            workspace.left.outputs[l].resize(self.sizes[l + 1] * n_samples, F::zero());
            workspace.dys[l].resize(self.sizes[l + 1] * n_samples, F::zero());
            workspace.left.caches[l].resize(layer.n_cached(self.sizes[l]) * n_samples, F::zero());
        }
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

/// The input of layer `l`: that of the network, or the output of the layer before.
fn input<'a, F: Float>(
    net: &Sequential<F>,
    x: Input<'a, F>,
    outputs: &'a [Vec<F>],
    l: usize,
) -> Input<'a, F> {
    match l {
        0 => x,
        _ => Input::Dense(MatrixView::new(&outputs[l - 1], net.sizes[l], x.shape().1)),
    }
}

/// What layer `l` saw and made.
fn trace<'a, F: Float>(
    net: &Sequential<F>,
    left: &'a Left<F>,
    x: Input<'a, F>,
    l: usize,
    context: &Context,
) -> Trace<'a, F> {
    let y = MatrixView::new(&left.outputs[l], net.sizes[l + 1], x.shape().1);
    let trace = Trace::new(input(net, x, &left.outputs, l), y, &left.caches[l], context.at_layer(l));
    if context.training { trace.with_sums(&left.forward_sums[l], &left.backward_sums[l]) } else { trace }
}
#[cfg(test)]
mod tests {
    use chainrule_gradcheck::Check;
    use chainrule_tensor::{Init, Matrix};

    use super::*;
    use crate::{Affine, BatchNorm, Dropout, Relu, Sigmoid, Softmax, check::random_matrix};

    fn net() -> Sequential<f64> {
        let init = Init::Normal { std: 0.7 };
        let layers: Vec<Box<dyn Layer<f64>>> = vec![
            Box::new(Affine::init(4, 9, init, 1, 0)),
            Box::new(Sigmoid),
            Box::new(Affine::init(9, 6, init, 1, 1)),
            Box::new(Relu),
            Box::new(Affine::init(6, 3, init, 1, 2)),
            Box::new(Softmax),
        ];
        Sequential::new(4, layers)
    }

    /// Gradient of Σ dy·y from samples that lie in two workspaces, cut after `first` samples.
    fn gradient(
        net: &Sequential<f64>,
        x: &Matrix<f64>,
        dy: &Matrix<f64>,
        first: usize,
        length: usize,
    ) -> Vec<f64> {
        let mut gradient = vec![0.0; net.n_parameters()];
        let context = Context::inference();
        for samples in [0..first, first..x.ncols()] {
            let x = Input::Dense(MatrixView::from(x).columns(samples.clone()));
            let mut workspace = net.workspace(1);
            net.forward(&mut workspace, x, &context);
            let (_, mut target) = workspace.outputs_and_gradient(net);
            target.as_mut_slice().copy_from_slice(MatrixView::from(dy).columns(samples).as_slice());
            net.backward(&mut workspace, x, &context);
            for part in net.gradient_parts(length) {
                net.gradient_to(&mut gradient[part.clone()], part, &workspace, x, &context);
            }
        }
        gradient
    }

    fn set(net: &mut Sequential<f64>, mut values: &[f64]) {
        for parameter in net.parameters_mut() {
            let (of_this, rest) = values.split_at(parameter.values.len());
            parameter.values.copy_from_slice(of_this);
            values = rest;
        }
    }

    fn all(net: &Sequential<f64>) -> Vec<f64> {
        let mut all = Vec::new();
        net.visit_parameters(&mut |_, parameter| all.extend_from_slice(parameter.values));
        all
    }

    #[test]
    fn gradients_of_a_chain_agree_however_it_is_cut() {
        let mut net = net();
        let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
        let start = all(&net);
        for (first, length) in [(0, 1), (5, 7), (11, 1000), (4, 20)] {
            let given = gradient(&net, &x, &dy, first, length);
            let objective = |values: &[f64]| {
                set(&mut net, values);
                let mut workspace = net.workspace(11);
                net.forward(&mut workspace, (&x).into(), &Context::inference()).to_matrix().dot(&dy)
            };
            Check::new().run(objective, &start, &given).assert_passed();
            set(&mut net, &start);
        }
    }

    #[test]
    fn parameters_are_numbered_by_the_layers_that_have_them() {
        let expected = [("W1", 36), ("b1", 9), ("W2", 54), ("b2", 6), ("W3", 18), ("b3", 3)];
        assert_eq!(net().parameter_names(), expected.map(|(name, length)| (name.to_string(), length)));
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

    /// Two batch normalisations, one of them first, and dropout, in training.
    fn net_with_sums() -> Sequential<f64> {
        let init = Init::Normal { std: 0.7 };
        let layers: Vec<Box<dyn Layer<f64>>> = vec![
            Box::new(BatchNorm::new(4)),
            Box::new(Affine::init(4, 5, init, 1, 0)),
            Box::new(BatchNorm::new(5)),
            Box::new(Sigmoid),
            Box::new(Dropout::new(0.3).unwrap()),
            Box::new(Affine::init(5, 3, init, 1, 1)),
        ];
        Sequential::new(4, layers)
    }

    /// The gradient of Σ dy·y in training, and the workspace of the first shard, of a mini-batch cut at `cuts`.
    fn gradient_in_stages(
        net: &Sequential<f64>,
        x: &Matrix<f64>,
        dy: &Matrix<f64>,
        cuts: &[usize],
    ) -> (Vec<f64>, Workspace<f64>) {
        let context = |first| Context::training(1, 7).of_samples(x.ncols()).at_sample(first);
        let mut shards: Vec<_> = cuts.windows(2).map(|cut| (cut[0]..cut[1], net.workspace(1))).collect();
        let columns = |samples: &Range<usize>| Input::Dense(MatrixView::from(x).columns(samples.clone()));
        for stage in net.stages() {
            for (samples, workspace) in &mut shards {
                net.forward_stage(workspace, columns(samples), stage.clone(), &context(samples.start));
            }
            if stage.end < net.layers().len() {
                let sums = shards.iter_mut().map(|(_, w)| w.forward_sums_mut(stage.end).to_vec());
                let total = sums.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect()).unwrap();
                shards.iter_mut().for_each(|(_, w)| w.forward_sums_mut(stage.end).copy_from_slice(&total));
            }
        }
        for (samples, workspace) in &mut shards {
            let (_, mut target) = workspace.outputs_and_gradient(net);
            target.as_mut_slice().copy_from_slice(MatrixView::from(dy).columns(samples.clone()).as_slice());
        }
        for stage in net.stages().iter().rev() {
            for (samples, workspace) in &mut shards {
                net.backward_stage(workspace, columns(samples), stage.clone(), &context(samples.start));
            }
            let sums = shards.iter_mut().map(|(_, w)| w.backward_sums_mut(stage.start).to_vec());
            let total = sums.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect()).unwrap();
            shards.iter_mut().for_each(|(_, w)| w.backward_sums_mut(stage.start).copy_from_slice(&total));
        }
        let mut gradient = vec![0.0; net.n_parameters()];
        for (samples, workspace) in &shards {
            for part in net.gradient_parts(10) {
                let (x, context) = (columns(samples), context(samples.start));
                net.gradient_to(&mut gradient[part.clone()], part, workspace, x, &context);
            }
        }
        (gradient, shards.swap_remove(0).1)
    }

    #[test]
    fn statistics_are_those_of_the_whole_mini_batch_however_it_is_cut() {
        let mut net = net_with_sums();
        assert_eq!(net.stages(), [0..0, 0..2, 2..6]);
        let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
        let (whole, workspace) = gradient_in_stages(&net, &x, &dy, &[0, 11]);
        let mut twin = net.clone();
        twin.end_step(&workspace, 11);

        let start = all(&net);
        let context = Context::training(1, 7).of_samples(11);
        let objective = |values: &[f64]| {
            set(&mut net, values);
            net.forward(&mut net.workspace(11), (&x).into(), &context).to_matrix().dot(&dy)
        };
        Check::new().run(objective, &start, &whole).assert_passed();
        set(&mut net, &start);

        for cuts in [&[0, 4, 11][..], &[0, 1, 2, 10, 11], &[0, 3, 6, 9, 11]] {
            let (parts, workspace) = gradient_in_stages(&net, &x, &dy, cuts);
            assert!(parts.iter().zip(&whole).all(|(a, b)| (a - b).abs() <= 1e-13), "{parts:?} and {whole:?}");
            let mut cut = net.clone();
            cut.end_step(&workspace, 11);
            let statistics = |net: &Sequential<f64>| {
                let mut all = Vec::new();
                net.visit_buffers(&mut |name, buffer| all.push((name, buffer.values.to_vec())));
                all
            };
            for ((name, a), (_, b)) in statistics(&cut).iter().zip(&statistics(&twin)) {
                assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-14), "{name}: {a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn buffers_are_named_as_the_parameters_of_their_layer() {
        let mut names = Vec::new();
        net_with_sums().visit_buffers(&mut |name, _| names.push(name));
        assert_eq!(names, ["running_mean1", "running_var1", "running_mean3", "running_var3"]);
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
