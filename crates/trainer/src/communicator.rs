//! How the processes of one run add up: each takes some samples of every mini-batch, in their order, so that sums are those of
//! one process, to the bit.

use chainrule_tensor::Float;

/// The processes that train one network together, as ranks 0, 1, … in the order of the samples they take.
///
/// All call the methods in the same order, as often. A sum starts at rank 0, goes on through the ranks, and all learn the
/// total: `f32` becomes `f64` and back without loss.
///
/// # Examples
/// A run in one process:
/// ```
/// use chainrule_trainer::Communicator;
///
/// struct Alone;
///
/// impl Communicator for Alone {
///     fn rank(&self) -> usize {
///         0
///     }
///     fn n_ranks(&self) -> usize {
///         1
///     }
///     fn receive(&self, _sum: &mut [f64]) {}
///     fn total(&self, _sum: &mut [f64]) {}
///     fn agree(&self, stop: bool) -> bool {
///         stop
///     }
/// }
/// ```
pub trait Communicator: Send + Sync {
    /// The rank of this process.
    fn rank(&self) -> usize;

    /// How many there are.
    fn n_ranks(&self) -> usize;

    /// Receives from the rank before the sum over all samples so far. Called by every rank but 0.
    fn receive(&self, sum: &mut [f64]);

    /// Hands `sum`, with this rank's samples added, to the next rank, and replaces it by the total over all ranks.
    fn total(&self, sum: &mut [f64]);

    /// What rank 0 says: whether the run stops after this step.
    fn agree(&self, stop: bool) -> bool;
}

/// A run in one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneProcess;

impl Communicator for OneProcess {
    fn rank(&self) -> usize {
        0
    }

    fn n_ranks(&self) -> usize {
        1
    }

    fn receive(&self, _: &mut [f64]) {}

    fn total(&self, _: &mut [f64]) {}

    fn agree(&self, stop: bool) -> bool {
        stop
    }
}

/// Makes `sum` the sum over all ranks: `add` adds this rank's samples to those of the ranks before. `room` is for the exchange.
pub(crate) fn sum_in_order<F: Float>(
    communicator: &dyn Communicator,
    sum: &mut [F],
    room: &mut Vec<f64>,
    add: impl FnOnce(&mut [F]),
) {
    sum.fill(F::zero());
    if communicator.n_ranks() == 1 {
        return add(sum);
    }
    room.clear();
    room.resize(sum.len(), 0.0);
    if communicator.rank() > 0 {
        communicator.receive(room);
        sum.iter_mut().zip(&*room).for_each(|(sum, &received)| *sum = F::of(received));
    }
    add(sum);
    room.iter_mut().zip(&*sum).for_each(|(room, sum)| *room = sum.as_f64());
    communicator.total(room);
    sum.iter_mut().zip(&*room).for_each(|(sum, &total)| *sum = F::of(total));
}
