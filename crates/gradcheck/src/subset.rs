//! A random subset of the elements of a large tensor.

use std::collections::BTreeSet;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// `n` distinct indices below `length` in increasing order; all of them if there are no more than `n`.
///
/// Floyd's algorithm (Bentley and Floyd, *A sample of brilliance*, CACM 30(9), 1987): after the step for
/// `j`, `chosen` is a uniformly distributed subset of `0..=j`, so no list of all indices is needed.
pub(crate) fn random_subset(length: usize, n: usize, seed: u64) -> Vec<usize> {
    if n >= length {
        return (0..length).collect();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = BTreeSet::new();
    for j in length - n..length {
        let candidate = below(j + 1, &mut rng);
        if !chosen.insert(candidate) {
            chosen.insert(j);
        }
    }
    chosen.into_iter().collect()
}

/// A number below `bound`: the upper half of a 128-bit product, the same on 32-bit and 64-bit machines.
/// Its distribution is off by less than `bound` in 2⁶⁴.
fn below(bound: usize, rng: &mut impl Rng) -> usize {
    let product = u128::from(rng.next_u64()) * bound as u128;
    (product >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_increasing_and_as_many_as_asked() {
        for (length, n) in [(10, 1), (10, 5), (10, 9), (1_000_000, 100)] {
            for seed in 0..20 {
                let indices = random_subset(length, n, seed);
                assert_eq!(indices.len(), n);
                assert!(indices.windows(2).all(|pair| pair[0] < pair[1]), "{indices:?}");
                assert!(indices[n - 1] < length, "{indices:?}");
            }
        }
    }

    #[test]
    fn all_when_there_are_no_more() {
        assert_eq!(random_subset(3, 3, 7), [0, 1, 2]);
        assert_eq!(random_subset(3, 4, 7), [0, 1, 2]);
        assert_eq!(random_subset(0, 1, 7), [0; 0]);
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(random_subset(1000, 50, 1), random_subset(1000, 50, 1));
        assert_ne!(random_subset(1000, 50, 1), random_subset(1000, 50, 2));
    }

    #[test]
    fn every_subset_is_equally_likely() {
        // Six pairs of four indices: 1000 of 6000 each, give or take six standard deviations of 29.
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            *counts.entry(random_subset(4, 2, seed)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|&count: &i32| (count - 1000).abs() < 174), "{counts:?}");
    }
}
