//! PyTorch's parameters after each of five steps, its clipped gradients and its learning rates:
//! `golden/optimizers.json` and `golden/schedules.json`, which `xtask/golden/make_golden.py` wrote with the version named in
//! their first field, in float64.

use chainrule_optimizers::{
    AdaGrad, Adam, AdamW, Clip, Momentum, Nesterov, Optimizer, OptimizerConfig, RmsProp, Schedule, Sgd,
    State, global_norm,
    schedule::{Cosine, Exponential, OneCycle, StepDecay, Warmup},
};
use serde_json::Value;

fn optimizers() -> Value {
    serde_json::from_str(include_str!("../golden/optimizers.json")).unwrap()
}

fn schedules() -> Value {
    serde_json::from_str(include_str!("../golden/schedules.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}, expected a number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn names(entries: &Value) -> Vec<&str> {
    entries.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let difference = (found - expected).abs();
        assert!(difference <= 1e-13 || difference <= 1e-12 * expected.abs(), "{found}, expected {expected}");
    }
}

/// Walks the five steps with the settings that the file gives for `name`.
fn check(name: &str, rule: impl Fn(&Value) -> OptimizerConfig) {
    let golden = optimizers();
    let entry = &golden["optimizers"][name];
    let rule = rule(&entry["hyper"]);
    assert_eq!(Optimizer::<f64>::learning_rate(&rule), number(&entry["hyper"]["lr"]));
    assert_eq!(rule.weight_decay(), number(&entry["hyper"]["weight_decay"]));
    let mut w = numbers(&golden["start"]);
    let mut state = State::new(&rule, [("w", w.len())]);
    let gradients = golden["grads"].as_array().unwrap();
    let steps = entry["params_after_each_step"].as_array().unwrap();
    assert_eq!((gradients.len(), steps.len()), (5, 5));
    for (gradient, expected) in gradients.iter().zip(steps) {
        state.update_all(&rule, [&mut w[..]], &numbers(gradient));
        assert_close(&w, &numbers(expected));
    }
}

fn momentum(hyper: &Value) -> OptimizerConfig {
    assert_eq!(hyper["nesterov"], false);
    let rule = Momentum::new(number(&hyper["lr"])).unwrap();
    let rule = rule.with_momentum(number(&hyper["momentum"])).unwrap();
    rule.with_weight_decay(number(&hyper["weight_decay"])).unwrap().into()
}

fn sgd(hyper: &Value) -> OptimizerConfig {
    assert_eq!(hyper["momentum"], 0);
    let rule = Sgd::new(number(&hyper["lr"])).unwrap();
    rule.with_weight_decay(number(&hyper["weight_decay"])).unwrap().into()
}

#[test]
fn sgd_and_momentum() {
    for name in ["sgd", "sgd_weight_decay"] {
        check(name, sgd);
        check(name, momentum); // whose momentum is 0 there
    }
    check("momentum", momentum);
}

#[test]
fn nesterov() {
    check("nesterov", |hyper| {
        assert_eq!(hyper["nesterov"], true);
        let rule = Nesterov::new(number(&hyper["lr"])).unwrap();
        rule.with_momentum(number(&hyper["momentum"])).unwrap().into()
    });
}

// PyTorch's settings are the published ones: the entries without weight decay are checked with our defaults.

#[test]
fn adagrad() {
    check("adagrad", |hyper| {
        assert_eq!(number(&hyper["eps"]), AdaGrad::default().eps());
        AdaGrad::default().into()
    });
}

#[test]
fn rmsprop() {
    check("rmsprop", |hyper| {
        let rule = RmsProp::default();
        assert_eq!((number(&hyper["eps"]), number(&hyper["alpha"])), (rule.eps(), rule.alpha()));
        rule.into()
    });
}

#[test]
fn adam() {
    let settings_agree = |hyper: &Value, rule: Adam| {
        assert_eq!(numbers(&hyper["betas"]), [rule.beta1(), rule.beta2()]);
        assert_eq!((number(&hyper["eps"]), &hyper["amsgrad"]), (rule.eps(), &Value::Bool(false)));
        OptimizerConfig::from(rule)
    };
    check("adam", |hyper| settings_agree(hyper, Adam::default()));
    check("adam_weight_decay", |hyper| {
        let decay = number(&hyper["weight_decay"]);
        settings_agree(hyper, Adam::default().with_weight_decay(decay).unwrap())
    });
}

#[test]
fn adamw() {
    check("adamw", |hyper| {
        let rule = AdamW::default();
        assert_eq!(numbers(&hyper["betas"]), [rule.beta1(), rule.beta2()]);
        assert_eq!(
            (number(&hyper["eps"]), &hyper["decoupled_weight_decay"]),
            (rule.eps(), &Value::Bool(true))
        );
        rule.into()
    });
}

#[test]
fn clip_by_global_norm() {
    let golden = &optimizers()["clip_by_global_norm"];
    let flat = |name: &str| [numbers(&golden[name][0]), numbers(&golden[name][1])].concat();
    let mut gradient = flat("before");
    assert_close(&[global_norm(&gradient)], &[number(&golden["total_norm"])]);
    Clip::by_norm(number(&golden["max_norm"])).unwrap().clip_mut(&mut gradient);
    assert_close(&gradient, &flat("after"));
}

#[test]
fn every_schedule() {
    let golden = schedules();
    let step_decay = StepDecay::new(3).unwrap().with_gamma(0.5).unwrap();
    let cosine = Schedule::from(Cosine::new().with_minimum(0.01).unwrap());
    let warmup = Warmup::new(5).unwrap().with_start(0.2).unwrap();
    let cases: [(&str, Schedule); 5] = [
        ("cosine_10_steps_to_0_01", cosine.with_total_steps(10).unwrap()),
        ("exponential_gamma_0_9", Exponential::new(0.9).unwrap().into()),
        ("linear_warmup_5_from_0_2", warmup.into()),
        ("one_cycle_max_0_1_total_10", Schedule::from(OneCycle::new()).with_total_steps(10).unwrap()),
        ("step_every_3_gamma_0_5", step_decay.into()),
    ];
    for (name, schedule) in &cases {
        let rates: Vec<f64> = (0..10).map(|step| schedule.rate(0.1, step)).collect();
        assert_close(&rates, &numbers(&golden["schedules"][name]));
    }
    assert_eq!(names(&golden["schedules"]), cases.map(|(name, _)| name));
}

#[test]
fn no_optimizer_is_left_out() {
    let checked = [
        "adagrad",
        "adam",
        "adam_weight_decay",
        "adamw",
        "momentum",
        "nesterov",
        "rmsprop",
        "sgd",
        "sgd_weight_decay",
    ];
    assert_eq!(names(&optimizers()["optimizers"]), checked);
}
