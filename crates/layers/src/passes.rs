//! The fast passes of a chain of layers: forward, backward, gradient.
//!
//! ```text
//! forward    x → layer 0 → layer 1 → … → outputs
//! backward   dy of the last layer → … → dy of the first layer with parameters
//! gradient   dW, db, … of every layer from its input, its dy and its cache
//! ```
//! All three work in a [`Workspace`] that the caller owns. Where a layer needs sums over the whole mini-batch, forward and
//! backward go by [stages](Layers::stages), between which the sums of all workspaces are added up. The gradient can be asked
//! for in [pieces](Layers::pieces), from samples that lie in several workspaces. That is how the trainer cuts its work; the
//! readable twin, one layer after another, is in `learner.rs`.

use std::{mem::take, ops::Range};

use chainrule_tensor::{Float, Input, MatrixView, MatrixViewMut};

use crate::{Context, Layers, Pass, Sums, Workspace};

impl<F: Float> Layers<F> {
    /// Takes the samples in `workspace.x` through all layers, in inference.
    ///
    /// # Panics
    /// If the samples have another number of values than the network has inputs.
    #[track_caller]
    pub fn infer<'w>(&self, values: &[F], workspace: &'w mut Workspace<F>) -> MatrixView<'w, F> {
        for stage in 0..self.stages().len() {
            self.forward(values, &[], Context::inference(), workspace, stage);
        }
        workspace.outputs(self)
    }

    /// Takes the samples in `workspace.x` forward through stage `s`, and leaves in `workspace.sums` what they contribute to
    /// the sums of the layer behind. `sums` are those over the whole mini-batch, as far as they are known; in inference,
    /// none.
    ///
    /// # Panics
    /// As [`infer`](Layers::infer).
    #[track_caller]
    pub fn forward(
        &self,
        values: &[F],
        sums: &[[Vec<f64>; 2]],
        context: Context,
        workspace: &mut Workspace<F>,
        s: usize,
    ) {
        let pass = Pass::new(values, context.at_sample(workspace.samples.start));
        let (n_inputs, n_samples) = workspace.x.as_input().shape();
        assert_eq!(n_inputs, self.n_inputs(), "values per sample, and inputs of the network");
        for l in self.stages()[s].clone() {
            let (mut y, mut cache) = (take(&mut workspace.y[l]), take(&mut workspace.cache[l]));
            // Within the samples that the workspace was made for, this allocates nothing.
            y.resize(self.shapes()[l + 1].size() * n_samples, F::zero());
            cache.resize(self.layers[l].n_cached(self.shapes()[l]) * n_samples, F::zero());
            workspace.dy[l + 1].resize(y.len(), F::zero());
            let view = MatrixViewMut::new(&mut y, self.shapes()[l + 1].size(), n_samples);
            self.layers[l].forward_to(view, &mut cache, &self.pass(l, pass, sums, workspace));
            (workspace.y[l], workspace.cache[l]) = (y, cache);
        }
        let behind = self.stages()[s].end;
        if let Some(layer) = self.layers.get(behind).filter(|_| context.training)
            && let Some(whole_batch) = layer.extras().whole_batch
        {
            let mut of_these = take(&mut workspace.sums[behind][0]);
            of_these.fill(0.0);
            whole_batch.add_forward_sums(&mut of_these, &self.pass(behind, pass, sums, workspace));
            workspace.sums[behind][0] = of_these;
        }
    }

    /// Takes the gradient that was written to [`Workspace::outputs_and_gradient`] back to the output of the first layer of
    /// stage `s`, or of the first layer with parameters, and leaves in `workspace.sums` what these samples contribute to the
    /// sums of that layer.
    pub fn backward(
        &self,
        values: &[F],
        sums: &[[Vec<f64>; 2]],
        context: Context,
        workspace: &mut Workspace<F>,
        s: usize,
    ) {
        let pass = Pass::new(values, context.at_sample(workspace.samples.start));
        let n_samples = workspace.x.as_input().shape().1;
        let (stage, last) = (&self.stages()[s], self.layers.len() - 1);
        // No gradient with respect to the input of this layer is wanted, nor below it.
        let first = self.of_layer.iter().position(|tensors| !tensors.is_empty()).unwrap_or(0);
        // The first layer of a later stage waits for sums.
        for l in (stage.start + usize::from(s > 0)..=stage.end.min(last)).rev() {
            if l < first || l == first && !self.layers[l].extras().backward_keeps {
                break;
            }
            let (mut dx, mut cache) = (take(&mut workspace.dy[l]), take(&mut workspace.cache[l]));
            dx.resize(self.shapes()[l].size() * n_samples, F::zero());
            let view = MatrixViewMut::new(&mut dx, self.shapes()[l].size(), n_samples);
            self.layers[l].backward_to(view, &mut cache, &self.pass(l, pass, sums, workspace));
            (workspace.dy[l], workspace.cache[l]) = (dx, cache);
        }
        let l = stage.start;
        if let Some(whole_batch) = self.layers[l].extras().whole_batch.filter(|_| s > 0 && context.training) {
            let mut of_these = take(&mut workspace.sums[l][1]);
            of_these.fill(0.0);
            whole_batch.add_backward_sums(&mut of_these, &self.pass(l, pass, sums, workspace));
            workspace.sums[l][1] = of_these;
        }
    }

    /// Adds to `gradient` that of one [piece](Layers::pieces) of the parameters, summed over the samples that went backward.
    ///
    /// # Panics
    /// Unless `gradient.len() == piece.len()`.
    #[track_caller]
    pub fn gradient(
        &self,
        sums: &[[Vec<f64>; 2]],
        context: Context,
        workspace: &Workspace<F>,
        piece: &Range<usize>,
        gradient: &mut [F],
    ) {
        assert_eq!(gradient.len(), piece.len(), "values of the gradient, and of the piece");
        let tensor = self.tensor_at(piece.start);
        let (l, n_columns) = (tensor.layer, piece.len() / tensor.stride);
        let i = self.tensors_of(l).iter().position(|of_layer| of_layer.offset == tensor.offset).unwrap_or(0);
        let pass = Pass::new(&[], context.at_sample(workspace.samples.start));
        let dw = MatrixViewMut::new(gradient, tensor.n_rows, n_columns);
        let from = (piece.start - tensor.offset) / tensor.stride;
        self.layers[l].gradient_to(i, from, dw, &self.pass(l, pass, sums, workspace));
    }

    /// Ends a training step of `n_samples` after its update, with the sums of its forward pass: running statistics follow.
    pub fn end_step(&self, values: &mut [F], sums: &Sums, n_samples: usize) {
        for (l, layer) in self.layers.iter().enumerate() {
            if let Some(whole_batch) = layer.extras().whole_batch {
                whole_batch.end_step(values, self.tensors_of(l), &sums[l][0], n_samples);
            }
        }
    }

    /// What layer `l` is given: input, activations, gradients, cache. What is being written is empty.
    fn pass<'a>(
        &'a self,
        l: usize,
        pass: Pass<'a, F>,
        sums: &'a [[Vec<f64>; 2]],
        workspace: &'a Workspace<F>,
    ) -> Pass<'a, F> {
        let n_samples = workspace.x.as_input().shape().1;
        // What has not been written yet may still have the length of another mini-batch.
        let view = |values: &'a [F], size: usize| {
            let n = if values.len() == size * n_samples { n_samples } else { 0 };
            MatrixView::new(&values[..size * n], size, n)
        };
        let sums = sums.get(l).filter(|_| pass.context.training);
        Pass {
            context: pass.context.at_layer(pass.context.layer + l),
            x: match l {
                0 => workspace.x.as_input(),
                _ => Input::Dense(view(&workspace.y[l - 1], self.shapes()[l].size())),
            },
            y: view(&workspace.y[l], self.shapes()[l + 1].size()),
            dy: view(&workspace.dy[l + 1], self.shapes()[l + 1].size()),
            cache: &workspace.cache[l],
            tensors: self.tensors_of(l),
            forward_sums: sums.map_or(&[], |sums| &sums[0]),
            backward_sums: sums.map_or(&[], |sums| &sums[1]),
            ..pass
        }
    }
}
