//! Training runs: what they learn, that they repeat to the bit, and how they end.

use std::ops::ControlFlow;

use chainrule_mnist::{ImageSet, Images, Mnist};
use chainrule_optimizers::{Clip, Momentum, Optimizer, Sgd, schedule::Exponential};
use chainrule_tensor::{
    Init,
    random::{Purpose, generator, shuffle},
};
use chainrule_trainer::{
    Activation, Error, Event, GradientMethod, MlpConfig, Samples, Sampling, Summary, TrainConfig,
    TwoLayerNet, train,
};

use crate::common::blobs;

fn config() -> MlpConfig {
    MlpConfig::new([36, 9, 10])
}

fn run(
    net: &mut TwoLayerNet,
    optimizer: &dyn Optimizer<f32>,
    config: &TrainConfig,
) -> Result<Summary, Error> {
    train(net, &blobs(450)).test(&blobs(100)).config(config).optimizer(optimizer).run()
}

/// The checksum of the parameters after a short run.
fn trained(config: &TrainConfig) -> u32 {
    let mut net = TwoLayerNet::new(self::config().with_seed(config.seed)).unwrap();
    run(&mut net, &Momentum::new(0.1), config).unwrap();
    net.parameters_crc32()
}

#[test]
fn the_same_bits_on_any_number_of_threads_and_in_any_run() {
    for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
        let config = TrainConfig::new().with_epochs(2).with_batch_size(70).with_sampling(sampling);
        let once = trained(&config);
        assert_eq!(trained(&config), once, "again");
        #[cfg(feature = "rayon")]
        for threads in [1, 2, 3, 8] {
            assert_eq!(trained(&config.clone().with_threads(threads)), once, "{threads} threads");
        }
        assert_ne!(trained(&config.with_seed(2)), once, "another seed");
    }
}

#[cfg(feature = "rayon")]
#[test]
fn a_wide_net_is_the_same_on_any_number_of_threads() {
    // Wide enough that its gradient and its updates are cut into parts.
    let checksums = [1, 2, 3, 8].map(|threads| {
        let mut net = TwoLayerNet::new(MlpConfig::new([36, 701, 10])).unwrap();
        let config = TrainConfig::new().with_epochs(1).with_threads(threads);
        run(&mut net, &Momentum::default(), &config).unwrap();
        net.parameters_crc32()
    });
    assert!(checksums.iter().all(|crc| *crc == checksums[0]), "{checksums:x?}");
}

#[test]
fn blobs_are_learned_with_either_activation() {
    for activation in [Activation::Sigmoid, Activation::Relu] {
        let mut net = TwoLayerNet::new(config().with_activation(activation)).unwrap();
        let config = TrainConfig::new().with_epochs(60).with_batch_size(30);
        let summary = run(&mut net, &Sgd::new(0.5), &config).unwrap();
        let accuracy = summary.test_accuracy.unwrap();
        assert!(accuracy >= 0.98, "{activation}: {accuracy}");
        assert_eq!((summary.epochs, summary.steps, summary.history.len()), (60, 60 * 15, 60));
        assert!(summary.history[59].train_loss < summary.history[0].train_loss / 10.0);
        assert!(!summary.stopped);
    }
}

/// The reference of the tutorial's recipe, by NumPy and JAX with three seeds: 79 to 80 % after the first epoch.
#[test]
fn the_first_epoch_on_real_mnist_is_the_references() {
    let mnist = Mnist::load_verified(concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/mnist")).unwrap();
    let mut net = TwoLayerNet::new(MlpConfig::new([784, 50, 10])).unwrap();
    let config = TrainConfig::new().with_epochs(1);
    let optimizer = Sgd::default();
    let summary = train(&mut net, &mnist.train)
        .test(&mnist.test)
        .config(&config)
        .optimizer(&optimizer)
        .callback(|_| ControlFlow::Continue(()))
        .run()
        .unwrap();
    let accuracy = summary.test_accuracy.unwrap();
    assert!((0.78..=0.81).contains(&accuracy), "{accuracy}");
    assert_eq!(summary.steps, 600);
}

#[test]
fn the_numerical_gradient_trains_like_backpropagation() {
    let by = |gradient| {
        let mut net = TwoLayerNet::new(config()).unwrap();
        let config = TrainConfig::new().with_steps(5).with_batch_size(20).with_gradient(gradient);
        let summary = run(&mut net, &Sgd::new(0.5), &config).unwrap();
        (summary.history[0].train_loss, net)
    };
    let (loss_a, a) = by(GradientMethod::Backprop);
    let (loss_b, b) = by(GradientMethod::Numerical);
    assert!((loss_a - loss_b).abs() <= 1e-6 * loss_a, "{loss_a}, {loss_b}");
    for (a, b) in a.parameters().iter().zip(b.parameters()) {
        assert!((a - b).abs() <= 1e-5, "{a}, {b}");
    }
}

#[test]
fn steps_end_inside_an_epoch_with_a_report() {
    let mut net = TwoLayerNet::new(config()).unwrap();
    // 450 samples in mini-batches of 100: five steps an epoch, the last of 50.
    let mut seen = Vec::new();
    let config = TrainConfig::new().with_steps(7);
    let summary = train(&mut net, &blobs(450))
        .config(&config)
        .optimizer(&Sgd::default())
        .callback(|event| {
            if let Event::Step { report: step, .. } = event {
                assert_eq!(step.n_steps, 7);
                seen.push((step.epoch, step.step, step.n_samples));
            }
            ControlFlow::Continue(())
        })
        .run()
        .unwrap();
    assert_eq!(seen[3..], [(1, 4, 400), (1, 5, 450), (2, 6, 550), (2, 7, 650)]);
    assert_eq!((summary.epochs, summary.steps, summary.history.len()), (1, 7, 2));
    assert_eq!((summary.history[1].epoch, summary.history[1].step), (2, 7));
    assert_eq!(summary.test_accuracy, None);
}

#[test]
fn the_callback_can_stop_the_run() {
    for stop_at in [3, 5] {
        let mut net = TwoLayerNet::new(config()).unwrap();
        let summary = train(&mut net, &blobs(450))
            .config(&TrainConfig::new())
            .optimizer(&Sgd::default())
            .callback(|event| match event {
                Event::Step { report: step, .. } if step.step == stop_at => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
            .run()
            .unwrap();
        assert_eq!((summary.steps, summary.stopped), (stop_at, true));
        assert_eq!(summary.history.len(), 1);
    }
}

#[test]
fn divergence_is_noticed_with_advice() {
    let mut net = TwoLayerNet::new(config().with_activation(Activation::Relu)).unwrap();
    let error = run(&mut net, &Sgd::new(1e30), &TrainConfig::new()).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, Error::NotFinite { .. }), "{message}");
    assert!(message.starts_with("training has diverged: "), "{message}");
    assert!(message.contains("try a smaller learning rate (it is 1e30)"), "{message}");
}

#[test]
fn a_parameter_that_is_no_longer_finite_is_noticed() {
    // The loss of the only step is that before its update, which the weight decay takes beyond f32.
    let mut net = TwoLayerNet::new(config()).unwrap();
    let optimizer = Sgd::new(1e38).with_weight_decay(1e38);
    let error = run(&mut net, &optimizer, &TrainConfig::new().with_steps(1)).unwrap_err().to_string();
    assert!(
        error.starts_with("training has diverged: W1[") && error.contains("at step 1 in epoch 1"),
        "{error}"
    );
}

#[test]
fn a_rate_that_f32_cannot_hold_is_refused() {
    for (rate, text) in [(1e-60, "1e-60"), (1e39, "1e39")] {
        let mut net = TwoLayerNet::new(config()).unwrap();
        let error = run(&mut net, &Sgd::new(rate), &TrainConfig::new()).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("learning rate is {text}, expected a number that f32 can hold")),
            "{error}"
        );
    }
}

/// The whole run, written out without shards, parts or threads.
#[test]
fn a_run_is_that_of_its_serial_twin() {
    let set = blobs(450);
    let rule = Momentum::new(0.2).with_weight_decay(0.001);
    let (mut net, mut twin): (TwoLayerNet, TwoLayerNet) =
        (TwoLayerNet::new(config()).unwrap(), TwoLayerNet::new(config()).unwrap());
    let mut losses = Vec::new();
    let train_config = TrainConfig::new().with_epochs(3).with_batch_size(70);
    train(&mut net, &set)
        .config(&train_config)
        .optimizer(&rule)
        .callback(|event| {
            if let Event::Step { report: step, .. } = event {
                losses.push(step.loss);
            }
            ControlFlow::Continue(())
        })
        .run()
        .unwrap();

    let (mut slots, mut step) = (rule.new_slots(twin.n_parameters()), 0);
    let mut twin_losses = Vec::new();
    for epoch in 0..3 {
        let mut order: Vec<usize> = (0..450).collect();
        shuffle(&mut generator(1, Purpose::Shuffle, epoch, 0), &mut order);
        for indices in order.chunks(70) {
            let (x, t) = set.batch(indices);
            twin_losses.push(twin.loss(&x, &t));
            let gradient = twin.gradient(&x, &t);
            step += 1;
            rule.step(step, twin.sequential_mut().split_mut().1, gradient.values(), &mut slots);
        }
    }
    assert_eq!(losses.len(), twin_losses.len());
    for (a, b) in losses.iter().zip(&twin_losses) {
        assert!((a - b).abs() <= 1e-5, "{a}, {b}");
    }
    for (a, b) in net.parameters().iter().zip(twin.parameters()) {
        assert!((a - b).abs() <= 1e-4, "{a}, {b}");
    }
}

#[track_caller]
fn assert_refused(net: &MlpConfig, config: &TrainConfig, samples: &ImageSet, message: &str) {
    let result = TwoLayerNet::new(net)
        .and_then(|mut net| train(&mut net, samples).config(config).optimizer(&Sgd::default()).run());
    assert_eq!(result.unwrap_err().to_string(), message);
}

#[test]
fn bad_settings_are_refused_in_one_sentence() {
    let (good, samples) = (TrainConfig::new(), blobs(100));
    let net = config();
    assert_refused(&MlpConfig::new([36, 0, 10]), &good, &samples, "hidden units is 0, expected at least 1");
    let huge = MlpConfig::new([36, usize::MAX / 2, 10]);
    let message = "the network is 36-9223372036854775807-10, expected at most 268435456 parameters";
    assert_refused(&huge, &good, &samples, message);
    let endless = config().with_init(Init::Normal { std: f64::NAN });
    let message = "the distribution of initial weights is normal:NaN, expected a standard deviation that is finite and \
                   not negative";
    assert_refused(&endless, &good, &samples, message);
    assert_refused(&net, &good.clone().with_batch_size(0), &samples, "batch size is 0, expected at least 1");
    assert_refused(&net, &good.clone().with_epochs(0), &samples, "epochs is 0, expected at least 1");
    assert_refused(&net, &good.clone().with_steps(0), &samples, "steps is 0, expected at least 1");
    assert_refused(&net, &good.clone().with_threads(0), &samples, "threads is 0, expected 1 to 1024");
    assert_refused(&net, &good.clone().with_threads(1025), &samples, "threads is 1025, expected 1 to 1024");
    assert_refused(
        &MlpConfig::new([25, 4, 10]),
        &good,
        &samples,
        "values per sample: found 36, expected 25, the inputs of the network",
    );
    assert_refused(
        &MlpConfig::new([36, 4, 3]),
        &good,
        &samples,
        "classes: found class 9, expected classes 0 to 2, the outputs of the network",
    );
    let above_0 = "expected a finite number above 0";
    let config = good.clone().with_optimizer(Sgd::new(-0.1));
    assert_refused(&net, &config, &samples, &format!("learning rate is -0.1, {above_0}"));
    let config = good.clone().with_clip(Clip::by_norm(f64::NAN));
    assert_refused(&net, &config, &samples, &format!("maximum norm is NaN, {above_0}"));
    let config = good.clone().with_schedule(Exponential::new(0.0));
    assert_refused(&net, &config, &samples, &format!("gamma is 0, {above_0}"));
    let error = run(&mut TwoLayerNet::new(&net).unwrap(), &Sgd::new(f64::INFINITY), &good).unwrap_err();
    assert_eq!(error.to_string(), format!("learning rate is inf, {above_0}"));
    let empty = ImageSet::new(Images::new(0, 6, 6, Vec::new()), Vec::new());
    assert_refused(&net, &good, &empty, "samples: found none, expected at least one");
}
