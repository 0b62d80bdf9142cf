//! What a layer is handed in its passes: input, output, its tensors, and where the pass stands.

use chainrule_tensor::{Context, Float, Input, MatrixView};

use crate::Tensor;

/// What a layer is given: some samples of a mini-batch, and all else that it may know.
///
/// | | forward | backward | gradient |
/// | --- | --- | --- | --- |
/// | `context`, `x`, `tensors` | yes | yes | yes |
/// | `y`, `dy` | | yes | yes |
/// | `cache` | in the argument | in the argument | yes |
/// | [`matrix`](Pass::matrix), [`vector`](Pass::vector) | yes | yes | |
/// | `forward_sums` in training | yes | yes | yes |
/// | `backward_sums` in training | | yes | yes |
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Pass<'a, F> {
    /// Where the pass stands.
    pub context: Context,
    /// The layer's input, inputs × samples.
    pub x: Input<'a, F>,
    /// Its output, outputs × samples.
    pub y: MatrixView<'a, F>,
    /// The gradient with respect to the output, outputs × samples.
    pub dy: MatrixView<'a, F>,
    /// What the layer kept, [`Layer::n_cached`](crate::Layer::n_cached) · samples values.
    pub cache: &'a [F],
    /// The layer's tensors, in the order in which it named them.
    pub tensors: &'a [Tensor],
    /// In training, what [`WholeBatch::add_forward_sums`](crate::WholeBatch::add_forward_sums) gave over the whole mini-batch;
    /// empty in inference.
    pub forward_sums: &'a [f64],
    /// In training, what [`WholeBatch::add_backward_sums`](crate::WholeBatch::add_backward_sums) gave over the whole mini-batch;
    /// empty in inference.
    pub backward_sums: &'a [f64],
    /// The values of the whole network; none in a gradient.
    pub(crate) values: &'a [F],
}

impl<'a, F: Float> Pass<'a, F> {
    /// The passes of a network with these values (none for gradients), in this context, before any samples are given.
    pub fn new(values: &'a [F], context: Context) -> Self {
        let nothing = MatrixView::new(&[], 0, 0);
        Pass {
            context,
            x: Input::Dense(nothing),
            y: nothing,
            dy: nothing,
            cache: &[],
            tensors: &[],
            forward_sums: &[],
            backward_sums: &[],
            values,
        }
    }

    /// Tensor `i` of the layer.
    ///
    /// # Panics
    /// In a gradient, which sees no values.
    #[inline]
    #[track_caller]
    pub fn matrix(&self, i: usize) -> MatrixView<'a, F> {
        let tensor = &self.tensors[i];
        assert!(!self.values.is_empty(), "gradient_to sees no values, and asks for {}", tensor.name);
        tensor.view(self.values)
    }

    /// The values of tensor `i` of the layer, which has one column.
    ///
    /// # Panics
    /// As [`matrix`](Pass::matrix).
    #[inline]
    #[track_caller]
    pub fn vector(&self, i: usize) -> &'a [F] {
        self.matrix(i).column(0)
    }
}
