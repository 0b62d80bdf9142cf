//! Norms, hidden units and activations of the trained network, on samples of the test set.

use chainrule_trainer::{
    Mlp, Samples,
    diagnostics::{Diagnostics, Histogram, diagnose, spread},
};

use crate::predictions::inputs;

/// Samples that are looked at: a histogram of more looks the same.
const MOST_SAMPLES: usize = 1000;

/// As many bins as the trainer has for hidden layers.
const N_BINS: usize = 30;

/// Norms, hidden units, and the values that come out of every activation and of the last layer.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) diagnostics: Diagnostics,
    /// The last layer: its name, and what comes out of it.
    pub(crate) outputs: (String, Histogram),
}

impl Inside {
    pub(crate) fn of(net: &Mlp, samples: &impl Samples) -> Result<Self, chainrule_trainer::Error> {
        let indices = spread(samples.n_samples(), MOST_SAMPLES);
        let diagnostics = diagnose(net, samples, &indices)?;
        let z = net.logits(&inputs(samples, &indices));
        let layers = net.layers();
        let name =
            format!("{} ({})", layers.len(), layers.iter().last().map_or("none", |layer| layer.name()));
        Ok(Inside { diagnostics, outputs: (name, Histogram::of(z.as_slice(), N_BINS)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_trainer::{Activation, Dataset, MlpConfig};

    #[test]
    fn activations_and_outputs_are_looked_at() {
        let config = MlpConfig::new([2, 3, 3, 2]).with_activation(Activation::Relu).with_batch_norm(true);
        let net = Mlp::new(config.with_dropout(0.5)).unwrap();
        let data = Dataset::from_rows(&[1.0, 2.0, 3.0, 4.0], 2).unwrap().with_classes(&[0, 1]).unwrap();
        let inside = Inside::of(&net, &data).unwrap();
        let shown: Vec<_> =
            inside.diagnostics.hidden.iter().map(|units| (units.layer, &*units.name)).collect();
        assert_eq!(shown, [(3, "relu"), (7, "relu")]);
        assert_eq!((inside.outputs.0.as_str(), inside.outputs.1.n_values()), ("9 (affine)", 4));
    }
}
