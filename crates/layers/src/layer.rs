//! The trait of a layer: eight methods, what it is given, and extras that only some layers need.

use std::fmt::Debug;

use chainrule_tensor::{Context, Float, Input, MatrixView, MatrixViewMut, Shape};

use crate::Tensor;

/// A layer: a function of its input and of values that its network owns, with its derivative beside it.
///
/// A layer holds **settings and no values**: it is pure, so that threads share it, and it is its own description. Whatever the
/// backward pass needs goes into memory that the caller owns and reuses. A layer is given some samples of a mini-batch and
/// doesn't see how it was cut; all that it may know is in its [`Pass`].
///
/// The backward pass comes in two halves, because a network wants them at different times and not always both:
/// [`backward_to`](Layer::backward_to) carries the gradient on to the input (the first layer of a network is usually not
/// asked), and [`gradient_to`](Layer::gradient_to) gives that of the parameters.
///
/// A layer without parameters implements three methods: [`name`](Layer::name), [`forward_to`](Layer::forward_to) and
/// [`backward_to`](Layer::backward_to); and [`output`](Layer::output), where the shape changes. One with parameters adds
/// [`tensors`](Layer::tensors) and [`gradient_to`](Layer::gradient_to).
///
/// # Examples
/// A layer without parameters, y = x²:
/// ```
/// use chainrule_layers::{Layer, LayerExt, Pass};
/// use chainrule_tensor::{Float, Matrix, MatrixViewMut, map_to, zip_map_to};
///
/// /// y = x², dx = 2·x·dy.
/// #[derive(Debug)]
/// struct Square;
///
/// impl<F: Float> Layer<F> for Square {
///     fn name(&self) -> &str {
///         "square"
///     }
///     fn forward_to(&self, y: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
///         map_to(y, pass.x.dense(), |x| x * x);
///     }
///     fn backward_to(&self, dx: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
///         zip_map_to(dx, pass.dy, pass.x.dense(), |dy, x| F::of(2.0) * x * dy);
///     }
/// }
///
/// let x = Matrix::from_column_slice(2, 1, &[3.0, -5.0]);
/// let (y, cache) = Square.forward(&x);
/// assert_eq!(y.as_slice(), [9.0, 25.0]);
/// assert_eq!(Square.backward(&cache, &y).dx.as_slice(), [54.0, -250.0]);
/// ```
/// One with a trainable factor for every input:
/// ```
/// use chainrule_layers::{Kind, Layer, LayerExt, Pass, Tensor};
/// use chainrule_tensor::{Float, Matrix, MatrixViewMut, Shape};
///
/// /// y = s·x, dx = s·dy, ds = Σ dy·x over the samples.
/// #[derive(Debug)]
/// struct Scale;
///
/// impl<F: Float> Layer<F> for Scale {
///     fn name(&self) -> &str {
///         "scale"
///     }
///     fn tensors(&self, input: Shape) -> Vec<Tensor> {
///         vec![Tensor::constant("s", Kind::Weight, input.size(), 1.0)]
///     }
///     fn forward_to(&self, mut y: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
///         for (j, x) in pass.x.dense().column_iter().enumerate() {
///             let (y, s) = (y.column_mut(j), pass.vector(0));
///             y.iter_mut().zip(s).zip(x).for_each(|((y, &s), &x)| *y = s * x);
///         }
///     }
///     fn backward_to(&self, mut dx: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
///         for (j, dy) in pass.dy.column_iter().enumerate() {
///             let (dx, s) = (dx.column_mut(j), pass.vector(0));
///             dx.iter_mut().zip(s).zip(dy).for_each(|((dx, &s), &dy)| *dx = s * dy);
///         }
///     }
///     fn gradient_to(&self, _: usize, _: usize, mut ds: MatrixViewMut<F>, pass: &Pass<F>) {
///         for (x, dy) in pass.x.dense().column_iter().zip(pass.dy.column_iter()) {
///             let ds = ds.as_mut_slice();
///             ds.iter_mut().zip(x).zip(dy).for_each(|((ds, &x), &dy)| *ds += dy * x);
///         }
///     }
/// }
///
/// let x = Matrix::from_column_slice(1, 2, &[3.0, -5.0]);
/// let (y, cache) = Scale.forward(&x); // s = 1 at the start
/// assert_eq!(y, x);
/// assert_eq!(Scale.backward(&cache, &x).of("s")[0], 34.0); // 3² + 5²
/// ```
pub trait Layer<F: Float>: Debug + Send + Sync {
    /// The standard name of the layer in lower case, as summaries, messages and files show it.
    fn name(&self) -> &str;

    /// The shape of the output for an input of this shape, or what is wrong with that shape or with the layer's settings, in
    /// words: no description of a network may panic, since it may come from a file.
    ///
    /// # Errors
    /// A sentence without the layer's name, which the network adds.
    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    /// The layer's parameters and then its buffers (what inference depends on and no gradient changes: running statistics):
    /// names, shapes and initial values. The index of a tensor in this list is how all other methods name it.
    fn tensors(&self, _input: Shape) -> Vec<Tensor> {
        Vec::new()
    }

    /// Values per sample that the passes keep for those that follow, besides input and output.
    fn n_cached(&self, _input: Shape) -> usize {
        0
    }

    /// The forward pass: writes the outputs of the samples `pass.x` into `y`, and what later passes need into `cache`.
    ///
    /// # Shapes
    /// `pass.x`: inputs × samples, `y`: outputs × samples, `cache`: [`n_cached`](Layer::n_cached) · samples values in an order
    /// of the layer's own.
    ///
    /// # Panics
    /// If the shapes don't fit.
    fn forward_to(&self, y: MatrixViewMut<'_, F>, cache: &mut [F], pass: &Pass<'_, F>);

    /// The backward pass to the input: writes into `dx` the gradient with respect to the input, given `pass.dy`, that with
    /// respect to the output. May keep more in `cache`, which is as the forward pass left it.
    ///
    /// # Shapes
    /// `dx`: inputs × samples, `pass.dy`: outputs × samples, `cache` as in [`forward_to`](Layer::forward_to).
    ///
    /// # Panics
    /// If the shapes don't fit.
    fn backward_to(&self, dx: MatrixViewMut<'_, F>, cache: &mut [F], pass: &Pass<'_, F>);

    /// The backward pass to the parameters: **adds** to `dw` the gradient of parameter `i`, summed over the samples in their
    /// order: of those of its columns that begin with column `from`.
    ///
    /// No values are seen here, since they are being updated meanwhile: what is needed of them, the other passes keep in the
    /// cache ([`Extras::backward_keeps`]).
    ///
    /// # Shapes
    /// `dw`: rows of the parameter × some of its columns, multiples of its [grain](Tensor::with_grain).
    ///
    /// # Panics
    /// If the shapes don't fit.
    fn gradient_to(&self, i: usize, _from: usize, _dw: MatrixViewMut<'_, F>, _pass: &Pass<'_, F>) {
        panic!("the layer \"{}\" has a parameter {i}, but no gradient_to", self.name());
    }

    /// What only some layers need.
    fn extras(&self) -> Extras<'_, F> {
        Extras::default()
    }
}

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

/// What only some layers need. A new need becomes a field, so that no layer written elsewhere has to change.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Extras<'a, F> {
    /// Whether the layer can take [`Input::Sparse`](chainrule_tensor::Input::Sparse) as the first of a network.
    pub takes_sparse: bool,
    /// Whether [`backward_to`](Layer::backward_to) writes something to the cache that [`gradient_to`](Layer::gradient_to) needs,
    /// so that it has to run even where the input's gradient is not needed.
    pub backward_keeps: bool,
    /// Whether every value of the output depends on the value of the input in its place and on nothing else, by the same
    /// function in every place: an activation.
    pub is_elementwise: bool,
    /// Whether the layer is y = W·x + b, where `W` is its first tensor and `b` its second: then a change of one parameter
    /// changes one row of the output, by which a numerical gradient is much faster.
    pub is_affine: bool,
    /// The sums over the whole mini-batch that the layer needs, if any.
    pub whole_batch: Option<&'a dyn WholeBatch<F>>,
}

impl<'a, F: Float> Extras<'a, F> {
    /// The extras of an activation.
    pub fn elementwise() -> Self {
        Extras { is_elementwise: true, ..Extras::default() }
    }

    /// The extras of a layer that needs sums over the whole mini-batch.
    pub fn whole_batch(sums: &'a dyn WholeBatch<F>) -> Self {
        Extras { whole_batch: Some(sums), ..Extras::default() }
    }
}

/// A layer whose samples have to know of each other, such as batch normalisation: in training it is given sums over the whole
/// mini-batch, before each of its two passes. Whoever cuts the mini-batch adds them up, samples in order.
pub trait WholeBatch<F: Float>: Debug {
    /// How many sums the layer needs before each pass.
    fn n_sums(&self, input: Shape) -> usize;

    /// Adds to `sums` what the samples of `pass.x` contribute to those that the forward pass needs.
    fn add_forward_sums(&self, sums: &mut [f64], pass: &Pass<'_, F>);

    /// Adds to the forward sums of some samples those of the samples behind them.
    fn merge_forward_sums(&self, sums: &mut [f64], behind: &[f64]) {
        sums.iter_mut().zip(behind).for_each(|(sum, behind)| *sum += behind);
    }

    /// Adds to `sums` what the samples of `pass.dy` contribute to those that the backward pass needs.
    fn add_backward_sums(&self, sums: &mut [f64], pass: &Pass<'_, F>);

    /// Called once after the update of a training step of `n_samples`, with the sums that its forward pass had: running
    /// statistics follow here. The layer's tensors, in the order in which it named them, lie in `values`.
    fn end_step(&self, values: &mut [F], tensors: &[Tensor], forward_sums: &[f64], n_samples: usize);
}
