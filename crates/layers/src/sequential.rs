//! A chain of layers with its values: parameters and buffers, all in one slice.

use std::sync::Arc;

use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut, Shape};

use crate::{Error, Layer, LayerConfig, Layers, Tensor, no_own_layers};

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
        Sequential { values: vec![F::zero(); layers.n_values()], layers }
    }

    /// A network of one layer, for `n_inputs` values per sample.
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
        self.layers.n_parameters()
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

    /// A copy of a tensor as a matrix. Where only one layer has a
    /// tensor of that name, the number may be left out.
    ///
    /// # Panics
    /// If there is no such tensor, or more than one.
    #[track_caller]
    pub fn matrix(&self, name: &str) -> Matrix<F> {
        only(self.tensors().map(|(tensor, values)| (&*tensor.name, values)), name).to_matrix()
    }

    /// A copy of all values that inference depends on, as they are saved: parameters in order, then buffers, without padding.
    pub fn pack(&self) -> Vec<F> {
        self.layers.pack(&self.values)
    }

    /// Takes over such values.
    ///
    /// # Panics
    /// Unless there are as many as the network has.
    #[track_caller]
    pub fn unpack(&mut self, packed: &[F]) {
        self.values.copy_from_slice(&self.layers.unpack(packed));
    }

    /// All values as they lie: see [`Layers::tensors`] for where.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The values of all parameters, as they lie.
    pub fn parameters(&self) -> &[F] {
        &self.values[..self.layers.n_parameters()]
    }

    /// The layers, and all values for changing: for those who train.
    pub fn split_mut(&mut self) -> (&Layers<F>, &mut [F]) {
        (&self.layers, &mut self.values)
    }
}

/// The one of these whose name is `name`, or is that without its number.
#[track_caller]
pub(crate) fn only<'a, T>(all: impl Iterator<Item = (&'a str, T)>, name: &str) -> T {
    let is_named = |full: &str| full == name || full.trim_end_matches(|c: char| c.is_ascii_digit()) == name;
    let (mut named, others): (Vec<_>, Vec<_>) = all.partition(|(full, _)| is_named(full));
    match named.len() {
        1 => named.remove(0).1,
        0 => {
            let names: Vec<_> = others.iter().map(|(full, _)| full).collect();
            panic!("no \"{name}\", found {names:?}")
        }
        n => panic!("{n} of the name \"{name}\", expected one: which is said by the number of the layer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Affine, BatchNorm, LayerExt, Relu, Sigmoid};

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
