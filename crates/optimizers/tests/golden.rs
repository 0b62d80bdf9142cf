//! PyTorch's parameters after each of five steps: `golden/optimizers.json`, which `golden/make_golden.py` wrote with
//! the version named in the file's first field, in float64.

use chainrule_optimizers::{Momentum, Optimizer, Sgd, State};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= 1e-13 || difference <= 1e-12 * expected.abs(), "{found}, expected {expected}");
}

/// Walks the five steps with the settings that the file gives for `name`.
fn check(name: &str, rule: impl Fn(f64, f64, f64) -> Box<dyn Optimizer<f64>>) {
    let golden: Value = serde_json::from_str(include_str!("golden/optimizers.json")).unwrap();
    let entry = &golden["optimizers"][name];
    let setting = |name: &str| entry["hyper"][name].as_f64().unwrap();
    let rule = rule(setting("lr"), setting("momentum"), setting("weight_decay"));
    let mut w = numbers(&golden["start"]);
    let mut state = State::new(&*rule, [("w", w.len())]);
    let gradients = golden["grads"].as_array().unwrap();
    let steps = entry["params_after_each_step"].as_array().unwrap();
    assert_eq!((gradients.len(), steps.len()), (5, 5));
    for (gradient, expected) in gradients.iter().zip(steps) {
        state.begin_step();
        state.update(&*rule, 0, &mut w, &numbers(gradient));
        let expected = numbers(expected);
        assert_eq!(w.len(), expected.len());
        for (&w, &e) in w.iter().zip(&expected) {
            assert_close(w, e);
        }
    }
}

fn sgd(rate: f64, momentum: f64, weight_decay: f64) -> Box<dyn Optimizer<f64>> {
    assert_eq!(momentum, 0.0);
    Box::new(Sgd::new(rate).unwrap().with_weight_decay(weight_decay).unwrap())
}

fn momentum(rate: f64, momentum: f64, weight_decay: f64) -> Box<dyn Optimizer<f64>> {
    let rule = Momentum::new(rate).unwrap().with_momentum(momentum).unwrap();
    Box::new(rule.with_weight_decay(weight_decay).unwrap())
}

#[test]
fn plain() {
    check("sgd", sgd);
    check("sgd", momentum); // whose momentum is 0 there
}

#[test]
fn with_weight_decay() {
    check("sgd_weight_decay", sgd);
    check("sgd_weight_decay", momentum);
}

#[test]
fn with_momentum() {
    check("momentum", momentum);
}
