//! The gradient of a network by central differences, the slow way that is obviously right: two losses for every
//! parameter, each by a whole forward pass.
//!
//! A difference of two losses has lost most of its digits. So that it loses no more, the change of every sample's
//! loss is taken by itself and then summed: sums of changes are rounded to their own size, not to that of the loss.

use chainrule_gradcheck::{Step, derivative};
use chainrule_layers::{Context, Sequential, Workspace};
use chainrule_losses::{Loss, LossSum, Targets};
use chainrule_tensor::Matrix;

use crate::parallel;

/// Parameters per task: so many that the copy of the network that a task may need costs nothing beside them.
const CHUNK: usize = 64;

/// The gradient of the mean loss over the samples `x` with the targets `t`, all parameters laid end to end;
/// `weights` are those of the samples, if they have any.
///
/// Every thread perturbs a copy of `net`, one parameter at a time.
pub(crate) fn numerical_gradient(
    net: &Sequential<f64>,
    loss: &dyn Loss<f64>,
    x: &Matrix<f64>,
    t: Targets<'_, f64>,
    weights: Option<&[f64]>,
    step: Step,
    context: &Context,
) -> Vec<f64> {
    let n_parameters = net.n_parameters();
    let n_samples = x.ncols();
    let sums =
        |net: &Sequential<f64>, workspace: &mut Workspace<f64>, changes: &mut dyn FnMut(usize, LossSum)| {
            let z = net.forward(workspace, x.into(), context);
            for j in 0..n_samples {
                let weight = weights.map_or(1.0, |weights| weights[j]);
                changes(j, loss.value(z.columns(j..j + 1), t.columns(j..j + 1)) * weight);
            }
        };
    let mut at_start = vec![LossSum::default(); n_samples];
    sums(net, &mut net.workspace(n_samples), &mut |j, loss| at_start[j] = loss);
    let divisor: f64 = at_start.iter().map(|loss| loss.divisor).sum();

    let memory = || (net.clone(), net.workspace(n_samples));
    let chunks = parallel::map_with(n_parameters.div_ceil(CHUNK), memory, |(net, workspace), chunk| {
        let of_chunk = chunk * CHUNK..((chunk + 1) * CHUNK).min(n_parameters);
        let derivatives = of_chunk.map(|i| {
            let start = replace(net, i, 0.0);
            let mean_change = |value| {
                replace(net, i, value);
                let mut change = 0.0;
                sums(net, workspace, &mut |j, loss| change += loss.sum - at_start[j].sum);
                change / divisor
            };
            let derivative = derivative(mean_change, start, step.at(start));
            replace(net, i, start);
            derivative
        });
        derivatives.collect::<Vec<f64>>()
    });
    chunks.concat()
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
