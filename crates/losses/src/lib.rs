#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

// The trait of all losses, and what outputs mean.
mod error;
mod loss;
mod outputs;

// Classification.
mod binary_cross_entropy;
mod cross_entropy_on_probabilities;
mod softmax_cross_entropy;
mod weighted_binary_cross_entropy;

// Regression.
mod half_squared_error;
mod huber;
mod mean_squared_error;

// Losses that are a sum over single outputs.
mod elementwise;

pub use binary_cross_entropy::BinaryCrossEntropy;
/// The matrices that losses take, for crates that depend on this one alone.
pub use chainrule_tensor as tensor;
use chainrule_tensor::{Float, for_float};
pub use chainrule_tensor::{TargetBuffer, Targets};
pub use cross_entropy_on_probabilities::CrossEntropyOnProbabilities;
pub use elementwise::Elementwise;
pub use error::Error;
pub use half_squared_error::HalfSquaredError;
pub use huber::Huber;
pub use loss::{Loss, LossSum};
pub use mean_squared_error::MeanSquaredError;
pub use outputs::Outputs;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
pub use weighted_binary_cross_entropy::WeightedBinaryCrossEntropy;

/// Any of the losses that networks are trained with, chosen at run time, as a network configuration and a checkpoint hold
/// it.
///
/// [`loss`](LossConfig::loss) gives the [`Loss`] itself. With the feature `serde` it is read and written as
/// `{"softmax-cross-entropy":{"label_smoothing":0.1}}`; a setting that is left out has its default, one out of range is
/// refused.
///
/// # Examples
/// ```
/// use chainrule_losses::{Huber, Loss, LossConfig, Outputs};
/// let config = LossConfig::by_name("huber")?;
/// assert_eq!(config, LossConfig::from(Huber::default()));
/// assert_eq!((config.name(), config.outputs()), ("huber", Outputs::Values));
/// let loss: &dyn Loss<f32> = config.loss();
/// assert_eq!(loss.name(), "huber");
/// # Ok::<(), chainrule_losses::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum LossConfig {
    // Files hold the number of a variant: new ones go to the end.
    /// Cross-entropy of classes that exclude each other, from logits.
    SoftmaxCrossEntropy(
        #[cfg_attr(feature = "serde", serde(deserialize_with = "checked"))] SoftmaxCrossEntropy,
    ),
    /// Cross-entropy of independent labels (yes or no), from logits.
    BinaryCrossEntropy,
    /// Mean squared error: regression.
    MeanSquaredError,
    /// Half the squared error per sample, as in the tutorials.
    HalfSquaredError,
    /// Huber loss: regression with outliers.
    Huber(#[cfg_attr(feature = "serde", serde(deserialize_with = "checked"))] Huber),
    /// Binary cross-entropy with a weight for yes, or one for each output.
    WeightedBinaryCrossEntropy(
        #[cfg_attr(feature = "serde", serde(deserialize_with = "checked"))] WeightedBinaryCrossEntropy,
    ),
}

impl LossConfig {
    /// Every loss with its defaults, and so without weights.
    pub fn all() -> Vec<LossConfig> {
        vec![
            SoftmaxCrossEntropy::default().into(),
            BinaryCrossEntropy.into(),
            MeanSquaredError.into(),
            HalfSquaredError.into(),
            Huber::default().into(),
        ]
    }

    /// The loss that this configuration describes.
    pub fn loss<F: Float>(&self) -> &dyn Loss<F> {
        for_float::<Get<F>>(&(get_f32 as Get<f32>), &(get_f64 as Get<f64>))(self)
    }

    fn get<F: Float>(&self) -> &dyn Loss<F> {
        match self {
            LossConfig::SoftmaxCrossEntropy(loss) => loss,
            LossConfig::BinaryCrossEntropy => &BinaryCrossEntropy,
            LossConfig::MeanSquaredError => &MeanSquaredError,
            LossConfig::HalfSquaredError => &HalfSquaredError,
            LossConfig::Huber(loss) => loss,
            LossConfig::WeightedBinaryCrossEntropy(loss) => loss,
        }
    }

    /// The loss of this [name](Loss::name) with its defaults.
    ///
    /// # Errors
    /// [`Error::Name`], which lists all names, if there is none.
    ///
    /// # Examples
    /// ```
    /// use chainrule_losses::LossConfig;
    /// assert_eq!(
    ///     LossConfig::by_name("mse").unwrap_err().to_string(),
    ///     "no loss is called \"mse\", expected one of softmax-cross-entropy, binary-cross-entropy, \
    ///      mean-squared-error, half-squared-error, huber"
    /// );
    /// ```
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let names = LossConfig::all().iter().map(LossConfig::name).collect::<Vec<_>>().join(", ");
        let named = LossConfig::all().into_iter().find(|config| config.name() == name);
        named.ok_or_else(|| Error::Name { found: name.to_owned(), expected: names })
    }

    /// The name of the loss; see [`Loss::name`].
    pub fn name(&self) -> &'static str {
        self.loss::<f32>().name()
    }

    /// What outputs mean to the loss; see [`Loss::outputs`].
    pub fn outputs(&self) -> Outputs {
        self.loss::<f32>().outputs()
    }

    /// Refuses settings out of range; see [`Loss::check`].
    ///
    /// # Errors
    /// [`Error::Setting`] or [`Error::Classes`] for the first that is out of range.
    pub fn check(&self) -> Result<(), Error> {
        self.loss::<f32>().check()
    }
}

type Get<F> = fn(&LossConfig) -> &dyn Loss<F>;

#[inline(never)]
fn get_f32(config: &LossConfig) -> &dyn Loss<f32> {
    config.get()
}

#[inline(never)]
fn get_f64(config: &LossConfig) -> &dyn Loss<f64> {
    config.get()
}

impl Default for LossConfig {
    fn default() -> Self {
        SoftmaxCrossEntropy::default().into()
    }
}

impl From<SoftmaxCrossEntropy> for LossConfig {
    fn from(loss: SoftmaxCrossEntropy) -> Self {
        LossConfig::SoftmaxCrossEntropy(loss)
    }
}

impl From<BinaryCrossEntropy> for LossConfig {
    fn from(_: BinaryCrossEntropy) -> Self {
        LossConfig::BinaryCrossEntropy
    }
}

impl From<MeanSquaredError> for LossConfig {
    fn from(_: MeanSquaredError) -> Self {
        LossConfig::MeanSquaredError
    }
}

impl From<HalfSquaredError> for LossConfig {
    fn from(_: HalfSquaredError) -> Self {
        LossConfig::HalfSquaredError
    }
}

impl From<Huber> for LossConfig {
    fn from(loss: Huber) -> Self {
        LossConfig::Huber(loss)
    }
}

impl From<WeightedBinaryCrossEntropy> for LossConfig {
    fn from(loss: WeightedBinaryCrossEntropy) -> Self {
        LossConfig::WeightedBinaryCrossEntropy(loss)
    }
}

/// Reads a loss and refuses settings out of range.
#[cfg(feature = "serde")]
fn checked<'de, D, L>(from: D) -> Result<L, D::Error>
where
    D: serde::Deserializer<'de>,
    L: serde::Deserialize<'de> + Loss<f64>,
{
    let loss = L::deserialize(from)?;
    loss.check().map_err(serde::de::Error::custom)?;
    Ok(loss)
}
