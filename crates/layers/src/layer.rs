//! The trait that every layer implements.

use std::{fmt::Debug, ops::Range};

use chainrule_tensor::{Float, Input, Matrix, MatrixView, MatrixViewMut};

use crate::{
    Context, Forward, Parameter, ParameterMut, Trace,
    learner::{Cache, Gradients},
};

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
/// A layer whose samples have to know of each other (batch normalisation) may ask for **sums over the whole
/// mini-batch**, however that is cut: [`n_sums`](Layer::n_sums) of them before its forward pass, and as many before its
/// backward pass. Whoever runs the layer adds them up over all samples, in order.
///
/// A layer without parameters implements five methods: [`name`](Layer::name), [`boxed_clone`](Layer::boxed_clone),
/// [`n_outputs`](Layer::n_outputs), [`forward_to`](Layer::forward_to) and [`backward_to`](Layer::backward_to).
///
/// # Examples
/// ```
/// use chainrule_layers::{Forward, Layer, Trace};
/// use chainrule_tensor::{Float, Input, Matrix, MatrixView, MatrixViewMut, map_to, zip_map_to};
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

    /// Whether every value of the output depends on the value of the input in its place and on nothing else, by the same
    /// function in every place: an activation.
    fn is_elementwise(&self) -> bool {
        false
    }

    /// Adds to `row` by how much a row of the output changes if a parameter, given by its position when all of the layer are
    /// laid end to end, becomes larger by `change`, and returns which row that is; `None` if more than one changes, or the
    /// layer does not say.
    ///
    /// # Shapes
    /// `x`: inputs × samples, `row`: samples.
    fn add_change(&self, _row: &mut [F], _parameter: usize, _change: F, _x: Input<'_, F>) -> Option<usize> {
        None
    }

    /// Whether the layer can take [`Input::Sparse`](chainrule_tensor::Input::Sparse) as the first of a network.
    fn takes_sparse(&self) -> bool {
        false
    }

    /// How many sums over the whole mini-batch the layer wants to know in training, before each of its two passes.
    fn n_sums(&self, _n_inputs: usize) -> usize {
        0
    }

    /// Adds to `sums` what the samples of `x` contribute to those that the forward pass wants.
    ///
    /// # Shapes
    /// `x`: inputs × samples, `sums`: [`n_sums`](Layer::n_sums).
    fn add_forward_sums(&self, _sums: &mut [f64], _x: MatrixView<'_, F>) {}

    /// Adds to `sums` what the samples of `dy` contribute to those that the backward pass wants.
    ///
    /// # Shapes
    /// `dy` and `trace` as in [`backward_to`](Layer::backward_to), `sums`: [`n_sums`](Layer::n_sums).
    fn add_backward_sums(&self, _sums: &mut [f64], _dy: MatrixView<'_, F>, _trace: &Trace<'_, F>) {}

    /// Called once after the update of a training step of `n_samples`, with the sums that its forward pass had: running
    /// statistics follow here.
    fn end_step(&mut self, _forward_sums: &[f64], _n_samples: usize) {}

    /// Shows what inference depends on besides the parameters and no gradient changes, in a fixed order: running
    /// statistics.
    fn visit_buffers<'a>(&'a self, _visit: &mut dyn FnMut(Parameter<'a, F>)) {}

    /// Hands out every buffer for changing, in the order of [`visit_buffers`](Layer::visit_buffers).
    fn visit_buffers_mut<'a>(&'a mut self, _visit: &mut dyn FnMut(ParameterMut<'a, F>)) {}

    /// The gradient of the parameters can be computed in parts that are multiples of this length, at equal cost in
    /// all; the default is all parameters at once.
    fn gradient_grain(&self) -> usize {
        self.n_parameters()
    }

    /// The whole number of [grains](Layer::gradient_grain) nearest to `length`, from below where there is one.
    ///
    /// # Panics
    /// If the grain is 0, though the layer has parameters.
    #[track_caller]
    fn gradient_step(&self, length: usize) -> usize {
        let grain = self.gradient_grain();
        assert!(grain > 0, "the layer \"{}\" has parameters and a gradient grain of 0", self.name());
        (length / grain).max(1) * grain
    }

    /// Whether [`gradient_to`](Layer::gradient_to) looks at the values of parameters.
    ///
    /// A trainer may then update none of them before it has the gradient of all. A layer that says no also takes, as
    /// `part`, a single parameter, or a run of it that starts and ends at multiples of the
    /// [grain](Layer::gradient_grain) counted from its beginning: so a part can be updated as soon as its gradient is
    /// known, while it is in a cache.
    fn gradient_reads_parameters(&self) -> bool {
        true
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

    /// The learner's form of the forward pass in a context of choice, such as a step of a training; `x` is then the
    /// whole mini-batch.
    fn forward_with(&self, x: &Matrix<F>, context: &Context) -> (Matrix<F>, Cache<F>) {
        let (n_inputs, n_samples) = x.shape();
        let context = context.of_samples(n_samples);
        let mut sums = vec![0.0; if context.training { self.n_sums(n_inputs) } else { 0 }];
        if !sums.is_empty() {
            self.add_forward_sums(&mut sums, x.into());
        }
        let mut y = Matrix::zeros(self.n_outputs(n_inputs), n_samples);
        let mut kept = vec![F::zero(); self.n_cached(n_inputs) * n_samples];
        self.forward_to((&mut y).into(), &mut kept, &Forward::new(x.into(), context).with_sums(&sums));
        (y.clone(), Cache { x: x.clone(), y, kept, sums, context })
    }

    /// The learner's form of the backward pass: both of its halves, given `dy`, the gradient with respect to the
    /// output, in the context of the forward pass.
    fn backward(&self, cache: &Cache<F>, dy: &Matrix<F>) -> Gradients<F> {
        let mut sums = vec![0.0; cache.sums.len()];
        if !sums.is_empty() {
            self.add_backward_sums(&mut sums, dy.into(), &cache.trace(&[]));
        }
        let trace = cache.trace(&sums);
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
