//! The prediction of the network for every sample of the test set.

use chainrule_trainer::{
    Mlp, Samples,
    tensor::{Context, InputBuffer, Matrix, TargetBuffer},
};

use crate::Error;

/// The prediction for one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prediction {
    /// The position in the test set, from 0.
    pub(crate) sample: usize,
    pub(crate) truth: usize,
    pub(crate) predicted: usize,
    /// What the network gives for the predicted class, and for the true one: probabilities, if its loss reads outputs as such.
    pub(crate) p_predicted: f64,
    pub(crate) p_truth: f64,
}

impl Prediction {
    /// Outputs that are NaN are no prediction, and none that could be right.
    pub(crate) fn is_mistake(&self) -> bool {
        // NaN predicts no class.
        self.truth != self.predicted || self.p_predicted.is_nan()
    }
}

/// Samples that go through the network together.
const CHUNK: usize = 500;

/// Runs all samples through the network, which they are known to fit.
pub(crate) fn predictions(net: &Mlp, samples: &impl Samples) -> Result<Vec<Prediction>, Error> {
    let n_samples = samples.n_samples();
    let mut all = Vec::with_capacity(n_samples);
    for start in (0..n_samples).step_by(CHUNK) {
        let indices: Vec<usize> = (start..n_samples.min(start + CHUNK)).collect();
        let (mut x, mut t) = (InputBuffer::new(), TargetBuffer::new());
        samples.gather(&mut x, &mut t, &indices, Context::inference());
        let z = net.logits(&x.as_input().to_matrix());
        let mut y = Matrix::zeros(z.nrows(), z.ncols());
        let outputs = net.config().loss.outputs();
        outputs.predict_to((&mut y).into(), (&z).into());
        for (j, &sample) in indices.iter().enumerate() {
            // Of the logits, since large ones may have equal probabilities.
            let classes = outputs.true_and_predicted((&z).into(), t.as_targets(), j);
            let (truth, predicted) = classes.ok_or(Error::NoClass { sample })?;
            let p = outputs.of_classes(y.column(j).as_slice());
            let p_truth = f64::from(*p.get(truth).ok_or(Error::NoClass { sample })?);
            let is_decided = z.column(j).iter().all(|z| !z.is_nan());
            let p_predicted = if is_decided { f64::from(p[predicted]) } else { f64::NAN };
            all.push(Prediction { sample, truth, predicted, p_predicted, p_truth });
        }
    }
    Ok(all)
}

/// Some of the samples as a matrix, inputs × samples.
pub(crate) fn inputs(samples: &impl Samples, indices: &[usize]) -> Matrix<f32> {
    let mut x = InputBuffer::new();
    samples.gather(&mut x, &mut TargetBuffer::new(), indices, Context::inference());
    x.as_input().to_matrix()
}

/// Values 0…1 as shades of grey.
pub(crate) fn grey_pixels(x: &Matrix) -> Vec<u8> {
    x.iter().map(|value| (255.0 * value.clamp(0.0, 1.0)).round() as u8).collect()
}

/// The most confident mistakes, at most `most`.
pub(crate) fn worst(predictions: &[Prediction], most: usize) -> Vec<Prediction> {
    let confident = |p: &Prediction| p.is_mistake() && !p.p_predicted.is_nan();
    let mut mistakes: Vec<Prediction> = predictions.iter().copied().filter(confident).collect();
    // Stable: of equals the first comes first.
    mistakes.sort_by(|a, b| b.p_predicted.total_cmp(&a.p_predicted));
    mistakes.truncate(most);
    mistakes
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{Dataset, MlpConfig, evaluate, losses::LossConfig};

    use super::*;

    /// One affine layer with these weights, column after column.
    fn net(config: MlpConfig, weights: &[f32]) -> Mlp {
        let mut net = Mlp::new(&config).unwrap();
        net.tensor_mut("W1").unwrap().as_mut_slice().copy_from_slice(weights);
        net
    }

    #[test]
    fn probabilities_by_hand() {
        // z = (ln 3, 0)·x: for x = 1 the probabilities are 3/4 and 1/4, for −1 they are 1/4 and 3/4.
        let net = net(MlpConfig::new([1, 2]), &[3.0_f32.ln(), 0.0]);
        let data = Dataset::from_rows(&[1.0, -1.0, 1.0], 1).unwrap().with_classes(&[0, 0, 1]).unwrap();
        let all = predictions(&net, &data).unwrap();
        let found: Vec<_> = all.iter().map(|p| (p.truth, p.predicted)).collect();
        assert_eq!(found, [(0, 0), (0, 1), (1, 0)]);
        for (p, (predicted, truth)) in all.iter().zip([(0.75, 0.75), (0.75, 0.25), (0.75, 0.25)]) {
            assert!((p.p_predicted - predicted).abs() <= 1e-6 && (p.p_truth - truth).abs() <= 1e-6, "{p:?}");
        }
        let worst = worst(&all, 1);
        assert_eq!((worst.len(), worst[0].sample), (1, 1));
    }

    #[test]
    fn yes_or_no_has_two_classes() {
        let net = net(MlpConfig::new([1, 1]).with_loss(LossConfig::BinaryCrossEntropy), &[3.0_f32.ln()]);
        let data = Dataset::from_rows(&[1.0, -1.0], 1).unwrap().with_values(&[1.0, 1.0], 1).unwrap();
        let all = predictions(&net, &data).unwrap();
        assert_eq!((all[0].truth, all[0].predicted, all[1].predicted), (1, 1, 0));
        assert!((all[1].p_predicted - 0.75).abs() <= 1e-6 && (all[1].p_truth - 0.25).abs() <= 1e-6);
        let confusion = evaluate(&net, &data).unwrap().confusion.unwrap();
        assert_eq!(confusion.n_correct(), all.iter().filter(|p| !p.is_mistake()).count());
    }

    #[test]
    fn outputs_that_are_nan_are_never_right() {
        // ∞·0 is NaN, in the first output; the second is predicted, which is the true one.
        let mut net = net(MlpConfig::new([1, 2]), &[0.0, 1.0]);
        net.tensor_mut("W1").unwrap().as_mut_slice()[0] = f32::INFINITY;
        let data = Dataset::from_rows(&[0.0, 1.0], 1).unwrap().with_classes(&[1, 0]).unwrap();
        let all = predictions(&net, &data).unwrap();
        assert!(all[0].is_mistake() && all[0].p_predicted.is_nan(), "{all:?}");
        assert!(worst(&all, 9).iter().all(|p| p.sample != 0));
        let bins = crate::calibration::bins(&all[..1]);
        assert_eq!(bins[0].accuracy(), 0.0);
    }

    #[test]
    fn values_have_no_class() {
        let net = Mlp::new(MlpConfig::new([1, 1]).with_loss(LossConfig::MeanSquaredError)).unwrap();
        for target in [0.3, 1.0] {
            let target = [target];
            let data = Dataset::from_rows(&[1.0], 1).unwrap().with_values(&target, 1).unwrap();
            let error = predictions(&net, &data).unwrap_err().to_string();
            assert!(error.starts_with("sample 0 has no class"), "{error}");
        }
    }
}
