//! What the tests of several rules use.

use crate::Optimizer;

/// Where `steps` steps on ½ w² lead from 1, starting anew.
pub(crate) fn descend(rule: &dyn Optimizer<f64>, steps: u64) -> f64 {
    let (mut w, mut slots) = ([1.0], rule.new_slots(1));
    for step in 1..=steps {
        let gradient = w;
        rule.step(step, &mut w, &gradient, &mut slots);
    }
    w[0]
}

/// Where steps with these gradients lead from `start`, starting anew.
pub(crate) fn walk(rule: &dyn Optimizer<f64>, start: f64, gradients: &[f64]) -> f64 {
    let (mut w, mut slots) = ([start], rule.new_slots(1));
    for (step, &gradient) in (1..).zip(gradients) {
        rule.step(step, &mut w, &[gradient], &mut slots);
    }
    w[0]
}
