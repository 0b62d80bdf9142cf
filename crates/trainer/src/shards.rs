//! The shards of a mini-batch: how it is cut, by its size alone and never by the number of threads, and how they go forward
//! and backward, each in memory of its own.

use std::ops::Range;

use chainrule_layers::{Context, Sequential, Workspace};
use chainrule_losses::{Loss, TargetBuffer};
use chainrule_tensor::{Float, InputBuffer};

use crate::{
    Samples,
    minibatch::{Outcome, n_correct},
    parallel,
};

/// Up to this many samples per shard: enough for a product to run at speed.
const LARGEST_SHARD: usize = 32;

/// Cuts `n_samples` into runs of nearly equal length. Their number is a power of two, so that any usual number of threads
/// shares them evenly.
pub(crate) fn shards(n_samples: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let n_shards = n_samples.div_ceil(LARGEST_SHARD).next_power_of_two();
    let cut = move |i: usize| i * n_samples / n_shards;
    (0..n_shards).map(move |i| cut(i)..cut(i + 1))
}

/// The most samples that a shard of up to `n_samples` samples has.
pub(crate) fn largest_shard(n_samples: usize) -> usize {
    n_samples.min(LARGEST_SHARD)
}

/// The memory of some samples of the mini-batch.
#[derive(Debug)]
pub(crate) struct Shard<F> {
    pub(crate) samples: Range<usize>,
    pub(crate) x: InputBuffer<F>,
    pub(crate) t: TargetBuffer<F>,
    pub(crate) workspace: Workspace<F>,
    pub(crate) outcome: Outcome,
}

/// The first phase. `begin` and `lose` come before the forward pass of a shard and between its two passes.
pub(crate) fn run_stages<F: Float>(
    net: &Sequential<F>,
    shards: &mut [Shard<F>],
    context: &Context,
    begin: &(impl Fn(&mut Shard<F>) + Sync),
    lose: &(impl Fn(&mut Shard<F>) + Sync),
) {
    let stages = net.stages();
    let last = stages.len() - 1;
    for (s, stage) in stages.iter().enumerate() {
        parallel::for_each_mut(shards, |shard| {
            if s == 0 {
                begin(shard);
            }
            let context = context.at_sample(shard.samples.start);
            net.forward_stage(&mut shard.workspace, shard.x.as_input(), stage.clone(), &context);
            if s == last {
                lose(shard);
                net.backward_stage(&mut shard.workspace, shard.x.as_input(), stage.clone(), &context);
            }
        });
        if s < last {
            share(shards, |workspace| workspace.forward_sums_mut(stage.end));
        }
    }
    for s in (0..last).rev() {
        share(shards, |workspace| workspace.backward_sums_mut(stages[s + 1].start));
        parallel::for_each_mut(shards, |shard| {
            let context = context.at_sample(shard.samples.start);
            net.backward_stage(&mut shard.workspace, shard.x.as_input(), stages[s].clone(), &context);
        });
    }
}

/// Adds up the sums of all shards, in their order, and gives each the total.
fn share<F: Float>(shards: &mut [Shard<F>], sums: impl Fn(&mut Workspace<F>) -> &mut [f64]) {
    let Some((first, rest)) = shards.split_first_mut() else { return };
    let total = sums(&mut first.workspace);
    for shard in &mut *rest {
        for (total, sum) in total.iter_mut().zip(sums(&mut shard.workspace)) {
            *total += *sum;
        }
    }
    for shard in rest {
        sums(&mut shard.workspace).copy_from_slice(total);
    }
}

impl<F: Float> Shard<F> {
    pub(crate) fn gather(&mut self, samples: &impl Samples, indices: &[usize], context: &Context) {
        let (indices, at) = (&indices[self.samples.clone()], context.at_sample(self.samples.start));
        samples.gather(&mut self.x, &mut self.t, indices, at);
    }

    /// The loss of what went forward, and its gradient with respect to the outputs.
    pub(crate) fn lose(&mut self, net: &Sequential<F>, loss: &dyn Loss<F>) {
        let t = self.t.as_targets();
        let (z, dz) = self.workspace.outputs_and_gradient(net);
        self.outcome = Outcome {
            loss: match self.t.weights() {
                None => loss.gradient_to(dz, z, t),
                Some(weights) => loss.weighted_gradient_to(dz, z, t, weights),
            },
            n_correct: n_correct(loss, z, t),
            n_samples: self.samples.len(),
        };
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
            assert!(min >= 1 && max - min <= 1 && max <= largest_shard(n), "{n}: {all:?}");
        }
    }

    #[test]
    fn the_tutorials_batch_makes_four_shards() {
        assert_eq!(shards(100).collect::<Vec<_>>(), [0..25, 25..50, 50..75, 75..100]);
    }
}
