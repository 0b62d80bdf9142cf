//! What a layer is handed in its passes: the input, what the forward pass left, and where the pass stands.

use chainrule_tensor::{Context, Float, Input, MatrixView};

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
