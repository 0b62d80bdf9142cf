//! The memory in which a [`Sequential`] runs: one for each shard of a mini-batch, reused from step to step.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::Sequential;

/// The memory of the passes of some samples: outputs, caches and gradients of every layer.
#[derive(Clone, Debug)]
pub struct Workspace<F> {
    pub(crate) n_samples: usize,
    /// Per layer: outputs × samples.
    pub(crate) outputs: Vec<Vec<F>>,
    /// Per layer: what it keeps.
    pub(crate) caches: Vec<Vec<F>>,
    /// Per layer: the gradient with respect to its output, outputs × samples.
    pub(crate) dys: Vec<Vec<F>>,
}

impl<F: Float> Workspace<F> {
    /// The outputs of the last forward pass, and where the gradient with respect to them is to be written before the
    /// backward pass; both are outputs × samples.
    pub fn outputs_and_gradient(&mut self, net: &Sequential<F>) -> (MatrixView<'_, F>, MatrixViewMut<'_, F>) {
        let (n_outputs, n_samples, last) = (net.n_outputs(), self.n_samples, net.layers().len() - 1);
        (
            MatrixView::new(&self.outputs[last], n_outputs, n_samples),
            MatrixViewMut::new(&mut self.dys[last], n_outputs, n_samples),
        )
    }

    pub(crate) fn outputs_of(&self, net: &Sequential<F>) -> MatrixView<'_, F> {
        let last = net.layers().len() - 1;
        MatrixView::new(&self.outputs[last], net.n_outputs(), self.n_samples)
    }
}
