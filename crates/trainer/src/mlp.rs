//! Networks of affine layers with activations between them, of any depth.
//!
//! ```text
//! x₀ = x,  xₗ = activationₗ(Wₗ·xₗ₋₁ + bₗ),  z = W·x + b of the last layer      logits, or outputs
//! y = softmax(z), σ(z) or z                                                     as the loss reads them
//! ```
//! `x`: inputs × samples, `Wₗ`: outputs × inputs of layer l, `bₗ`: its outputs.
//!
//! Source: the first tutorial (a network from a list of sizes) and the second (two layers on MNIST); *Deep Learning from
//! Scratch*, section 4.5.1.

use chainrule_gradcheck::Step;
use chainrule_layers::{Context, Sequential, Summary};
use chainrule_losses::{LossSum, Targets};
use chainrule_tensor::{Float, Matrix};

use crate::{
    Error, Gradient, MlpConfig,
    minibatch::{mean_of_sum, n_correct},
    numerical::MeanLoss,
};

/// A multilayer perceptron; see the [configuration](MlpConfig) for its parts.
///
/// Its parameters are named `W1`, `b1`, `W2`, `b2` and so on. The methods here handle one matrix of samples on the
/// calling thread, in inference; [`train`](crate::train) and [`evaluate`](crate::evaluate) handle data sets, on many,
/// and a [`Predictor`](crate::Predictor) single samples.
///
/// # Examples
/// ```
/// use chainrule_tensor::Matrix;
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let net: Mlp<f64> = Mlp::new(&MlpConfig::new([3, 5, 2]))?;
/// let x = Matrix::from_column_slice(3, 2, &[0.0, 0.5, 1.0, 1.0, 0.5, 0.0]); // two samples
/// let y = net.predict(&x);
/// assert!((y.column(0).sum() - 1.0).abs() < 1e-12); // probabilities
/// assert!((net.loss(&x, &[0, 1]) - 2.0_f64.ln()).abs() < 0.01); // knows nothing yet
/// let gradient = net.gradient(&x, &[0, 1]);
/// assert_eq!(gradient.of("W1").shape(), (5, 3));
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Debug)]
pub struct Mlp<F = f32> {
    config: MlpConfig,
    layers: Sequential<F>,
}

/// The network of the tutorials: an [`Mlp`] of three sizes, `MlpConfig::new([784, 50, 10])`.
///
/// # Examples
/// ```
/// use chainrule_trainer::{MlpConfig, TwoLayerNet};
/// let net: TwoLayerNet = TwoLayerNet::new(&MlpConfig::new([784, 50, 10]))?;
/// let names: Vec<String> = net.layers().parameter_names().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["W1", "b1", "W2", "b2"]);
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
pub type TwoLayerNet<F = f32> = Mlp<F>;

impl<F: Float> Mlp<F> {
    /// A network with initial weights.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is out of its range, there would be more than 2²⁸ parameters, or the initial
    /// weights would not be finite.
    pub fn new(config: &MlpConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Mlp { config: config.clone(), layers: config.layers() })
    }

    /// What the network was made from.
    pub fn config(&self) -> &MlpConfig {
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

    /// The layers with their sizes, as a table.
    pub fn summary(&self) -> Summary {
        self.layers.summary()
    }

    /// A copy of the network in another element type: gradients are checked in `f64`.
    pub fn cast<G: Float>(&self) -> Mlp<G> {
        let mut values: Vec<F> = Vec::with_capacity(self.n_parameters());
        self.layers.visit_parameters(&mut |_, parameter| values.extend(parameter.values));
        self.layers.visit_buffers(&mut |_, buffer| values.extend(buffer.values));
        let mut values = values.into_iter();
        let layers = self.config.filled_layers(|of_this| {
            for (to, from) in of_this.iter_mut().zip(&mut values) {
                *to = G::of(from.as_f64());
            }
        });
        Mlp { config: self.config.clone(), layers }
    }

    /// A network of an allowed configuration whose parameters, and then buffers, `fill` writes.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn filled(config: MlpConfig, fill: impl FnMut(&mut [F])) -> Self {
        Mlp { layers: config.filled_layers(fill), config }
    }

    /// The logits of every sample, or the outputs, where the loss has no logits: what the loss takes.
    ///
    /// # Shapes
    /// `x`: inputs × samples; the result: outputs × samples.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs.
    #[track_caller]
    pub fn logits(&self, x: &Matrix<F>) -> Matrix<F> {
        self.layers.layers().fold(x.clone(), |x, layer| layer.forward(&x).0)
    }

    /// What the network predicts for every sample: the probability of every class, of yes, or values, as its loss reads
    /// outputs.
    ///
    /// # Shapes
    /// `x`: inputs × samples; the result: outputs × samples. With softmax cross-entropy every column sums to 1.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs.
    #[track_caller]
    pub fn predict(&self, x: &Matrix<F>) -> Matrix<F> {
        let z = self.logits(x);
        let mut y = Matrix::zeros(z.nrows(), z.ncols());
        self.config.loss.outputs().predict_to((&mut y).into(), (&z).into());
        y
    }

    /// The mean loss of the samples `x` with the targets `t`, classes or values.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs and the targets fit the outputs.
    #[track_caller]
    pub fn loss<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> f64 {
        self.config.loss.loss().value((&self.logits(x)).into(), t.into()).mean()
    }

    /// The share of the samples `x` whose most probable class is that of `t`, 0…1; NaN where the targets are no classes.
    ///
    /// # Panics
    /// As [`loss`](Mlp::loss).
    #[track_caller]
    pub fn accuracy<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> f64 {
        let (t, z) = (t.into(), self.logits(x));
        t.assert_fit((&z).into());
        let n_correct = n_correct(self.config.loss.loss(), (&z).into(), t);
        n_correct.map_or(f64::NAN, |n| n as f64 / t.n_samples() as f64)
    }

    /// The gradient of the mean loss by backpropagation.
    ///
    /// All samples through one layer after another, in the learner's form: this is the readable twin against which the
    /// parallel [`MiniBatch`](crate::MiniBatch) is tested.
    ///
    /// # Panics
    /// As [`loss`](Mlp::loss).
    #[track_caller]
    pub fn gradient<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> Gradient<F> {
        self.loss_and_gradient(x, t, &Context::inference()).1
    }

    /// The loss as a sum with its divisor, and its [`gradient`](Mlp::gradient), in a context of choice: in that of a step
    /// of a training, dropout and batch normalisation do their work.
    ///
    /// # Panics
    /// As [`loss`](Mlp::loss).
    #[track_caller]
    pub fn loss_and_gradient<'t>(
        &self,
        x: &Matrix<F>,
        t: impl Into<Targets<'t, F>>,
        context: &Context,
    ) -> (LossSum, Gradient<F>) {
        let mut y = x.clone();
        let mut caches = Vec::new();
        for (l, layer) in self.layers.layers().enumerate() {
            let (output, cache) = layer.forward_with(&y, &context.at_layer(l));
            y = output;
            caches.push(cache);
        }
        let (loss, mut dy) = self.config.loss.loss().gradient((&y).into(), t.into());
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
    /// As [`loss`](Mlp::loss).
    #[track_caller]
    pub fn numerical_gradient<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> Gradient<f64> {
        self.numerical_gradient_with(x, t, Step::Fixed(1e-4), &Context::inference())
    }

    /// [`numerical_gradient`](Mlp::numerical_gradient) with another step, and in a context of choice.
    ///
    /// # Panics
    /// As [`loss`](Mlp::loss).
    #[track_caller]
    pub fn numerical_gradient_with<'t>(
        &self,
        x: &Matrix<F>,
        t: impl Into<Targets<'t, F>>,
        step: Step,
        context: &Context,
    ) -> Gradient<f64> {
        let net = self.cast::<f64>();
        let x = x.map(|value| value.as_f64());
        let context = context.of_samples(x.ncols());
        let in_f64 = |t: Targets<'t, F>| match t {
            Targets::Values(t) => t.to_matrix().map(|t| t.as_f64()),
            _ => Matrix::zeros(0, 0),
        };
        let t = t.into();
        let values = in_f64(t);
        let t = match t {
            Targets::Classes(classes) => Targets::Classes(classes),
            _ => (&values).into(),
        };
        let loss = net.config.loss.loss();
        let mean_loss = MeanLoss { net: &net.layers, loss, x: &x, t, weights: None, context: &context };
        let gradient = mean_loss.numerical_gradient(step);
        Gradient::new(&net.layers, gradient)
    }
}

impl Mlp<f32> {
    /// The CRC-32 of all that inference depends on, parameters and then running statistics, in order, as little-endian
    /// bytes: equal for equal networks, and only by chance for others.
    pub fn parameters_crc32(&self) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        let mut add = |values: &[f32]| values.iter().for_each(|value| crc.update(&value.to_le_bytes()));
        self.layers.visit_parameters(&mut |_, parameter| add(parameter.values));
        self.layers.visit_buffers(&mut |_, buffer| add(buffer.values));
        crc.finalize()
    }
}

impl<F: Float> Clone for Mlp<F> {
    fn clone(&self) -> Self {
        Mlp { config: self.config.clone(), layers: self.layers.clone() }
    }
}
