//! Any of the losses of this crate that networks are trained with, chosen while a program runs.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::{
    BinaryCrossEntropy, Error, HalfSquaredError, Huber, Loss, LossSum, MeanSquaredError, SoftmaxCrossEntropy,
    Targets,
};

/// One of the losses with its settings: what a configuration holds and a checkpoint records.
///
/// It is a [`Loss`] itself and behaves as the one it holds. With the feature `serde` it is read and written as
/// `{"softmax-cross-entropy":{"label_smoothing":0.1}}`; a setting that is left out has its default, one out of range is
/// refused.
///
/// # Examples
/// ```
/// use chainrule_losses::{Huber, Loss, LossConfig};
/// let config = LossConfig::by_name("huber")?;
/// assert_eq!(config, LossConfig::from(Huber::default()));
/// assert_eq!(Loss::<f32>::name(&config), "huber");
/// # Ok::<(), chainrule_losses::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum LossConfig {
    // Files hold the number of a variant: new ones go to the end.
    /// Of one class in many, from logits.
    SoftmaxCrossEntropy(SoftmaxCrossEntropy),
    /// Of yes-or-no questions, from logits.
    BinaryCrossEntropy,
    /// Of values.
    MeanSquaredError,
    /// Of values, as the tutorials have it.
    HalfSquaredError,
    /// Of values with outliers.
    Huber(Huber),
}

impl Default for LossConfig {
    fn default() -> Self {
        SoftmaxCrossEntropy::new().into()
    }
}

impl LossConfig {
    /// Every loss with its defaults.
    pub fn all() -> Vec<LossConfig> {
        vec![
            LossConfig::default(),
            LossConfig::BinaryCrossEntropy,
            LossConfig::MeanSquaredError,
            LossConfig::HalfSquaredError,
            Huber::default().into(),
        ]
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
        let mut all = LossConfig::all().into_iter();
        all.find(|config| config.loss::<f64>().name() == name).ok_or_else(|| Error::Name {
            found: name.to_owned(),
            expected: LossConfig::all()
                .iter()
                .map(|config| config.loss::<f64>().name())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn loss<F: Float>(&self) -> &dyn Loss<F> {
        match self {
            LossConfig::SoftmaxCrossEntropy(loss) => loss,
            LossConfig::BinaryCrossEntropy => &BinaryCrossEntropy,
            LossConfig::MeanSquaredError => &MeanSquaredError,
            LossConfig::HalfSquaredError => &HalfSquaredError,
            LossConfig::Huber(loss) => loss,
        }
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

impl<F: Float> Loss<F> for LossConfig {
    fn name(&self) -> &'static str {
        self.loss::<F>().name()
    }

    fn value(&self, z: MatrixView<'_, F>, targets: Targets<'_, F>) -> LossSum {
        self.loss().value(z, targets)
    }

    fn gradient_to(
        &self,
        dz: MatrixViewMut<'_, F>,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
    ) -> LossSum {
        self.loss().gradient_to(dz, z, targets)
    }

    fn predict_to(&self, y: MatrixViewMut<'_, F>, z: MatrixView<'_, F>) {
        self.loss().predict_to(y, z);
    }

    fn true_and_predicted(
        &self,
        z: MatrixView<'_, F>,
        targets: Targets<'_, F>,
        j: usize,
    ) -> Option<(usize, usize)> {
        self.loss().true_and_predicted(z, targets, j)
    }
}
