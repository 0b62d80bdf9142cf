//! The update of a whole network: the optimizer's rule for every parameter, on several threads.

use chainrule_layers::Sequential;
use chainrule_optimizers::{Clip, NORM_BLOCK, Optimizer, State, Update, global_norm_of_sums, sum_of_squares};
use chainrule_tensor::Float;

use crate::parallel;

/// Updates every parameter of `net` in one step of `optimizer` with this learning rate; large ones in parts, side by
/// side. `state` is the optimizer's memory.
///
/// # Panics
/// Unless `gradient` has a value for every parameter, and `state` was made for this network and optimizer.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Sgd, State};
/// use chainrule_trainer::{Mlp, MlpConfig, update};
/// let mut net = Mlp::<f64>::new(&MlpConfig::new([2, 3, 2]))?;
/// let rule = Sgd::new(0.5)?;
/// let mut state = State::new(&rule, net.layers().parameter_names());
/// let gradient = vec![1.0; net.n_parameters()];
/// update(net.layers_mut(), &rule, &mut state, &gradient, 0.5);
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
    learning_rate: f64,
) {
    assert_eq!(gradient.len(), net.n_parameters(), "values of the gradient, and of all parameters");
    state.begin_step();
    let mut memories = state.iter_mut();
    net.visit_parameters_mut(&mut |_, parameter| {
        let memory = memories.next().expect("a state has as many parameters as its network");
        let (of_this, rest) = gradient.split_at(parameter.values.len());
        update_parts(optimizer, memory.update(parameter.values, of_this, learning_rate));
        gradient = rest;
    });
}

/// Clips the gradient of all parameters, with the bits of [`Clip::clip_mut`] on any number of threads.
pub(crate) fn clip_mut<F: Float>(gradient: &mut [F], clip: &Clip) {
    let norm = if clip.needs_norm() {
        let block = |i: usize| &gradient[i * NORM_BLOCK..((i + 1) * NORM_BLOCK).min(gradient.len())];
        let n_blocks = gradient.len().div_ceil(NORM_BLOCK);
        global_norm_of_sums(parallel::map_with(n_blocks, || (), |(), i| sum_of_squares(block(i))))
    } else {
        0.0
    };
    let mut blocks: Vec<&mut [F]> = gradient.chunks_mut(NORM_BLOCK).collect();
    parallel::for_each_mut(&mut blocks, |block| clip.clip_part_mut(block, norm));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_in_parts_is_clipping() {
        for n in [1, NORM_BLOCK, 3 * NORM_BLOCK + 17] {
            let gradient: Vec<f32> = (0..n).map(|i| 1.0 + (i as f32 * 0.7).sin()).collect();
            for clip in [Clip::by_norm(0.5).unwrap(), Clip::by_value(0.3).unwrap()] {
                let (mut parts, mut whole) = (gradient.clone(), gradient.clone());
                clip_mut(&mut parts, &clip);
                clip.clip_mut(&mut whole);
                assert_eq!(parts, whole, "{n} values, {clip:?}");
                assert_ne!(whole, gradient);
            }
        }
    }
}
