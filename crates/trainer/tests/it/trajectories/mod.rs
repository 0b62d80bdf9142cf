//! One hundred training steps against PyTorch in `f64`: `golden/trajectories.json`, made by
//! `xtask/golden/make_trajectories.py`, which says how its values lie.
//!
//! Everything goes the way that `train` goes, in shards and parts: gradient, update, end of the step.

mod batch_norm;
mod golden;

use chainrule_layers::{Context, Sequential};
use chainrule_losses::SoftmaxCrossEntropy;
use chainrule_optimizers::{Adam, AdamW, Momentum, Nesterov, Optimizer, Schedule, State};
use chainrule_trainer::{Activation, MiniBatch, MlpConfig, update};

use golden::{Golden, number, numbers};

/// Takes one hundred steps and returns the loss of each, before its update; `shown` is called after it. Unless running
/// statistics are to `follow`, the update is that of the parameters alone.
fn train(
    net: &mut Sequential<f64>,
    golden: &Golden,
    optimizer: &dyn Optimizer<f64>,
    schedule: &str,
    follow: bool,
    mut shown: impl FnMut(u64, &Sequential<f64>),
) -> Vec<f64> {
    let schedule = schedule.parse::<Schedule>().unwrap().with_total_steps(100).unwrap();
    let mut state = State::new(optimizer, net.parameter_names());
    let mut mini_batch = MiniBatch::new(net, number(golden.run("batch_size")));
    let mut losses = Vec::new();
    for step in 0..100 {
        let (indices, context) = (golden.indices(step), Context::training(1, step));
        let outcome = mini_batch.run(net, &SoftmaxCrossEntropy::new(), golden, &indices, &context);
        losses.push(outcome.loss.mean());
        let rate = schedule.rate(optimizer.learning_rate(), step);
        match follow {
            true => mini_batch.update(net, optimizer, &mut state, rate),
            false => {
                mini_batch.sum_gradient(net);
                update(net, optimizer, &mut state, mini_batch.gradient(), rate);
            }
        }
        shown(step, net);
    }
    assert!(losses.iter().all(|loss| loss.is_finite()));
    losses
}

fn parameters(net: &Sequential<f64>) -> Vec<f64> {
    net.parameters().to_vec()
}

/// Where `found` first departs from PyTorch's values by more than 1e-12 relative and 1e-13 absolute: the errors of a
/// hundred steps stay that small.
#[track_caller]
fn departure(found: &[f64], expected: &[f64]) -> Option<usize> {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).position(|(found, expected)| {
        let difference = (found - expected).abs();
        !(difference <= 1e-12 * expected.abs() || difference <= 1e-13)
    })
}

/// Trains the network without batch normalisation: its losses, and its parameters at the end.
fn run(
    golden: &Golden,
    activation: Activation,
    optimizer: &dyn Optimizer<f64>,
    schedule: &str,
) -> (Vec<f64>, Vec<f64>) {
    let mut net = golden.net(&MlpConfig::new(golden.sizes()).with_activation(activation));
    let losses = train(net.sequential_mut(), golden, optimizer, schedule, true, |_, _| {});
    (losses, parameters(net.sequential()))
}

#[test]
fn tanh_with_adamw_and_a_cosine() {
    let golden = Golden::of("tanh_adamw_cosine");
    let run = |optimizer: &dyn Optimizer<f64>, schedule| run(&golden, Activation::Tanh, optimizer, schedule);
    let rule = AdamW::new(0.02).unwrap().with_weight_decay(0.1).unwrap();
    let (losses, end) = run(&rule, "cosine:0.001");
    let expected = numbers(golden.run("losses"));
    assert_eq!(departure(&losses, &expected), None);
    assert_eq!(departure(&end, &numbers(golden.run("end"))), None);

    // What is wrong shows at once: the first loss knows nothing of the rule yet, and the first rate is the base rate.
    let adam = Adam::new(0.02).unwrap().with_weight_decay(0.1).unwrap();
    assert_eq!(departure(&run(&adam, "cosine:0.001").0, &expected), Some(1));
    assert_eq!(departure(&run(&rule, "constant").0, &expected), Some(2));
    assert_eq!(departure(&run(&rule, "cosine").0, &expected), Some(2));
}

#[test]
fn relu_with_nesterov_and_weight_decay() {
    let golden = Golden::of("relu_nesterov");
    let run = |optimizer: &dyn Optimizer<f64>| run(&golden, Activation::Relu, optimizer, "constant");
    let rule = Nesterov::new(0.05).unwrap().with_weight_decay(0.01).unwrap();
    let (losses, end) = run(&rule);
    let expected = numbers(golden.run("losses"));
    assert_eq!(departure(&losses, &expected), None);
    assert_eq!(departure(&end, &numbers(golden.run("end"))), None);

    let momentum = Momentum::new(0.05).unwrap().with_weight_decay(0.01).unwrap();
    assert_eq!(departure(&run(&momentum).0, &expected), Some(1));
    assert_eq!(departure(&run(&rule.with_decay_biases(false)).0, &expected), Some(1));
}
