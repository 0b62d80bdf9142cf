//! Networks to be written and read, and the files that other programs wrote.

use std::path::PathBuf;

use chainrule_formats::trainer::{
    Activation, Dataset, Encode, Encoding, Mlp, MlpConfig,
    losses::{BinaryCrossEntropy, Huber},
};

/// A file of `fixtures/make.py`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

/// A network of this configuration, in which no two values are alike; variances are not negative.
pub(crate) fn net(config: &MlpConfig) -> Mlp {
    let mut net = Mlp::new(config).unwrap();
    let mut state = 1_u32;
    let mut fill = |values: &mut [f32]| {
        for value in values {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *value = (state >> 8) as f32 / 16_777_216.0;
        }
    };
    net.layers_mut().visit_parameters_mut(&mut |_, parameter| fill(parameter.values));
    net.layers_mut().visit_buffers_mut(&mut |buffer| fill(buffer.values));
    net
}

/// A configuration for everything that a network can have.
pub(crate) fn configs() -> Vec<MlpConfig> {
    let rows = [1.0, 7.0, 2.0, 3.0, 7.5, 1.0, 8.0, 7.25, 2.0];
    let kinds = [Encode::Standardize, Encode::Keep, Encode::OneHot];
    let encoding = Encoding::fit(&Dataset::from_rows(&rows, 3).unwrap(), &kinds).unwrap();
    let mut configs = vec![
        MlpConfig::new([3, 2]),
        MlpConfig::new([5, 1]).with_loss(BinaryCrossEntropy),
        MlpConfig::new([3, 4, 1]).with_loss(Huber::default()).with_encoding(encoding),
        MlpConfig::new([3, 4, 5, 2])
            .with_activations([Activation::Relu, Activation::Elu, Activation::Sigmoid])
            .with_batch_norm(true)
            .with_dropout(0.3),
        // More than ten layers: 10 stands behind 9.
        MlpConfig::new([2; 9]).with_activation(Activation::Silu).with_dropout(0.5),
    ];
    configs.extend(Activation::ALL.iter().map(|&a| MlpConfig::new([3, 4, 2]).with_activation(a)));
    configs
}
