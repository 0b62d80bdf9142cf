//! The short form of the usual networks: sizes, activations, initial weights, loss.

use chainrule_layers::{Activation, Affine, BatchNorm, Dropout, Elu, Encoding, LayerConfig, LeakyRelu};
use chainrule_losses::LossConfig;
use chainrule_tensor::{F32_RANGE, Init, shown};

use crate::{Error, NetworkConfig};

/// What an [`Mlp`](crate::Mlp) is made from. With its defaults and three sizes it is the tutorials' TwoLayerNet.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `sizes` | | values per sample that go in, units of every hidden layer, outputs | two or more, each at least 1 |
/// | `activations` | sigmoid, the last none | the function behind every affine layer | one for each |
/// | `init` | chosen by activation | the weights at the start; biases start at 0 | |
/// | `batch_norm` | no | normalises between affine layer and activation of hidden layers | |
/// | `norm` | momentum 0.1, eps 1e-5 | the settings of that | see [`BatchNorm`] |
/// | `dropout` | 0 | the dropout probability of hidden outputs | 0 ≤ p < 1 |
/// | `leaky_relu`, `elu` | slope 0.01, α 1 | the settings of these activations | finite, not below 0 |
/// | `loss` | softmax cross-entropy | what training minimises, and how outputs are to be read | |
/// | `encoding` | none | how raw columns become inputs | |
/// | `seed` | 1 | which initial weights | any |
///
/// Without `init`, a network with one hidden layer of sigmoids starts from N(0, 0.01²) as the tutorials do. Any other
/// starts from [`Activation::init`] of each layer, since with σ = 0.01 a signal fades away layer by layer.
///
/// # Examples
/// ```
/// use chainrule_trainer::{Activation, Mlp, MlpConfig};
/// let config = MlpConfig::new([784, 256, 128, 10]).with_activation(Activation::Relu).with_dropout(0.2);
/// let net = Mlp::<f32>::new(&config)?;
/// assert_eq!(net.n_parameters(), 785 * 256 + 257 * 128 + 129 * 10);
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct MlpConfig {
    /// Values per sample before every affine layer and behind the last.
    pub sizes: Vec<usize>,
    /// The function behind every affine layer.
    pub activations: Vec<Activation>,
    /// The weights at the start; `None` chooses by activation.
    pub init: Option<Init>,
    /// Whether hidden layers normalise over the mini-batch.
    pub batch_norm: bool,
    /// The settings of these normalisations.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_default"))]
    pub norm: BatchNorm,
    /// The dropout probability of hidden outputs, 0 ≤ p < 1.
    pub dropout: f64,
    /// The settings of every [`Activation::LeakyRelu`].
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_default"))]
    pub leaky_relu: LeakyRelu,
    /// The settings of every [`Activation::Elu`].
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_default"))]
    pub elu: Elu,
    /// What training minimises, and how outputs are to be read.
    pub loss: LossConfig,
    /// How raw columns become inputs; `None` takes them as they are.
    pub encoding: Option<Encoding>,
    /// Which initial weights.
    pub seed: u64,
}

impl MlpConfig {
    /// The tutorials' network with these sizes: inputs, hidden units of every layer, outputs.
    pub fn new(sizes: impl Into<Vec<usize>>) -> Self {
        let sizes = sizes.into();
        let mut activations = vec![Activation::Sigmoid; sizes.len().saturating_sub(1)];
        if let Some(last) = activations.last_mut() {
            *last = Activation::Identity;
        }
        MlpConfig {
            sizes,
            activations,
            init: None,
            batch_norm: false,
            norm: BatchNorm::default(),
            dropout: 0.0,
            leaky_relu: LeakyRelu::default(),
            elu: Elu::default(),
            loss: LossConfig::default(),
            encoding: None,
            seed: 1,
        }
    }

    /// Sets the function of all hidden layers.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        let n_hidden = self.activations.len().saturating_sub(1);
        self.activations[..n_hidden].fill(activation);
        self
    }

    /// Sets the function behind every affine layer, that of the outputs last; there it is usually
    /// [`Activation::Identity`], since losses take logits.
    pub fn with_activations(self, activations: impl Into<Vec<Activation>>) -> Self {
        MlpConfig { activations: activations.into(), ..self }
    }

    /// Sets the initial weights' distribution, of all layers.
    pub fn with_init(self, init: Init) -> Self {
        MlpConfig { init: Some(init), ..self }
    }

    /// Sets whether hidden layers normalise over the mini-batch.
    pub fn with_batch_norm(self, batch_norm: bool) -> Self {
        MlpConfig { batch_norm, ..self }
    }

    /// Normalises hidden layers over the mini-batch, with this momentum and eps.
    ///
    /// # Examples
    /// ```
    /// use chainrule_trainer::{MlpConfig, layers::BatchNorm};
    /// let config = MlpConfig::new([4, 3, 2]).with_norm(BatchNorm::default().with_momentum(0.01).with_eps(1e-3));
    /// assert_eq!(config.layers()[1], BatchNorm::default().with_momentum(0.01).with_eps(1e-3).into());
    /// ```
    pub fn with_norm(self, norm: BatchNorm) -> Self {
        MlpConfig { batch_norm: true, norm, ..self }
    }

    /// Sets the slope of every [`Activation::LeakyRelu`] for negative values.
    pub fn with_leaky_relu(self, leaky_relu: LeakyRelu) -> Self {
        MlpConfig { leaky_relu, ..self }
    }

    /// Sets the α of every [`Activation::Elu`].
    pub fn with_elu(self, elu: Elu) -> Self {
        MlpConfig { elu, ..self }
    }

    /// Sets the dropout probability of hidden outputs.
    pub fn with_dropout(self, dropout: f64) -> Self {
        MlpConfig { dropout, ..self }
    }

    /// Sets what training minimises.
    pub fn with_loss(self, loss: impl Into<LossConfig>) -> Self {
        MlpConfig { loss: loss.into(), ..self }
    }

    /// Sets how raw columns become inputs; the first size stays the number of raw columns.
    pub fn with_encoding(self, encoding: Encoding) -> Self {
        MlpConfig { encoding: Some(encoding), ..self }
    }

    /// Sets the seed of the initial weights.
    pub fn with_seed(self, seed: u64) -> Self {
        MlpConfig { seed, ..self }
    }

    /// The layers that this is short for.
    ///
    /// # Panics
    /// Unless there is an activation for every size but the first.
    ///
    /// # Examples
    /// ```
    /// use chainrule_trainer::{Activation, MlpConfig};
    /// let config = MlpConfig::new([784, 50, 10]).with_activation(Activation::Relu).with_dropout(0.2);
    /// let layers = config.layers();
    /// let names: Vec<&str> = layers.iter().map(|layer| layer.name()).collect();
    /// assert_eq!(names, ["affine", "relu", "dropout", "affine"]);
    /// ```
    pub fn layers(&self) -> Vec<LayerConfig> {
        let mut layers: Vec<LayerConfig> = self.encoding.iter().cloned().map(LayerConfig::from).collect();
        for (l, &activation) in self.activations.iter().enumerate() {
            layers.push(Affine::outputs(self.sizes[l + 1]).with_init(self.init_of(l)).into());
            let is_hidden = l + 1 < self.activations.len();
            if self.batch_norm && is_hidden {
                layers.push(self.norm.into());
            }
            match activation {
                Activation::Identity => {}
                Activation::LeakyRelu => layers.push(self.leaky_relu.into()),
                Activation::Elu => layers.push(self.elu.into()),
                other => layers.push(other.layer()),
            }
            if is_hidden && self.dropout > 0.0 {
                layers.push(Dropout::new(self.dropout).into());
            }
        }
        layers
    }

    /// The initial weights of affine layer `l`.
    fn init_of(&self, l: usize) -> Init {
        self.init.unwrap_or(match self.activations[..] {
            [Activation::Sigmoid, Activation::Identity] => Init::Normal { std: 0.01 },
            _ => self.activations[l].init(),
        })
    }

    /// The description that this is short for, unchecked.
    pub(crate) fn network(&self) -> NetworkConfig {
        NetworkConfig::new(self.sizes[0], self.layers(), self.loss.clone()).with_seed(self.seed)
    }

    /// The short form of `config`, if it has one.
    ///
    /// # Examples
    /// ```
    /// use chainrule_trainer::{Activation, Mlp, MlpConfig};
    /// let config = MlpConfig::new([4, 3, 2]).with_activation(Activation::Relu).with_batch_norm(true);
    /// let net: Mlp = Mlp::new(&config)?;
    /// assert_eq!(MlpConfig::of(net.config()), Some(config));
    /// # Ok::<(), chainrule_trainer::Error>(())
    /// ```
    pub fn of(config: &NetworkConfig) -> Option<MlpConfig> {
        let mut mlp =
            MlpConfig { seed: config.seed, loss: config.loss.clone(), ..MlpConfig::new(config.sizes()) };
        mlp.activations.fill(Activation::Identity);
        let (mut inits, mut l) = (Vec::new(), 0);
        for layer in &config.layers {
            match layer {
                LayerConfig::Affine(affine) => inits.push(affine.init),
                LayerConfig::Encoding(encoding) => mlp.encoding = Some(encoding.clone()),
                LayerConfig::BatchNorm(norm) => mlp = mlp.with_norm(*norm),
                LayerConfig::Dropout(dropout) => mlp.dropout = dropout.p,
                other => {
                    let activation = other.name().parse().ok()?;
                    match other {
                        LayerConfig::LeakyRelu(settings) => mlp.leaky_relu = *settings,
                        LayerConfig::Elu(settings) => mlp.elu = *settings,
                        _ => {}
                    }
                    *mlp.activations.get_mut(l)? = activation;
                }
            }
            l = inits.len().saturating_sub(1);
        }
        let chosen = |mlp: &MlpConfig| mlp.check().is_ok() && mlp.network() == *config;
        if !chosen(&mlp) {
            mlp.init = inits.first().copied();
        }
        chosen(&mlp).then_some(mlp)
    }

    /// Refuses what no network can be made from, as [`Mlp::new`](crate::Mlp::new) does.
    ///
    /// # Errors
    /// [`Error::Config`] for the first setting that is out of its range.
    pub fn check(&self) -> Result<(), Error> {
        let sizes = || self.sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        if self.sizes.len() < 2 {
            return Err(Error::config(
                "the list of sizes",
                format_args!("\"{}\"", sizes()),
                "inputs and outputs at least",
            ));
        }
        let last = self.sizes.len() - 1;
        for (l, &size) in self.sizes.iter().enumerate() {
            let what = match l {
                0 => "inputs",
                l if l == last => "outputs",
                _ => "hidden units",
            };
            if size == 0 {
                return Err(Error::config(what, size, "at least 1"));
            }
        }
        if self.activations.len() != last {
            let expected = format!("{last}, one behind every affine layer");
            return Err(Error::config("the number of activations", self.activations.len(), expected));
        }
        if let Some(encoding) = &self.encoding {
            encoding.check()?;
            if encoding.n_inputs() != self.sizes[0] {
                let expected = format!("{}, the inputs of the network", self.sizes[0]);
                return Err(Error::config("the number of encoded columns", encoding.n_inputs(), expected));
            }
        }
        if let Some(init) = self.init.filter(|init| !init.is_valid()) {
            let what = "the distribution of initial weights";
            return Err(match init {
                Init::Normal { std } if std > 0.0 && std.is_finite() => {
                    Error::config(what, format_args!("normal:{std:?}"), F32_RANGE)
                }
                _ => Error::config(what, init, "a standard deviation that is finite and not negative"),
            });
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::config("dropout", shown(self.dropout), "a number from 0 to below 1"));
        }
        match self.network().check() {
            Err(Error::Layer(chainrule_layers::Error::Size { expected })) => {
                Err(Error::config("the network", sizes(), format_args!("at most {expected} parameters")))
            }
            Err(Error::Loss { cause: chainrule_losses::Error::Classes { found, mut expected } }) => {
                if self.sizes[last] == 1 && matches!(self.loss, LossConfig::SoftmaxCrossEntropy(_)) {
                    expected += ", for a value mean squared error with targets that are scaled (NetworkConfig::with_scale)";
                }
                Err(Error::Loss { cause: chainrule_losses::Error::Classes { found, expected } })
            }
            other => other,
        }
    }
}

/// What is as usual is not written.
#[cfg(feature = "serde")]
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TryFrom<&MlpConfig> for NetworkConfig {
    type Error = Error;

    fn try_from(config: &MlpConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(config.network())
    }
}

impl TryFrom<MlpConfig> for NetworkConfig {
    type Error = Error;

    fn try_from(config: MlpConfig) -> Result<Self, Error> {
        NetworkConfig::try_from(&config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(config: &MlpConfig) -> Vec<String> {
        config.layers().iter().map(|layer| layer.name().to_string()).collect()
    }

    #[test]
    fn hidden_layers_have_all_that_was_asked_for() {
        let config = MlpConfig::new([4, 3, 2]);
        assert_eq!(names(&config), ["affine", "sigmoid", "affine"]);
        let config = config.with_batch_norm(true).with_dropout(0.5).with_activation(Activation::Relu);
        assert_eq!(names(&config), ["affine", "batch-norm", "relu", "dropout", "affine"]);
        let config = MlpConfig::new([4, 3, 2]).with_activations([Activation::Tanh, Activation::Sigmoid]);
        assert_eq!(names(&config), ["affine", "tanh", "affine", "sigmoid"]);
        assert_eq!(names(&MlpConfig::new([4, 2])), ["affine"]);
    }

    #[test]
    fn initial_weights_follow_the_activation() {
        let config = MlpConfig::new([4, 3, 2]);
        assert_eq!(config.init_of(0), Init::Normal { std: 0.01 });
        assert_eq!(config.clone().with_activation(Activation::Relu).init_of(0), Init::HeNormal);
        let deep = MlpConfig::new([4, 3, 3, 2]);
        assert_eq!([0, 1, 2].map(|l| deep.init_of(l)), [Init::XavierNormal; 3]);
        assert_eq!(deep.with_init(Init::HeUniform).init_of(1), Init::HeUniform);
    }

    #[test]
    fn settings_of_layers_are_those_of_the_layers_and_come_back() {
        let config = MlpConfig::new([4, 3, 3, 2])
            .with_activations([Activation::LeakyRelu, Activation::Elu, Activation::LeakyRelu])
            .with_norm(BatchNorm::default().with_momentum(0.25).with_eps(1e-3))
            .with_leaky_relu(LeakyRelu::new(0.2))
            .with_elu(Elu::new(0.5));
        let norm: LayerConfig = BatchNorm::default().with_momentum(0.25).with_eps(1e-3).into();
        let (leaky, elu): (LayerConfig, LayerConfig) = (LeakyRelu::new(0.2).into(), Elu::new(0.5).into());
        let layers = config.layers();
        assert_eq!([&layers[1], &layers[4]], [&norm; 2]);
        assert_eq!([&layers[2], &layers[5], &layers[7]], [&leaky, &elu, &leaky]);
        assert_eq!(MlpConfig::of(&config.network()), Some(config.clone()));
        // Two slopes have no short form.
        let mut two = config.network();
        two.layers[7] = LeakyRelu::new(0.3).into();
        assert_eq!(MlpConfig::of(&two), None);
        #[cfg(feature = "serde")]
        {
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<MlpConfig>(&text).unwrap(), config);
            // As before there were such settings.
            let usual = MlpConfig::new([4, 3, 2]);
            let text = serde_json::to_string(&usual).unwrap();
            assert!(!["norm\":{", "leaky", "elu"].iter().any(|name| text.contains(name)), "{text}");
            assert_eq!(serde_json::from_str::<MlpConfig>(&text).unwrap(), usual);
        }
    }

    #[test]
    fn settings_out_of_range_are_refused_in_one_sentence() {
        let config = || MlpConfig::new([4, 3, 2]);
        let smoothed = chainrule_losses::SoftmaxCrossEntropy::new().with_class_weights([1.0; 3]);
        for (config, expected) in [
            (MlpConfig::new([4]), "the list of sizes is \"4\", expected inputs and outputs at least"),
            (MlpConfig::new([0, 3, 2]), "inputs is 0, expected at least 1"),
            (MlpConfig::new([4, 0, 2]), "hidden units is 0, expected at least 1"),
            (MlpConfig::new([4, 3, 0]), "outputs is 0, expected at least 1"),
            (
                config().with_activations([Activation::Relu]),
                "the number of activations is 1, expected 2, one behind every affine layer",
            ),
            (
                MlpConfig::new([4, 3, 1]),
                "outputs is 1, expected at least 2 with softmax cross-entropy; for yes or no take binary cross-entropy, \
                 for a value mean squared error with targets that are scaled (NetworkConfig::with_scale)",
            ),
            (config().with_dropout(1.0), "dropout is 1, expected a number from 0 to below 1"),
            (config().with_dropout(f64::NAN), "dropout is NaN, expected a number from 0 to below 1"),
            (
                config().with_norm(BatchNorm::default().with_momentum(0.0)),
                "layer 2 (batch-norm): batch norm momentum 0, expected a number above 0 and not above 1",
            ),
            (
                config().with_activation(Activation::LeakyRelu).with_leaky_relu(LeakyRelu::new(-1.0)),
                "layer 2 (leaky-relu): slope -1, expected a finite number not below 0",
            ),
            (
                config().with_loss(smoothed),
                "the number of class weights is 3, expected 2, one for every output",
            ),
            (
                MlpConfig::new([usize::MAX, 2]),
                "the network is 18446744073709551615-2, expected at most 268435456 parameters",
            ),
            (
                config().with_init(Init::Normal { std: f64::NAN }),
                "the distribution of initial weights is normal:NaN, expected a standard deviation that is finite \
                 and not negative",
            ),
        ] {
            assert_eq!(config.check().unwrap_err().to_string(), expected);
        }
    }
}
