//! How well a network does on samples it is not trained on.

use chainrule_layers::{Context, Sequential};
use chainrule_losses::{Loss, LossSum, SoftmaxCrossEntropy, TargetBuffer, Targets};
use chainrule_tensor::{InputBuffer, argmax};

use crate::{Error, Samples, TargetKind, parallel};

/// The result of [`evaluate`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// Per class: the samples that have it and how many of them were recognised.
    pub per_class: Vec<ClassCount>,
    /// The softmax cross-entropy, in nats.
    pub loss: LossSum,
}

/// How many samples of one class there are, and how many were recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassCount {
    /// Samples of the class.
    pub n_samples: usize,
    /// Those whose largest output is at the class.
    pub n_correct: usize,
}

impl Evaluation {
    /// All samples.
    pub fn n_samples(&self) -> usize {
        self.per_class.iter().map(|class| class.n_samples).sum()
    }

    /// The samples whose largest output is at their class.
    pub fn n_correct(&self) -> usize {
        self.per_class.iter().map(|class| class.n_correct).sum()
    }

    /// The share of samples that were recognised, 0…1.
    pub fn accuracy(&self) -> f64 {
        self.n_correct() as f64 / self.n_samples() as f64
    }
}

impl ClassCount {
    /// The share of the class that was recognised, 0…1; `None` where there is no sample of it.
    pub fn accuracy(self) -> Option<f64> {
        (self.n_samples > 0).then(|| self.n_correct as f64 / self.n_samples as f64)
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
/// use chainrule_trainer::{TwoLayerConfig, TwoLayerNet, evaluate};
/// let set = ImageSet::new(Images::new(3, 1, 2, vec![255, 0, 0, 255, 9, 9]), vec![0, 1, 1]);
/// let net = TwoLayerNet::new(&TwoLayerConfig::new(2, 4, 2))?;
/// let evaluation = evaluate(net.layers(), &set)?;
/// assert_eq!(evaluation.per_class[1].n_samples, 2);
/// assert!((0.0..=1.0).contains(&evaluation.accuracy()));
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
pub fn evaluate(net: &Sequential<f32>, samples: &impl Samples) -> Result<Evaluation, Error> {
    check_samples(net, samples)?;
    let n_samples = samples.n_samples();
    let memory = || (net.workspace(CHUNK), InputBuffer::new(), TargetBuffer::new(), Vec::new());
    let chunks = parallel::map_with(n_samples.div_ceil(CHUNK), memory, |memory, chunk| {
        let (workspace, x, t, indices) = memory;
        indices.clear();
        indices.extend(chunk * CHUNK..((chunk + 1) * CHUNK).min(n_samples));
        samples.gather_to(x, t, indices);
        let z = net.forward(workspace, x.as_input(), &Context::inference());
        let mut per_class = vec![ClassCount::default(); net.n_outputs()];
        if let Targets::Classes(classes) = t.as_targets() {
            for (z, &class) in z.column_iter().zip(classes) {
                per_class[class].n_samples += 1;
                per_class[class].n_correct += usize::from(argmax(z) == class);
            }
        }
        (per_class, SoftmaxCrossEntropy::new().value(z, t.as_targets()))
    });

    let mut all =
        Evaluation { per_class: vec![ClassCount::default(); net.n_outputs()], loss: LossSum::default() };
    for (per_class, loss) in chunks {
        all.loss += loss;
        for (sum, class) in all.per_class.iter_mut().zip(per_class) {
            sum.n_samples += class.n_samples;
            sum.n_correct += class.n_correct;
        }
    }
    Ok(all)
}

/// Refuses samples that the network cannot take.
pub(crate) fn check_samples(net: &Sequential<f32>, samples: &impl Samples) -> Result<(), Error> {
    let mismatch = |what: &str, found: String, expected: String| {
        Err(Error::Data { what: what.to_string(), found, expected })
    };
    if samples.n_samples() == 0 {
        return mismatch("samples", "none".into(), "at least one".into());
    }
    if samples.n_inputs() != net.n_inputs() {
        let expected = format!("{}, the inputs of the network", net.n_inputs());
        return mismatch("values per sample", samples.n_inputs().to_string(), expected);
    }
    match samples.target_kind() {
        TargetKind::Classes { n_classes } if n_classes > net.n_outputs() => {
            let expected = format!("classes 0 to {}, the outputs of the network", net.n_outputs() - 1);
            return mismatch("classes", format!("class {}", n_classes - 1), expected);
        }
        TargetKind::Values { .. } => {
            return mismatch("targets", "values".into(), "a class for every sample".into());
        }
        TargetKind::Classes { .. } => {}
    }
    Ok(())
}
