//! Networks: a description, and the layers and values that follow from it.
//!
//! ```text
//! x₀ = x,  xₗ = layerₗ(xₗ₋₁),  z = x of the last layer       logits, or outputs
//! y = softmax(z), σ(z) or z                                  as the loss reads them
//! ```
//! `x`: inputs × samples, `z` and `y`: outputs × samples.
//!
//! Source: the first tutorial (a network from a list of sizes) and the second (two layers on MNIST); *Deep Learning from
//! Scratch*, section 4.5.1.

use chainrule_gradcheck::Step;
use chainrule_layers::{Context, Layers, OwnLayers, Sequential, Summary, Tensor, no_own_layers};
use chainrule_losses::{LossSum, Targets};
use chainrule_tensor::{Float, Matrix, MatrixView, MatrixViewMut, for_float};

use crate::{
    Error, Gradient, NetworkConfig,
    minibatch::{mean_of_sum, n_correct},
    numerical::MeanLoss,
    target_scale::standardised,
};

/// A network of any list of layers; see the [description](NetworkConfig) for its parts, and [`MlpConfig`](crate::MlpConfig) for the usual lists.
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
#[derive(Clone, Debug)]
pub struct Network<F = f32> {
    config: NetworkConfig,
    net: Sequential<F>,
}

/// A multilayer perceptron: a [`Network`] that an [`MlpConfig`](crate::MlpConfig) describes.
pub type Mlp<F = f32> = Network<F>;

/// The network of the tutorials: an [`Mlp`] of three sizes, `MlpConfig::new([784, 50, 10])`.
///
/// # Examples
/// ```
/// use chainrule_trainer::{MlpConfig, TwoLayerNet};
/// let net: TwoLayerNet = TwoLayerNet::new(&MlpConfig::new([784, 50, 10]))?;
/// let names: Vec<&str> = net.tensors().map(|(tensor, _)| &*tensor.name).collect();
/// assert_eq!(names, ["W1", "b1", "W2", "b2"]);
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
pub type TwoLayerNet<F = f32> = Network<F>;

type Make<F> = fn(NetworkConfig, OwnLayers<'_, F>) -> Result<Network<F>, Error>;

#[inline(never)]
fn make_f32(config: NetworkConfig, own: OwnLayers<'_, f32>) -> Result<Network<f32>, Error> {
    Network::make(config, own)
}

#[inline(never)]
fn make_f64(config: NetworkConfig, own: OwnLayers<'_, f64>) -> Result<Network<f64>, Error> {
    Network::make(config, own)
}

impl<F: Float> Network<F> {
    /// A network with initial weights, from a [`NetworkConfig`] or an [`MlpConfig`](crate::MlpConfig).
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Layer`] or [`Error::Loss`] if a setting is out of its range, layers don't fit, or there would
    /// be more than 2²⁸ values; [`Error::Layer`] for a layer of a program's own, which [`with_own`](Network::with_own) takes.
    pub fn new<C: TryInto<NetworkConfig>>(config: C) -> Result<Self, Error>
    where
        Error: From<C::Error>,
    {
        Network::with_own(config, &no_own_layers)
    }

    /// The same with layers of a program's own, which `own` makes of their names and settings.
    ///
    /// # Errors
    /// As [`new`](Network::new), but for names that `own` knows.
    pub fn with_own<C: TryInto<NetworkConfig>>(config: C, own: OwnLayers<'_, F>) -> Result<Self, Error>
    where
        Error: From<C::Error>,
    {
        for_float::<Make<F>>(&(make_f32 as Make<f32>), &(make_f64 as Make<f64>))(config.try_into()?, own)
    }

    fn make(config: NetworkConfig, own: OwnLayers<'_, F>) -> Result<Self, Error> {
        let net = Sequential::initial(config.structure(own)?, config.seed);
        Ok(Network { config, net })
    }

    /// A network of this description with these values, parameters in order and then buffers.
    ///
    /// # Errors
    /// As [`with_own`](Network::with_own).
    ///
    /// # Panics
    /// Unless there are as many as the network has.
    pub(crate) fn with_values(
        config: NetworkConfig,
        values: &[F],
        own: OwnLayers<'_, F>,
    ) -> Result<Self, Error> {
        let mut net = Sequential::zeros(config.structure(own)?);
        net.unpack(values);
        Ok(Network { config, net })
    }

    /// What the network was made from.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The layers with their values.
    pub fn sequential(&self) -> &Sequential<F> {
        &self.net
    }

    /// The same for changing: for those who train.
    pub fn sequential_mut(&mut self) -> &mut Sequential<F> {
        &mut self.net
    }

    /// Takes over all values, as they lie.
    pub(crate) fn set_values(&mut self, values: &[F]) {
        self.net.split_mut().1.copy_from_slice(values);
    }

    /// The layers, without values.
    pub fn layers(&self) -> &Layers<F> {
        self.net.layers()
    }

    /// How many values all parameters have together.
    pub fn n_parameters(&self) -> usize {
        self.net.n_parameters()
    }

    /// All tensors with their values: parameters in order, `W1`, `b1`, `W2`, …, and then running statistics.
    pub fn tensors(&self) -> impl Iterator<Item = (&Tensor, MatrixView<'_, F>)> {
        self.net.tensors()
    }

    /// The tensor of this name, such as `W1`.
    pub fn tensor(&self, name: &str) -> Option<MatrixView<'_, F>> {
        self.net.tensor(name)
    }

    /// The same for changing.
    pub fn tensor_mut(&mut self, name: &str) -> Option<MatrixViewMut<'_, F>> {
        self.net.tensor_mut(name)
    }

    /// The values of all parameters, as they lie.
    pub fn parameters(&self) -> &[F] {
        self.net.parameters()
    }

    /// The layers with their sizes, as a table.
    pub fn summary(&self) -> Summary {
        self.net.summary()
    }

    /// A copy of the network in another element type: gradients are checked in `f64`.
    ///
    /// # Panics
    /// If it has layers of a program's own, which [`cast_with_own`](Network::cast_with_own) takes.
    pub fn cast<G: Float>(&self) -> Network<G> {
        self.cast_with_own(&no_own_layers).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same with layers of a program's own, which `own` makes in the other element type.
    ///
    /// # Errors
    /// [`Error::Layer`] if `own` does not know one of them.
    pub fn cast_with_own<G: Float>(&self, own: OwnLayers<'_, G>) -> Result<Network<G>, Error> {
        let values: Vec<G> = self.net.pack().into_iter().map(|value| G::of(value.as_f64())).collect();
        Network::with_values(self.config.clone(), &values, own)
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
        self.net.forward(x).0
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
        self.config.predict_to((&mut y).into(), (&z).into());
        y
    }

    /// The mean loss of the samples `x` with the targets `t`, classes or values.
    ///
    /// # Panics
    /// Unless `x.nrows()` is the number of inputs and the targets fit the outputs.
    #[track_caller]
    pub fn loss<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> f64 {
        let mut room = None;
        let t = standardised(self.config.scale.as_ref(), t.into(), &mut room);
        self.config.loss.loss().value((&self.logits(x)).into(), t).mean()
    }

    /// The share of the samples `x` whose most probable class is that of `t`, 0…1; NaN where the targets are no classes.
    ///
    /// # Panics
    /// As [`loss`](Network::loss).
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
    /// As [`loss`](Network::loss).
    #[track_caller]
    pub fn gradient<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> Gradient<F> {
        self.loss_and_gradient(x, t, &Context::inference()).1
    }

    /// The loss as a sum with its divisor, and its [`gradient`](Network::gradient), in a context of choice: in that of a step
    /// of a training, dropout and batch normalisation do their work.
    ///
    /// # Panics
    /// As [`loss`](Network::loss).
    #[track_caller]
    pub fn loss_and_gradient<'t>(
        &self,
        x: &Matrix<F>,
        t: impl Into<Targets<'t, F>>,
        context: &Context,
    ) -> (LossSum, Gradient<F>) {
        let (z, cache) = self.net.forward_with(x, context);
        let mut room = None;
        let t = standardised(self.config.scale.as_ref(), t.into(), &mut room);
        let (loss, dz) = self.config.loss.loss().gradient((&z).into(), t);
        let mut values = self.net.backward(&cache, &dz).values();
        mean_of_sum(&mut values, F::of(loss.divisor));
        (loss, Gradient::new(self.layers(), values))
    }

    /// The gradient of the mean loss by central differences with the tutorial's step, 1e-4: two losses for every
    /// parameter.
    ///
    /// Evaluated in `f64` whatever `F` is, since in `f32` a central difference is noise, and on the threads of the
    /// current pool.
    ///
    /// # Panics
    /// As [`loss`](Network::loss).
    #[track_caller]
    pub fn numerical_gradient<'t>(&self, x: &Matrix<F>, t: impl Into<Targets<'t, F>>) -> Gradient<f64> {
        self.numerical_gradient_with(x, t, Step::Fixed(1e-4), &Context::inference())
    }

    /// [`numerical_gradient`](Network::numerical_gradient) with another step, and in a context of choice.
    ///
    /// # Panics
    /// As [`loss`](Network::loss).
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
        let (values, mut room) = (in_f64(t), None);
        let t = match t {
            Targets::Classes(classes) => Targets::Classes(classes),
            _ => (&values).into(),
        };
        let mean_loss = MeanLoss {
            net: &net.net,
            loss: net.config.loss.loss(),
            x: &x,
            t: standardised(self.config.scale.as_ref(), t, &mut room),
            weights: None,
            context: &context,
        };
        let gradient = mean_loss.numerical_gradient(step);
        Gradient::new(net.layers(), gradient)
    }
}

impl Network<f32> {
    /// The CRC-32 of all that inference depends on, parameters and then running statistics, in order, as little-endian
    /// bytes: equal for equal networks, and only by chance for others.
    pub fn parameters_crc32(&self) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        self.net.pack().iter().for_each(|value| crc.update(&value.to_le_bytes()));
        crc.finalize()
    }
}
