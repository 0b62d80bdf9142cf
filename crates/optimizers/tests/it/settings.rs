//! Setting what rules have in common, and refusing what is out of range or not there.

use chainrule_optimizers::{
    AdaGrad, Adam, AdamW, Error, Momentum, Nesterov, Optimizer, OptimizerConfig, RmsProp, Sgd,
};

fn name(rule: &OptimizerConfig) -> &'static str {
    Optimizer::<f32>::name(rule)
}

fn rate(rule: &OptimizerConfig) -> f64 {
    Optimizer::<f32>::learning_rate(rule)
}

/// The message for each of the bad values, from each of the setters.
fn assert_refused(setters: &[&dyn Fn(f64) -> Option<Error>], bad: &[f64], setting: &str, expected: &str) {
    for setter in setters {
        for bad in bad {
            let message = setter(*bad).map(|error| error.to_string());
            assert_eq!(message, Some(format!("{setting} {bad}, expected {expected}")));
        }
    }
}

#[test]
fn rules_by_name_have_their_published_rates() {
    let published = [
        ("sgd", 0.1, 0.0),
        ("momentum", 0.01, 0.0),
        ("nesterov", 0.01, 0.0),
        ("adagrad", 0.01, 0.0),
        ("rmsprop", 0.01, 0.0),
        ("adam", 0.001, 0.0),
        ("adamw", 0.001, 0.01),
    ];
    assert_eq!(OptimizerConfig::all().len(), published.len());
    for (text, learning_rate, decay) in published {
        let rule = OptimizerConfig::by_name(text).unwrap();
        assert_eq!((name(&rule), rate(&rule), rule.weight_decay()), (text, learning_rate, decay));
        assert!(rule.decay_biases());
    }
    for bad in ["", "SGD", "adam ", "adamax"] {
        assert!(matches!(OptimizerConfig::by_name(bad), Err(Error::Name { .. })), "{bad}");
    }
}

#[test]
fn setters_change_one_setting() {
    for before in OptimizerConfig::all() {
        let after = before.clone().with_learning_rate(0.3).unwrap();
        assert_eq!((rate(&after), name(&after)), (0.3, name(&before)));
        let after = after.with_weight_decay(0.2).unwrap().with_decay_biases(false);
        assert_eq!((rate(&after), after.weight_decay(), after.decay_biases()), (0.3, 0.2, false));
        let restored = after
            .with_learning_rate(rate(&before))
            .and_then(|rule| rule.with_decay_biases(true).with_weight_decay(before.weight_decay()));
        assert_eq!(restored, Ok(before));
    }
}

#[test]
fn only_two_rules_have_a_momentum() {
    let momentum = Momentum::default().with_momentum(0.5).unwrap();
    assert_eq!(OptimizerConfig::from(Momentum::default()).with_momentum(0.5), Ok(momentum.into()));
    let nesterov = Nesterov::default().with_momentum(0.5).unwrap();
    assert_eq!(OptimizerConfig::from(Nesterov::default()).with_momentum(0.5), Ok(nesterov.into()));
    for rule in OptimizerConfig::all() {
        let (name, result) = (name(&rule), rule.with_momentum(0.5));
        match name {
            "momentum" | "nesterov" => assert!(result.is_ok()),
            _ => {
                let message = result.unwrap_err().to_string();
                assert_eq!(message, format!("{name} has no momentum, expected one of momentum, nesterov"));
            }
        }
    }
}

#[test]
fn rates_and_decays_out_of_range_are_refused() {
    for rule in OptimizerConfig::all() {
        assert_refused(
            &[&|rate| rule.clone().with_learning_rate(rate).err()],
            &[f64::NAN, 0.0, -0.0, -0.1, f64::INFINITY],
            "learning rate",
            "a finite number above 0",
        );
        assert_refused(
            &[&|decay| rule.clone().with_weight_decay(decay).err()],
            &[f64::NAN, -1e-9, f64::INFINITY],
            "weight decay",
            "a finite number not below 0",
        );
    }
    assert_refused(
        &[
            &|rate| Sgd::new(rate).err(),
            &|rate| Momentum::new(rate).err(),
            &|rate| Nesterov::new(rate).err(),
            &|rate| AdaGrad::new(rate).err(),
            &|rate| RmsProp::new(rate).err(),
            &|rate| Adam::new(rate).err(),
            &|rate| AdamW::new(rate).err(),
        ],
        &[f64::NAN, 0.0, -0.1],
        "learning rate",
        "a finite number above 0",
    );
}

#[test]
fn shares_out_of_range_are_refused() {
    let bad = [f64::NAN, -0.1, 1.0, f64::INFINITY];
    let expected = "a number from 0 to below 1";
    assert_refused(
        &[&|momentum| Momentum::default().with_momentum(momentum).err(), &|momentum| {
            Nesterov::default().with_momentum(momentum).err()
        }],
        &bad,
        "momentum",
        expected,
    );
    assert_refused(&[&|alpha| RmsProp::default().with_alpha(alpha).err()], &bad, "alpha", expected);
    assert_refused(
        &[&|beta1| Adam::default().with_betas(beta1, 0.5).err(), &|beta1| {
            AdamW::default().with_betas(beta1, 0.5).err()
        }],
        &bad,
        "beta1",
        expected,
    );
    assert_refused(
        &[&|beta2| Adam::default().with_betas(0.5, beta2).err(), &|beta2| {
            AdamW::default().with_betas(0.5, beta2).err()
        }],
        &bad,
        "beta2",
        expected,
    );
}

#[test]
fn eps_out_of_range_is_refused() {
    assert_refused(
        &[
            &|eps| AdaGrad::default().with_eps(eps).err(),
            &|eps| RmsProp::default().with_eps(eps).err(),
            &|eps| Adam::default().with_eps(eps).err(),
            &|eps| AdamW::default().with_eps(eps).err(),
        ],
        &[f64::NAN, 0.0, -1e-8, f64::INFINITY],
        "eps",
        "a finite number above 0",
    );
}
