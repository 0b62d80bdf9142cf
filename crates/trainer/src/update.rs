//! The update of all parameters by the optimizer, on several threads.

use std::ops::Range;

use chainrule_layers::{Kind, Layers, Sequential};
use chainrule_optimizers::{
    Clip, NORM_BLOCK, Optimizer, Update, global_norm, global_norm_of_sums, sum_of_squares,
};
use chainrule_tensor::Float;

use crate::parallel;

/// Updates every parameter of `net` in one step of `optimizer`, counted from 1, with this learning rate; large ones in
/// parts, side by side.
///
/// # Panics
/// Unless `gradient` has a value for every parameter, as has each slot that `optimizer` uses.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{Optimizer, Sgd};
/// use chainrule_trainer::{Mlp, MlpConfig, update};
/// let mut net = Mlp::<f64>::new(&MlpConfig::new([2, 3, 2]))?;
/// let rule = Sgd::new(0.5);
/// let mut slots = rule.new_slots(net.n_parameters());
/// let gradient = vec![1.0; net.n_parameters()];
/// update(net.sequential_mut(), &rule, &mut slots, &gradient, 1, 0.5);
/// assert!(net.tensor("b1").unwrap().as_slice().iter().all(|b| *b == -0.5)); // 0 − 0.5 · 1
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[track_caller]
pub fn update<F: Float>(
    net: &mut Sequential<F>,
    optimizer: &dyn Optimizer<F>,
    slots: &mut [Vec<F>],
    gradient: &[F],
    step: u64,
    learning_rate: f64,
) {
    assert_eq!(gradient.len(), net.n_parameters(), "values of the gradient, and of all parameters");
    let (layers, values) = net.split_mut();
    let all = Update { gradient, ..of_network(layers, optimizer, values, slots, step, learning_rate) };
    for_each_piece(layers, &layers.pieces(PIECE), all, &mut [], &|_, update, _| {
        optimizer.update(update);
    });
}

/// About this many values are one task: more would leave threads idle, fewer would not be worth handing to another thread.
pub(crate) const PIECE: usize = 8_000;

/// The update of all parameters of a network with these values, but for their gradient.
#[track_caller]
pub(crate) fn of_network<'a, F: Float>(
    layers: &Layers<F>,
    optimizer: &dyn Optimizer<F>,
    values: &'a mut [F],
    slots: &'a mut [Vec<F>],
    step: u64,
    learning_rate: f64,
) -> Update<'a, F> {
    let n = layers.n_parameters();
    for (i, slot) in slots[..optimizer.n_slots()].iter().enumerate() {
        assert_eq!(slot.len(), n, "values of slot {i}, and of all parameters");
    }
    Update::new(&mut values[..n], &[], slots, step, learning_rate)
}

/// Runs `f` for every one of `pieces`, which are what `all` updates, many side by side. `room`, for the gradient, has a value
/// for each of theirs or none.
pub(crate) fn for_each_piece<F: Float>(
    layers: &Layers<F>,
    pieces: &[Range<usize>],
    mut all: Update<'_, F>,
    room: &mut [F],
    f: &(impl Fn(&Range<usize>, Update<'_, F>, &mut [F]) + Sync),
) {
    match pieces {
        [] => {}
        [piece] => {
            all.decays = layers.tensor_at(piece.start).kind == Kind::Weight;
            f(piece, all, room);
        }
        _ => {
            // At half of the values, so that two threads have as much to do.
            let (start, end) = (pieces[0].start, pieces[pieces.len() - 1].end);
            let mid = pieces.partition_point(|piece| piece.end <= start.midpoint(end));
            let (left, right) = pieces.split_at(mid.clamp(1, pieces.len() - 1));
            let cut = right[0].start - start;
            let (of_left, of_right) = all.split_at(cut);
            let (left_room, right_room) = room.split_at_mut(cut.min(room.len()));
            let left = || for_each_piece(layers, left, of_left, left_room, f);
            let right = || for_each_piece(layers, right, of_right, right_room, f);
            if end - start > PIECE {
                parallel::join(left, right);
            } else {
                left();
                right();
            }
        }
    }
}

/// Clips the gradient of all parameters, with the bits of [`Clip::clip_mut`] on any number of threads.
pub(crate) fn clip_mut<F: Float>(gradient: &mut [F], clip: &Clip) {
    let norm = if clip.needs_norm() {
        let block = |i: usize| &gradient[i * NORM_BLOCK..((i + 1) * NORM_BLOCK).min(gradient.len())];
        let n_blocks = gradient.len().div_ceil(NORM_BLOCK);
        let norm = global_norm_of_sums(parallel::map_with(n_blocks, || (), |(), i| sum_of_squares(block(i))));
        if norm.is_normal() { norm } else { global_norm(gradient) }
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
            for clip in [Clip::by_norm(0.5), Clip::by_value(0.3)] {
                let (mut parts, mut whole) = (gradient.clone(), gradient.clone());
                clip_mut(&mut parts, &clip);
                clip.clip_mut(&mut whole);
                assert_eq!(parts, whole, "{n} values, {clip:?}");
                assert_ne!(whole, gradient);
            }
        }
    }
}
