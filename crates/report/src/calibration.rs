//! Calibration: whether the accuracy of predictions equals their confidence.
//!
//! Predictions are put into bins by their confidence, the probability of the predicted class. Of the predictions of a
//! calibrated network with a confidence of 80 %, 80 % are correct. The expected calibration error is
//!
//! ```text
//! ECE = Σ |Bₘ|/n · |acc(Bₘ) − conf(Bₘ)|          over M bins Bₘ of confidences in ((m − 1)/M, m/M]
//! ```
//! Source: Guo, Pleiss, Sun, Weinberger, *On Calibration of Modern Neural Networks* (ICML 2017), equation 3, and its
//! reliability diagrams with M = 10.

use crate::predictions::Prediction;

/// How many bins there are.
pub(crate) const N_BINS: usize = 10;

/// The predictions of one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bin {
    pub(crate) n: usize,
    n_correct: usize,
    sum_of_confidences: f64,
}

impl Bin {
    /// The fraction of correct predictions; NaN in an empty bin.
    pub(crate) fn accuracy(&self) -> f64 {
        self.n_correct as f64 / self.n as f64
    }

    /// The mean confidence; NaN in an empty bin.
    pub(crate) fn confidence(&self) -> f64 {
        self.sum_of_confidences / self.n as f64
    }
}

/// The predictions by their confidence.
pub(crate) fn bins(predictions: &[Prediction]) -> [Bin; N_BINS] {
    let mut bins = [Bin::default(); N_BINS];
    for prediction in predictions {
        let m = (prediction.p_predicted * N_BINS as f64).ceil() as usize;
        let bin = &mut bins[m.clamp(1, N_BINS) - 1];
        bin.n += 1;
        bin.n_correct += usize::from(!prediction.is_mistake());
        bin.sum_of_confidences += prediction.p_predicted;
    }
    bins
}

/// The expected calibration error, 0…1; NaN without predictions.
pub(crate) fn expected_error(bins: &[Bin]) -> f64 {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let gaps = bins.iter().filter(|bin| bin.n > 0).map(|bin| {
        let gap = bin.accuracy() - bin.confidence();
        bin.n as f64 * gap.abs()
    });
    gaps.sum::<f64>() / n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(p_predicted: f64, right: bool) -> Prediction {
        Prediction { sample: 0, truth: 0, predicted: usize::from(!right), p_predicted, p_truth: 0.0 }
    }

    #[test]
    fn the_error_by_hand() {
        // Four with 0.95, three of them right: a gap of 0.2. Two with 0.65 and 0.55, in two bins, one right, one wrong: gaps of
        // 0.35 and 0.55. (4·0.2 + 0.35 + 0.55) / 6 = 1.7 / 6.
        let mut all = [(0.95, true); 3].to_vec();
        all.extend([(0.95, false), (0.65, true), (0.55, false)]);
        let all: Vec<_> = all.into_iter().map(|(p, right)| prediction(p, right)).collect();
        let bins = bins(&all);
        assert_eq!([bins[9].n, bins[6].n, bins[5].n], [4, 1, 1]);
        assert_eq!(bins[9].accuracy(), 0.75);
        assert!((expected_error(&bins) - 1.7 / 6.0).abs() <= 1e-12, "{}", expected_error(&bins));
    }

    #[test]
    fn bins_are_closed_above() {
        let of = |p| bins(&[prediction(p, true)]).iter().position(|bin| bin.n == 1).unwrap();
        assert_eq!([0.0, 0.05, 0.1, 0.5, 0.51, 1.0].map(of), [0, 0, 0, 4, 5, 9]);
        // An outcome that is no probability is not lost.
        assert_eq!([-0.5, 1.5].map(of), [0, 9]);
    }

    #[test]
    fn whoever_is_right_as_often_as_sure_has_no_error() {
        let all = [prediction(0.5, true), prediction(0.5, false)];
        assert_eq!(expected_error(&bins(&all)), 0.0);
        assert!(expected_error(&bins(&[])).is_nan());
    }
}
