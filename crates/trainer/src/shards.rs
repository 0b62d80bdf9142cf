//! How a mini-batch is cut into shards: by its size alone, never by the number of threads.

use std::ops::Range;

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
