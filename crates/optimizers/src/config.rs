//! Any of the rules of this crate, chosen while a program runs.

use chainrule_tensor::Float;

use crate::{Momentum, Optimizer, Sgd, Update};

/// One of the rules of this crate with its settings: what a configuration holds and a checkpoint records.
///
/// It is an [`Optimizer`] itself and behaves as the rule it holds.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Momentum, Optimizer, OptimizerConfig};
/// let config = OptimizerConfig::from(Momentum::new(0.05)?);
/// assert_eq!(Optimizer::<f32>::name(&config), "momentum");
/// assert_eq!(Optimizer::<f32>::learning_rate(&config), 0.05);
/// # Ok::<(), chainrule_optimizers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OptimizerConfig {
    /// Gradient descent.
    Sgd(Sgd),
    /// Gradient descent with momentum.
    Momentum(Momentum),
}

impl OptimizerConfig {
    fn rule<F: Float>(&self) -> &dyn Optimizer<F> {
        match self {
            OptimizerConfig::Sgd(rule) => rule,
            OptimizerConfig::Momentum(rule) => rule,
        }
    }
}

impl From<Sgd> for OptimizerConfig {
    fn from(rule: Sgd) -> Self {
        OptimizerConfig::Sgd(rule)
    }
}

impl From<Momentum> for OptimizerConfig {
    fn from(rule: Momentum) -> Self {
        OptimizerConfig::Momentum(rule)
    }
}

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
