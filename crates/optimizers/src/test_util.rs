//! What the tests of several rules use.

use crate::{Optimizer, State};

/// Where `steps` steps on ½ w² lead from 1, starting anew.
pub(crate) fn descend(rule: &dyn Optimizer<f64>, steps: usize) -> f64 {
    let mut w = [1.0];
    let mut state = State::new(rule, [("w", 1)]);
    for _ in 0..steps {
        let gradient = w;
        state.update_all(rule, [&mut w[..]], &gradient);
    }
    w[0]
}

/// Where steps with these gradients lead from `start`, starting anew.
pub(crate) fn walk(rule: &dyn Optimizer<f64>, start: f64, gradients: &[f64]) -> f64 {
    let mut w = [start];
    let mut state = State::new(rule, [("w", 1)]);
    for &gradient in gradients {
        state.update_all(rule, [&mut w[..]], &[gradient]);
    }
    w[0]
}
