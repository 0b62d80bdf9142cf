//! What a layer is handed in its passes: the input, what the forward pass left, and where the pass stands.

use chainrule_tensor::{Float, Input, MatrixView};

/// What a layer is given in its forward pass.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Forward<'a, F> {
    /// The layer's input, inputs × samples.
    pub x: Input<'a, F>,
    /// In training, what [`Layer::add_forward_sums`](crate::Layer::add_forward_sums) gave over the whole mini-batch;
    /// empty in inference.
    pub sums: &'a [f64],
    /// Where the pass stands.
    pub context: Context,
}

impl<'a, F: Float> Forward<'a, F> {
    /// The forward pass of the samples of `x`, for a layer that wants no sums.
    pub fn new(x: Input<'a, F>, context: Context) -> Self {
        Forward { x, sums: &[], context }
    }

    /// The same with the sums over the mini-batch.
    pub fn with_sums(self, sums: &'a [f64]) -> Self {
        Forward { sums, ..self }
    }
}

/// What the forward pass of some samples left for their backward pass.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Trace<'a, F> {
    /// The layer's input, inputs × samples.
    pub x: Input<'a, F>,
    /// The layer's output, outputs × samples.
    pub y: MatrixView<'a, F>,
    /// What the layer kept, [`Layer::n_cached`](crate::Layer::n_cached) · samples values.
    pub cache: &'a [F],
    /// The sums over the mini-batch with which the pass went forward.
    pub forward_sums: &'a [f64],
    /// In training, what [`Layer::add_backward_sums`](crate::Layer::add_backward_sums) gave over the whole mini-batch.
    pub backward_sums: &'a [f64],
    /// Where the pass stands.
    pub context: Context,
}

impl<'a, F: Float> Trace<'a, F> {
    /// A trace of input, output and cache, of a layer that wants no sums.
    pub fn new(x: Input<'a, F>, y: MatrixView<'a, F>, cache: &'a [F], context: Context) -> Self {
        Trace { x, y, cache, forward_sums: &[], backward_sums: &[], context }
    }

    /// The same with the sums over the mini-batch.
    pub fn with_sums(self, forward_sums: &'a [f64], backward_sums: &'a [f64]) -> Self {
        Trace { forward_sums, backward_sums, ..self }
    }
}

/// Whether a pass belongs to training or to inference, and where it stands: all that a layer may know besides its
/// input, its parameters and the sums it asked for. Randomness in a layer is a pure function of these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// True in training; false in inference, where dropout does nothing and batch normalisation knows its statistics.
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// Steps taken before this one.
    pub step: u64,
    /// How many samples the whole mini-batch has, in training.
    pub n_samples: usize,
    /// The position in the mini-batch of the first sample of this pass.
    pub first_sample: usize,
    /// The position of the layer in its network.
    pub layer: usize,
}

impl Context {
    /// The context of inference.
    pub const fn inference() -> Self {
        Context { training: false, seed: 0, step: 0, n_samples: 0, first_sample: 0, layer: 0 }
    }

    /// The context of one training step, at its first sample. Whoever runs the mini-batch says how many it has.
    pub const fn training(seed: u64, step: u64) -> Self {
        Context { training: true, seed, step, n_samples: 0, first_sample: 0, layer: 0 }
    }

    /// The same context for a mini-batch of `n_samples`.
    pub const fn of_samples(self, n_samples: usize) -> Self {
        Context { n_samples, ..self }
    }

    /// The same context for samples that start at `first_sample` of the mini-batch.
    pub const fn at_sample(self, first_sample: usize) -> Self {
        Context { first_sample, ..self }
    }

    /// The same context for the layer at position `layer`.
    pub const fn at_layer(self, layer: usize) -> Self {
        Context { layer, ..self }
    }
}
