//! The memory of some samples and of their passes through a chain of layers: one for each shard of a mini-batch, reused from
//! step to step.

use std::ops::Range;

use chainrule_tensor::{Float, InputBuffer, MatrixView, MatrixViewMut, TargetBuffer};

use crate::Layers;

/// The memory of some samples: inputs, targets and, for every layer, its activations, gradients and cache.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Workspace<F> {
    /// Which samples of the mini-batch they are.
    pub samples: Range<usize>,
    /// The inputs, gathered.
    pub x: InputBuffer<F>,
    /// The targets, gathered.
    pub t: TargetBuffer<F>,
    /// Per layer: outputs × samples.
    pub(crate) y: Vec<Vec<F>>,
    /// Per layer: the gradient with respect to its input, inputs × samples; and last, that with respect to the outputs.
    pub(crate) dy: Vec<Vec<F>>,
    /// Per layer: its cache.
    pub(crate) cache: Vec<Vec<F>>,
    /// These samples' share of the sums over the mini-batch.
    pub sums: Sums,
}

/// Sums over samples, per layer: those before its forward pass, and those before its backward pass.
pub type Sums = Vec<[Vec<f64>; 2]>;

impl<F: Float> Workspace<F> {
    /// The outputs of the last forward pass, and where the gradient with respect to them is to be written before the
    /// backward pass; both are outputs × samples. And the targets.
    pub fn outputs_and_gradient(
        &mut self,
        layers: &Layers<F>,
    ) -> (MatrixView<'_, F>, MatrixViewMut<'_, F>, &TargetBuffer<F>) {
        let (n_outputs, y) = (layers.n_outputs(), &self.y[layers.len() - 1]);
        let y = MatrixView::new(y, n_outputs, y.len() / n_outputs.max(1));
        (y, MatrixViewMut::new(&mut self.dy[layers.len()], n_outputs, y.n_columns()), &self.t)
    }

    /// The outputs of the last forward pass, outputs × samples.
    pub fn outputs(&self, layers: &Layers<F>) -> MatrixView<'_, F> {
        let (n_outputs, y) = (layers.n_outputs(), &self.y[layers.len() - 1]);
        MatrixView::new(y, n_outputs, y.len() / n_outputs.max(1))
    }
}

impl<F: Float> Layers<F> {
    /// Memory for the passes of up to `n_samples` samples at a time.
    pub fn workspace(&self, n_samples: usize) -> Workspace<F> {
        let room = |size: usize| vec![F::zero(); size * n_samples];
        let outputs: Vec<_> = (1..=self.len()).map(|l| room(self.shapes()[l].size())).collect();
        Workspace {
            samples: 0..0,
            x: InputBuffer::new().with_sparse(self.takes_sparse()),
            t: TargetBuffer::new(),
            y: outputs.clone(),
            dy: [vec![Vec::new()], outputs].concat(),
            cache: (0..self.len()).map(|l| room(self.layers[l].n_cached(self.shapes()[l]))).collect(),
            sums: self.sums(),
        }
    }

    /// Room for the sums over a mini-batch, all 0.
    pub fn sums(&self) -> Sums {
        let n_sums = self.iter().zip(self.shapes()).map(|(layer, &input)| {
            layer.extras().whole_batch.map_or(0, |whole_batch| whole_batch.n_sums(input))
        });
        n_sums.map(|n| [vec![0.0; n], vec![0.0; n]]).collect()
    }
}
