//! The passes of a chain of layers.
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

use crate::{Context, Forward, Sequential, Trace, Workspace, workspace::Left};

impl<F: Float> Sequential<F> {
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
        let context = context.of_samples(x.shape().1);
        for stage in &self.stages {
            self.forward_stage(workspace, x, stage.clone(), &context);
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
        let context = context.of_samples(x.shape().1);
        for stage in self.stages.iter().rev() {
            self.backward_stage(workspace, x, stage.clone(), &context);
        }
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
        let l = self.layer_of(part.start);
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

/// The input of layer `l`: that of the network, or the output of the layer before.
pub(crate) fn input<'a, F: Float>(
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
