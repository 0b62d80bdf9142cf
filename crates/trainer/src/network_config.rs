//! The one description of a network: a list of layers, the shape of a sample, the loss, and the seed of the initial weights.

use std::convert::Infallible;

use chainrule_layers::{LayerConfig, Layers, OwnLayers, no_own_layers};
use chainrule_losses::LossConfig;
use chainrule_tensor::{Float, MatrixView, MatrixViewMut, Shape};

use crate::{Error, TargetScale};

/// What a [`Network`](crate::Network) is made from: from it follow shapes and counts, and what files, summaries and pages say.
///
/// With the feature `serde` it is read and written as text that names its fields. [`MlpConfig`](crate::MlpConfig) is a short form for the usual
/// lists.
///
/// # Examples
/// ```
/// use chainrule_layers::{Affine, LeakyRelu, Sigmoid};
/// use chainrule_losses::BinaryCrossEntropy;
/// use chainrule_trainer::{Network, NetworkConfig};
/// let layers = [Affine::outputs(5).into(), LeakyRelu::new(0.2).into(), Affine::outputs(1).into()];
/// let config = NetworkConfig::new(3, layers, BinaryCrossEntropy).with_seed(7);
/// let net: Network = Network::new(&config)?;
/// assert_eq!((net.n_parameters(), net.config()), (26, &config));
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct NetworkConfig {
    /// The shape of a sample.
    pub input: Shape,
    /// The layers, in order.
    pub layers: Vec<LayerConfig>,
    /// What training minimises, and how outputs are to be read.
    pub loss: LossConfig,
    /// The scale of the targets of a network that predicts values; `None` leaves them as they are.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub scale: Option<TargetScale>,
    /// Which initial weights.
    pub seed: u64,
}

impl NetworkConfig {
    /// A network of these layers for samples of `n_inputs` values, with the initial weights of seed 1.
    pub fn new(n_inputs: usize, layers: impl Into<Vec<LayerConfig>>, loss: impl Into<LossConfig>) -> Self {
        NetworkConfig {
            input: Shape::flat(n_inputs),
            layers: layers.into(),
            loss: loss.into(),
            scale: None,
            seed: 1,
        }
    }

    /// Sets the shape of a sample.
    pub fn with_input(self, input: Shape) -> Self {
        NetworkConfig { input, ..self }
    }

    /// Sets the scale of the targets.
    pub fn with_scale(self, scale: TargetScale) -> Self {
        NetworkConfig { scale: Some(scale), ..self }
    }

    /// Sets the seed of the initial weights.
    pub fn with_seed(self, seed: u64) -> Self {
        NetworkConfig { seed, ..self }
    }

    /// Refuses what no network can be made from, as [`Network::new`](crate::Network::new) does.
    ///
    /// # Errors
    /// [`Error::Layer`] for a list that is no network, [`Error::Loss`] for a loss that cannot read its outputs.
    pub fn check(&self) -> Result<(), Error> {
        self.structure::<f32>(&no_own_layers).map(|_| ())
    }

    /// The layers without values; those of a program's own come from `own`.
    ///
    /// # Errors
    /// As [`check`](NetworkConfig::check).
    pub(crate) fn structure<F: Float>(&self, own: OwnLayers<'_, F>) -> Result<Layers<F>, Error> {
        let layers = self.layers.iter().map(|layer| layer.layer(own));
        let layers = Layers::new(self.input, layers.collect::<Result<_, _>>()?)?;
        let loss = self.loss.loss::<F>();
        loss.check()
            .and_then(|()| loss.check_outputs(layers.n_outputs()))
            .map_err(|cause| Error::Loss { cause })?;
        self.scale.as_ref().map_or(Ok(()), |scale| scale.check(loss.outputs(), layers.n_outputs()))?;
        Ok(layers)
    }

    /// The predictions `y` for the outputs `z`, as the loss reads them and in the targets' own units.
    pub(crate) fn predict_to<F: Float>(&self, mut y: MatrixViewMut<'_, F>, z: MatrixView<'_, F>) {
        self.loss.outputs().predict_to(y.reborrow(), z);
        if let Some(scale) = &self.scale {
            scale.restore(y);
        }
    }

    /// Values per sample that go in, and outputs of every affine layer.
    pub fn sizes(&self) -> Vec<usize> {
        let outputs = self.layers.iter().filter_map(|layer| match layer {
            LayerConfig::Affine(affine) => Some(affine.n_outputs),
            _ => None,
        });
        [self.input.size()].into_iter().chain(outputs).collect()
    }

    /// The same in one word: `784-50-10`.
    pub fn sizes_in_words(&self) -> String {
        self.sizes().iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    }
}

impl From<&NetworkConfig> for NetworkConfig {
    fn from(config: &NetworkConfig) -> Self {
        config.clone()
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
