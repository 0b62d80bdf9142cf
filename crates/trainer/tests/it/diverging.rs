//! Training that goes wrong: the error says at which step, in which layer, and what the largest parameter is.

use chainrule_losses::MeanSquaredError;
use chainrule_optimizers::{Clip, Sgd};
use chainrule_tensor::Init;
use chainrule_trainer::{Activation, Dataset, Error, Mlp, MlpConfig, Samples, TrainConfig, train};

use crate::common::blobs;

#[track_caller]
fn diverges(net: &MlpConfig, data: &impl Samples, config: &TrainConfig) -> (String, u64, String, String) {
    let mut net = Mlp::new(net).unwrap();
    let error = train(&mut net, data).config(config).run().unwrap_err();
    let message = error.to_string();
    let Error::NotFinite { what, step, layer, largest, .. } = error else { panic!("{error}") };
    let (layer, (largest, value)) = (layer.unwrap(), largest.unwrap());
    for part in
        [&*what, &*layer, &*largest, &*format!("at step {step} in epoch 1"), "try a smaller learning rate"]
    {
        assert!(message.contains(part), "\"{message}\" does not say \"{part}\"");
    }
    // It is the largest.
    assert!(net.parameters().iter().all(|w| !w.is_finite() || w.abs() <= value.abs()));
    (what, step, layer, largest)
}

#[test]
fn a_rate_that_is_too_large_shows_in_the_outputs_of_a_layer() {
    // Weights of about 1e27 after the first step: their products are too large for f32, in the third layer.
    let net = MlpConfig::new([36, 9, 10]).with_activation(Activation::Relu);
    let config = TrainConfig::new().with_optimizer(Sgd::new(1e28));
    let (what, step, layer, _) = diverges(&net, &blobs(300), &config);
    assert_eq!((&*what, step, &*layer), ("the loss", 2, "the outputs of layer 3 (affine)"));
}

/// Two samples x = 1e30 with t = 1e10 and a network y = w·x + b of zeros: the loss is 1e20, its derivative by w is
/// −2·1e10·1e30, more than `f32` can hold.
fn steep(run: impl FnOnce(&MlpConfig, &Dataset)) {
    let net = MlpConfig::new([1, 1]).with_loss(MeanSquaredError).with_init(Init::Normal { std: 0.0 });
    let (rows, targets) = ([1e30, 1e30], [1e10, 1e10]);
    run(&net, &Dataset::from_rows(&rows, 1).unwrap().with_values(&targets, 1).unwrap());
}

#[test]
fn a_gradient_that_is_not_finite_is_not_clipped_away() {
    for clip in [Clip::by_value(1.0), Clip::by_norm(1.0)] {
        steep(|net, data| {
            let found = diverges(net, data, &TrainConfig::new().with_clip(clip));
            let layer = "layer 1 (affine)".to_string();
            assert_eq!(found, ("the gradient of W1[0]".into(), 1, layer, "W1[0]".into()));
        });
    }
}

#[test]
fn a_parameter_that_is_not_finite_is_found_before_it_is_evaluated() {
    steep(|net, data| {
        let found = diverges(net, data, &TrainConfig::new());
        let layer = "the parameters of layer 1 (affine)".to_string();
        assert_eq!(found, ("W1[0]".into(), 1, layer, "b1[0]".into()));
    });
}
