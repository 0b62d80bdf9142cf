//! The gradient of a mini-batch, on several threads and with the same bits on any number of them.
//!
//! Two phases, each cut at boundaries that depend on the batch and the network alone:
//!
//! 1. **by samples**: every shard gathers its samples, runs forward, takes the loss and runs backward, in memory of
//!    its own;
//! 2. **by parameters**: every piece of the gradient is summed over all shards in their order, and divided.
//!
//! So no shard has a gradient of its own that would have to be added up, and the values of one piece may change while the
//! gradient of another is being summed, since gradients see no values. Where a layer wants sums over the whole mini-batch,
//! the first phase stops before it until those of all shards have been added, in their order. The readable twin is
//! [`Mlp::gradient`](crate::Mlp::gradient).

use std::ops::Range;

use chainrule_data::Samples;
use chainrule_layers::{Context, Layers, Sequential, Sums, Workspace};
use chainrule_losses::{Loss, LossSum, Targets};
use chainrule_optimizers::{Optimizer, State};
use chainrule_tensor::{Float, MatrixView, vectorized};

use crate::{parallel, update::for_each_piece};

/// The memory in which gradients of mini-batches are computed, for one network and a largest batch size.
///
/// A step is [`run`](MiniBatch::run) and then [`update`](MiniBatch::update). Who wants the gradient, to look at it or to change
/// it, calls [`sum_gradient`](MiniBatch::sum_gradient) between them.
#[derive(Debug)]
pub struct MiniBatch<F = f32> {
    batch_size: usize,
    shards: Vec<Shard<F>>,
    /// How many of them the last mini-batch has.
    n_shards: usize,
    /// The sums over that mini-batch, of all layers.
    sums: Sums,
    pieces: Vec<Range<usize>>,
    /// As parameters lie: as a whole where it was asked for, otherwise room for every piece.
    gradient: Vec<F>,
    /// Whether all of it is known.
    is_summed: bool,
    context: Context,
    divisor: F,
}

/// Some samples of the mini-batch, and what came of them.
#[derive(Debug)]
struct Shard<F> {
    workspace: Workspace<F>,
    outcome: Outcome,
}

/// What the forward pass of a mini-batch found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The loss, as a sum and its divisor.
    pub loss: LossSum,
    /// How many samples are predicted to be of their class; `None` where the targets are no classes.
    pub n_correct: Option<usize>,
    /// How many samples there were.
    pub n_samples: usize,
}

/// Up to this many samples per shard: enough for a product to run at speed.
const LARGEST_SHARD: usize = 32;

/// About this many values of the gradient are one task of the second phase.
const PIECE: usize = 8_000;

impl<F: Float> MiniBatch<F> {
    /// Memory for mini-batches of `net` of up to `batch_size` samples.
    pub fn new(net: &Sequential<F>, batch_size: usize) -> Self {
        let layers = net.layers();
        let workspace = || layers.workspace(batch_size.min(LARGEST_SHARD));
        MiniBatch {
            batch_size,
            shards: shards(batch_size)
                .map(|_| Shard { workspace: workspace(), outcome: Outcome::default() })
                .collect(),
            n_shards: 0,
            sums: layers.sums(),
            pieces: layers.pieces(PIECE),
            gradient: vec![F::zero(); layers.n_parameters()],
            is_summed: false,
            context: Context::inference(),
            divisor: F::zero(),
        }
    }

    /// Computes the gradient of the mean loss over the samples `indices`; it is then in
    /// [`gradient`](MiniBatch::gradient).
    ///
    /// # Panics
    /// As [`run`](MiniBatch::run).
    pub fn compute(
        &mut self,
        net: &Sequential<F>,
        loss: &dyn Loss<F>,
        samples: &impl Samples,
        indices: &[usize],
        context: &Context,
    ) -> Outcome {
        let outcome = self.run(net, loss, samples, indices, context);
        self.sum_gradient(net);
        outcome
    }

    /// Takes the samples `indices` forward and backward through `net`.
    ///
    /// # Panics
    /// If there are no indices or more than the batch size, or samples and network don't fit.
    pub fn run(
        &mut self,
        net: &Sequential<F>,
        loss: &dyn Loss<F>,
        samples: &impl Samples,
        indices: &[usize],
        context: &Context,
    ) -> Outcome {
        assert!(
            (1..=self.batch_size).contains(&indices.len()),
            "a mini-batch of {} samples in memory for 1 to {}",
            indices.len(),
            self.batch_size
        );
        let context = context.of_samples(indices.len());
        let ranges = shards(indices.len());
        (self.n_shards, self.context, self.is_summed) = (ranges.len(), context, false);
        let MiniBatch { shards, sums, n_shards, .. } = self;
        let shards = &mut shards[..*n_shards];
        for (shard, range) in shards.iter_mut().zip(ranges) {
            shard.workspace.samples = range;
        }

        let (layers, values) = (net.layers(), net.values());
        let last = layers.stages().len() - 1;
        for (s, stage) in layers.stages().iter().enumerate() {
            parallel::for_each_mut(shards, |Shard { workspace, outcome }| {
                if s == 0 {
                    let (indices, at) =
                        (&indices[workspace.samples.clone()], context.at_sample(workspace.samples.start));
                    samples.gather(&mut workspace.x, &mut workspace.t, indices, at);
                }
                layers.forward(values, sums, context, workspace, s);
                if s == last {
                    *outcome = compute_loss(layers, loss, workspace);
                    layers.backward(values, sums, context, workspace, s);
                }
            });
            if s < last {
                add_up(&mut sums[stage.end][0], shards, |sums| &sums[stage.end][0]);
            }
        }
        for (s, stage) in layers.stages()[..last].iter().enumerate().rev() {
            add_up(&mut sums[stage.end][1], shards, |sums| &sums[stage.end][1]);
            parallel::for_each_mut(shards, |shard| {
                layers.backward(values, sums, context, &mut shard.workspace, s);
            });
        }

        let mut outcome = Outcome { n_correct: Some(0), ..Outcome::default() };
        for shard in &*shards {
            outcome.loss += shard.outcome.loss;
            outcome.n_correct = outcome.n_correct.zip(shard.outcome.n_correct).map(|(a, b)| a + b);
            outcome.n_samples += shard.outcome.n_samples;
        }
        self.divisor = F::of(outcome.loss.divisor);
        outcome
    }

    /// Computes the gradient of the mean loss of the samples that ran last.
    pub fn sum_gradient(&mut self, net: &Sequential<F>) {
        let mut gradient = std::mem::take(&mut self.gradient);
        sum_pieces(&self.pieces, &mut gradient, &|piece, gradient| self.sum(net.layers(), piece, gradient));
        (self.gradient, self.is_summed) = (gradient, true);
    }

    /// The gradient of the mean loss of the samples that ran last, as parameters lie.
    ///
    /// # Panics
    /// Unless it was asked for: by [`sum_gradient`](MiniBatch::sum_gradient) or [`compute`](MiniBatch::compute).
    #[track_caller]
    pub fn gradient(&self) -> &[F] {
        assert!(self.is_summed, "the gradient of the mini-batch is not known: call `sum_gradient` first");
        &self.gradient
    }

    /// The same for changing, as clipping does.
    ///
    /// # Panics
    /// As [`gradient`](MiniBatch::gradient).
    #[track_caller]
    pub fn gradient_mut(&mut self) -> &mut [F] {
        assert!(self.is_summed, "the gradient of the mini-batch is not known: call `sum_gradient` first");
        &mut self.gradient
    }

    /// Ends the step: updates every parameter of `net` in one step of `optimizer` with this learning rate. Running
    /// statistics follow the samples that ran last. `state` is the optimizer state.
    ///
    /// Where the gradient was not asked for, it is never there as a whole: each piece is updated as soon as its gradient
    /// is known, by the thread that has it in its cache.
    ///
    /// # Panics
    /// Unless `state` was made for this network and optimizer, and the network is the one that ran.
    pub fn update(
        &mut self,
        net: &mut Sequential<F>,
        optimizer: &dyn Optimizer<F>,
        state: &mut State<F>,
        learning_rate: f64,
    ) {
        state.begin_step();
        let (layers, values) = net.split_mut();
        let mut gradient = std::mem::take(&mut self.gradient);
        for_each_piece(layers, &self.pieces, values, state.iter_mut(), &mut gradient, &|piece| {
            if !self.is_summed {
                self.sum(layers, &piece.range, piece.gradient);
            }
            optimizer.update(piece.state.update(piece.parameter, piece.gradient, learning_rate));
        });
        self.gradient = gradient;
        layers.end_step(values, &self.sums, self.context.n_samples);
    }

    /// One piece of the gradient of the mean loss.
    fn sum(&self, layers: &Layers<F>, piece: &Range<usize>, gradient: &mut [F]) {
        gradient.fill(F::zero());
        for shard in &self.shards[..self.n_shards] {
            layers.gradient(&self.sums, self.context, &shard.workspace, piece, gradient);
        }
        mean_of_sum(gradient, self.divisor);
    }
}

/// Cuts `n_samples` into runs of nearly equal length. Their number is a power of two, so that any usual number of threads
/// shares them evenly; it depends on the size of the mini-batch alone and never on the number of threads.
fn shards(n_samples: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let n_shards = n_samples.div_ceil(LARGEST_SHARD).next_power_of_two();
    let cut = move |i: usize| i * n_samples / n_shards;
    (0..n_shards).map(move |i| cut(i)..cut(i + 1))
}

/// Adds up what all shards contribute to some sums, in their order.
fn add_up<F>(total: &mut [f64], shards: &[Shard<F>], of_shard: impl Fn(&Sums) -> &Vec<f64>) {
    for (i, shard) in shards.iter().enumerate() {
        let sums = of_shard(&shard.workspace.sums);
        match i {
            0 => total.copy_from_slice(sums),
            _ => total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum),
        }
    }
}

/// The loss of what went forward, and its gradient with respect to the outputs.
fn compute_loss<F: Float>(layers: &Layers<F>, loss: &dyn Loss<F>, workspace: &mut Workspace<F>) -> Outcome {
    let n_samples = workspace.samples.len();
    let (z, dz, t) = workspace.outputs_and_gradient(layers);
    let (targets, weights) = (t.as_targets(), t.weights());
    let loss_sum = match weights {
        None => loss.gradient_to(dz, z, targets),
        Some(weights) => loss.weighted_gradient_to(dz, z, targets, weights),
    };
    Outcome { loss: loss_sum, n_correct: n_correct(loss, z, targets), n_samples }
}

/// How many columns of `z` predict the class of their target; `None` where the targets are no classes.
pub(crate) fn n_correct<F: Float>(
    loss: &dyn Loss<F>,
    z: MatrixView<'_, F>,
    t: Targets<'_, F>,
) -> Option<usize> {
    (0..z.n_columns()).try_fold(0, |n, j| {
        let (truth, predicted) = loss.outputs().true_and_predicted(z, t, j)?;
        Some(n + usize::from(truth == predicted))
    })
}

/// The one place where the sum over the samples becomes the mean.
pub(crate) fn mean_of_sum<F: Float>(gradient: &mut [F], divisor: F) {
    // A multiplication takes a fifth of the time of a division. Where nothing counted, the sum is 0 and stays it.
    let share = if divisor.is_zero() { F::zero() } else { F::one() / divisor };
    vectorized(|| gradient.iter_mut().for_each(|value| *value *= share));
}

/// Runs `sum` for every piece and its part of the gradient: halves of the list side by side, down to one piece.
fn sum_pieces<F: Float>(
    pieces: &[Range<usize>],
    gradient: &mut [F],
    sum: &(impl Fn(&Range<usize>, &mut [F]) + Sync),
) {
    match pieces {
        [] => {}
        [piece] => sum(piece, gradient),
        _ => {
            let (left, right) = pieces.split_at(pieces.len() / 2);
            let (of_left, of_right) = gradient.split_at_mut(right[0].start - left[0].start);
            parallel::join(|| sum_pieces(left, of_left, sum), || sum_pieces(right, of_right, sum));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_sample_once_and_are_nearly_equal() {
        for n in 1..1000 {
            let all: Vec<_> = shards(n).collect();
            assert_eq!(all[0].start, 0);
            assert_eq!(all[all.len() - 1].end, n);
            assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            let lengths = all.iter().map(ExactSizeIterator::len);
            let (min, max) = (lengths.clone().min().unwrap(), lengths.max().unwrap());
            assert!(min >= 1 && max - min <= 1 && max <= LARGEST_SHARD, "{n}: {all:?}");
        }
    }

    #[test]
    fn the_tutorials_batch_makes_four_shards() {
        assert_eq!(shards(100).collect::<Vec<_>>(), [0..25, 25..50, 50..75, 75..100]);
    }
}
