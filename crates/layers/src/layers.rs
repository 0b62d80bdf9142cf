//! A chain of layers without values: shapes, the table of its tensors, stages, pieces. Its passes are in `passes.rs`.

use std::{ops::Range, sync::Arc};

use chainrule_tensor::{Float, Shape};

use crate::{Error, Layer, Tensor, tensors::stride};

/// A chain of layers without their values, so that values can be updated while other gradients are still being summed.
#[derive(Clone, Debug)]
pub struct Layers<F> {
    pub(crate) layers: Vec<Arc<dyn Layer<F>>>,
    /// The input of each layer, and the output of the last.
    shapes: Vec<Shape>,
    /// The tensors, layer after layer.
    pub(crate) table: Vec<Tensor>,
    /// Which of them are whose.
    pub(crate) of_layer: Vec<Range<usize>>,
    /// Runs of layers; each but the first begins with a layer that needs sums over the mini-batch.
    stages: Vec<Range<usize>>,
}

/// A gigabyte in `f32`: more is no small network, and would end in a lack of memory.
const MAX_PARAMETERS: usize = 1 << 28;

/// Refuses more values than that, or more than a `usize` counts.
fn not_too_many(n_values: Option<usize>) -> Result<usize, Error> {
    n_values.filter(|n| *n <= MAX_PARAMETERS).ok_or(Error::Size { expected: MAX_PARAMETERS })
}

/// A description of more comes from a file that somebody made up.
const MAX_LAYERS: usize = 1 << 13;

impl<F: Float> Layers<F> {
    /// A chain of `layers` for inputs of this shape.
    ///
    /// # Errors
    /// [`Error::Layers`] unless there are 1 to 8192; [`Error::Layer`] if a layer cannot take what the one before it gives, or its settings are out of
    /// range; [`Error::Size`] if there would be more than 2²⁸ values.
    pub fn new(input: Shape, layers: Vec<Arc<dyn Layer<F>>>) -> Result<Self, Error> {
        if !(1..=MAX_LAYERS).contains(&layers.len()) {
            return Err(Error::Layers { found: layers.len(), expected: MAX_LAYERS });
        }
        let check_size = |Shape { channels, height, width }: Shape| {
            not_too_many(channels.checked_mul(height).and_then(|size| size.checked_mul(width)))
        };
        check_size(input)?;
        let (mut shapes, mut table, mut of_layer) = (vec![input], Vec::<Tensor>::new(), Vec::new());
        let (mut stages, mut number) = (vec![Range { start: 0, end: 0 }], 0);
        for (l, layer) in layers.iter().enumerate() {
            let problem = |problem| Error::Layer { position: l + 1, name: layer.name().to_string(), problem };
            shapes.push(layer.output(shapes[l]).map_err(problem)?);
            check_size(shapes[l + 1])?;
            let mut tensors = layer.tensors(shapes[l]);
            number += usize::from(tensors.iter().any(Tensor::is_parameter));
            for tensor in &mut tensors {
                tensor.name.push_str(&number.to_string());
                (tensor.layer, tensor.stride) = (l, stride(tensor.n_rows));
            }
            of_layer.push(table.len()..table.len() + tensors.len());
            table.append(&mut tensors);
            if layer.extras().whole_batch.is_some() {
                stages.push(l..l);
            }
            stages.last_mut().expect("a stage").end = l + 1;
        }
        let mut n_values = 0_usize;
        for buffers in [false, true] {
            for tensor in table.iter_mut().filter(|tensor| tensor.is_parameter() != buffers) {
                tensor.offset = n_values;
                let length = tensor.stride.checked_mul(tensor.n_columns);
                n_values = not_too_many(length.and_then(|length| n_values.checked_add(length)))?;
            }
        }
        Ok(Layers { layers, shapes, table, of_layer, stages })
    }

    /// How many layers there are.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// The layers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &dyn Layer<F>> + DoubleEndedIterator {
        self.layers.iter().map(|layer| &**layer)
    }

    /// Layer `l`, to be shared.
    ///
    /// # Panics
    /// Unless there is such a layer.
    pub fn layer(&self, l: usize) -> Arc<dyn Layer<F>> {
        self.layers[l].clone()
    }

    /// The shape of the input of each layer, and of the output of the last.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Values per sample that go in.
    pub fn n_inputs(&self) -> usize {
        self.shapes[0].size()
    }

    /// Values per sample that come out.
    pub fn n_outputs(&self) -> usize {
        self.shapes[self.len()].size()
    }

    /// Whether the first layer takes sparse inputs.
    pub fn takes_sparse(&self) -> bool {
        self.layers[0].extras().takes_sparse
    }

    /// How many values all parameters have together. These are the first of the network's values.
    pub fn n_parameters(&self) -> usize {
        self.parameters().last().map_or(0, |tensor| tensor.range().end)
    }

    /// How many values all tensors have together.
    pub fn n_values(&self) -> usize {
        self.tensors().last().map_or(0, |tensor| tensor.range().end)
    }

    /// All tensors in the order of their values: parameters, and then buffers.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let of = |buffers| self.table.iter().filter(move |tensor| tensor.is_parameter() != buffers);
        of(false).chain(of(true))
    }

    /// The parameters in the order of their values.
    pub fn parameters(&self) -> impl Iterator<Item = &Tensor> {
        self.table.iter().filter(|tensor| tensor.is_parameter())
    }

    /// The tensors of layer `l`, in the order in which it named them.
    pub fn tensors_of(&self, l: usize) -> &[Tensor] {
        &self.table[self.of_layer[l].clone()]
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Tensor> {
        self.table.iter().find(|tensor| tensor.name == name)
    }

    /// The runs of layers that samples can go through by themselves. Each but the first begins with a layer that in
    /// training needs sums over the whole mini-batch; most networks have one stage.
    ///
    /// Whoever cuts a mini-batch takes every shard [forward](Layers::forward) through a stage, adds up what they then have in
    /// [`Workspace::sums`](crate::Workspace::sums) of the first layer of the next stage, and hands the total to the passes that
    /// follow; backwards likewise, stages in reverse.
    pub fn stages(&self) -> &[Range<usize>] {
        &self.stages
    }

    /// The values of all tensors, or of all parameters where there are no more values, as they are saved: in order, without
    /// padding.
    pub fn pack(&self, values: &[F]) -> Vec<F> {
        let tensors = self.tensors().filter(|tensor| tensor.range().end <= values.len());
        tensors.flat_map(|tensor| tensor.view(values).as_slice()).copied().collect()
    }

    /// The reverse of [`pack`](Layers::pack).
    ///
    /// # Panics
    /// Unless there are as many values as all tensors have, or all parameters.
    #[track_caller]
    pub fn unpack(&self, mut packed: &[F]) -> Vec<F> {
        let of_parameters: usize = self.parameters().map(Tensor::len).sum();
        let n_values = if packed.len() <= of_parameters { self.n_parameters() } else { self.n_values() };
        let mut values = vec![F::zero(); n_values];
        for tensor in self.tensors().filter(|tensor| tensor.range().end <= n_values) {
            let Some(of_this) = packed.split_off(..tensor.len()) else {
                panic!("{} values short of {} of {}", tensor.len() - packed.len(), tensor.len(), tensor.name);
            };
            tensor.view_mut(&mut values).as_mut_slice().copy_from_slice(of_this);
        }
        assert!(packed.is_empty(), "{} values more than the network has", packed.len());
        values
    }

    /// Cuts the parameters into pieces of about `length` values, each some columns of one tensor, or of 64 columns where these
    /// are long: the gradient of a few takes as much reading. The cuts depend on the network alone, and every piece may be
    /// computed by another thread.
    pub fn pieces(&self, length: usize) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        for tensor in self.parameters() {
            let grain = tensor.stride * tensor.grain;
            let Range { start, end } = tensor.range();
            let n_columns = (end - start) / grain.max(1);
            let step = (length / grain.max(1)).max(64.min(n_columns / 8)).max(1).saturating_mul(grain.max(1));
            pieces.extend((start..end).step_by(step).map(|from| from..end.min(from.saturating_add(step))));
        }
        pieces
    }

    /// The tensor to which a value belongs.
    ///
    /// # Panics
    /// If there is none.
    pub fn tensor_at(&self, value: usize) -> &Tensor {
        self.table.iter().find(|tensor| tensor.range().contains(&value)).expect("a value of a tensor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Affine, Dropout, Relu};

    #[test]
    fn layers_that_cannot_be_are_refused_by_their_names() {
        let error =
            |layers: Vec<Arc<dyn Layer<f32>>>| Layers::new(Shape::flat(5), layers).unwrap_err().to_string();
        assert_eq!(error(vec![]), "a network of 0 layers, expected 1 to 8192");
        assert_eq!(
            error(vec![Arc::new(Relu), Arc::new(Dropout::new(1.0))]),
            "layer 2 (dropout): dropout probability 1, expected a number from 0 to below 1"
        );
        let huge = || Arc::new(Affine::outputs(1 << 20)) as _;
        assert_eq!(
            error(vec![huge(), huge()]),
            "more values than a network can have, expected at most 268435456"
        );
        assert_eq!(
            error(vec![Arc::new(Affine::outputs(usize::MAX))]),
            "more values than a network can have, expected at most 268435456"
        );
        // 2³² · 2³² is 0 in 64 bits.
        let shape = Shape { channels: 1 << 32, height: 1 << 32, width: 1 };
        assert_eq!(
            Layers::<f32>::new(shape, vec![Arc::new(Relu)]).unwrap_err().to_string(),
            "more values than a network can have, expected at most 268435456"
        );
    }
}
