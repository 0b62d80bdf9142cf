//! Layers one behind the other, the table of their tensors, and all values in one slice. Their passes are in `passes.rs`.

use std::{ops::Range, sync::Arc};

use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut, Shape};

use crate::{Error, Layer, LayerConfig, Tensor, no_own_layers, tensors::stride};

/// A chain of layers, each taking the output of the one before it, and their values: a network as far as gradients are
/// concerned.
///
/// # Examples
/// ```
/// use chainrule_layers::{Affine, Sequential, Sigmoid};
/// use chainrule_tensor::{Matrix, Shape};
/// let layers = [Affine::outputs(3).into(), Sigmoid.into(), Affine::outputs(1).into()];
/// let net = Sequential::<f32>::new(Shape::flat(2), &layers, 1)?;
/// assert_eq!((net.n_inputs(), net.n_outputs(), net.n_parameters()), (2, 1, 13));
/// assert_eq!(net.tensor("W1").unwrap().shape(), (3, 2));
/// let (y, _) = net.forward(&Matrix::zeros(2, 4)); // four samples
/// assert_eq!(y.shape(), (1, 4));
/// # Ok::<(), chainrule_layers::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequential<F = f32> {
    layers: Layers<F>,
    /// Parameters, `W1`, `b1`, `W2`, …, and behind them the buffers.
    values: Vec<F>,
}

/// A chain of layers without values, so that values can be updated while other gradients are still being summed.
#[derive(Clone, Debug)]
pub struct Layers<F> {
    pub(crate) layers: Vec<Arc<dyn Layer<F>>>,
    /// The input of each layer, and the output of the last.
    shapes: Vec<Shape>,
    /// The same in values per sample, and how many of them each layer keeps.
    pub(crate) sizes: Vec<usize>,
    pub(crate) n_cached: Vec<usize>,
    /// The tensors, layer after layer.
    table: Vec<Tensor>,
    /// Which of them are whose.
    pub(crate) of_layer: Vec<Range<usize>>,
    n_parameters: usize,
    n_values: usize,
    /// Runs of layers; each but the first begins with a layer that wants sums over the mini-batch.
    stages: Vec<Range<usize>>,
}

/// A gigabyte in `f32`: more is no small network, and would end in a lack of memory.
const MAX_PARAMETERS: usize = 1 << 28;

/// A description of more comes from a file that somebody made up.
const MAX_LAYERS: usize = 1 << 13;

impl<F: Float> Sequential<F> {
    /// A chain of `layers` for inputs of this shape, with initial values: a pure function of `seed`.
    ///
    /// # Errors
    /// As [`Layers::new`]; [`Error::Own`] for layers of a program's own, which [`with_own`](Sequential::with_own) takes.
    pub fn new(input: Shape, layers: &[LayerConfig], seed: u64) -> Result<Self, Error> {
        let layers = layers.iter().map(|layer| layer.layer(&no_own_layers));
        Sequential::with_own(input, layers.collect::<Result<_, _>>()?, seed)
    }

    /// The same of any layers.
    ///
    /// # Errors
    /// As [`Layers::new`].
    pub fn with_own(input: Shape, layers: Vec<Arc<dyn Layer<F>>>, seed: u64) -> Result<Self, Error> {
        Ok(Sequential::initial(Layers::new(input, layers)?, seed))
    }

    /// The chain `layers` with initial values: a pure function of `seed`.
    pub fn initial(layers: Layers<F>, seed: u64) -> Self {
        let mut net = Sequential::zeros(layers);
        let mut n_random = 0;
        for tensor in &net.layers.table {
            tensor.init.fill(tensor.view_mut(&mut net.values), seed, n_random);
            n_random += u64::from(tensor.init.is_random());
        }
        net
    }

    /// A chain whose values are all 0, to be [unpacked](Sequential::unpack) into.
    pub fn zeros(layers: Layers<F>) -> Self {
        Sequential { values: vec![F::zero(); layers.n_values], layers }
    }

    /// One layer alone, as learners want it, for `n_inputs` values per sample.
    ///
    /// # Panics
    /// If the layer cannot take them, or its settings are out of range.
    #[track_caller]
    pub fn of(layer: impl Layer<F> + 'static, n_inputs: usize) -> Self {
        match Sequential::with_own(Shape::flat(n_inputs), vec![Arc::new(layer)], 1) {
            Ok(net) => net,
            Err(error) => panic!("{error}"),
        }
    }

    /// The layers, without values.
    pub fn layers(&self) -> &Layers<F> {
        &self.layers
    }

    /// Values per sample that go in.
    pub fn n_inputs(&self) -> usize {
        self.layers.n_inputs()
    }

    /// Values per sample that come out.
    pub fn n_outputs(&self) -> usize {
        self.layers.n_outputs()
    }

    /// How many values all parameters have together.
    pub fn n_parameters(&self) -> usize {
        self.layers.n_parameters
    }

    /// All tensors with their values: parameters in order, and then buffers.
    pub fn tensors(&self) -> impl Iterator<Item = (&Tensor, MatrixView<'_, F>)> {
        self.layers.tensors().map(|tensor| (tensor, tensor.view(&self.values)))
    }

    /// The tensor of this name, such as `W1`.
    pub fn tensor(&self, name: &str) -> Option<MatrixView<'_, F>> {
        self.layers.find(name).map(|tensor| tensor.view(&self.values))
    }

    /// The same for changing.
    pub fn tensor_mut(&mut self, name: &str) -> Option<MatrixViewMut<'_, F>> {
        self.layers.find(name).map(|tensor| tensor.view_mut(&mut self.values))
    }

    /// The tensor as a matrix of its own: the learner's form of [`tensor`](Sequential::tensor). Where only one layer has a
    /// tensor of that name, the number may be left out.
    ///
    /// # Panics
    /// If there is no such tensor, or more than one.
    #[track_caller]
    pub fn matrix(&self, name: &str) -> Matrix<F> {
        only(self.tensors().map(|(tensor, values)| (&*tensor.name, values)).collect(), name).to_matrix()
    }

    /// A copy of all values that inference depends on, as they leave the house: parameters in order, then buffers, without
    /// what the layout adds.
    pub fn pack(&self) -> Vec<F> {
        self.layers.pack(&self.values)
    }

    /// Takes over such values.
    ///
    /// # Panics
    /// Unless there are as many as the network has.
    #[track_caller]
    pub fn unpack(&mut self, packed: &[F]) {
        self.layers.unpack(packed, &mut self.values);
    }

    /// All values as they lie: see [`Layers::tensors`] for where.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The values of all parameters, as they lie.
    pub fn parameters(&self) -> &[F] {
        &self.values[..self.layers.n_parameters]
    }

    /// Every parameter with its values for changing, in order: the learner's form of [`split_mut`](Sequential::split_mut).
    pub fn parameters_mut(&mut self) -> Vec<(&Tensor, &mut [F])> {
        let mut rest = &mut self.values[..self.layers.n_parameters];
        let mut split = |tensor: &Tensor| {
            let (values, behind) = std::mem::take(&mut rest).split_at_mut(tensor.range().len());
            rest = behind;
            values
        };
        self.layers.parameters().map(|tensor| (tensor, split(tensor))).collect()
    }

    /// The full names of all parameters in order, with their lengths: what an optimizer state is made from.
    pub fn parameter_names(&self) -> Vec<(String, usize)> {
        self.layers.parameters().map(|tensor| (tensor.name.clone(), tensor.len())).collect()
    }

    /// The layers, and all values for changing: for those who train.
    pub fn split_mut(&mut self) -> (&Layers<F>, &mut [F]) {
        (&self.layers, &mut self.values)
    }
}

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
            let size = channels.checked_mul(height).and_then(|size| size.checked_mul(width));
            size.filter(|n| *n <= MAX_PARAMETERS).map(drop).ok_or(Error::Size { expected: MAX_PARAMETERS })
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
        let (mut n_values, mut n_parameters) = (0_usize, 0);
        for buffers in [false, true] {
            for tensor in table.iter_mut().filter(|tensor| tensor.is_parameter() != buffers) {
                tensor.offset = n_values;
                let length = tensor.stride.checked_mul(tensor.n_columns);
                let end =
                    length.and_then(|length| n_values.checked_add(length)).filter(|n| *n <= MAX_PARAMETERS);
                n_values = end.ok_or(Error::Size { expected: MAX_PARAMETERS })?;
            }
            n_parameters = if buffers { n_parameters } else { n_values };
        }
        let sizes = shapes.iter().map(|shape| shape.size()).collect();
        let n_cached = layers.iter().zip(&shapes).map(|(layer, &input)| layer.n_cached(input)).collect();
        Ok(Layers { layers, shapes, sizes, n_cached, table, of_layer, n_parameters, n_values, stages })
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
        self.sizes[0]
    }

    /// Values per sample that come out.
    pub fn n_outputs(&self) -> usize {
        self.sizes[self.layers.len()]
    }

    /// Whether the first layer takes lists of the inputs that are not 0.
    pub fn takes_sparse(&self) -> bool {
        self.layers[0].extras().takes_sparse
    }

    /// How many values all parameters have together. These are the first of the network's values.
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// How many values all tensors have together.
    pub fn n_values(&self) -> usize {
        self.n_values
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

    fn find(&self, name: &str) -> Option<&Tensor> {
        self.table.iter().find(|tensor| tensor.name == name)
    }

    /// The runs of layers that samples can go through by themselves. Each but the first begins with a layer that in
    /// training wants sums over the whole mini-batch; most networks have one stage.
    ///
    /// Whoever cuts a mini-batch takes every shard [forward](Layers::forward) through a stage, adds up what they then have in
    /// [`Workspace::sums`](crate::Workspace::sums) of the first layer of the next stage, and hands the total to the passes that
    /// follow; backwards likewise, stages in reverse.
    pub fn stages(&self) -> &[Range<usize>] {
        &self.stages
    }

    /// The values of all tensors, or of all parameters where there are no more values, as they leave the house: in order,
    /// without what the layout adds.
    pub fn pack(&self, values: &[F]) -> Vec<F> {
        let tensors = self.tensors().filter(|tensor| tensor.range().end <= values.len());
        tensors.flat_map(|tensor| tensor.view(values).as_slice()).copied().collect()
    }

    /// The reverse of [`pack`](Layers::pack).
    ///
    /// # Panics
    /// Unless there are as many values as the tensors have that `values` has room for.
    #[track_caller]
    pub fn unpack(&self, mut packed: &[F], values: &mut [F]) {
        let n_values = values.len();
        for tensor in self.tensors().filter(|tensor| tensor.range().end <= n_values) {
            let Some((of_this, rest)) = packed.split_at_checked(tensor.len()) else {
                panic!("{} values short of {} of {}", tensor.len() - packed.len(), tensor.len(), tensor.name);
            };
            tensor.view_mut(values).as_mut_slice().copy_from_slice(of_this);
            packed = rest;
        }
        assert!(packed.is_empty(), "{} values more than the network has", packed.len());
    }

    /// Cuts the parameters into pieces of about `length` values, each some columns of one tensor: the cuts depend on the
    /// network alone, and every piece may be computed by another thread.
    pub fn pieces(&self, length: usize) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        for tensor in self.parameters() {
            let grain = tensor.stride * tensor.grain;
            let step = (length / grain.max(1)).max(1).saturating_mul(grain.max(1));
            let Range { start, end } = tensor.range();
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

/// The one of these whose name is `name`, or is that without its number.
#[track_caller]
pub(crate) fn only<T>(mut all: Vec<(&str, T)>, name: &str) -> T {
    let named = |full: &str| full == name || full.trim_end_matches(|c: char| c.is_ascii_digit()) == name;
    match all.iter().filter(|(full, _)| named(full)).count() {
        1 => all.swap_remove(all.iter().position(|(full, _)| named(full)).expect("there is one")).1,
        0 => panic!("no \"{name}\", found {:?}", all.iter().map(|(full, _)| full).collect::<Vec<_>>()),
        n => panic!("{n} of the name \"{name}\", expected one: which is said by the number of the layer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Affine, BatchNorm, Dropout, LayerExt, Relu, Sigmoid};

    fn net() -> Sequential<f64> {
        let layers = [
            BatchNorm::default().into(),
            Affine::outputs(9).into(),
            Sigmoid.into(),
            Affine::outputs(6).into(),
            BatchNorm::default().into(),
            Relu.into(),
        ];
        Sequential::new(Shape::flat(4), &layers, 1).unwrap()
    }

    #[test]
    fn tensors_are_numbered_by_the_layers_that_have_parameters() {
        let net = net();
        let expected = [
            ("gamma1", 4),
            ("beta1", 4),
            ("W2", 36),
            ("b2", 9),
            ("W3", 54),
            ("b3", 6),
            ("gamma4", 6),
            ("beta4", 6),
            ("running_mean1", 4),
            ("running_var1", 4),
            ("running_mean4", 6),
            ("running_var4", 6),
        ];
        let found: Vec<_> =
            net.tensors().map(|(tensor, values)| (&*tensor.name, values.as_slice().len())).collect();
        assert_eq!(found, expected);
        assert_eq!(net.n_parameters(), 4 + 4 + 36 + 9 + 54 + 6 + 6 + 6);
    }

    #[test]
    fn stages_begin_with_the_layers_that_want_sums() {
        assert_eq!(net().layers().stages(), [0..0, 0..4, 4..6]);
    }

    #[test]
    fn pieces_cover_every_parameter_once_and_cross_no_tensor() {
        let net = net();
        for length in [1, 10, 45, usize::MAX] {
            let pieces = net.layers().pieces(length);
            assert_eq!(pieces[0].start, 0);
            assert_eq!(pieces[pieces.len() - 1].end, net.n_parameters());
            assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
            for tensor in net.layers().parameters() {
                let end = tensor.range().end;
                assert!(pieces.iter().all(|piece| piece.end <= end || piece.start >= end));
            }
        }
    }

    #[test]
    fn packed_values_are_those_that_were_unpacked() {
        let mut net = net();
        let packed: Vec<f64> = (0..net.layers().n_values()).map(|i| i as f64).collect();
        net.unpack(&packed);
        assert_eq!(net.pack(), packed);
        assert_eq!(net.tensor("b2").unwrap().as_slice(), &packed[44..53]);
        assert_eq!(net.tensor("running_mean1").unwrap().as_slice(), &packed[125..129]);
    }

    #[test]
    fn initial_weights_are_numbered_by_the_random_tensors_before_them() {
        let net = net();
        let init = |n_outputs, n_inputs, number| {
            Affine::outputs(1).init.matrix::<f64>(n_outputs, n_inputs, 1, number)
        };
        assert_eq!((net.matrix("W2"), net.matrix("W3")), (init(9, 4, 0), init(6, 9, 1)));
    }

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

    /// A layer whose gradient asks for values.
    #[derive(Clone, Debug)]
    struct Peeking;

    impl Layer<f32> for Peeking {
        fn name(&self) -> &str {
            "peeking"
        }
        fn tensors(&self, _: Shape) -> Vec<Tensor> {
            vec![Tensor::constant("s", crate::Kind::Bias, 1, 1.0)]
        }
        fn forward_to(&self, _: MatrixViewMut<'_, f32>, _: &mut [f32], _: &crate::Pass<'_, f32>) {}
        fn backward_to(&self, _: MatrixViewMut<'_, f32>, _: &mut [f32], _: &crate::Pass<'_, f32>) {}
        fn gradient_to(
            &self,
            _: usize,
            _: usize,
            mut ds: MatrixViewMut<'_, f32>,
            pass: &crate::Pass<'_, f32>,
        ) {
            ds.as_mut_slice()[0] += pass.vector(0)[0];
        }
    }

    #[test]
    #[should_panic(expected = "gradient_to sees no values, and asks for s")]
    fn a_gradient_that_asks_for_values_panics_in_its_first_step() {
        let x = Matrix::zeros(1, 1);
        let (y, cache) = Peeking.forward(&x);
        Peeking.backward(&cache, &y);
    }
}
