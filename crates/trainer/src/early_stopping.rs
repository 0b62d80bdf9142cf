//! Early stopping: a run ends when the validation loss no longer improves, and the best network is kept.
//!
//! Source: Prechelt, *Early stopping – but when?* (1998), the criterion of successive epochs without a new minimum.

use chainrule_tensor::shown;

use crate::Error;

/// When to stop early.
///
/// A run that was saved may go on with more patience, also where it had stopped early: then it ends as it would have with that
/// patience from the start.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `patience` | 5 | epochs without a better validation loss before the run ends | at least 1 |
/// | `min_delta` | 0 | how much lower a loss must be to be better | finite, not below 0 |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct EarlyStopping {
    /// Epochs without a better validation loss before the run ends.
    pub patience: u64,
    /// How much lower a loss must be to be better.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        EarlyStopping { patience: 5, min_delta: 0.0 }
    }
}

impl EarlyStopping {
    /// Stops after `patience` epochs without a better validation loss.
    pub fn new(patience: u64) -> Self {
        EarlyStopping { patience, ..EarlyStopping::default() }
    }

    /// Sets how much lower a loss must be to be better.
    pub fn with_min_delta(self, min_delta: f64) -> Self {
        EarlyStopping { min_delta, ..self }
    }

    /// Refuses settings out of range, as [`TrainConfig::check`](crate::TrainConfig::check) does.
    ///
    /// # Errors
    /// [`Error::Config`] for the first of them.
    pub fn check(&self) -> Result<(), Error> {
        if self.patience == 0 {
            return Err(Error::config("the patience of early stopping", 0, "at least 1 epoch"));
        }
        if !(self.min_delta >= 0.0 && self.min_delta.is_finite()) {
            let expected = "a finite number not below 0";
            let found = shown(self.min_delta);
            return Err(Error::config("the least improvement of early stopping", found, expected));
        }
        Ok(())
    }

    /// Records the validation loss of `epoch`, after which the network had these values; returns whether it is time to stop.
    pub(crate) fn record(&self, best: &mut Best, epoch: u64, loss: f64, values: &[f32]) -> bool {
        if loss < best.loss - self.min_delta {
            *best = Best { loss, epoch, values: Some(values.to_vec()) };
        }
        self.stops(best, epoch)
    }

    /// Whether it is time to stop after `epoch`.
    pub(crate) fn stops(&self, best: &Best, epoch: u64) -> bool {
        epoch >= best.epoch.saturating_add(self.patience)
    }
}

/// The best epoch so far, by which early stopping goes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Best {
    /// The validation loss; infinite before the first epoch.
    pub(crate) loss: f64,
    pub(crate) epoch: u64,
    /// The network's values after it.
    pub(crate) values: Option<Vec<f32>>,
}

impl Default for Best {
    fn default() -> Self {
        Best { loss: f64::INFINITY, epoch: 0, values: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_network_is_kept_until_patience_ends() {
        let (rule, mut best) = (EarlyStopping::new(2).with_min_delta(0.1), Best::default());
        let losses = [3.0, 2.0, 1.95, 1.0, f64::NAN, 0.95];
        let stopped: Vec<bool> = (1..)
            .zip(losses)
            .map(|(epoch, loss)| rule.record(&mut best, epoch, loss, &[epoch as f32]))
            .collect();
        assert_eq!(stopped, [false, false, false, false, false, true]);
        assert_eq!(best, Best { loss: 1.0, epoch: 4, values: Some(vec![4.0]) });
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let message = EarlyStopping::new(0).check().unwrap_err().to_string();
        assert_eq!(message, "the patience of early stopping is 0, expected at least 1 epoch");
        let message = EarlyStopping::new(1).with_min_delta(f64::NAN).check().unwrap_err().to_string();
        assert_eq!(
            message,
            "the least improvement of early stopping is NaN, expected a finite number not below 0"
        );
    }
}
