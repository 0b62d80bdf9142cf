//! Settings and weights at the borders of `f32`, samples none of which counts, and mini-batches of one.

use std::ops::ControlFlow;

use chainrule_losses::{HalfSquaredError, Huber, LossConfig, MeanSquaredError, SoftmaxCrossEntropy};
use chainrule_optimizers::{Adam, Clip, OptimizerConfig, Sgd, schedule::Exponential};
use chainrule_tensor::Init;
use chainrule_trainer::{
    Dataset, EarlyStopping, Error, Event, Mlp, MlpConfig, NetworkConfig, ParameterGroup, Summary,
    TargetScale, TrainConfig, evaluate, split, train,
};

const HELD: &str = "expected a number that f32 can hold, 1e-45 to 3.4028235e38";

fn rows(n: usize) -> Vec<f32> {
    (0..2 * n).map(|i| (i * 7 % 11) as f32 / 11.0).collect()
}

fn net(loss: impl Into<LossConfig>) -> Mlp {
    Mlp::new(MlpConfig::new([2, 3]).with_loss(loss)).unwrap()
}

fn run(net: &mut Mlp, data: &Dataset<'_>, config: &TrainConfig) -> Result<Summary, Error> {
    train(net, data).config(config).run()
}

#[test]
fn settings_that_f32_makes_0_or_infinite_are_refused_by_name() {
    let (rows, new) = (rows(4), TrainConfig::new);
    let data = Dataset::from_rows(&rows, 2).unwrap().with_classes(&[0, 1, 2, 0]).unwrap();
    let group = |rate| ParameterGroup::new(["W"]).with_learning_rate(rate);
    let decaying = |decay, factor| {
        let group = ParameterGroup::new(["W"]).with_weight_decay(factor);
        new().with_optimizer(Sgd::default().with_weight_decay(decay)).with_group(group)
    };
    for (config, what) in [
        (new().with_optimizer(Adam::default().with_eps(1e-46)), "eps is 1e-46"),
        (new().with_optimizer(Sgd::new(1e-46)), "learning rate is 1e-46"),
        (new().with_optimizer(Sgd::new(1e39)), "learning rate is 1e39"),
        (new().with_optimizer(Sgd::default().with_weight_decay(1e-60)), "weight decay is 1e-60"),
        (new().with_clip(Clip::by_norm(1e-50)), "maximum norm is 1e-50"),
        (new().with_clip(Clip::by_value(1e300)), "clipping limit is 1e300"),
        (new().with_optimizer(Sgd::new(1e-30)).with_group(group(1e-30)), "learning rate of a group is 1"),
        // Of several groups, all factors count; so they do for the weight decay.
        (new().with_group(group(1e-30)).with_group(group(1e-30)), "learning rate of a group is 1"),
        (decaying(1e-30, 1e-30), "weight decay of a group is 1"),
        (decaying(1e30, 1e30), "weight decay of a group is 1"),
    ] {
        let message = run(&mut net(SoftmaxCrossEntropy::new()), &data, &config).unwrap_err().to_string();
        assert!(message.starts_with(what) && message.ends_with(HELD), "{message}");
    }
    let undone = new().with_group(group(1e-30)).with_group(group(1e30));
    for good in [undone, decaying(0.0, 1e30), decaying(1e-30, 0.0)] {
        run(&mut net(SoftmaxCrossEntropy::new()), &data, &good).unwrap();
    }
    for (config, what) in [
        (MlpConfig::new([2, 3]).with_loss(Huber::new(1e-50)), "delta 1e-50"),
        (
            MlpConfig::new([2, 2]).with_loss(SoftmaxCrossEntropy::new().with_class_weights([1e-50, 1.0])),
            "weight 1e-50 of class 0",
        ),
        (MlpConfig::new([2, 3, 3]).with_dropout(1e-50), "layer 3 (dropout): dropout probability 1e-50"),
        (
            MlpConfig::new([2, 3]).with_init(Init::Normal { std: 1e-50 }),
            "the distribution of initial weights is normal:1e-50",
        ),
    ] {
        let config = config.with_activation(chainrule_trainer::Activation::Relu);
        assert_eq!(Mlp::<f32>::new(&config).unwrap_err().to_string(), format!("{what}, {HELD}"));
    }
}

#[test]
fn the_size_of_all_weights_does_not_matter() {
    let rows = rows(6);
    let data = || Dataset::from_rows(&rows, 2).unwrap().with_classes(&[0, 1, 2, 0, 1, 2]).unwrap();
    let trained = |scale: f32| {
        let weights = [1.0, 0.5, 0.25, 1.0, 1.0, 0.125].map(|weight| weight * scale);
        let (mut net, data) = (net(SoftmaxCrossEntropy::new()), data().with_weights(&weights).unwrap());
        run(&mut net, &data, &TrainConfig::new().with_epochs(20).with_batch_size(4)).unwrap();
        (net.parameters().to_vec(), evaluate(&net, &data).unwrap().loss.mean())
    };
    let (expected, expected_loss) = trained(1.0);
    for scale in [2.0_f32.powi(127), 2.0_f32.powi(100), 2.0_f32.powi(-100), 2.0_f32.powi(-140)] {
        assert_eq!(trained(scale), (expected.clone(), expected_loss), "{scale:e}");
    }
    for scale in [3e38, 1e-40] {
        let (found, loss) = trained(scale);
        assert!((loss - expected_loss).abs() <= 1e-4, "{scale:e}: {loss}, expected {expected_loss}");
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-4), "{scale:e}: {found:?}");
    }
    // Where nobody can change them, such sums are refused.
    let mut net = net(SoftmaxCrossEntropy::new().with_class_weights([3e38; 3]));
    let message = run(&mut net, &data(), &TrainConfig::new()).unwrap_err().to_string();
    assert!(message.starts_with("weights of samples or classes: found a sum of 1.8"), "{message}");
}

#[test]
fn samples_none_of_which_counts_are_refused() {
    let (rows, stopping) = (rows(40), TrainConfig::new().with_validation(0.25));
    let stopping = stopping.with_early_stopping(EarlyStopping::new(2));
    let data = || Dataset::from_rows(&rows, 2).unwrap().with_classes(&[0; 40]).unwrap();
    let nothing = "found none that counts, since the weight of each, or of its class, is 0, expected at least one of a \
                   weight above 0";
    for config in [TrainConfig::new(), TrainConfig::new().with_steps(1).with_batch_size(7), stopping.clone()]
    {
        let mut net = net(SoftmaxCrossEntropy::new().with_class_weights([0.0, 1.0, 1.0]));
        let message = run(&mut net, &data(), &config).unwrap_err().to_string();
        assert_eq!(message, format!("training samples: {nothing}"));
    }
    let mut weights = [1.0; 40];
    split(&data(), 0.25, 1).unwrap().1.iter().for_each(|&i| weights[i] = 0.0);
    let weighted = data().with_weights(&weights).unwrap();
    let message = run(&mut net(SoftmaxCrossEntropy::new()), &weighted, &stopping).unwrap_err().to_string();
    assert_eq!(message, format!("validation samples: {nothing}"));
    // Some mini-batches without a sample that counts do no harm.
    let mut weights = [0.0; 40];
    weights[3] = 1.0;
    let weighted = data().with_weights(&weights).unwrap();
    let config = TrainConfig::new().with_batch_size(2).with_epochs(3);
    let summary = run(&mut net(SoftmaxCrossEntropy::new()), &weighted, &config).unwrap();
    assert!(summary.history.iter().all(|report| report.train_loss.is_finite()));
}

#[test]
fn batch_normalisation_wants_two_samples() {
    let rows = rows(5);
    let data = Dataset::from_rows(&rows, 2).unwrap().with_classes(&[0, 1, 2, 0, 1]).unwrap();
    let make = || Mlp::new(MlpConfig::new([2, 4, 3]).with_batch_norm(true)).unwrap();
    let refused = "the number of samples per step is 1, expected at least 2 with batch normalisation: one sample is its own \
                   mean, and nothing is learned";
    let config = |n| TrainConfig::new().with_epochs(2).with_batch_size(n);
    assert_eq!(run(&mut make(), &data, &config(1)).unwrap_err().to_string(), refused);
    let one = Dataset::from_rows(&rows[..2], 2).unwrap().with_classes(&[0]).unwrap();
    assert_eq!(run(&mut make(), &one, &config(9)).unwrap_err().to_string(), refused);
    // The last mini-batch may be one sample.
    assert_eq!(run(&mut make(), &data, &config(4)).unwrap().steps, 4);
    assert!(run(&mut net(SoftmaxCrossEntropy::new()), &data, &config(1)).is_ok());
}

#[test]
fn the_training_loss_of_an_epoch_is_that_of_its_samples() {
    // A network of zeros, which a rate of 1e-30 leaves as it is: losses of 1, and one of 10,101.
    let rows = vec![0.0; 101];
    let mut targets = vec![1.0; 101];
    targets[100] = 10_101.0_f32.sqrt();
    let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&targets, 1).unwrap();
    for (loss, expected) in [(LossConfig::from(MeanSquaredError), 101.0), (HalfSquaredError.into(), 50.5)] {
        for batch_size in [1, 7, 100, 101] {
            let mut net = Mlp::new(MlpConfig::new([1, 1]).with_loss(loss.clone())).unwrap();
            let config = TrainConfig::new().with_optimizer(Sgd::new(1e-30)).with_epochs(1);
            let summary = run(&mut net, &data, &config.with_batch_size(batch_size)).unwrap();
            let (found, evaluated) =
                (summary.history[0].train_loss, evaluate(&net, &data).unwrap().loss.mean());
            assert!((found - expected).abs() <= 1e-4, "batches of {batch_size}: {found}");
            assert!(
                (found - evaluated).abs() <= 1e-12 * evaluated,
                "batches of {batch_size}: {found}, {evaluated}"
            );
        }
    }
}

fn warnings(net: &mut Mlp, data: &Dataset<'_>, config: &TrainConfig) -> Vec<String> {
    let mut warnings = Vec::new();
    let training = train(net, data).config(config).callback(|event| {
        if let Event::Warning(text) = event {
            warnings.push(text.to_string());
        }
        ControlFlow::Continue(())
    });
    training.run().unwrap();
    warnings
}

#[test]
fn what_will_not_work_out_is_said_before_it_begins() {
    let rows = rows(10);
    let targets: Vec<f32> = (0..10).map(|i| 1e5 + 1e4 * i as f32).collect();
    let raw = Dataset::from_rows(&rows, 2).unwrap().with_values(&targets, 1).unwrap();
    let config = NetworkConfig::try_from(MlpConfig::new([2, 1]).with_loss(MeanSquaredError)).unwrap();
    let adam = TrainConfig::new().with_optimizer(Adam::default()).with_epochs(2).with_batch_size(5);
    assert_eq!(
        warnings(&mut Mlp::new(&config).unwrap(), &raw, &adam),
        [
            "targets reach from 100000 to 190000, which the outputs of a network follow slowly, if at all; scale them \
          (NetworkConfig::with_scale)"
        ]
    );
    // 0.1 · 0.9ⁿ is at most half of the least number of f32, 2⁻¹⁵⁰, from n = 965 on; that of 20 steps is far from it.
    let falling =
        |n| adam.clone().with_optimizer(Sgd::new(0.1)).with_schedule(Exponential::new(0.9)).with_steps(n);
    let targets: Vec<f32> = (0..10).map(|i| i as f32).collect();
    let data = Dataset::from_rows(&rows, 2).unwrap().with_values(&targets, 1).unwrap();
    for n in [966, 2000] {
        let found = warnings(&mut Mlp::new(&config).unwrap(), &data, &falling(n));
        let begin = format!("the learning rate is 0 from step 966 of {n} on, ");
        assert!(found.len() == 1 && found[0].starts_with(&begin), "{found:?}");
    }
    let net_config = config.clone();
    for config in [falling(965), falling(20), adam.clone()] {
        assert!(warnings(&mut Mlp::new(&net_config).unwrap(), &data, &config).is_empty());
    }
    let scaled = config.clone().with_scale(TargetScale::new([1.45e5], [3e4]));
    assert!(warnings(&mut Mlp::new(&scaled).unwrap(), &raw, &adam).is_empty());
    // Where it diverges, the message says so, too, of values alone.
    let remedy = "targets that are scaled (NetworkConfig::with_scale)";
    let steep = TrainConfig::new().with_optimizer(Sgd::new(1e10)).with_epochs(9);
    let diverged =
        |config: &NetworkConfig| run(&mut Mlp::new(config).unwrap(), &raw, &steep).unwrap_err().to_string();
    assert!(
        diverged(&config).ends_with(&format!("smaller initial weights, inputs nearer to 0…1, or {remedy}"))
    );
    assert!(diverged(&scaled).ends_with("smaller initial weights, or inputs nearer to 0…1"));

    // Rates that nothing diverges with, and nothing learns.
    let classes =
        Dataset::from_rows(&rows, 2).unwrap().with_classes(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0]).unwrap();
    let rates = |optimizer: OptimizerConfig| {
        let config = TrainConfig::new().with_optimizer(optimizer).with_steps(1);
        warnings(&mut net(SoftmaxCrossEntropy::new()), &classes, &config)
    };
    let beyond = "every step goes far beyond what it aims at";
    assert_eq!(
        rates(Sgd::new(1e30).into()),
        [format!("the learning rate is 1e30, with which {beyond}; usual with sgd are 0.001 to 1")]
    );
    assert_eq!(
        rates(Adam::new(100.0).into()),
        [format!("the learning rate is 100.0, with which {beyond}; usual with adam are 0.0001 to 0.1")]
    );
    assert_eq!(
        rates(Sgd::new(1e-30).into()),
        [
            "the learning rate is 1e-30, with which a step changes next to nothing; usual with sgd are 0.001 to 1"
        ]
    );
    for rule in OptimizerConfig::all() {
        for rate in [1e-6, 0.1, 5.0] {
            assert_eq!(rates(rule.clone().with_learning_rate(rate)), [""; 0], "{rule:?}");
        }
    }
    let group = ParameterGroup::new(["W1"]).with_learning_rate(1e20);
    let of_group = TrainConfig::new().with_steps(1).with_group(group);
    assert_eq!(
        warnings(&mut net(SoftmaxCrossEntropy::new()), &classes, &of_group),
        [format!("the learning rate of a group is 1e19, with which {beyond}; usual with sgd are 0.001 to 1")]
    );

    // 20 steps: 0.05^(1/19) = 0.854.
    let config = TrainConfig::new().with_steps(20).with_average(0.9999);
    assert_eq!(
        warnings(&mut net(SoftmaxCrossEntropy::new()), &classes, &config),
        [
            "the decay of the average is 0.9999: after 20 steps, the weights of the first would still make up 100 % of it; \
          take 0.85 at most, or train longer"
        ]
    );
    assert!(warnings(&mut net(SoftmaxCrossEntropy::new()), &classes, &config.with_average(0.85)).is_empty());
}
