//! A run whose weights, inputs or gradients are no longer finite numbers stops and says so, also where listed inputs skip
//! the zeros that would have shown it at once.

use std::ops::ControlFlow;

use chainrule_losses::{LossConfig, MeanSquaredError, SoftmaxCrossEntropy, TargetBuffer};
use chainrule_optimizers::{Clip, OptimizerConfig};
use chainrule_tensor::{Context, Float, Init, InputBuffer, Shape};
use chainrule_trainer::{Activation, Error, Event, Mlp, MlpConfig, Samples, TargetKind, TrainConfig, train};

const N_SAMPLES: usize = 60;
const N_INPUTS: usize = 70;

/// This input is 0 in every sample but a spoilt one.
const SELDOM: usize = 65;

/// Mostly zeros, as one may give them: dense or listed.
#[derive(Clone, Copy)]
struct Own {
    is_listed: bool,
    /// The samples that are spoilt, and the value that their input [`SELDOM`] has.
    spoilt: Option<(&'static [usize], f64)>,
    /// What every other value is that is not 0.
    value: f64,
}

const LISTED: Own = Own { is_listed: true, spoilt: None, value: 0.5 };

impl Samples for Own {
    fn n_samples(&self) -> usize {
        N_SAMPLES
    }
    fn shape(&self) -> Shape {
        Shape::flat(N_INPUTS)
    }
    fn target_kind(&self) -> TargetKind {
        TargetKind::Classes { n_classes: 3 }
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        let value = |i: usize, p: usize| match self.spoilt {
            Some((samples, value)) if p == SELDOM && samples.contains(&i) => value,
            _ if p != SELDOM && (p * 7 + i * 3).is_multiple_of(5) => self.value,
            _ => 0.0,
        };
        let column = |i: usize| (0..N_INPUTS).map(|p| F::of(value(i, p))).collect::<Vec<_>>();
        if self.is_listed && x.takes_sparse() {
            let x = x.sparse_mut(N_INPUTS);
            indices.iter().for_each(|&i| x.push_dense(&column(i), |x| x == F::zero()));
        } else {
            let mut x = x.dense_mut(N_INPUTS, indices.len());
            indices.iter().enumerate().for_each(|(j, &i)| x.column_mut(j).copy_from_slice(&column(i)));
        }
        t.classes_mut().extend(indices.iter().map(|i| i % 3));
    }
}

/// With and without clipping, every rule.
fn runs() -> impl Iterator<Item = TrainConfig> {
    let clips = [None, Some(Clip::by_value(0.1)), Some(Clip::by_norm(0.1))];
    clips.into_iter().flat_map(|clip| {
        OptimizerConfig::all().into_iter().map(move |rule| {
            let config = TrainConfig::new().with_optimizer(rule).with_epochs(2).with_batch_size(20);
            match clip {
                None => config,
                Some(clip) => config.with_clip(clip),
            }
        })
    })
}

fn net(activation: Activation, loss: impl Into<LossConfig>) -> Mlp {
    let config = MlpConfig::new([N_INPUTS, 9, 3]).with_activation(activation).with_init(Init::XavierNormal);
    Mlp::new(config.with_loss(loss)).unwrap()
}

/// Trains, and returns how many steps had been reported when the run ended, and how it ended.
fn run(net: &mut Mlp, samples: &Own, config: &TrainConfig) -> (u64, Result<(), Error>) {
    let mut steps = 0;
    let result = train(net, samples)
        .config(config)
        .callback(|event| {
            if let Event::Step { report: step, .. } = event {
                assert!(step.loss.is_finite(), "a loss that is not finite ends the run and is not reported");
                steps = step.step;
            }
            ControlFlow::Continue(())
        })
        .run();
    (steps, result.map(drop))
}

#[test]
fn a_weight_that_only_meets_skipped_zeros_stops_the_run_at_the_end_of_the_epoch() {
    for config in runs() {
        for (is_listed, special) in [
            (true, f32::NAN),
            (true, f32::INFINITY),
            (true, f32::NEG_INFINITY),
            (false, f32::NAN),
            (false, f32::INFINITY),
        ] {
            let mut net = net(Activation::Sigmoid, SoftmaxCrossEntropy::new());
            let (row, n_hidden) = (4, 9);
            let place = SELDOM * n_hidden + row;
            net.tensor_mut("W1").unwrap().as_mut_slice()[place] = special;
            let (steps, result) = run(&mut net, &Own { is_listed, ..LISTED }, &config);
            let message = result.unwrap_err().to_string();
            let what = format!("{special}, listed: {is_listed}, {config:?}: {message}");
            if is_listed {
                // The losses say nothing; one epoch has three steps.
                assert_eq!(steps, 3, "{what}");
                let expected =
                    format!("training has diverged: W1[{place}] is {special:?} at step 3 in epoch 1");
                // Some rules make NaN of an infinite weight.
                let or_nan = expected.replace(&format!("{special:?}"), "NaN");
                assert!(message.starts_with(&expected) || message.starts_with(&or_nan), "{what}");
            } else {
                // ∞·0 is NaN.
                assert_eq!(steps, 0, "{what}");
                assert!(message.starts_with("training has diverged: the loss is NaN at step 1"), "{what}");
            }
        }
    }
}

#[test]
fn an_input_that_is_not_finite_stops_the_run_whatever_is_behind_it() {
    // 1e300 is finite where it comes from, but not in the arithmetic of the training.
    for special in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        for is_listed in [false, true] {
            let samples = Own { is_listed, spoilt: Some((&[17], special)), ..LISTED };
            for activation in Activation::ALL {
                for config in runs() {
                    let mut net = net(*activation, SoftmaxCrossEntropy::new());
                    let (steps, result) = run(&mut net, &samples, &config);
                    let what = format!("{special}, listed: {is_listed}, {activation}, {config:?}");
                    assert!(matches!(result, Err(Error::NotFinite { .. })), "{what}: {result:?}");
                    // In the epoch in which the sample is met.
                    assert!(steps <= 3, "{what}: {steps} steps");
                }
            }
        }
    }
}

#[test]
fn an_input_that_is_not_finite_stops_a_run_with_batch_normalisation_and_dropout() {
    for special in [f64::NAN, f64::INFINITY] {
        for is_listed in [false, true] {
            let samples = Own { is_listed, spoilt: Some((&[17], special)), ..LISTED };
            for activation in Activation::ALL {
                let config = MlpConfig::of(net(*activation, SoftmaxCrossEntropy::new()).config()).unwrap();
                let mut net = Mlp::new(config.with_batch_norm(true).with_dropout(0.5)).unwrap();
                let config = TrainConfig::new().with_epochs(1).with_batch_size(20);
                let (_, result) = run(&mut net, &samples, &config);
                assert!(
                    matches!(result, Err(Error::NotFinite { .. })),
                    "{special}, {activation}: {result:?}"
                );
            }
        }
    }
}

/// A squared error of a net without a hidden layer, whose residuals, some 10¹⁸, have finite squares, but not a finite product
/// with inputs of 10²⁰.
fn overflowing() -> (Mlp, Own) {
    let config = MlpConfig::new([N_INPUTS, 3]).with_loss(MeanSquaredError);
    let config = config.with_init(Init::Normal { std: 0.01 });
    let samples = Own { is_listed: true, spoilt: None, value: 1e20 };
    (Mlp::new(&config).unwrap(), samples)
}

#[test]
fn a_gradient_that_overflows_stops_the_run_though_the_loss_is_finite() {
    for rule in OptimizerConfig::all() {
        for clip in [None, Some(Clip::by_norm(0.1)), Some(Clip::by_value(0.1))] {
            let (mut net, samples) = overflowing();
            let mut config = TrainConfig::new().with_optimizer(rule.clone()).with_steps(1);
            if let Some(clip) = clip {
                config = config.with_clip(clip);
            }
            let (steps, result) = run(&mut net, &samples, &config);
            let message = result.unwrap_err().to_string();
            // Where it is clipped, it is looked at before the update.
            let (of_steps, what) = if clip.is_some() { (0, "the gradient of W1[") } else { (1, "W1[") };
            assert_eq!(steps, of_steps, "{rule:?}, {clip:?}: the loss is finite; {message}");
            let expected = format!("training has diverged: {what}");
            assert!(message.starts_with(&expected), "{rule:?}, {clip:?}: {message}");
        }
    }
}

#[test]
fn a_square_of_a_gradient_that_overflows_stops_the_run() {
    for rule in OptimizerConfig::all() {
        // A gradient of some 10²⁶.
        let (mut net, samples) = overflowing();
        let samples = Own { value: 1e14, ..samples };
        let config = TrainConfig::new().with_optimizer(rule.clone()).with_steps(1);
        let (steps, result) = run(&mut net, &samples, &config);
        let name = rule.name();
        match name {
            "sgd" | "momentum" | "nesterov" => assert!(result.is_ok(), "{name}: {result:?}"),
            _ => {
                let message = result.unwrap_err().to_string();
                let expected = "training has diverged: the optimizer state of W1[";
                assert!(steps == 1 && message.starts_with(expected), "{name}: {message}");
            }
        }
    }
}

/// Where a run with a rate beyond reason ends well, everything in it is finite: units may be saturated and learn nothing.
#[test]
fn a_huge_rate_never_ends_in_a_network_that_is_not_finite() {
    let (mut n_stopped, mut n_ended) = (0, 0);
    for rate in [1e20, 1e30, 1e38] {
        for config in runs() {
            for activation in [Activation::Sigmoid, Activation::Relu, Activation::Identity] {
                let rule = config.optimizer.clone().with_learning_rate(rate);
                let name = rule.name();
                let mut net = net(activation, SoftmaxCrossEntropy::new());
                let (_, result) = run(&mut net, &LISTED, &config.clone().with_optimizer(rule.clone()));
                let what = format!("{name} at {rate:e}, {activation}, {:?}", config.clip);
                match result {
                    Err(Error::NotFinite { .. }) => n_stopped += 1,
                    Err(error) => panic!("{what}: {error}"),
                    Ok(()) => {
                        n_ended += 1;
                        assert!(net.parameters().iter().all(|value| value.is_finite()), "{what}");
                    }
                }
            }
        }
    }
    assert!(n_stopped > 0 && n_ended > 0, "{n_stopped} runs stopped, {n_ended} ended");
}
