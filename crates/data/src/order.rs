//! Which samples make up each mini-batch: a pure function of the seed, the epoch and the step.

use chainrule_tensor::random::{Purpose, generator, index, shuffle};

/// How samples are drawn for mini-batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Sampling {
    /// All samples in random order, every epoch another; each is seen once per epoch. The last mini-batch of an
    /// epoch is smaller where the batch size does not divide the number of samples.
    #[default]
    Shuffled,
    /// Every mini-batch drawn anew from all samples, with replacement, as the tutorial does. An epoch is as many
    /// mini-batches as cover the number of samples.
    WithReplacement,
}

/// The mini-batches of a run, in order: each a pure function of the seed and the step.
///
/// # Examples
/// ```
/// use chainrule_data::{Order, Sampling};
/// let mut order = Order::new(Sampling::Shuffled, 1, vec![3, 14, 15], 2);
/// let first = order.mini_batch(0).to_vec();
/// assert_eq!((first.len(), order.mini_batch(1).len()), (2, 1)); // an epoch
/// assert_eq!(order.mini_batch(0), first);
/// ```
#[derive(Clone, Debug)]
pub struct Order {
    sampling: Sampling,
    seed: u64,
    /// The samples to choose from.
    pool: Vec<usize>,
    batch_size: usize,
    /// The order of the samples in `epoch`, or the samples of one step.
    indices: Vec<usize>,
    epoch: Option<u64>,
}

impl Order {
    /// Mini-batches of the samples `pool`. A batch size above their number counts as that number.
    ///
    /// # Panics
    /// Unless there is a sample, and `batch_size` is 1 at least.
    #[track_caller]
    pub fn new(sampling: Sampling, seed: u64, pool: Vec<usize>, batch_size: usize) -> Self {
        let batch_size = batch_size.min(pool.len());
        assert!(batch_size > 0, "mini-batches of {batch_size} of {} samples", pool.len());
        Order { sampling, seed, pool, batch_size, indices: Vec::new(), epoch: None }
    }

    /// Samples per mini-batch; the last of an epoch may have fewer.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Mini-batches per epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.pool.len().div_ceil(self.batch_size) as u64
    }

    /// The samples of step `step`, counting from 0.
    pub fn mini_batch(&mut self, step: u64) -> &[usize] {
        let epoch = step / self.steps_per_epoch();
        match self.sampling {
            Sampling::Shuffled => {
                if self.epoch != Some(epoch) {
                    self.indices.clone_from(&self.pool);
                    shuffle(&mut generator(self.seed, Purpose::Shuffle, epoch, 0), &mut self.indices);
                    self.epoch = Some(epoch);
                }
                let start = (step % self.steps_per_epoch()) as usize * self.batch_size;
                &self.indices[start..(start + self.batch_size).min(self.pool.len())]
            }
            Sampling::WithReplacement => {
                let mut rng = generator(self.seed, Purpose::Draw, step, 0);
                self.indices.clear();
                self.indices
                    .extend((0..self.batch_size).map(|_| self.pool[index(&mut rng, self.pool.len())]));
                &self.indices
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_shows_every_sample_once() {
        let mut order = Order::new(Sampling::Shuffled, 1, (0..10).collect(), 4);
        assert_eq!(order.steps_per_epoch(), 3);
        let mut epochs = Vec::new();
        for epoch in 0..2 {
            let batches: Vec<Vec<usize>> = (0..3).map(|s| order.mini_batch(3 * epoch + s).to_vec()).collect();
            assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
            let mut all = batches.concat();
            epochs.push(all.clone());
            all.sort();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(epochs[0], epochs[1]);
    }

    #[test]
    fn a_step_does_not_depend_on_those_before_it() {
        for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
            let mut from_start = Order::new(sampling, 7, (0..100).collect(), 9);
            let all: Vec<Vec<usize>> = (0..30).map(|step| from_start.mini_batch(step).to_vec()).collect();
            for step in [29, 3, 15] {
                let mut later = Order::new(sampling, 7, (0..100).collect(), 9);
                assert_eq!(later.mini_batch(step), all[step as usize], "{sampling:?}, step {step}");
            }
        }
    }

    #[test]
    fn drawing_with_replacement_repeats_samples() {
        let mut order = Order::new(Sampling::WithReplacement, 1, (0..50).collect(), 50);
        let mut drawn = order.mini_batch(0).to_vec();
        drawn.sort();
        drawn.dedup();
        assert!((2..50).contains(&drawn.len()), "{} different samples of 50", drawn.len());
    }

    #[test]
    fn a_batch_larger_than_the_data_is_the_data() {
        let mut order = Order::new(Sampling::Shuffled, 1, (0..5).collect(), 1000);
        assert_eq!((order.batch_size(), order.steps_per_epoch()), (5, 1));
        let mut batch = order.mini_batch(0).to_vec();
        batch.sort();
        assert_eq!(batch, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn nothing_but_the_pool_is_shown() {
        for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
            let mut order = Order::new(sampling, 1, vec![3, 14, 15, 92, 65], 2);
            for step in 0..30 {
                let batch = order.mini_batch(step);
                assert!(batch.iter().all(|i| [3, 14, 15, 92, 65].contains(i)), "{sampling:?}: {batch:?}");
            }
        }
    }
}
