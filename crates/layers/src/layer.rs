//! The trait that every layer implements, and what its passes are handed.

use std::{fmt::Debug, ops::Range};

use chainrule_tensor::{Float, Input, Matrix, MatrixView, MatrixViewMut};

use crate::learner::{Cache, Gradients};

/// A layer: a function of its input and its parameters, with its derivative beside it.
///
/// A layer is **pure**: the forward pass takes `&self`, so that threads share one layer, and whatever the backward
/// pass needs goes into memory that the caller owns and reuses. A layer is given some columns of a mini-batch and
/// doesn't see how it was cut; what it may know besides its input is in [`Forward`] and [`Trace`].
///
/// The backward pass comes in two halves, because a network wants them at different times and not always both:
/// [`backward_to`](Layer::backward_to) carries the gradient on to the input (the first layer of a network is never
/// asked), and [`gradient_to`](Layer::gradient_to) gives that of the parameters.
///
/// A layer without parameters implements five methods: [`name`](Layer::name), [`boxed_clone`](Layer::boxed_clone),
/// [`n_outputs`](Layer::n_outputs), [`forward_to`](Layer::forward_to) and [`backward_to`](Layer::backward_to).
///
/// # Examples
/// ```
/// use chainrule_layers::{Forward, Layer, Trace};
/// use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut, map_to, zip_map_to};
///
/// /// y = x², dx = 2·x·dy.
/// #[derive(Clone, Debug)]
/// struct Square;
///
/// impl<F: Float> Layer<F> for Square {
///     fn name(&self) -> &'static str {
///         "square"
///     }
///     fn boxed_clone(&self) -> Box<dyn Layer<F>> {
///         Box::new(self.clone())
///     }
///     fn n_outputs(&self, n_inputs: usize) -> usize {
///         n_inputs
///     }
///     fn forward_to(&self, y: MatrixViewMut<F>, _: &mut [F], forward: &Forward<F>) {
///         map_to(y, forward.x.dense(), |x| x * x);
///     }
///     fn backward_to(&self, dx: MatrixViewMut<F>, dy: MatrixView<F>, trace: &Trace<F>) {
///         zip_map_to(dx, dy, trace.x.dense(), |dy, x| F::of(2.0) * x * dy);
///     }
/// }
///
/// let x = Matrix::from_column_slice(2, 1, &[3.0, -5.0]);
/// let (y, cache) = Square.forward(&x);
/// assert_eq!(y.as_slice(), [9.0, 25.0]);
/// assert_eq!(Square.backward(&cache, &y).dx.as_slice(), [54.0, -250.0]);
/// ```
pub trait Layer<F: Float>: Debug + Send + Sync {
    /// The standard name of the layer in lower case, as summaries and messages show it.
    fn name(&self) -> &'static str;

    /// A copy, so that networks of any layers can be copied: `Box::new(self.clone())`.
    fn boxed_clone(&self) -> Box<dyn Layer<F>>;

    /// Outputs per sample for `n_inputs` inputs per sample.
    ///
    /// # Panics
    /// If the layer cannot take that many inputs.
    fn n_outputs(&self, n_inputs: usize) -> usize;

    /// Values per sample that the forward pass keeps for the backward pass besides its input and output.
    fn n_cached(&self, _n_inputs: usize) -> usize {
        0
    }

    /// The forward pass: writes the outputs of the columns of `forward.x` into `y`, and what backward needs into
    /// `cache`.
    ///
    /// # Shapes
    /// `forward.x`: inputs × samples, `y`: outputs × samples, `cache`: [`n_cached`](Layer::n_cached) · samples values
    /// in an order of the layer's own.
    ///
    /// # Panics
    /// If the shapes don't fit.
    fn forward_to(&self, y: MatrixViewMut<'_, F>, cache: &mut [F], forward: &Forward<'_, F>);

    /// The backward pass to the input: writes into `dx` the gradient with respect to the input, given `dy`, the
    /// gradient with respect to the output.
    ///
    /// # Shapes
    /// `dx`: inputs × samples, `dy`: outputs × samples; `trace` is what the forward pass of the same samples left.
    ///
    /// # Panics
    /// If the shapes don't fit.
    fn backward_to(&self, dx: MatrixViewMut<'_, F>, dy: MatrixView<'_, F>, trace: &Trace<'_, F>);

    /// The backward pass to the parameters: **adds** the gradient of some of them, summed over the samples, to
    /// `gradient`.
    ///
    /// `part` names them by their position when all parameters of the layer are laid end to end in the order in
    /// which they are visited. It starts and ends at multiples of [`gradient_grain`](Layer::gradient_grain).
    ///
    /// # Shapes
    /// `gradient`: `part.len()`; `dy` and `trace` as in [`backward_to`](Layer::backward_to).
    ///
    /// # Panics
    /// If the shapes don't fit.
    fn gradient_to(
        &self,
        _gradient: &mut [F],
        part: Range<usize>,
        _dy: MatrixView<'_, F>,
        _trace: &Trace<'_, F>,
    ) {
        assert!(part.is_empty(), "the layer \"{}\" has parameters, but no gradient_to", self.name());
    }

    /// The gradient of the parameters can be computed in parts that are multiples of this length, at equal cost in
    /// all; the default is all parameters at once.
    fn gradient_grain(&self) -> usize {
        self.n_parameters()
    }

    /// Shows every parameter in a fixed order.
    fn visit_parameters<'a>(&'a self, _visit: &mut dyn FnMut(Parameter<'a, F>)) {}

    /// Hands out every parameter for changing, in the order of [`visit_parameters`](Layer::visit_parameters).
    fn visit_parameters_mut<'a>(&'a mut self, _visit: &mut dyn FnMut(ParameterMut<'a, F>)) {}

    /// How many values all parameters have together.
    fn n_parameters(&self) -> usize {
        let mut n = 0;
        self.visit_parameters(&mut |parameter| n += parameter.values.len());
        n
    }

    /// All parameters, in the order of [`visit_parameters`](Layer::visit_parameters).
    fn parameters(&self) -> Vec<Parameter<'_, F>> {
        let mut all = Vec::new();
        self.visit_parameters(&mut |parameter| all.push(parameter));
        all
    }

    /// The learner's form of the forward pass, as in inference: the output, and the cache that
    /// [`backward`](Layer::backward) wants.
    fn forward(&self, x: &Matrix<F>) -> (Matrix<F>, Cache<F>) {
        self.forward_with(x, &Context::inference())
    }

    /// The learner's form of the forward pass in a context of choice, such as a step of a training.
    fn forward_with(&self, x: &Matrix<F>, context: &Context) -> (Matrix<F>, Cache<F>) {
        let (n_inputs, n_samples) = x.shape();
        let mut y = Matrix::zeros(self.n_outputs(n_inputs), n_samples);
        let mut kept = vec![F::zero(); self.n_cached(n_inputs) * n_samples];
        self.forward_to((&mut y).into(), &mut kept, &Forward::new(x.into(), *context));
        (y.clone(), Cache { x: x.clone(), y, kept, context: *context })
    }

    /// The learner's form of the backward pass: both of its halves, given `dy`, the gradient with respect to the
    /// output, in the context of the forward pass.
    fn backward(&self, cache: &Cache<F>, dy: &Matrix<F>) -> Gradients<F> {
        let trace = cache.trace();
        let mut dx = Matrix::zeros(cache.x.nrows(), cache.x.ncols());
        self.backward_to((&mut dx).into(), dy.into(), &trace);
        let mut values = vec![F::zero(); self.n_parameters()];
        self.gradient_to(&mut values, 0..self.n_parameters(), dy.into(), &trace);
        let mut values = &values[..];
        let mut parameters = Vec::new();
        self.visit_parameters(&mut |parameter| {
            let (of_this, rest) = values.split_at(parameter.values.len());
            let (n_rows, n_columns) = parameter.shape;
            parameters.push((parameter.name, Matrix::from_column_slice(n_rows, n_columns, of_this)));
            values = rest;
        });
        Gradients { dx, parameters }
    }
}

/// What a layer is given in its forward pass.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Forward<'a, F> {
    /// The layer's input, inputs × samples.
    pub x: Input<'a, F>,
    /// Where the pass stands.
    pub context: Context,
}

impl<'a, F: Float> Forward<'a, F> {
    /// The forward pass of the samples of `x`.
    pub fn new(x: Input<'a, F>, context: Context) -> Self {
        Forward { x, context }
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
    /// What the layer kept, [`Layer::n_cached`] · samples values.
    pub cache: &'a [F],
    /// Where the pass stands.
    pub context: Context,
}

impl<'a, F: Float> Trace<'a, F> {
    /// A trace of input, output and cache.
    pub fn new(x: Input<'a, F>, y: MatrixView<'a, F>, cache: &'a [F], context: Context) -> Self {
        Trace { x, y, cache, context }
    }
}

/// Whether a pass belongs to training or to inference, and where it stands: all that a layer may know besides its
/// input and its parameters. Randomness in a layer is a pure function of these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// True in training; false in inference, where dropout and its like do nothing.
    pub training: bool,
    /// The seed of the run.
    pub seed: u64,
    /// Steps taken before this one.
    pub step: u64,
    /// The position in the mini-batch of the first sample of this pass.
    pub first_sample: usize,
    /// The position of the layer in its network.
    pub layer: usize,
}

impl Context {
    /// The context of inference.
    pub const fn inference() -> Self {
        Context { training: false, seed: 0, step: 0, first_sample: 0, layer: 0 }
    }

    /// The context of one training step, at its first sample.
    pub const fn training(seed: u64, step: u64) -> Self {
        Context { training: true, seed, step, first_sample: 0, layer: 0 }
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

/// A parameter as others see it: a name, a shape, and flat values in column order.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter<'a, F> {
    /// The name within the layer, such as `W` or `b`.
    pub name: &'static str,
    /// Rows and columns; a vector has one column.
    pub shape: (usize, usize),
    /// The values, column after column.
    pub values: &'a [F],
}

/// A parameter for changing; see [`Parameter`].
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterMut<'a, F> {
    /// The name within the layer, such as `W` or `b`.
    pub name: &'static str,
    /// Rows and columns; a vector has one column.
    pub shape: (usize, usize),
    /// The values, column after column.
    pub values: &'a mut [F],
}

impl<'a, F> Parameter<'a, F> {
    /// A parameter.
    ///
    /// # Panics
    /// Unless there are as many values as the shape says.
    #[track_caller]
    pub fn new(name: &'static str, shape: (usize, usize), values: &'a [F]) -> Self {
        assert_eq!(values.len(), shape.0 * shape.1, "values of {name}, which is {}×{}", shape.0, shape.1);
        Parameter { name, shape, values }
    }
}

impl<'a, F> ParameterMut<'a, F> {
    /// A parameter for changing.
    ///
    /// # Panics
    /// Unless there are as many values as the shape says.
    #[track_caller]
    pub fn new(name: &'static str, shape: (usize, usize), values: &'a mut [F]) -> Self {
        assert_eq!(values.len(), shape.0 * shape.1, "values of {name}, which is {}×{}", shape.0, shape.1);
        ParameterMut { name, shape, values }
    }
}
