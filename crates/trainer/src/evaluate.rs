//! Evaluation of a network on a data set: loss, confusion matrix, errors of values.

use chainrule_data::AnySamples;
use chainrule_layers::Context;
use chainrule_losses::{LossSum, Outputs, TargetBuffer, Targets};
use chainrule_tensor::MatrixView;

use crate::{
    Confusion, Deviation, Error, Mlp, NetworkConfig, Samples, TargetKind, metrics::Ranks, parallel,
    target_scale::Standardised,
};

/// The result of [`evaluate`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// The loss, as a sum with its divisor.
    pub loss: LossSum,
    /// The confusion matrix, where the targets are classes. Here and below all samples count alike: weights are the loss's.
    pub confusion: Option<Confusion>,
    /// How far the predictions are from the targets, where these are values; those of labels are probabilities.
    pub deviation: Option<Deviation>,
    /// Where the outputs are several labels, no or yes each: the confusion matrix of every label, with 0 for no and 1 for yes.
    /// So `labels[2].precision(1)` is that of label 2.
    pub labels: Vec<Confusion>,
    ranks: Option<Ranks>,
}

impl Evaluation {
    /// The accuracy, 0…1: the fraction of samples that were classified correctly; NaN where the targets are no classes.
    pub fn accuracy(&self) -> f64 {
        self.confusion.as_ref().map_or(f64::NAN, Confusion::accuracy)
    }

    /// The share of samples whose class is among the `k` largest outputs, 0…1; NaN where the targets are no classes or
    /// there is one output.
    pub fn top_k_accuracy(&self, k: usize) -> f64 {
        self.ranks.as_ref().map_or(f64::NAN, |ranks| ranks.top_k(k))
    }

    /// No sample yet, of targets like those of `samples`.
    fn new(net: &Mlp, samples: AnySamples<'_>) -> Self {
        let n_outputs = net.layers().n_outputs();
        let values = matches!(samples.target_kind(), TargetKind::Values { .. });
        let outputs = net.config().loss.outputs();
        let classes = if values { outputs.n_classes(n_outputs) } else { Some(n_outputs) };
        // Where every class has an output.
        let ranked = classes == Some(n_outputs);
        Evaluation {
            loss: LossSum::default(),
            confusion: classes.map(Confusion::new),
            deviation: classes.is_none().then(|| Deviation::new(n_outputs)),
            labels: match outputs {
                Outputs::LabelProbabilities if classes.is_none() => vec![Confusion::new(2); n_outputs],
                _ => Vec::new(),
            },
            ranks: ranked.then(|| Ranks::new(n_outputs)),
        }
    }

    /// Counts the samples with outputs `z`.
    fn add(&mut self, config: &NetworkConfig, z: MatrixView<'_, f32>, t: &TargetBuffer<f32>) {
        let loss = config.loss.loss();
        let targets = t.as_targets();
        self.loss += match t.weights() {
            None => loss.value(z, targets),
            Some(weights) => loss.weighted_value(z, targets, weights),
        };
        for (j, z_j) in z.column_iter().enumerate() {
            let classes = loss.outputs().true_and_predicted(z, targets, j);
            if let (Some(confusion), Some((truth, predicted))) = (&mut self.confusion, classes) {
                // Where a target is NaN, none of the classes is the right one.
                let has_truth = match targets {
                    Targets::Values(t) => loss.outputs().is_decided(t.column(j)),
                    Targets::Classes(_) => true,
                };
                let (decided, ranks) = (has_truth && loss.outputs().is_decided(z_j), &mut self.ranks);
                match decided {
                    true => confusion.add(truth, predicted),
                    false => confusion.add_undecided(truth),
                }
                match ranks {
                    Some(ranks) if decided => ranks.add(z_j, truth),
                    Some(ranks) => ranks.add_undecided(),
                    None => {}
                }
            }
        }
        if let (Some(deviation), Targets::Values(t)) = (&mut self.deviation, targets) {
            // In the targets' own units, and in `f64`: the probability of a logit of 20 is not 1.
            let [z, mut t] = [z, t].map(|values| values.to_matrix().map(f64::from));
            let mut y = z.clone();
            config.predict_to((&mut y).into(), (&z).into());
            if let Some(scale) = &config.scale {
                scale.restore((&mut t).into());
            }
            for ((z, y), t) in z.column_iter().zip(y.column_iter()).zip(t.column_iter()) {
                deviation.add(y.as_slice(), t.as_slice());
                for ((label, &z), &t) in self.labels.iter_mut().zip(&z).zip(&t) {
                    match z.is_nan() || t.is_nan() {
                        true => label.add_undecided(usize::from(t > 0.5)),
                        false => label.add(usize::from(t > 0.5), usize::from(z > 0.0)),
                    }
                }
            }
        }
    }

    fn merge(&mut self, other: &Evaluation) {
        self.loss += other.loss;
        if let (Some(all), Some(part)) = (&mut self.confusion, &other.confusion) {
            all.merge(part);
        }
        if let (Some(all), Some(part)) = (&mut self.deviation, &other.deviation) {
            all.merge(part);
        }
        self.labels.iter_mut().zip(&other.labels).for_each(|(all, part)| all.merge(part));
        if let (Some(all), Some(part)) = (&mut self.ranks, &other.ranks) {
            all.merge(part);
        }
    }
}

/// Samples per task: enough to keep products fast, few enough to stay in the cache.
const CHUNK: usize = 100;

/// Runs all samples through the network, on the threads of the current pool.
///
/// # Errors
/// [`Error::Data`] if samples and network don't fit.
///
/// # Examples
/// ```
/// use chainrule_mnist::{ImageSet, Images};
/// use chainrule_trainer::{Mlp, MlpConfig, evaluate};
/// let set = ImageSet::new(Images::new(3, 1, 2, vec![255, 0, 0, 255, 9, 9]), vec![0, 1, 1]);
/// let net = Mlp::new(&MlpConfig::new([2, 4, 2]))?;
/// let evaluation = evaluate(&net, &set)?;
/// assert_eq!(evaluation.confusion.as_ref().unwrap().n_true(1), 2);
/// assert!((0.0..=1.0).contains(&evaluation.accuracy()));
/// assert_eq!(evaluation.top_k_accuracy(2), 1.0); // there are only two
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
pub fn evaluate(net: &Mlp, samples: &impl Samples) -> Result<Evaluation, Error> {
    let samples = AnySamples::new(samples);
    check_samples(net, samples)?;
    Ok(evaluate_all(net, samples))
}

/// The evaluation of all samples, which are known to fit.
pub(crate) fn evaluate_all(net: &Mlp, samples: AnySamples<'_>) -> Evaluation {
    evaluate_where(net, samples, samples.n_samples(), &|i| i)
}

/// The evaluation of the samples `indices`, which are known to fit.
pub(crate) fn evaluate_at(net: &Mlp, samples: AnySamples<'_>, indices: &[usize]) -> Evaluation {
    evaluate_where(net, samples, indices.len(), &|i| indices[i])
}

fn evaluate_where(
    net: &Mlp,
    samples: AnySamples<'_>,
    n_samples: usize,
    index: &(dyn Fn(usize) -> usize + Sync),
) -> Evaluation {
    let memory = || (net.layers().workspace(CHUNK), Vec::new());
    let none = Evaluation::new(net, samples);
    let samples = Standardised { samples, scale: net.config().scale.as_ref() };
    let chunks = parallel::map_with(n_samples.div_ceil(CHUNK), memory, |memory, chunk| {
        let (workspace, indices) = memory;
        indices.clear();
        indices.extend((chunk * CHUNK..((chunk + 1) * CHUNK).min(n_samples)).map(index));
        samples.gather(&mut workspace.x, &mut workspace.t, indices, Context::inference());
        net.layers().infer(net.sequential().values(), workspace);
        let mut evaluation = none.clone();
        evaluation.add(net.config(), workspace.outputs(net.layers()), &workspace.t);
        evaluation
    });
    let mut all = none.clone();
    chunks.iter().for_each(|chunk| all.merge(chunk));
    all
}

/// Refuses samples that the network cannot take.
pub(crate) fn check_samples(net: &Mlp, samples: AnySamples<'_>) -> Result<(), Error> {
    let mismatch = |what: &str, found: String, expected: String| {
        Err(Error::Data { what: what.to_string(), found, expected })
    };
    let (n_inputs, n_outputs) = (net.layers().n_inputs(), net.layers().n_outputs());
    if samples.n_samples() == 0 {
        return mismatch("samples", "none".into(), "at least one".into());
    }
    if samples.n_inputs() != n_inputs {
        let expected = format!("{n_inputs}, the inputs of the network");
        return mismatch("values per sample", samples.n_inputs().to_string(), expected);
    }
    let outputs = net.config().loss.outputs();
    match samples.target_kind() {
        TargetKind::None => mismatch("targets", "none".into(), "a class or values for every sample".into()),
        TargetKind::Classes { .. } if outputs == Outputs::LabelProbabilities && n_outputs == 1 => {
            mismatch("targets", "classes".into(), "a value for every sample, 0 for no and 1 for yes".into())
        }
        TargetKind::Classes { .. } if net.config().scale.is_some() => {
            mismatch("targets", "classes".into(), "values, since the network has a scale of targets".into())
        }
        TargetKind::Classes { n_classes } if n_classes > n_outputs => {
            let expected = format!("classes 0 to {}, the outputs of the network", n_outputs - 1);
            mismatch("classes", format!("class {}", n_classes - 1), expected)
        }
        TargetKind::Values { n_outputs: n } if n != n_outputs => {
            let expected = format!("{n_outputs}, the outputs of the network");
            mismatch("target values per sample", n.to_string(), expected)
        }
        TargetKind::Classes { .. } => Ok(()),
        TargetKind::Values { .. } => match (outputs, samples.target_range()) {
            (Outputs::LabelProbabilities, Some((low, high))) if low < 0.0 || high > 1.0 => {
                mismatch("target values", format!("{low} to {high}"), "0 for no to 1 for yes".into())
            }
            (Outputs::ClassProbabilities, Some((low, _))) if low < 0.0 => {
                let expected = "the probability of every class, or with_classes";
                mismatch("target values", format!("{low}"), expected.into())
            }
            _ => Ok(()),
        },
    }
}
