//! Any of the rules of this crate, chosen while a program runs.

use chainrule_tensor::Float;

use crate::{AdaGrad, Adam, AdamW, Error, Momentum, Nesterov, Optimizer, RmsProp, Sgd, Update};

/// One of the rules of this crate with its settings: what a configuration holds and a checkpoint records.
///
/// It is an [`Optimizer`] itself and behaves as the rule it holds. With the feature `serde` it is read and written as
/// `{"adam":{"learning_rate":0.002}}`; a setting that is left out has its default, one out of range is refused.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Momentum, Optimizer, OptimizerConfig};
/// let config = OptimizerConfig::by_name("momentum")?.with_learning_rate(0.05)?;
/// assert_eq!(config, OptimizerConfig::from(Momentum::new(0.05)?));
/// assert_eq!(Optimizer::<f32>::name(&config), "momentum");
/// assert_eq!(Optimizer::<f32>::learning_rate(&config), 0.05);
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum OptimizerConfig {
    // Files hold the number of a variant: new ones go to the end.
    /// Gradient descent.
    Sgd(Sgd),
    /// Gradient descent with momentum.
    Momentum(Momentum),
    /// Gradient descent with Nesterov's momentum.
    Nesterov(Nesterov),
    /// AdaGrad.
    AdaGrad(AdaGrad),
    /// RMSProp.
    RmsProp(RmsProp),
    /// Adam.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
}

/// The expression for whichever rule it is.
macro_rules! for_rule {
    ($config:expr, $rule:ident => $expression:expr) => {
        match $config {
            OptimizerConfig::Sgd($rule) => $expression,
            OptimizerConfig::Momentum($rule) => $expression,
            OptimizerConfig::Nesterov($rule) => $expression,
            OptimizerConfig::AdaGrad($rule) => $expression,
            OptimizerConfig::RmsProp($rule) => $expression,
            OptimizerConfig::Adam($rule) => $expression,
            OptimizerConfig::AdamW($rule) => $expression,
        }
    };
}

impl OptimizerConfig {
    /// Every rule with its published defaults.
    pub fn all() -> Vec<OptimizerConfig> {
        vec![
            Sgd::default().into(),
            Momentum::default().into(),
            Nesterov::default().into(),
            AdaGrad::default().into(),
            RmsProp::default().into(),
            Adam::default().into(),
            AdamW::default().into(),
        ]
    }

    /// The rule of this [name](Optimizer::name) with its published defaults.
    ///
    /// # Errors
    /// [`Error::Name`], which lists all names, if there is none.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::{Adam, OptimizerConfig};
    /// assert_eq!(OptimizerConfig::by_name("adam"), Ok(Adam::default().into()));
    /// assert_eq!(
    ///     OptimizerConfig::by_name("Adam").unwrap_err().to_string(),
    ///     "no optimizer is called \"Adam\", expected one of sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw"
    /// );
    /// ```
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let mut all = OptimizerConfig::all().into_iter();
        all.find(|rule| rule.rule::<f64>().name() == name).ok_or_else(|| Error::Name {
            kind: "optimizer",
            found: name.to_owned(),
            expected: OptimizerConfig::all()
                .iter()
                .map(|rule| rule.rule::<f64>().name())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// The same rule with another learning rate.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the rate is finite and above 0.
    pub fn with_learning_rate(self, rate: f64) -> Result<Self, Error> {
        Ok(for_rule!(self, rule => rule.with_learning_rate(rate)?.into()))
    }

    /// The same rule with another momentum.
    ///
    /// # Errors
    /// [`Error::NoSetting`] unless the rule is [`Momentum`] or [`Nesterov`]; [`Error::Setting`] unless the momentum is
    /// from 0 to below 1.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::OptimizerConfig;
    /// let error = OptimizerConfig::by_name("adam")?.with_momentum(0.9).unwrap_err();
    /// assert_eq!(error.to_string(), "adam has no momentum, expected one of momentum, nesterov");
    /// # Ok::<(), chainrule_optimizers::Error>(())
    /// ```
    pub fn with_momentum(self, momentum: f64) -> Result<Self, Error> {
        match self {
            OptimizerConfig::Momentum(rule) => Ok(rule.with_momentum(momentum)?.into()),
            OptimizerConfig::Nesterov(rule) => Ok(rule.with_momentum(momentum)?.into()),
            other => Err(Error::NoSetting {
                rule: other.rule::<f64>().name(),
                setting: "momentum",
                expected: "momentum, nesterov",
            }),
        }
    }

    /// The same rule with another weight decay: decoupled in [`AdamW`], L2 in all others.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the decay is finite and not below 0.
    pub fn with_weight_decay(self, decay: f64) -> Result<Self, Error> {
        Ok(for_rule!(self, rule => rule.with_weight_decay(decay)?.into()))
    }

    /// The same rule, whose weight decay is for biases too (the default, as in PyTorch) or not.
    pub fn with_decay_biases(self, decay_biases: bool) -> Self {
        for_rule!(self, rule => rule.with_decay_biases(decay_biases).into())
    }

    /// λ.
    pub fn weight_decay(&self) -> f64 {
        for_rule!(self, rule => rule.weight_decay())
    }

    /// Whether biases are decayed too.
    pub fn decay_biases(&self) -> bool {
        for_rule!(self, rule => rule.decay_biases())
    }

    fn rule<F: Float>(&self) -> &dyn Optimizer<F> {
        for_rule!(self, rule => rule)
    }
}

macro_rules! from_rule {
    ($($rule:ident)*) => {
        $(impl From<$rule> for OptimizerConfig {
            fn from(rule: $rule) -> Self {
                OptimizerConfig::$rule(rule)
            }
        })*
    };
}

from_rule! { Sgd Momentum Nesterov AdaGrad RmsProp Adam AdamW }

impl<F: Float> Optimizer<F> for OptimizerConfig {
    fn name(&self) -> &'static str {
        self.rule::<F>().name()
    }

    fn learning_rate(&self) -> f64 {
        self.rule::<F>().learning_rate()
    }

    fn n_slots(&self) -> usize {
        self.rule::<F>().n_slots()
    }

    fn update(&self, update: Update<'_, F>) {
        self.rule().update(update);
    }
}
