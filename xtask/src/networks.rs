//! Networks for checks of what others make of them: one for everything that there is, each trained for seconds.

use std::ops::ControlFlow;

use chainrule_losses::LossConfig;
use chainrule_mnist::Mnist;
use chainrule_optimizers::Adam;
use chainrule_trainer::{
    Activation, Dataset, Encode, Encoding, Mlp, MlpConfig, NetworkConfig, TrainConfig, train,
};

use crate::Result;

/// Every activation, every loss and an encoding, besides `others`: two epochs on 6000 digits.
pub(crate) fn of_every_kind<const N: usize>(
    mnist: &Mnist,
    others: [(&str, NetworkConfig); N],
) -> Result<Vec<(String, Mlp)>> {
    let n = mnist.train.n_pixels();
    let hidden = MlpConfig::new([n, 30, 10]);
    let mut short = vec![
        ("tutorial".to_string(), MlpConfig::new([n, 50, 10])),
        ("no-hidden-layer".to_string(), MlpConfig::new([n, 10])),
        ("encoding".to_string(), hidden.clone().with_encoding(encoding(mnist)?)),
    ];
    for activation in Activation::ALL {
        short.push((format!("activation-{activation}"), hidden.clone().with_activation(*activation)));
    }
    for loss in LossConfig::all() {
        short.push((format!("loss-{}", loss.name()), hidden.clone().with_loss(loss)));
    }
    let mut some = mnist.train.clone();
    some.truncate(6000);
    let short = short.into_iter().map(|(name, config)| Ok((name, config.try_into()?)));
    let others = others.map(|(name, config)| Ok((name.to_string(), config)));
    let trained = short.chain(others).map(|case: Result<(String, NetworkConfig)>| {
        let (name, config) = case?;
        let mut net = Mlp::new(config)?;
        let training = TrainConfig::new().with_optimizer(Adam::new(0.002)).with_epochs(2);
        train(&mut net, &some, None, &training, |_| ControlFlow::Continue(()))?;
        Ok((name, net))
    });
    trained.collect()
}

/// Pixels as they are, standardised, and some as one of several values.
fn encoding(mnist: &Mnist) -> Result<Encoding> {
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
    Ok(Encoding::fit(&digits, &kinds)?)
}
