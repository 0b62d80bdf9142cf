//! `Run`: a trained network with its history, as a report takes it.

use chainrule_logs::Scalar;
use chainrule_trainer::{Checkpoint, EpochReport, Mlp, TrainConfig};

/// A training run: the trained network, and the scalars that were measured on the way.
///
/// # Examples
/// ```
/// use chainrule_report::{Run, trainer::{Mlp, MlpConfig}};
/// let run = Run::new("untrained", Mlp::new(&MlpConfig::new([784, 50, 10]))?).with_command("cargo xtask train-mnist");
/// assert!(run.scalars.is_empty());
/// # Ok::<(), chainrule_report::trainer::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// What it is called in the report.
    pub name: String,
    /// The trained network.
    pub net: Mlp,
    /// The scalars that were measured during training.
    pub scalars: Vec<Scalar>,
    /// The settings of the training.
    pub training: Option<TrainConfig>,
    /// The settings as a file that repeats the run.
    pub settings: Option<String>,
    /// The command that repeats the run.
    pub command: Option<String>,
    /// What has to be known of the run's figures, such as that they are of other data: it stands above all of them.
    pub warning: Option<String>,
}

impl Run {
    /// A run whose trained network is `net`.
    pub fn new(name: impl Into<String>, net: Mlp) -> Self {
        let (name, scalars) = (name.into(), Vec::new());
        Run { name, net, scalars, training: None, settings: None, command: None, warning: None }
    }

    /// The run that a checkpoint holds.
    pub fn of_checkpoint(name: impl Into<String>, checkpoint: Checkpoint) -> Self {
        let Checkpoint { net, training, .. } = checkpoint;
        Run { training: Some(training.config), ..Run::new(name, net) }.with_history(&training.history)
    }

    /// Sets the scalars to the metrics of these epochs.
    pub fn with_history(self, history: &[EpochReport]) -> Self {
        self.with_scalars(history.iter().flat_map(Scalar::of_epoch).collect::<Vec<_>>())
    }

    /// Sets the scalars.
    pub fn with_scalars(self, scalars: impl Into<Vec<Scalar>>) -> Self {
        Run { scalars: scalars.into(), ..self }
    }

    /// Sets the settings of the training.
    pub fn with_training(self, training: TrainConfig) -> Self {
        Run { training: Some(training), ..self }
    }

    /// Sets the settings as a file that repeats the run.
    pub fn with_settings(self, settings: impl Into<String>) -> Self {
        Run { settings: Some(settings.into()), ..self }
    }

    /// Sets the command that repeats the run.
    pub fn with_command(self, command: impl Into<String>) -> Self {
        Run { command: Some(command.into()), ..self }
    }

    /// Sets what has to be known of the run's figures.
    pub fn with_warning(self, warning: impl Into<String>) -> Self {
        Run { warning: Some(warning.into()), ..self }
    }

    /// The points of a tag: epoch or step, and value, in the order of the steps. Of several values of one step, as a
    /// resumed run leaves them, the last counts.
    pub(crate) fn points(&self, tag: &str, by: By) -> Vec<(f64, f64)> {
        let mut points: Vec<(u64, (f64, f64))> = Vec::new();
        for scalar in self.scalars.iter().filter(|scalar| scalar.tag == tag) {
            let x = match by {
                By::Epoch => scalar.epoch,
                By::Step => scalar.step,
            };
            // What a resumed run does again takes the place of what was there.
            while points.last().is_some_and(|(step, _)| *step >= scalar.step) {
                points.pop();
            }
            points.push((scalar.step, (x as f64, scalar.value.unwrap_or(f64::NAN))));
        }
        points.into_iter().map(|(_, point)| point).collect()
    }

    /// The sizes of its network: `784–50–10`.
    pub(crate) fn sizes(&self) -> String {
        self.net.config().sizes_in_words().replace('-', "–")
    }

    /// The last value of a tag that is finite.
    pub(crate) fn last(&self, tag: &str) -> Option<f64> {
        let points = self.points(tag, By::Step);
        points.iter().rev().map(|point| point.1).find(|value| value.is_finite())
    }

    /// The tags that begin with `prefix`, each once, in the order of their first appearance.
    pub(crate) fn tags(&self, prefix: &str) -> Vec<&str> {
        let mut tags: Vec<&str> = Vec::new();
        for scalar in &self.scalars {
            if scalar.tag.starts_with(prefix) && !tags.contains(&scalar.tag.as_str()) {
                tags.push(&scalar.tag);
            }
        }
        tags
    }
}

/// What the horizontal axis of curves counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Epoch,
    Step,
}

impl By {
    /// Epochs, unless something was measured several times in one.
    pub(crate) fn of(runs: &[Run]) -> By {
        let once = |run: &Run| {
            run.tags("").iter().all(|tag| {
                let points = run.points(tag, By::Epoch);
                points.windows(2).all(|pair| pair[0].0 < pair[1].0)
            })
        };
        if runs.iter().all(once) { By::Epoch } else { By::Step }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            By::Epoch => "epoch",
            By::Step => "step (mini-batches)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_trainer::MlpConfig;

    fn run(scalars: &[(u64, u64, f64)]) -> Run {
        let scalars =
            scalars.iter().map(|&(step, epoch, value)| Scalar::new(step, epoch, "loss/train", value));
        Run::new("a", Mlp::new(MlpConfig::new([1, 2])).unwrap()).with_scalars(scalars.collect::<Vec<_>>())
    }

    #[test]
    fn what_a_resumed_run_did_again_counts_once() {
        let run = run(&[(10, 1, 3.0), (20, 2, 2.0), (30, 3, 1.5), (20, 2, 2.125), (30, 3, f64::NAN)]);
        assert_eq!(run.points("loss/train", By::Epoch)[..2], [(1.0, 3.0), (2.0, 2.125)]);
        assert_eq!(run.points("loss/train", By::Step).len(), 3);
        assert_eq!((run.last("loss/train"), run.last("loss/test")), (Some(2.125), None));
    }

    #[test]
    fn several_values_in_an_epoch_are_shown_by_step() {
        assert_eq!(By::of(&[run(&[(10, 1, 3.0), (20, 2, 2.0)])]), By::Epoch);
        assert_eq!(By::of(&[run(&[]), run(&[(10, 1, 3.0), (20, 1, 2.0)])]), By::Step);
    }
}
