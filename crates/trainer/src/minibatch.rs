//! The gradient of a mini-batch, on several threads and with the same bits on any number of them.
//!
//! Two phases, each cut at boundaries that depend on the batch and the network alone:
//!
//! 1. **by samples**: every shard gathers its samples, runs forward, takes the loss and runs backward, in memory of
//!    its own;
//! 2. **by parameters**: every part of the gradient is summed over all shards in their order, and divided.
//!
//! So no shard has a gradient of its own that would have to be added up. The readable twin is
//! [`TwoLayerNet::gradient`](crate::TwoLayerNet::gradient).

use std::ops::Range;

use chainrule_layers::{Context, Sequential, Workspace};
use chainrule_losses::{Loss, LossSum, TargetBuffer, Targets};
use chainrule_tensor::{Float, InputBuffer, MatrixView, argmax};

use crate::{
    Samples, parallel,
    shards::{largest_shard, shards},
};

/// The memory in which gradients of mini-batches are computed, for one network and a largest batch size.
#[derive(Debug)]
pub struct MiniBatch<F = f32> {
    batch_size: usize,
    shards: Vec<Shard<F>>,
    parts: Vec<Range<usize>>,
    gradient: Vec<F>,
}

/// What the forward pass of a mini-batch found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The loss, as a sum and its divisor.
    pub loss: LossSum,
    /// How many samples have their largest output at their class; 0 where the targets are values.
    pub n_correct: usize,
    /// How many samples there were.
    pub n_samples: usize,
}

/// The memory of some samples of the mini-batch.
#[derive(Debug)]
struct Shard<F> {
    samples: Range<usize>,
    x: InputBuffer<F>,
    t: TargetBuffer<F>,
    workspace: Workspace<F>,
    outcome: Outcome,
}

/// About this many values of the gradient are one task of the second phase.
const PART: usize = 5_000;

impl<F: Float> MiniBatch<F> {
    /// Memory for mini-batches of `net` of up to `batch_size` samples.
    pub fn new(net: &Sequential<F>, batch_size: usize) -> Self {
        let n_samples = largest_shard(batch_size);
        let shard = || Shard {
            samples: 0..0,
            x: InputBuffer::new(),
            t: TargetBuffer::new(),
            workspace: net.workspace(n_samples),
            outcome: Outcome::default(),
        };
        MiniBatch {
            batch_size,
            shards: shards(batch_size).map(|_| shard()).collect(),
            parts: net.gradient_parts(PART),
            gradient: vec![F::zero(); net.n_parameters()],
        }
    }

    /// Computes the gradient of the mean loss over the samples `indices`; it is then in
    /// [`gradient`](MiniBatch::gradient).
    ///
    /// # Panics
    /// If there are no indices or more than the batch size, or samples and network don't fit.
    pub fn compute(
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
        let ranges = shards(indices.len());
        let n_shards = ranges.len();
        let shards = &mut self.shards[..n_shards];
        for (shard, range) in shards.iter_mut().zip(ranges) {
            shard.samples = range;
        }
        parallel::for_each_mut(shards, |shard| shard.run(net, loss, samples, indices, context));

        let mut outcome = Outcome::default();
        for shard in &*shards {
            outcome.loss += shard.outcome.loss;
            outcome.n_correct += shard.outcome.n_correct;
            outcome.n_samples += shard.outcome.n_samples;
        }
        let divisor = F::of(outcome.loss.divisor);
        sum_parts(&self.parts, &mut self.gradient, &|gradient, part| {
            gradient.fill(F::zero());
            for shard in &*shards {
                let context = context.at_sample(shard.samples.start);
                net.gradient_to(gradient, part.clone(), &shard.workspace, shard.x.as_input(), &context);
            }
            mean_of_sum(gradient, divisor);
        });
        outcome
    }

    /// The gradient of the mean loss of the samples computed last, all parameters laid end to end.
    pub fn gradient(&self) -> &[F] {
        &self.gradient
    }
}

impl<F: Float> Shard<F> {
    /// The first phase, for the samples of this shard.
    fn run(
        &mut self,
        net: &Sequential<F>,
        loss: &dyn Loss<F>,
        samples: &impl Samples,
        indices: &[usize],
        context: &Context,
    ) {
        let indices = &indices[self.samples.clone()];
        let context = context.at_sample(self.samples.start);
        samples.gather_to(&mut self.x, &mut self.t, indices);

        let (x, t) = (self.x.as_input(), self.t.as_targets());
        net.forward(&mut self.workspace, x, &context);
        let (z, dz) = self.workspace.outputs_and_gradient(net);
        self.outcome = Outcome {
            loss: loss.gradient_to(dz, z, t),
            n_correct: n_correct(z, t),
            n_samples: indices.len(),
        };
        net.backward(&mut self.workspace, x, &context);
    }
}

/// How many columns of `z` have their largest value at their class; none where the targets are values.
pub(crate) fn n_correct<F: Float>(z: MatrixView<'_, F>, t: Targets<'_, F>) -> usize {
    match t {
        Targets::Classes(classes) => {
            z.column_iter().zip(classes).filter(|(z, class)| argmax(z) == **class).count()
        }
        _ => 0,
    }
}

/// The one place where the sum over the samples becomes the mean.
pub(crate) fn mean_of_sum<F: Float>(gradient: &mut [F], divisor: F) {
    for value in gradient {
        *value /= divisor;
    }
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
