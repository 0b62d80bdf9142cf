//! The gradient of a mini-batch, on several threads and with the same bits on any number of them.
//!
//! Two phases, each cut at boundaries that depend on the batch and the network alone:
//!
//! 1. **by samples**: every shard gathers its samples, runs forward, takes the loss and runs backward, in memory of
//!    its own;
//! 2. **by parameters**: every part of the gradient is summed over all shards in their order, and divided.
//!
//! So no shard has a gradient of its own that would have to be added up. Where a layer wants sums over the whole
//! mini-batch, the first phase stops before it until those of all shards have been added, in their order. The readable
//! twin is [`Mlp::gradient`](crate::Mlp::gradient).

use std::ops::Range;

use chainrule_layers::{Context, Layer, Sequential};
use chainrule_losses::{Loss, LossSum, TargetBuffer, Targets};
use chainrule_optimizers::{MAX_SLOTS, Optimizer, Update};
use chainrule_tensor::{Float, InputBuffer, MatrixView, vectorized};

use crate::{
    Samples, parallel,
    shards::{Shard, largest_shard, run_stages, shards},
    update::{LARGEST_PIECE, for_each_piece, of_network, update},
};

/// The memory in which gradients of mini-batches are computed, for one network and a largest batch size.
///
/// A step is [`run`](MiniBatch::run) and then [`update`](MiniBatch::update). Who wants the gradient, to look at it or to change
/// it, calls [`sum_gradient`](MiniBatch::sum_gradient) between them.
#[derive(Debug)]
pub struct MiniBatch<F = f32> {
    batch_size: usize,
    shards: Vec<Shard<F>>,
    /// Of the mini-batch that ran last.
    last: Last<F>,
    parts: Vec<Range<usize>>,
    /// Those that have to be known before their layer is updated.
    parts_before_update: Vec<Range<usize>>,
    gradient: Vec<F>,
    /// Whether all of it is known.
    is_summed: bool,
    /// The network as it was at first. Gradients that don't look at parameters are computed by these layers, while those of
    /// the network itself are being updated.
    layers: Sequential<F>,
}

/// What the second phase has to know of the mini-batch.
#[derive(Clone, Copy, Debug)]
struct Last<F> {
    n_shards: usize,
    context: Context,
    divisor: F,
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

/// About this many values of the gradient are one task of the second phase.
const PART: usize = 8_000;

impl<F: Float> MiniBatch<F> {
    /// Memory for mini-batches of `net` of up to `batch_size` samples.
    pub fn new(net: &Sequential<F>, batch_size: usize) -> Self {
        let n_samples = largest_shard(batch_size);
        let shard = || Shard {
            samples: 0..0,
            x: InputBuffer::new().with_sparse(net.takes_sparse()),
            t: TargetBuffer::new(),
            workspace: net.workspace(n_samples),
            outcome: Outcome::default(),
        };
        MiniBatch {
            batch_size,
            shards: shards(batch_size).map(|_| shard()).collect(),
            last: Last { n_shards: 0, context: Context::inference(), divisor: F::zero() },
            parts: net.gradient_parts(PART),
            parts_before_update: net.parts_before_update(PART),
            gradient: vec![F::zero(); net.n_parameters()],
            is_summed: false,
            layers: net.clone(),
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
        let n_shards = ranges.len();
        let shards = &mut self.shards[..n_shards];
        for (shard, range) in shards.iter_mut().zip(ranges) {
            shard.samples = range;
        }
        run_stages(net, shards, &context, &|shard| shard.gather(samples, indices), &|shard| {
            shard.lose(net, loss)
        });

        let mut outcome = Outcome { n_correct: Some(0), ..Outcome::default() };
        for shard in &*shards {
            outcome.loss += shard.outcome.loss;
            outcome.n_correct = outcome.n_correct.zip(shard.outcome.n_correct).map(|(a, b)| a + b);
            outcome.n_samples += shard.outcome.n_samples;
        }
        self.last = Last { n_shards, context, divisor: F::of(outcome.loss.divisor) };
        self.is_summed = false;
        outcome
    }

    /// Computes the gradient of the mean loss of the samples that ran last.
    pub fn sum_gradient(&mut self, net: &Sequential<F>) {
        let MiniBatch { shards, last, parts, gradient, .. } = self;
        sum_parts(parts, gradient, &|gradient, part| last.sum(net, shards, gradient, part));
        self.is_summed = true;
    }

    /// The gradient of the mean loss of the samples that ran last, all parameters laid end to end.
    ///
    /// # Panics
    /// Unless it was asked for: by [`sum_gradient`](MiniBatch::sum_gradient) or [`compute`](MiniBatch::compute).
    #[track_caller]
    pub fn gradient(&self) -> &[F] {
        assert!(self.is_summed, "found no gradient of the mini-batch, expected sum_gradient first");
        &self.gradient
    }

    /// The same for changing, as clipping does.
    ///
    /// # Panics
    /// As [`gradient`](MiniBatch::gradient).
    #[track_caller]
    pub fn gradient_mut(&mut self) -> &mut [F] {
        assert!(self.is_summed, "found no gradient of the mini-batch, expected sum_gradient first");
        &mut self.gradient
    }

    /// Ends the step: updates every parameter of `net` in one step of `optimizer`, counted from 1, with this learning rate.
    /// Running statistics follow the samples that ran last. `slots` are the optimizer state.
    ///
    /// Where the gradient was not asked for, it is never there as a whole: each piece is updated as soon as its gradient
    /// is known, by the thread that has it in its cache.
    ///
    /// # Panics
    /// Unless `slots` were made for this network and optimizer, and the network is the one that ran.
    pub fn update(
        &mut self,
        net: &mut Sequential<F>,
        optimizer: &dyn Optimizer<F>,
        slots: &mut [Vec<F>; MAX_SLOTS],
        step: u64,
        learning_rate: f64,
    ) {
        if self.is_summed {
            update(net, optimizer, slots, &self.gradient, step, learning_rate);
        } else {
            self.sum_and_update(net, optimizer, slots, step, learning_rate);
        }
        net.end_step(&self.shards[0].workspace, self.last.context.n_samples);
    }

    fn sum_and_update(
        &mut self,
        net: &mut Sequential<F>,
        optimizer: &dyn Optimizer<F>,
        slots: &mut [Vec<F>; MAX_SLOTS],
        step: u64,
        learning_rate: f64,
    ) {
        let MiniBatch { shards, last, parts_before_update, gradient, layers, .. } = self;
        for part in &*parts_before_update {
            last.sum(net, shards, &mut gradient[part.clone()], part);
        }
        let all = of_network(net, optimizer, slots, step, learning_rate);
        let length = |layer: &dyn Layer<F>| match layer.gradient_reads_parameters() {
            true => LARGEST_PIECE,
            false => layer.gradient_step(PART),
        };
        for_each_piece(net.layers_mut(), all, gradient, &length, &|piece| {
            if !parts_before_update.iter().any(|part| part.contains(&piece.range.start)) {
                last.sum(layers, shards, piece.room, &piece.range);
            }
            optimizer.update(Update { gradient: piece.room, ..piece.update });
        });
    }
}

impl<F: Float> Last<F> {
    /// The part `part` of the gradient of the mean loss.
    fn sum(&self, net: &Sequential<F>, shards: &[Shard<F>], gradient: &mut [F], part: &Range<usize>) {
        gradient.fill(F::zero());
        for shard in &shards[..self.n_shards] {
            let context = self.context.at_sample(shard.samples.start);
            net.gradient_to(gradient, part.clone(), &shard.workspace, shard.x.as_input(), &context);
        }
        mean_of_sum(gradient, self.divisor);
    }
}

/// How many columns of `z` predict the class of their target; `None` where the targets are no classes.
pub(crate) fn n_correct<F: Float>(
    loss: &dyn Loss<F>,
    z: MatrixView<'_, F>,
    t: Targets<'_, F>,
) -> Option<usize> {
    (0..z.n_columns()).try_fold(0, |n, j| {
        let (truth, predicted) = loss.true_and_predicted(z, t, j)?;
        Some(n + usize::from(truth == predicted))
    })
}

/// The one place where the sum over the samples becomes the mean.
pub(crate) fn mean_of_sum<F: Float>(gradient: &mut [F], divisor: F) {
    // A multiplication takes a fifth of the time of a division. Where nothing counted, the sum is 0 and stays it.
    let share = if divisor.is_zero() { F::zero() } else { F::one() / divisor };
    vectorized(|| gradient.iter_mut().for_each(|value| *value *= share));
}

/// Runs `sum` for every part and its piece of the gradient: halves of the list side by side, down to one part.
fn sum_parts<F: Float>(
    parts: &[Range<usize>],
    gradient: &mut [F],
    sum: &(impl Fn(&mut [F], &Range<usize>) + Sync),
) {
    match parts {
        [] => {}
        [part] => sum(gradient, part),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            let (of_left, of_right) = gradient.split_at_mut(right[0].start - left[0].start);
            parallel::join(|| sum_parts(left, of_left, sum), || sum_parts(right, of_right, sum));
        }
    }
}
