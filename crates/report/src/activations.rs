//! What comes out of every layer: histograms of the values, and units that do nothing.
//!
//! Source: *Deep Learning from Scratch*, section 6.2, whose picture of the activations behind each layer shows at once
//! whether a signal dies away or saturates.

use chainrule_trainer::{Mlp, Samples, tensor::Matrix};

use crate::predictions::inputs;

/// Samples whose activations are looked at: a histogram of more looks the same.
pub(crate) const MOST_SAMPLES: usize = 1000;

const N_BINS: usize = 30;

/// What comes out of one layer.
#[derive(Debug)]
pub(crate) struct LayerOutputs {
    /// The number of the layer among all, from 1.
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) n_units: usize,
    /// Units that give the same value for all samples.
    pub(crate) n_constant: usize,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The share of values in each of equally wide bins from `low` to `high`.
    pub(crate) shares: Vec<f64>,
}

/// The outputs of every activation and of the last layer, for the first samples of the set.
pub(crate) fn outputs(net: &Mlp, samples: &impl Samples) -> Vec<LayerOutputs> {
    let indices: Vec<usize> = (0..samples.n_samples().min(MOST_SAMPLES)).collect();
    let mut x = inputs(samples, &indices);
    let n_layers = net.layers().layers().len();
    let mut all = Vec::new();
    for (l, layer) in net.layers().layers().enumerate() {
        x = layer.forward(&x).0;
        // A dropout changes nothing here, and what an affine layer gives is seen behind its activation.
        if layer.is_elementwise() || l + 1 == n_layers {
            all.push(LayerOutputs::new(l + 1, layer.name(), &x));
        }
    }
    all
}

impl LayerOutputs {
    fn new(number: usize, name: &'static str, y: &Matrix<f32>) -> Self {
        let (low, high) = y.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (low.min(f64::from(value)), high.max(f64::from(value)))
        });
        let width = (high - low) / N_BINS as f64;
        let mut counts = [0_usize; N_BINS];
        for &value in y.iter() {
            let bin = if width > 0.0 { ((f64::from(value) - low) / width) as usize } else { 0 };
            counts[bin.min(N_BINS - 1)] += 1;
        }
        let n_constant = y.row_iter().filter(|unit| unit.iter().all(|value| *value == unit[0])).count();
        let shares = counts.map(|count| count as f64 / y.len() as f64).to_vec();
        LayerOutputs { number, name, n_units: y.nrows(), n_constant, low, high, shares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_trainer::{Activation, Dataset, MlpConfig};

    #[test]
    fn a_histogram_by_hand() {
        // Two units, three samples: 0, 0, 0 and 0, 15, 30; bins are 1 wide and the highest value is in the last.
        let y = Matrix::from_row_slice(2, 3, &[0.0, 0.0, 0.0, 0.0, 15.0, 30.0]);
        let outputs = LayerOutputs::new(2, "relu", &y);
        assert_eq!((outputs.low, outputs.high, outputs.n_constant), (0.0, 30.0, 1));
        assert_eq!(outputs.shares[0], 4.0 / 6.0);
        assert_eq!([outputs.shares[15], outputs.shares[29]], [1.0 / 6.0; 2]);
        assert_eq!(outputs.shares.iter().filter(|share| **share > 0.0).count(), 3);
    }

    #[test]
    fn activations_and_outputs_are_shown() {
        let config = MlpConfig::new([2, 3, 3, 2]).with_activation(Activation::Relu).with_batch_norm(true);
        let net = Mlp::new(&config.with_dropout(0.5)).unwrap();
        let data = Dataset::from_rows(&[1.0, 2.0, 3.0, 4.0], 2).unwrap().with_classes(&[0, 1]).unwrap();
        let shown: Vec<_> = outputs(&net, &data).iter().map(|layer| (layer.number, layer.name)).collect();
        assert_eq!(shown, [(3, "relu"), (7, "relu"), (9, "affine")]);
    }
}
