//! The gradient of a network by central differences, the slow way that is obviously right: two losses for every
//! parameter, each by a whole forward pass.
//!
//! A difference of two losses has lost most of its digits. So that it loses no more, the change of every sample's
//! loss is taken by itself and then summed: sums of changes are rounded to their own size, not to that of the loss.

use chainrule_gradcheck::{Step, derivative};
use chainrule_layers::{Context, Sequential, Workspace};
use chainrule_losses::{Loss, Targets};
use chainrule_tensor::Matrix;

use crate::parallel;

/// Parameters per task: so many that the copy of the network that a task may need costs nothing beside them.
const CHUNK: usize = 64;

/// The gradient of the mean loss over the samples `x` of the classes `t`, all parameters laid end to end.
///
/// `copy` makes the network that is differentiated; every thread perturbs one of its own, one parameter at a time.
pub(crate) fn numerical_gradient(
    copy: &(impl Fn() -> Sequential<f64> + Sync),
    loss: &dyn Loss<f64>,
    x: &Matrix<f64>,
    t: &[usize],
    step: Step,
) -> Vec<f64> {
    let net = copy();
    let n_parameters = net.n_parameters();
    let at_start = losses(&net, &mut net.workspace(t.len()), loss, x, t).collect::<Vec<f64>>();
    let memory = || (copy(), net.workspace(t.len()));
    let chunks = parallel::map_with(n_parameters.div_ceil(CHUNK), memory, |(net, workspace), chunk| {
        let of_chunk = chunk * CHUNK..((chunk + 1) * CHUNK).min(n_parameters);
        let derivatives = of_chunk.map(|i| {
            let start = replace(net, i, 0.0);
            let mean_change = |value| {
                replace(net, i, value);
                let changes =
                    losses(net, workspace, loss, x, t).zip(&at_start).map(|(loss, start)| loss - start);
                changes.sum::<f64>() / t.len() as f64
            };
            let derivative = derivative(mean_change, start, step.at(start));
            replace(net, i, start);
            derivative
        });
        derivatives.collect::<Vec<f64>>()
    });
    chunks.concat()
}

/// The loss of every sample.
fn losses<'a>(
    net: &Sequential<f64>,
    workspace: &'a mut Workspace<f64>,
    loss: &'a dyn Loss<f64>,
    x: &Matrix<f64>,
    t: &'a [usize],
) -> impl Iterator<Item = f64> + use<'a> {
    let z = net.forward(workspace, x.into(), &Context::inference());
    (0..t.len()).map(move |j| loss.value(z.columns(j..j + 1), Targets::Classes(&t[j..j + 1])).mean())
}

/// Sets parameter `i` of all parameters laid end to end, and returns what it was.
fn replace(net: &mut Sequential<f64>, i: usize, value: f64) -> f64 {
    let mut start = 0;
    let mut old = 0.0;
    net.visit_parameters_mut(&mut |_, parameter| {
        if let Some(place) = i.checked_sub(start).and_then(|i| parameter.values.get_mut(i)) {
            old = std::mem::replace(place, value);
        }
        start += parameter.values.len();
    });
    old
}
