//! The update of a whole network: the optimizer's rule for every parameter, on several threads.

use std::ops::Range;

use chainrule_layers::{Layers, Sequential};
use chainrule_optimizers::{
    Clip, NORM_BLOCK, Optimizer, ParameterState, ParameterStates, State, global_norm_of_sums, sum_of_squares,
};
use chainrule_tensor::Float;

use crate::parallel;

/// Updates every parameter of `net` in one step of `optimizer` with this learning rate; large ones in parts, side by
/// side. `state` is the optimizer state.
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
/// let mut state = State::new(&rule, net.parameter_names());
/// let gradient = vec![1.0; net.n_parameters()];
/// update(net.sequential_mut(), &rule, &mut state, &gradient, 0.5);
/// assert!(net.tensor("b1").unwrap().as_slice().iter().all(|b| *b == -0.5)); // 0 − 0.5 · 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn update<F: Float>(
    net: &mut Sequential<F>,
    optimizer: &dyn Optimizer<F>,
    state: &mut State<F>,
    gradient: &[F],
    learning_rate: f64,
) {
    assert_eq!(gradient.len(), net.n_parameters(), "values of the gradient, and of all parameters");
    state.begin_step();
    let (layers, values) = net.split_mut();
    for_each_piece(layers, &layers.pieces(LARGEST_PIECE), values, state.iter_mut(), &mut [], &|piece| {
        let of_this = &gradient[piece.range];
        optimizer.update(piece.state.update(piece.parameter, of_this, learning_rate));
    });
}

/// Parameters of up to this many values are updated by one task.
const LARGEST_PIECE: usize = 10_000;

/// A run of one parameter, and what belongs to it.
pub(crate) struct Piece<'a, F> {
    /// Where it lies.
    pub(crate) range: Range<usize>,
    pub(crate) parameter: &'a mut [F],
    pub(crate) state: ParameterState<'a, F>,
    /// Room for its gradient, if the caller gave any.
    pub(crate) gradient: &'a mut [F],
}

/// Runs `f` for every one of `pieces`, which are all parameters of `layers`, many side by side. `gradient` has a value for
/// every parameter or none.
pub(crate) fn for_each_piece<F: Float>(
    layers: &Layers<F>,
    pieces: &[Range<usize>],
    values: &mut [F],
    states: ParameterStates<'_, F>,
    gradient: &mut [F],
    f: &(impl Fn(Piece<'_, F>) + Sync),
) {
    let n = layers.parameters().count();
    let values = &mut values[..layers.n_parameters()];
    by_parameters(layers, 0..n, pieces, values, states, gradient, f);
}

fn by_parameters<F: Float>(
    layers: &Layers<F>,
    parameters: Range<usize>,
    pieces: &[Range<usize>],
    values: &mut [F],
    mut states: ParameterStates<'_, F>,
    gradient: &mut [F],
    f: &(impl Fn(Piece<'_, F>) + Sync),
) {
    let offset = |i: usize| layers.parameters().nth(i).expect("a parameter").offset;
    if parameters.len() > 1 {
        let mid = parameters.start + parameters.len() / 2;
        let (left, right) = pieces.split_at(pieces.partition_point(|piece| piece.start < offset(mid)));
        let cut = offset(mid) - offset(parameters.start);
        let (of_left, of_right) = values.split_at_mut(cut);
        let (left_states, right_states) = states.split_at(parameters.len() / 2);
        let (left_gradient, right_gradient) = gradient.split_at_mut(cut.min(gradient.len()));
        parallel::join(
            || by_parameters(layers, parameters.start..mid, left, of_left, left_states, left_gradient, f),
            || by_parameters(layers, mid..parameters.end, right, of_right, right_states, right_gradient, f),
        );
    } else if let Some(state) = states.next() {
        by_pieces(pieces, values, state, gradient, f);
    }
}

fn by_pieces<F: Float>(
    pieces: &[Range<usize>],
    parameter: &mut [F],
    state: ParameterState<'_, F>,
    gradient: &mut [F],
    f: &(impl Fn(Piece<'_, F>) + Sync),
) {
    match pieces {
        [] => {}
        [piece] => f(Piece { range: piece.clone(), parameter, state, gradient }),
        _ => {
            let (left, right) = pieces.split_at(pieces.len() / 2);
            let cut = right[0].start - left[0].start;
            let (of_left, of_right) = parameter.split_at_mut(cut);
            let (left_state, right_state) = state.split_at(cut);
            let (left_gradient, right_gradient) = gradient.split_at_mut(cut.min(gradient.len()));
            parallel::join(
                || by_pieces(left, of_left, left_state, left_gradient, f),
                || by_pieces(right, of_right, right_state, right_gradient, f),
            );
        }
    }
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
