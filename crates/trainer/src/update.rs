//! The update of a whole network: the optimizer's rule for every parameter, on several threads.

use chainrule_layers::Sequential;
use chainrule_optimizers::{Optimizer, State, Update};
use chainrule_tensor::Float;

use crate::parallel;

/// Updates every parameter of `net` in one step of `optimizer`, whose memory `state` is; large ones in parts, side by
/// side.
///
/// # Panics
/// Unless `gradient` has a value for every parameter, and `state` was made for this network and optimizer.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Sgd, State};
/// use chainrule_trainer::{TwoLayerConfig, TwoLayerNet, update};
/// let mut net = TwoLayerNet::<f64>::new(&TwoLayerConfig::new(2, 3, 2))?;
/// let rule = Sgd::new(0.5)?;
/// let mut state = State::new(&rule, net.layers().parameter_names());
/// let gradient = vec![1.0; net.n_parameters()];
/// update(net.layers_mut(), &rule, &mut state, &gradient);
/// net.layers().visit_parameters(&mut |_, parameter| {
///     if parameter.name == "b" {
///         assert!(parameter.values.iter().all(|b| *b == -0.5)); // 0 − 0.5 · 1
///     }
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn update<F: Float>(
    net: &mut Sequential<F>,
    optimizer: &dyn Optimizer<F>,
    state: &mut State<F>,
    mut gradient: &[F],
) {
    assert_eq!(gradient.len(), net.n_parameters(), "values of the gradient, and of all parameters");
    state.begin_step();
    let mut memories = state.iter_mut();
    net.visit_parameters_mut(&mut |_, parameter| {
        let memory = memories.next().expect("a state has as many parameters as its network");
        let (of_this, rest) = gradient.split_at(parameter.values.len());
        update_parts(optimizer, memory.update(parameter.values, of_this, optimizer.learning_rate()));
        gradient = rest;
    });
}

/// Parameters of up to this many values are updated by one task.
const LARGEST_UPDATE: usize = 10_000;

fn update_parts<F: Float>(optimizer: &dyn Optimizer<F>, update: Update<'_, F>) {
    let length = update.parameter.len();
    if length <= LARGEST_UPDATE {
        optimizer.update(update);
    } else {
        let (left, right) = update.split_at(length / 2);
        parallel::join(|| update_parts(optimizer, left), || update_parts(optimizer, right));
    }
}
