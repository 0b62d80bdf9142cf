//! The simple form of the two passes: `let (y, cache) = net.forward(&x)`, and `net.backward(&cache, &dy)`.
//!
//! One matrix through one layer after another, on the calling thread: the readable twin of `passes.rs`, which is tested
//! against it.

use chainrule_tensor::{Context, Float, Matrix, Shape};

use crate::{Layer, Pass, Sequential, Tensor, sequential::only};

/// What `forward` keeps for `backward`: inputs, outputs and caches of all layers.
#[derive(Clone, Debug)]
pub struct Cache<F> {
    pub(crate) layers: Vec<Kept<F>>,
}

/// Of one layer: its input, its output, its cache, the sums that its forward pass needed, and the context.
#[derive(Clone, Debug)]
pub(crate) struct Kept<F> {
    pub(crate) x: Matrix<F>,
    pub(crate) y: Matrix<F>,
    cache: Vec<F>,
    sums: Vec<f64>,
    pub(crate) context: Context,
}

/// The gradients with respect to the input and to every parameter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gradients<F> {
    /// With respect to the input, inputs × samples.
    pub dx: Matrix<F>,
    /// With respect to every parameter, by its name, in its shape, summed over the samples.
    pub parameters: Vec<(String, Matrix<F>)>,
}

impl<F: Float> Gradients<F> {
    /// The gradients with respect to all parameters, one behind the other.
    pub fn values(&self) -> Vec<F> {
        self.parameters.iter().flat_map(|(_, gradient)| gradient.as_slice()).copied().collect()
    }

    /// The gradient with respect to the parameter `name`; where only one layer has a parameter of that name, its number may
    /// be left out.
    ///
    /// # Panics
    /// If there is no such parameter, or more than one.
    #[track_caller]
    pub fn of(&self, name: &str) -> &Matrix<F> {
        only(self.parameters.iter().map(|(name, gradient)| (&**name, gradient)), name)
    }
}

impl<F: Float> Cache<F> {
    /// The outputs of every layer, outputs × samples.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = &Matrix<F>> {
        self.layers.iter().map(|kept| &kept.y)
    }

    /// What the last layer kept, in an order of its own.
    pub fn kept(&self) -> &[F] {
        self.layers.last().map_or(&[], |kept| &kept.cache)
    }
}

impl<F: Float> Sequential<F> {
    /// The outputs of the samples `x` as in inference, and the cache for [`backward`](Sequential::backward).
    ///
    /// # Shapes
    /// `x`: inputs × samples; the result: outputs × samples.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs.
    #[track_caller]
    pub fn forward(&self, x: &Matrix<F>) -> (Matrix<F>, Cache<F>) {
        self.forward_with(x, &Context::inference())
    }

    /// The same in a context of choice, such as a step of a training; `x` is then the whole mini-batch.
    ///
    /// # Panics
    /// As [`forward`](Sequential::forward).
    #[track_caller]
    pub fn forward_with(&self, x: &Matrix<F>, context: &Context) -> (Matrix<F>, Cache<F>) {
        let (mut y, mut layers) = (x.clone(), Vec::new());
        for l in 0..self.layers().len() {
            layers.push(self.forward_layer(l, y, context.at_layer(context.layer + l)));
            y = layers[l].y.clone();
        }
        (y, Cache { layers })
    }

    /// The forward pass of layer `l` alone.
    #[track_caller]
    pub(crate) fn forward_layer(&self, l: usize, x: Matrix<F>, context: Context) -> Kept<F> {
        let pass = Pass { tensors: self.layers().tensors_of(l), ..Pass::new(self.values(), context) };
        forward(&*self.layers().layers[l], pass, self.layers().shapes()[l], x)
    }

    /// All gradients, given `dy`, that with respect to the output, in the context of the forward pass.
    ///
    /// # Panics
    /// Unless `dy` has the shape of the output.
    #[track_caller]
    pub fn backward(&self, cache: &Cache<F>, dy: &Matrix<F>) -> Gradients<F> {
        let (mut dx, mut of_layers) = (dy.clone(), Vec::new());
        for ((l, layer), kept) in self.layers().iter().enumerate().zip(&cache.layers).rev() {
            let tensors = self.layers().tensors_of(l);
            let pass = Pass { dy: (&dx).into(), tensors, ..Pass::new(self.values(), kept.context) };
            let gradients = backward(layer, pass, kept);
            dx = gradients.dx;
            of_layers.push(gradients.parameters);
        }
        Gradients { dx, parameters: of_layers.into_iter().rev().flatten().collect() }
    }
}

/// The simple form of the passes for one layer, with initial values if it has any: `Sigmoid.forward(&x)`.
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, Relu};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Relu.forward(&Matrix::from_column_slice(2, 1, &[-2.0, 3.0]));
/// assert_eq!(y.as_slice(), [0.0, 3.0]);
/// let dx = Relu.backward(&cache, &Matrix::from_element(2, 1, 7.0)).dx;
/// assert_eq!(dx.as_slice(), [0.0, 7.0]);
/// ```
pub trait LayerExt<F: Float>: Layer<F> {
    /// The output for the samples `x`, inputs × samples, as in inference, and the cache for [`backward`](LayerExt::backward).
    #[track_caller]
    fn forward(&self, x: &Matrix<F>) -> (Matrix<F>, Cache<F>) {
        self.forward_with(x, &Context::inference())
    }

    /// The same in a context of choice, such as a step of a training; `x` is then the whole mini-batch.
    #[track_caller]
    fn forward_with(&self, x: &Matrix<F>, context: &Context) -> (Matrix<F>, Cache<F>) {
        let (tensors, values) = initial(self, x.nrows());
        let pass = Pass { tensors: &tensors, ..Pass::new(&values, *context) };
        let kept = forward(self, pass, Shape::flat(x.nrows()), x.clone());
        (kept.y.clone(), Cache { layers: vec![kept] })
    }

    /// The gradients with respect to the input and the parameters, given `dy`, that with respect to the output.
    #[track_caller]
    fn backward(&self, cache: &Cache<F>, dy: &Matrix<F>) -> Gradients<F> {
        let kept = &cache.layers[0];
        let (tensors, values) = initial(self, kept.x.nrows());
        let pass = Pass { dy: dy.into(), tensors: &tensors, ..Pass::new(&values, kept.context) };
        backward(self, pass, kept)
    }
}

impl<F: Float, L: Layer<F> + ?Sized> LayerExt<F> for L {}

/// The tensors of a layer alone, and its initial values.
#[track_caller]
fn initial<F: Float>(layer: &(impl Layer<F> + ?Sized), n_inputs: usize) -> (Vec<Tensor>, Vec<F>) {
    let (mut tensors, mut values) = (layer.tensors(Shape::flat(n_inputs)), Vec::new());
    for (number, tensor) in (0..).zip(&mut tensors) {
        tensor.offset = values.len();
        values.resize(tensor.range().end, F::zero());
        tensor.init.fill(tensor.view_mut(&mut values), 1, number);
    }
    (tensors, values)
}

/// The forward pass of a layer alone, given its tensors, their values and the context.
#[track_caller]
fn forward<F: Float>(
    layer: &(impl Layer<F> + ?Sized),
    pass: Pass<'_, F>,
    shape: Shape,
    x: Matrix<F>,
) -> Kept<F> {
    let (n_inputs, n_samples) = x.shape();
    // Of another size, the layer says what is wrong.
    let shape = if shape.size() == n_inputs { shape } else { Shape::flat(n_inputs) };
    let context = pass.context.of_samples(n_samples);
    let output = layer.output(shape).unwrap_or_else(|problem| panic!("{}: {problem}", layer.name()));
    let mut pass = Pass { x: (&x).into(), context, ..pass };
    let mut sums = Vec::new();
    if let Some(whole_batch) = layer.extras().whole_batch.filter(|_| context.training) {
        sums.resize(whole_batch.n_sums(shape), 0.0);
        whole_batch.add_forward_sums(&mut sums, &pass);
    }
    pass.forward_sums = &sums;
    let mut y = Matrix::zeros(output.size(), n_samples);
    let mut cache = vec![F::zero(); layer.n_cached(shape) * n_samples];
    layer.forward_to((&mut y).into(), &mut cache, &pass);
    Kept { x, y, cache, sums, context }
}

/// The backward pass of a layer alone, given its tensors, their values, the context and the gradient with respect to its output.
#[track_caller]
fn backward<F: Float>(layer: &(impl Layer<F> + ?Sized), pass: Pass<'_, F>, kept: &Kept<F>) -> Gradients<F> {
    let (tensors, y) = (pass.tensors, (&kept.y).into());
    let mut pass = Pass { x: (&kept.x).into(), y, cache: &kept.cache, forward_sums: &kept.sums, ..pass };
    assert_eq!(pass.dy.shape(), pass.y.shape(), "shapes of the output's gradient, and of the output");
    let mut sums = vec![0.0; kept.sums.len()];
    if let Some(whole_batch) = layer.extras().whole_batch.filter(|_| pass.context.training) {
        whole_batch.add_backward_sums(&mut sums, &pass);
    }
    pass.backward_sums = &sums;
    let (mut dx, mut cache) = (Matrix::zeros(kept.x.nrows(), kept.x.ncols()), kept.cache.clone());
    layer.backward_to((&mut dx).into(), &mut cache, &pass);
    let pass = Pass { cache: &cache, values: &[], ..pass };
    let parameters = tensors.iter().enumerate().filter(|(_, tensor)| tensor.is_parameter());
    let gradients = parameters.map(|(i, tensor)| {
        let mut gradient = Matrix::zeros(tensor.n_rows, tensor.n_columns);
        layer.gradient_to(i, 0, (&mut gradient).into(), &pass);
        (tensor.name.clone(), gradient)
    });
    Gradients { parameters: gradients.collect(), dx }
}
