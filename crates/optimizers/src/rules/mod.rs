//! The optimizers of this crate, and `OptimizerConfig`: any of them, chosen at run time.

mod adagrad;
mod adam;
mod adamw;
mod momentum;
mod nesterov;
mod rmsprop;
mod sgd;

pub use adagrad::AdaGrad;
pub use adam::Adam;
pub use adamw::AdamW;
pub use momentum::Momentum;
pub use nesterov::Nesterov;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use chainrule_tensor::Float;

use crate::{Error, Optimizer};

/// [`OptimizerConfig`], from the list of all rules.
macro_rules! rules {
    ($(#[$about:meta])* pub enum OptimizerConfig { $($(#[$about_rule:meta])* $rule:ident,)* }) => {
        $(#[$about])*
        pub enum OptimizerConfig {
            $($(#[$about_rule])* $rule($rule),)*
        }

        impl OptimizerConfig {
            /// Every rule with its published defaults.
            pub fn all() -> Vec<OptimizerConfig> {
                vec![$($rule::default().into()),*]
            }

            /// The rule itself.
            pub fn rule<F: Float>(&self) -> &dyn Optimizer<F> {
                match self {
                    $(OptimizerConfig::$rule(rule) => rule,)*
                }
            }

            /// The settings that every rule has: learning rate, weight decay λ, and whether λ is for biases too.
            fn common(&mut self) -> (&mut f64, &mut f64, &mut bool) {
                match self {
                    $(OptimizerConfig::$rule($rule { learning_rate, weight_decay, decay_biases, .. }) => {
                        (learning_rate, weight_decay, decay_biases)
                    })*
                }
            }
        }

        $(impl From<$rule> for OptimizerConfig {
            fn from(rule: $rule) -> Self {
                OptimizerConfig::$rule(rule)
            }
        })*
    };
}

rules! {
    /// Any optimizer of this crate with its settings, as a training configuration and a checkpoint hold it.
    ///
    /// With the feature `serde` it is read and written as `{"adam":{"learning_rate":0.002}}`; a setting that is left out has
    /// its default, one out of range is refused.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::{Momentum, OptimizerConfig};
    /// let config = OptimizerConfig::by_name("momentum")?.with_learning_rate(0.05);
    /// assert_eq!(config, Momentum::new(0.05).into());
    /// assert_eq!((config.name(), config.rule::<f32>().n_slots()), ("momentum", 1));
    /// # Ok::<(), chainrule_optimizers::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
    #[non_exhaustive]
    pub enum OptimizerConfig {
        // Files hold the number of a variant: new ones go to the end.
        /// Gradient descent.
        Sgd,
        /// Gradient descent with momentum.
        Momentum,
        /// Gradient descent with Nesterov's momentum.
        Nesterov,
        /// AdaGrad.
        AdaGrad,
        /// RMSProp.
        RmsProp,
        /// Adam.
        Adam,
        /// Adam with decoupled weight decay.
        AdamW,
    }
}

impl OptimizerConfig {
    /// The rule of this [name](OptimizerConfig::name) with its published defaults.
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
        OptimizerConfig::all().into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
            let expected = OptimizerConfig::all().iter().map(OptimizerConfig::name).collect::<Vec<_>>();
            Error::Name { kind: "optimizer", found: name.to_owned(), expected: expected.join(", ") }
        })
    }

    /// The [name](Optimizer::name) of the rule.
    pub fn name(&self) -> &'static str {
        self.rule::<f64>().name()
    }

    /// The base learning rate.
    pub fn learning_rate(&self) -> f64 {
        self.rule::<f64>().learning_rate()
    }

    /// The weight decay λ.
    pub fn weight_decay(&self) -> f64 {
        *self.clone().common().1
    }

    /// Whether biases are decayed too.
    pub fn decay_biases(&self) -> bool {
        *self.clone().common().2
    }

    /// The slot that holds squared gradients, none of which is ever below 0, if the rule has one.
    pub fn slot_of_squares(&self) -> Option<usize> {
        match self {
            OptimizerConfig::AdaGrad(_) | OptimizerConfig::RmsProp(_) => Some(0),
            OptimizerConfig::Adam(_) | OptimizerConfig::AdamW(_) => Some(1),
            OptimizerConfig::Sgd(_) | OptimizerConfig::Momentum(_) | OptimizerConfig::Nesterov(_) => None,
        }
    }

    /// The same rule with another learning rate.
    pub fn with_learning_rate(mut self, rate: f64) -> Self {
        *self.common().0 = rate;
        self
    }

    /// The same rule with another momentum.
    ///
    /// # Errors
    /// [`Error::NoSetting`] unless the rule is [`Momentum`] or [`Nesterov`].
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
            OptimizerConfig::Momentum(rule) => Ok(rule.with_momentum(momentum).into()),
            OptimizerConfig::Nesterov(rule) => Ok(rule.with_momentum(momentum).into()),
            other => {
                let (rule, expected) = (other.name(), "momentum, nesterov");
                Err(Error::NoSetting { rule, setting: "momentum", expected })
            }
        }
    }

    /// The same rule with another weight decay: decoupled in [`AdamW`], L2 in all others.
    pub fn with_weight_decay(mut self, decay: f64) -> Self {
        *self.common().1 = decay;
        self
    }

    /// The same rule, whose weight decay is for biases too (the default, as in PyTorch) or not.
    pub fn with_decay_biases(mut self, decay_biases: bool) -> Self {
        *self.common().2 = decay_biases;
        self
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first of them.
    ///
    /// # Examples
    /// ```
    /// use chainrule_optimizers::OptimizerConfig;
    /// let error = OptimizerConfig::by_name("adam")?.with_learning_rate(-0.1).check().unwrap_err();
    /// assert_eq!(error.to_string(), "learning rate -0.1, expected a finite number above 0");
    /// # Ok::<(), chainrule_optimizers::Error>(())
    /// ```
    pub fn check(&self) -> Result<(), Error> {
        self.rule::<f64>().check()
    }
}
