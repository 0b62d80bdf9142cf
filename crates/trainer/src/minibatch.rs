//! The gradient of a mini-batch, on several threads and with the same bits on any number of them.
//!
//! Two phases:
//!
//! 1. **by samples**: every shard, one for each thread, gathers its samples, runs forward, takes the loss and runs backward,
//!    in memory of its own;
//! 2. **by parameters**: every piece of the gradient is summed over all shards in their order, and divided.
//!
//! So no shard has a gradient of its own that would have to be added up, and the values of one piece may change while the
//! gradient of another is being summed, since gradients see no values. Where a layer wants sums over the whole mini-batch,
//! the first phase stops before it until those of all shards have been added, in their order. The readable twin is
//! [`Mlp::gradient`](crate::Mlp::gradient).

use std::{mem::take, ops::Range};

use chainrule_data::{AnySamples, Samples};
use chainrule_layers::{Context, Layers, Sequential, Sums, Workspace};
use chainrule_losses::{Loss, LossSum, TargetBuffer, Targets};
use chainrule_optimizers::{Optimizer, Update};
use chainrule_tensor::{Float, MatrixView, MatrixViewMut, vectorized};

use crate::{
    Communicator, Error, ParameterGroup,
    communicator::{OneProcess, sum_in_order},
    parallel::{self, Rooms},
    parameter_group::Factors,
    update::{PIECE, for_each_piece, of_network},
};

/// The memory in which gradients of mini-batches are computed, for one network and a largest batch size.
///
/// A step is [`run`](MiniBatch::run) and then [`update`](MiniBatch::update). To look at the gradient or to change it, call
/// [`sum_gradient`](MiniBatch::sum_gradient) between them.
pub struct MiniBatch<'c, F = f32> {
    batch_size: usize,
    communicator: &'c dyn Communicator,
    /// The parameters that have a learning rate or a weight decay of their own, and both as factors.
    groups: Vec<Factors>,
    shards: Vec<Shard<F>>,
    /// How many of them the last mini-batch has in this process.
    n_shards: usize,
    /// The sums over that mini-batch, of all layers.
    sums: Sums,
    pieces: Vec<Range<usize>>,
    /// As parameters lie, where it was asked for as a whole.
    gradient: Vec<F>,
    /// Otherwise of one piece at a time, for each thread.
    rooms: Rooms<F>,
    /// Whether all of it is known.
    is_summed: bool,
    context: Context,
    divisor: F,
    /// For exchanging sums.
    room: Vec<f64>,
}

/// Some of the samples: one or several runs.
struct Shard<F> {
    workspace: Workspace<F>,
    /// The targets of one run.
    target_room: TargetBuffer<F>,
    /// Of each run.
    outcomes: Vec<Outcome>,
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

/// Up to this many samples per run.
const LARGEST_RUN: usize = 32;

impl<'c, F: Float> MiniBatch<'c, F> {
    /// Memory for mini-batches of `net` of up to `batch_size` samples.
    pub fn new(net: &Sequential<F>, batch_size: usize) -> Self {
        let layers = net.layers();
        let n_runs = runs(batch_size).len();
        // Sums over the whole mini-batch are added up run by run.
        let n_shards = if layers.stages().len() > 1 { n_runs } else { n_runs.min(parallel::n_threads()) };
        let largest = n_runs.div_ceil(n_shards);
        let shard = |_| Shard {
            workspace: layers.workspace(largest * batch_size.min(LARGEST_RUN)),
            target_room: TargetBuffer::new(),
            outcomes: Vec::with_capacity(largest),
        };
        MiniBatch {
            batch_size,
            communicator: &OneProcess,
            groups: Vec::new(),
            shards: (0..n_shards).map(shard).collect(),
            n_shards: 0,
            sums: layers.sums(),
            pieces: layers.pieces(PIECE),
            gradient: Vec::new(),
            rooms: Rooms::new(),
            is_summed: false,
            context: Context::inference(),
            divisor: F::zero(),
            room: Vec::new(),
        }
    }

    /// Sets who exchanges sums with the other processes of the run.
    pub fn with_communicator(self, communicator: &'c dyn Communicator) -> Self {
        MiniBatch { communicator, ..self }
    }

    /// Sets learning rates and weight decays of groups of parameters; where a parameter is in several, all factors count.
    ///
    /// # Errors
    /// [`Error::Config`] if a group names no parameter of the network.
    pub fn with_groups(mut self, layers: &Layers<F>, groups: &[ParameterGroup]) -> Result<Self, Error> {
        self.groups = ParameterGroup::factors(groups, layers)?;
        Ok(self)
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
        self.run_on(net, loss, AnySamples::new(samples), indices, context)
    }

    fn run_on(
        &mut self,
        net: &Sequential<F>,
        loss: &dyn Loss<F>,
        samples: AnySamples<'_>,
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
        (self.context, self.is_summed) = (context, false);
        let MiniBatch { communicator, shards, sums, n_shards, room, .. } = self;
        let (n_samples, n_ranks) = (indices.len(), communicator.n_ranks());
        let first_of = |rank: usize| rank * runs(n_samples).len() / n_ranks;
        let mine = first_of(communicator.rank())..first_of(communicator.rank() + 1);
        *n_shards = shards.len().min(mine.len());
        let shards = &mut shards[..*n_shards];
        let mut runs_left = runs(n_samples).skip(mine.start);
        for (i, Shard { workspace, .. }) in shards.iter_mut().enumerate() {
            let n_runs = (i + 1) * mine.len() / *n_shards - i * mine.len() / *n_shards;
            let mut these = runs_left.by_ref().take(n_runs);
            let first = these.next().expect("a run for every shard");
            workspace.samples = first.start..these.last().unwrap_or(first).end;
        }

        let (layers, values) = (net.layers(), net.values());
        let last = layers.stages().len() - 1;
        for (s, stage) in layers.stages().iter().enumerate() {
            parallel::for_each_mut(shards, |Shard { workspace, outcomes, target_room }| {
                let these = workspace.samples.clone();
                let runs = || runs(n_samples).filter(|run| these.contains(&run.start));
                if s == 0 {
                    // Run by run, since randomness of one's own may ask for where a run begins.
                    workspace.t.classes_mut();
                    for run in runs() {
                        workspace.x.keep(run.start - these.start);
                        let at = context.at_sample(run.start);
                        samples.gather(&mut workspace.x, target_room, &indices[run], at);
                        workspace.t.append(target_room);
                    }
                    workspace.x.keep(0);
                }
                layers.forward(values, sums, context, workspace, s);
                if s == last {
                    outcomes.clear();
                    for run in runs() {
                        outcomes.push(compute_loss(layers, loss, workspace, run));
                    }
                    layers.backward(values, sums, context, workspace, s);
                }
            });
            if s < last {
                let total = &mut sums[stage.end][0];
                sum_in_order(*communicator, total, room, |total| {
                    let layer = layers.layer(stage.end);
                    let whole_batch = layer.extras().whole_batch;
                    for Shard { workspace, .. } in shards.iter() {
                        let behind = &workspace.sums[stage.end][0];
                        whole_batch.iter().for_each(|layer| layer.merge_forward_sums(total, behind));
                    }
                });
            }
        }
        for (s, stage) in layers.stages()[..last].iter().enumerate().rev() {
            let total = &mut sums[stage.end][1];
            sum_in_order(*communicator, total, room, |total| {
                shards.iter().for_each(|Shard { workspace, .. }| add(total, &workspace.sums[stage.end][1]));
            });
            parallel::for_each_mut(shards, |Shard { workspace, .. }| {
                layers.backward(values, sums, context, workspace, s);
            });
        }

        let mut total = [0.0; 4];
        sum_in_order(*communicator, &mut total, room, |total| {
            let outcomes = shards.iter().flat_map(|shard| &shard.outcomes);
            for Outcome { loss, n_correct, n_samples } in outcomes {
                // NaN where the targets are no classes.
                let n_correct = n_correct.map_or(f64::NAN, |n| n as f64);
                add(total, &[loss.sum, loss.divisor, n_correct, *n_samples as f64]);
            }
        });
        let [sum, divisor, n_correct, n_samples] = total;
        self.divisor = F::of(divisor);
        Outcome {
            loss: LossSum { sum, divisor },
            n_correct: (!n_correct.is_nan()).then_some(n_correct as usize),
            n_samples: n_samples as usize,
        }
    }

    /// Computes the gradient of the mean loss of the samples that ran last.
    pub fn sum_gradient(&mut self, net: &Sequential<F>) {
        let (mut gradient, layers) = (take(&mut self.gradient), net.layers());
        gradient.resize(layers.n_parameters(), F::zero());
        if self.communicator.n_ranks() == 1 {
            let nothing = Update::new(&mut [], &[], &mut [], 0, 0.0);
            for_each_piece(layers, &self.pieces, nothing, &mut gradient, &|piece, _, gradient| {
                gradient.fill(F::zero());
                self.add_gradient(layers, piece, gradient);
                mean_of_sum(gradient, self.divisor);
            });
        } else {
            let mut room = take(&mut self.room);
            for piece in &self.pieces {
                let gradient = &mut gradient[piece.clone()];
                sum_in_order(self.communicator, gradient, &mut room, |gradient| {
                    self.add_gradient(layers, piece, gradient);
                });
                mean_of_sum(gradient, self.divisor);
            }
            self.room = room;
        }
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
        slots: &mut [Vec<F>],
        step: u64,
        learning_rate: f64,
    ) {
        if self.communicator.n_ranks() > 1 && !self.is_summed {
            self.sum_gradient(net);
        }
        let (layers, values) = net.split_mut();
        let all = of_network(layers, optimizer, values, slots, step, learning_rate);
        for_each_piece(layers, &self.pieces, all, &mut [], &|piece, mut update, _| {
            if let Some((_, [rate, decay])) =
                self.groups.iter().find(|(range, _)| range.contains(&piece.start))
            {
                update.learning_rate *= rate;
                update.decay_factor = *decay;
            }
            if self.is_summed {
                return optimizer.update(Update { gradient: &self.gradient[piece.clone()], ..update });
            }
            self.rooms.with(piece.len(), |gradient| {
                let update = update; // Its fields one by one are more than the compiler can capture.
                gradient.fill(F::zero());
                self.add_gradient(layers, piece, gradient);
                mean_of_sum(gradient, self.divisor);
                optimizer.update(Update { gradient, ..update });
            });
        });
        layers.end_step(values, &self.sums, self.context.n_samples);
    }

    /// Adds one piece of the gradient of the summed loss, sample by sample.
    fn add_gradient(&self, layers: &Layers<F>, piece: &Range<usize>, gradient: &mut [F]) {
        for Shard { workspace, .. } in &self.shards[..self.n_shards] {
            layers.gradient(&self.sums, self.context, workspace, piece, gradient);
        }
    }
}

/// Cuts `n_samples` into runs of nearly equal length, whose losses are added up in order; a shard is one or several. Their number
/// is a power of two, so that any usual number of threads shares them evenly; it depends on the size of the mini-batch alone
/// and never on the number of threads.
fn runs(n_samples: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let n_runs = n_samples.div_ceil(LARGEST_RUN).next_power_of_two();
    let cut = move |i: usize| i * n_samples / n_runs;
    (0..n_runs).map(move |i| cut(i)..cut(i + 1))
}

fn add(total: &mut [f64], values: &[f64]) {
    total.iter_mut().zip(values).for_each(|(total, value)| *total += value);
}

/// The loss of one run of what went forward, and its gradient with respect to the outputs.
fn compute_loss<F: Float>(
    layers: &Layers<F>,
    loss: &dyn Loss<F>,
    workspace: &mut Workspace<F>,
    run: Range<usize>,
) -> Outcome {
    let (n_samples, first) = (run.len(), run.start - workspace.samples.start);
    let run = first..first + n_samples;
    let (z, mut dz, t) = workspace.outputs_and_gradient(layers);
    let (targets, weights) = (t.as_targets().columns(run.clone()), t.weights());
    let z = z.columns(run.clone());
    let dz = &mut dz.as_mut_slice()[run.start * z.n_rows()..run.end * z.n_rows()];
    let dz = MatrixViewMut::new(dz, z.n_rows(), n_samples);
    let loss_sum = match weights {
        None => loss.gradient_to(dz, z, targets),
        Some(weights) => loss.weighted_gradient_to(dz, z, targets, &weights[run]),
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
        Some(n + usize::from(truth == predicted && loss.outputs().is_decided(z.column(j))))
    })
}

/// The one place where the sum over the samples becomes the mean.
pub(crate) fn mean_of_sum<F: Float>(gradient: &mut [F], divisor: F) {
    // A multiplication takes a fifth of the time of a division. Where nothing counted, the sum is 0 and stays it.
    let share = if divisor.is_zero() { F::zero() } else { F::one() / divisor };
    vectorized(|| gradient.iter_mut().for_each(|value| *value *= share));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_every_sample_once_and_are_nearly_equal() {
        for n in 1..1000 {
            let all: Vec<_> = runs(n).collect();
            assert_eq!(all[0].start, 0);
            assert_eq!(all[all.len() - 1].end, n);
            assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            let lengths = all.iter().map(ExactSizeIterator::len);
            let (min, max) = (lengths.clone().min().unwrap(), lengths.max().unwrap());
            assert!(min >= 1 && max - min <= 1 && max <= LARGEST_RUN, "{n}: {all:?}");
        }
    }

    #[test]
    fn the_tutorials_batch_makes_four_runs() {
        assert_eq!(runs(100).collect::<Vec<_>>(), [0..25, 25..50, 50..75, 75..100]);
    }
}
