//! The update of a whole network: the optimizer's rule for every parameter, on several threads.

use std::ops::Range;

use chainrule_layers::{Layer, LayersMut, Sequential};
use chainrule_optimizers::{
    Clip, MAX_SLOTS, NORM_BLOCK, Optimizer, Update, global_norm_of_sums, sum_of_squares,
};
use chainrule_tensor::Float;

use crate::parallel;

/// Updates every parameter of `net` in one step of `optimizer`, counted from 1, with this learning rate; large ones in
/// parts, side by side. Parameters named `b`, `bias`, `gamma` or `beta`, with or without a number, count as biases.
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
/// update(net.layers_mut(), &rule, &mut slots, &gradient, 1, 0.5);
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
    slots: &mut [Vec<F>; MAX_SLOTS],
    gradient: &[F],
    step: u64,
    learning_rate: f64,
) {
    assert_eq!(gradient.len(), net.n_parameters(), "values of the gradient, and of all parameters");
    let all = of_network(net, optimizer, slots, step, learning_rate);
    let all = Update { gradient, ..all };
    for_each_piece(net.layers_mut(), all, &mut [], &|_| LARGEST_PIECE, &|piece| {
        optimizer.update(piece.update);
    });
}

/// The update of a whole network, but for its parameters, which layers have, and their gradient.
#[track_caller]
pub(crate) fn of_network<'a, F: Float>(
    net: &Sequential<F>,
    optimizer: &dyn Optimizer<F>,
    slots: &'a mut [Vec<F>; MAX_SLOTS],
    step: u64,
    learning_rate: f64,
) -> Update<'a, F> {
    for (i, slot) in slots[..optimizer.n_slots()].iter().enumerate() {
        assert_eq!(slot.len(), net.n_parameters(), "values of slot {i}, and of all parameters");
    }
    Update::new(&mut [], &[], slots, step, learning_rate)
}

/// Parameters of up to this many values are updated by one task.
pub(crate) const LARGEST_PIECE: usize = 10_000;

/// A run of one parameter, and what belongs to it.
pub(crate) struct Piece<'a, F> {
    /// Where it is when all parameters of the network are laid end to end.
    pub(crate) range: Range<usize>,
    pub(crate) update: Update<'a, F>,
    /// Room for its gradient, if the caller gave any.
    pub(crate) room: &'a mut [F],
}

impl<'a, F: Float> Piece<'a, F> {
    fn split_at(self, mid: usize) -> (Self, Self) {
        let Piece { range, update, room } = self;
        let cut = range.start + mid;
        let (update, rest) = update.split_at(mid);
        let (room, room_rest) = room.split_at_mut(mid.min(room.len()));
        (
            Piece { range: range.start..cut, update, room },
            Piece { range: cut..range.end, update: rest, room: room_rest },
        )
    }
}

/// Runs `f` for pieces that together are all parameters of `layers`, many side by side. Those of a layer have at most
/// `length(layer)` values, all but the last of a parameter as many. `room` has a value for every parameter or none.
pub(crate) fn for_each_piece<F: Float>(
    layers: LayersMut<'_, F>,
    all: Update<'_, F>,
    room: &mut [F],
    length: &(impl Fn(&dyn Layer<F>) -> usize + Sync),
    f: &(impl Fn(Piece<'_, F>) + Sync),
) {
    if layers.len() > 1 {
        let n = layers.len() / 2;
        let (left, right) = layers.split_at(n);
        let (of_left, of_right) = all.split_at(left.n_values());
        let (left_room, right_room) = room.split_at_mut(left.n_values().min(room.len()));
        return parallel::join(
            || for_each_piece(left, of_left, left_room, length, f),
            || for_each_piece(right, of_right, right_room, length, f),
        );
    }
    let Some((mut range, layer)) = layers.into_first() else { return };
    let (length, mut all, mut room) = (length(layer), Some(all), room);
    layer.visit_parameters_mut(&mut |parameter| {
        let n = parameter.values.len();
        let (update, behind) = all.take().expect("the rest of the layer's update").split_at(n);
        let update = Update { parameter: parameter.values, decays: !is_bias(parameter.name), ..update };
        let in_room = n.min(room.len());
        let (of_this, rest) = std::mem::take(&mut room).split_at_mut(in_room);
        let piece = Piece { range: range.start..range.start + n, update, room: of_this };
        for_each_part(piece, length, f);
        (range.start, all, room) = (range.start + n, Some(behind), rest);
    });
}

fn for_each_part<F: Float>(piece: Piece<'_, F>, length: usize, f: &(impl Fn(Piece<'_, F>) + Sync)) {
    let n_parts = piece.range.len().div_ceil(length);
    if n_parts <= 1 {
        f(piece);
    } else {
        let (left, right) = piece.split_at(n_parts / 2 * length);
        parallel::join(|| for_each_part(left, length, f), || for_each_part(right, length, f));
    }
}

/// Whether a parameter of this name counts as a bias.
fn is_bias(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(name, "b" | "bias" | "gamma" | "beta")
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
    fn biases_are_known_by_name() {
        for name in ["b", "b1", "b12", "bias", "bias3", "gamma", "gamma2", "beta2"] {
            assert!(is_bias(name), "{name}");
        }
        for name in ["W", "W1", "w", "weight", "blend1", "basis", "B1", "1", ""] {
            assert!(!is_bias(name), "{name}");
        }
    }

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
