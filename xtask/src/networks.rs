//! Trained networks with everything that there is, for commands that compare what others make of them.

use chainrule_layers::{Affine, BatchNorm, Elu, LayerConfig, LeakyRelu};
use chainrule_losses::{LossConfig, SoftmaxCrossEntropy};
use chainrule_mnist::Mnist;
use chainrule_optimizers::Adam;
use chainrule_trainer::{
    Activation, Dataset, Encode, Encoding, Mlp, MlpConfig, NetworkConfig, TrainConfig, train,
};

use crate::Result;

/// Every activation, every loss, batch norm and dropout, an encoding: networks by name.
pub(crate) fn trained(mnist: &Mnist) -> Result<Vec<(String, Mlp)>> {
    let n = mnist.train.n_pixels();
    let digits = mnist.train.to_matrix::<f32>(0..1000);
    let digits = Dataset::from_rows(digits.as_slice(), n)?;
    let kinds: Vec<Encode> = (0..n)
        .map(|column| match column % 100 {
            98 => Encode::OneHot,
            0..50 => Encode::Keep,
            _ => Encode::Standardize,
        })
        .collect();
    let small = || MlpConfig::new([n, 30, 10]);
    let deep = |first, second, third| {
        MlpConfig::new([n, 64, 48, 32, 10]).with_activations([first, second, third, Activation::Identity])
    };
    let smoothed = SoftmaxCrossEntropy::new().with_label_smoothing(0.1);
    let mixed = deep(Activation::Relu, Activation::Gelu, Activation::Silu).with_loss(smoothed);
    let relu = deep(Activation::Relu, Activation::Relu, Activation::Relu);
    let mut networks = vec![
        ("default".to_string(), MlpConfig::new([n, 50, 10])),
        ("no-hidden-layer".to_string(), MlpConfig::new([n, 10])),
        ("mixed".to_string(), deep(Activation::Gelu, Activation::Tanh, Activation::Silu)),
        ("relu-batch-norm-dropout".to_string(), relu.with_batch_norm(true).with_dropout(0.2)),
        ("batch-norm".to_string(), mixed.clone().with_batch_norm(true)),
        ("dropout".to_string(), mixed.clone().with_dropout(0.2)),
        ("batch-norm-and-dropout".to_string(), mixed.with_batch_norm(true).with_dropout(0.2)),
        ("encoding".to_string(), small().with_encoding(Encoding::fit(&digits, &kinds)?)),
    ];
    for &activation in Activation::ALL {
        networks.push((format!("activation-{activation}"), small().with_activation(activation)));
    }
    for loss in LossConfig::all() {
        networks.push((format!("loss-{}", loss.name()), small().with_loss(loss)));
    }
    let mut some = mnist.train.clone();
    some.truncate(6000);
    let training = TrainConfig::new().with_optimizer(Adam::new(0.002)).with_epochs(2);
    // Settings and places that no `MlpConfig` has.
    let list: [LayerConfig; 6] = [
        Affine::outputs(30).into(),
        LeakyRelu::new(0.2).into(),
        BatchNorm::default().with_eps(0.01).into(),
        Affine::outputs(20).into(),
        Elu::new(0.5).into(),
        Affine::outputs(10).into(),
    ];
    let list = NetworkConfig::new(n, list, LossConfig::MeanSquaredError);
    let short = networks.into_iter().map(|(name, config)| Ok((name, NetworkConfig::try_from(&config)?)));
    let trained = short.chain([Ok(("list-of-layers".to_string(), list))]).map(|case: Result<_>| {
        let (name, config) = case?;
        let mut net = Mlp::new(config)?;
        train(&mut net, &some).config(&training).run()?;
        Ok((name, net))
    });
    trained.collect()
}
