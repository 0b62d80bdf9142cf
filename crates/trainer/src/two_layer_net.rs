//! The network of the tutorials: two affine layers with an activation between them.
//!
//! ```text
//! z = W2·activation(W1·x + b1) + b2        logits, one per class
//! y = softmax(z)                           probabilities
//! ```
//! `x`: inputs × samples, `W1`: hidden × inputs, `b1`: hidden, `W2`: classes × hidden, `b2`: classes.
//!
//! Source: the second tutorial; *Deep Learning from Scratch*, section 4.5.1.

use chainrule_gradcheck::Step;
use chainrule_layers::{Affine, Sequential};
use chainrule_losses::{Loss, LossSum, SoftmaxCrossEntropy, Targets};
use chainrule_tensor::{Float, Matrix, softmax_to};

use crate::{
    Error, Gradient, TwoLayerConfig,
    minibatch::{mean_of_sum, n_correct},
    numerical::numerical_gradient,
};

/// The tutorials' network; see the [configuration](TwoLayerConfig) for its parts.
///
/// Its parameters are named `W1`, `b1`, `W2`, `b2`. The methods here handle one matrix of samples on the calling
/// thread; [`train`](crate::train) and [`evaluate`](crate::evaluate) handle data sets, on many.
///
/// # Examples
/// ```
/// use chainrule_tensor::Matrix;
/// use chainrule_trainer::{TwoLayerConfig, TwoLayerNet};
/// let mut net: TwoLayerNet<f64> = TwoLayerNet::new(&TwoLayerConfig::new(3, 5, 2))?;
/// let x = Matrix::from_column_slice(3, 2, &[0.0, 0.5, 1.0, 1.0, 0.5, 0.0]); // two samples
/// let y = net.predict(&x);
/// assert!((y.column(0).sum() - 1.0).abs() < 1e-12); // probabilities
/// assert!((net.loss(&x, &[0, 1]) - 2.0_f64.ln()).abs() < 0.01); // knows nothing yet
/// let gradient = net.gradient(&x, &[0, 1]);
/// assert_eq!(gradient.of("W1").shape(), (5, 3));
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Debug)]
pub struct TwoLayerNet<F = f32> {
    config: TwoLayerConfig,
    layers: Sequential<F>,
}

impl<F: Float> TwoLayerNet<F> {
    /// A network with initial weights.
    ///
    /// # Errors
    /// [`Error::Config`] if a size is 0, there would be more than 2²⁸ parameters, or the initial weights would not be
    /// finite.
    pub fn new(config: &TwoLayerConfig) -> Result<Self, Error> {
        config.check()?;
        let layers = config
            .layers(|inputs, outputs, layer| Affine::init(inputs, outputs, config.init, config.seed, layer));
        Ok(TwoLayerNet { config: config.clone(), layers })
    }

    /// What the network was made from.
    pub fn config(&self) -> &TwoLayerConfig {
        &self.config
    }

    /// The layers.
    pub fn layers(&self) -> &Sequential<F> {
        &self.layers
    }

    /// The layers, whose parameters may be changed.
    pub fn layers_mut(&mut self) -> &mut Sequential<F> {
        &mut self.layers
    }

    /// How many values all parameters have together.
    pub fn n_parameters(&self) -> usize {
        self.layers.n_parameters()
    }

    /// A copy of the network in another element type: gradients are checked in `f64`.
    pub fn cast<G: Float>(&self) -> TwoLayerNet<G> {
        let mut values: Vec<F> = Vec::with_capacity(self.n_parameters());
        self.layers.visit_parameters(&mut |_, parameter| values.extend(parameter.values));
        let mut values = values.into_iter();
        TwoLayerNet::with_parameters(&self.config, |_, of_this| {
            for (to, from) in of_this.iter_mut().zip(&mut values) {
                *to = G::of(from.as_f64());
            }
        })
    }

    /// A network of an allowed configuration, whose parameters `fill` writes: it is given the name and the values of
    /// each in turn.
    pub(crate) fn with_parameters(config: &TwoLayerConfig, mut fill: impl FnMut(&str, &mut [F])) -> Self {
        let zeros =
            |inputs, outputs, _| Affine::new(Matrix::zeros(outputs, inputs), vec![F::zero(); outputs]);
        let mut layers = config.layers(zeros);
        layers.visit_parameters_mut(&mut |name, parameter| fill(name, parameter.values));
        TwoLayerNet { config: config.clone(), layers }
    }

    /// The logits of every sample: what the loss takes.
    ///
    /// # Shapes
    /// `x`: inputs × samples; the result: classes × samples.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs.
    pub fn logits(&self, x: &Matrix<F>) -> Matrix<F> {
        self.layers.layers().fold(x.clone(), |x, layer| layer.forward(&x).0)
    }

    /// The probability of every class for every sample.
    ///
    /// # Shapes
    /// `x`: inputs × samples; the result: classes × samples, every column sums to 1.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs.
    pub fn predict(&self, x: &Matrix<F>) -> Matrix<F> {
        let z = self.logits(x);
        let mut y = Matrix::zeros(z.nrows(), z.ncols());
        softmax_to((&mut y).into(), (&z).into());
        y
    }

    /// The mean softmax cross-entropy of the samples `x` of the classes `t`, in nats.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs, `t` has a class for every sample, and every class an output.
    pub fn loss(&self, x: &Matrix<F>, t: &[usize]) -> f64 {
        SoftmaxCrossEntropy::new().value((&self.logits(x)).into(), Targets::Classes(t)).mean()
    }

    /// The share of the samples `x` whose most probable class is that of `t`, 0…1.
    ///
    /// # Panics
    /// As [`loss`](TwoLayerNet::loss).
    pub fn accuracy(&self, x: &Matrix<F>, t: &[usize]) -> f64 {
        assert_eq!(x.ncols(), t.len(), "samples and classes");
        n_correct((&self.logits(x)).into(), Targets::Classes(t)) as f64 / t.len() as f64
    }

    /// The gradient of the mean loss by backpropagation.
    ///
    /// All samples through one layer after another, in the learner's form: this is the readable twin against which the parallel [`MiniBatch`](crate::MiniBatch) is tested.
    ///
    /// # Panics
    /// As [`loss`](TwoLayerNet::loss).
    pub fn gradient(&self, x: &Matrix<F>, t: &[usize]) -> Gradient<F> {
        self.loss_and_gradient(x, t).1
    }

    /// The loss as a sum with its divisor, and [`gradient`](TwoLayerNet::gradient).
    pub(crate) fn loss_and_gradient(&self, x: &Matrix<F>, t: &[usize]) -> (LossSum, Gradient<F>) {
        let mut y = x.clone();
        let mut caches = Vec::new();
        for layer in self.layers.layers() {
            let (output, cache) = layer.forward(&y);
            y = output;
            caches.push(cache);
        }
        let (loss, mut dy) = SoftmaxCrossEntropy::new().gradient((&y).into(), Targets::Classes(t));
        let mut of_layers = Vec::new();
        for (layer, cache) in self.layers.layers().zip(caches).rev() {
            let gradients = layer.backward(&cache, &dy);
            of_layers.push(gradients.parameters);
            dy = gradients.dx;
        }
        let mut values = Vec::with_capacity(self.n_parameters());
        for (_, gradient) in of_layers.into_iter().rev().flatten() {
            values.extend_from_slice(gradient.as_slice());
        }
        mean_of_sum(&mut values, F::of(loss.divisor));
        (loss, Gradient::new(&self.layers, values))
    }

    /// The gradient of the mean loss by central differences with the tutorial's step, 1e-4: two losses for every
    /// parameter.
    ///
    /// Evaluated in `f64` whatever `F` is, since in `f32` a central difference is noise, and on the threads of the
    /// current pool.
    ///
    /// # Panics
    /// As [`loss`](TwoLayerNet::loss).
    pub fn numerical_gradient(&self, x: &Matrix<F>, t: &[usize]) -> Gradient<f64> {
        self.numerical_gradient_with(x, t, Step::Fixed(1e-4))
    }

    /// [`numerical_gradient`](TwoLayerNet::numerical_gradient) with another step.
    ///
    /// # Panics
    /// As [`loss`](TwoLayerNet::loss).
    pub fn numerical_gradient_with(&self, x: &Matrix<F>, t: &[usize], step: Step) -> Gradient<f64> {
        let net = self.cast::<f64>();
        let copy = || net.layers.clone();
        let x = x.map(|value| value.as_f64());
        let values = numerical_gradient(&copy, &SoftmaxCrossEntropy::new(), &x, t, step);
        Gradient::new(&net.layers, values)
    }
}

impl TwoLayerNet<f32> {
    /// The CRC-32 of all parameters in order, as little-endian bytes: equal for equal networks, and only by chance for
    /// others.
    pub fn parameters_crc32(&self) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        self.layers.visit_parameters(&mut |_, parameter| {
            for value in parameter.values {
                crc.update(&value.to_le_bytes());
            }
        });
        crc.finalize()
    }
}

impl<F: Float> Clone for TwoLayerNet<F> {
    fn clone(&self) -> Self {
        TwoLayerNet { config: self.config.clone(), layers: self.layers.clone() }
    }
}
