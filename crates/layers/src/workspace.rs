//! The memory in which a [`Sequential`] runs: one for each shard of a mini-batch, reused from step to step.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::Sequential;

/// The memory of the passes of some samples: outputs, caches and gradients of every layer.
#[derive(Clone, Debug)]
pub struct Workspace<F> {
    pub(crate) n_samples: usize,
    pub(crate) left: Left<F>,
    /// Per layer: the gradient with respect to its output, outputs × samples.
    pub(crate) dys: Vec<Vec<F>>,
}

/// What the forward pass leaves for the backward pass, per layer.
#[derive(Clone, Debug)]
pub(crate) struct Left<F> {
    /// Outputs × samples.
    pub(crate) outputs: Vec<Vec<F>>,
    /// What the layer keeps.
    pub(crate) caches: Vec<Vec<F>>,
    /// The sums that the layer wants before its forward pass.
    pub(crate) forward_sums: Vec<Vec<f64>>,
    /// The sums that the layer wants before its backward pass.
    pub(crate) backward_sums: Vec<Vec<f64>>,
}

impl<F: Float> Workspace<F> {
    /// The outputs of the last forward pass, and where the gradient with respect to them is to be written before the
    /// backward pass; both are outputs × samples.
    pub fn outputs_and_gradient(&mut self, net: &Sequential<F>) -> (MatrixView<'_, F>, MatrixViewMut<'_, F>) {
        let (n_outputs, n_samples, last) = (net.n_outputs(), self.n_samples, net.layers().len() - 1);
        (
            MatrixView::new(&self.left.outputs[last], n_outputs, n_samples),
            MatrixViewMut::new(&mut self.dys[last], n_outputs, n_samples),
        )
    }

    /// The sums that layer `layer` wants before its forward pass: those of these samples, until whoever cut the
    /// mini-batch puts the total in their place.
    pub fn forward_sums_mut(&mut self, layer: usize) -> &mut [f64] {
        &mut self.left.forward_sums[layer]
    }

    /// The sums that layer `layer` wants before its backward pass; see
    /// [`forward_sums_mut`](Workspace::forward_sums_mut).
    pub fn backward_sums_mut(&mut self, layer: usize) -> &mut [f64] {
        &mut self.left.backward_sums[layer]
    }

    pub(crate) fn outputs_of(&self, net: &Sequential<F>) -> MatrixView<'_, F> {
        let last = net.layers().len() - 1;
        MatrixView::new(&self.left.outputs[last], net.n_outputs(), self.n_samples)
    }
}
