//! Samples held out of training: a random share of every class.

use std::collections::BTreeMap;

use chainrule_tensor::random::{Purpose, generator, shuffle};

use crate::Samples;

/// The indices of `samples` in two parts, to train on and held out, both in increasing order.
///
/// The split is stratified: every class is in both parts with its share, as far as whole samples allow, and `fraction`
/// of all samples are held out, rounded. Which ones is a pure function of the seed.
///
/// # Panics
/// Unless 0 ≤ `fraction` ≤ 1.
///
/// # Examples
/// ```
/// use chainrule_trainer::{Dataset, split};
/// let rows: Vec<f32> = (0..10).map(|i| i as f32).collect();
/// let classes = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let data = Dataset::from_rows(&rows, 1)?.with_classes(&classes)?;
/// let (train, held_out) = split(&data, 0.5, 1);
/// assert_eq!((train.len(), held_out.len()), (5, 5));
/// assert_eq!(held_out.iter().filter(|&&i| classes[i] == 1).count(), 2);
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[track_caller]
pub fn split(samples: &impl Samples, fraction: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    assert!((0.0..=1.0).contains(&fraction), "a share of {fraction}, expected 0 to 1");
    let mut classes: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for i in 0..samples.n_samples() {
        classes.entry(samples.class_of(i)).or_default().push(i);
    }
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    let mut n_seen = 0;
    for (class, mut members) in classes {
        let class = class.map_or(0, |class| class as u64 + 1);
        shuffle(&mut generator(seed, Purpose::Split, class, 0), &mut members);
        n_seen += members.len();
        // So many of all seen so far that rounding never adds up.
        let wanted = (n_seen as f64 * fraction).round() as usize - held_out.len();
        let (out, rest) = members.split_at(wanted);
        held_out.extend_from_slice(out);
        train.extend_from_slice(rest);
    }
    train.sort_unstable();
    held_out.sort_unstable();
    (train, held_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dataset;

    #[test]
    fn every_sample_is_in_one_part_and_every_class_in_both() {
        let rows = vec![0.0; 103];
        let classes: Vec<usize> = (0..103).map(|i| if i < 3 { 0 } else { 1 + i % 4 }).collect();
        let data = Dataset::from_rows(&rows, 1).unwrap().with_classes(&classes).unwrap();
        for fraction in [0.0, 0.1, 0.25, 0.5, 1.0] {
            let (train, held_out) = split(&data, fraction, 7);
            assert_eq!(held_out.len(), (103.0 * fraction).round() as usize);
            let mut all = [&train[..], &held_out].concat();
            all.sort();
            assert!(all.iter().copied().eq(0..103));
            for class in 0..5 {
                let of = |part: &[usize]| part.iter().filter(|&&i| classes[i] == class).count();
                let expected = fraction * (of(&train) + of(&held_out)) as f64;
                assert!((of(&held_out) as f64 - expected).abs() <= 1.0, "class {class}, {fraction}");
            }
        }
        assert_ne!(split(&data, 0.5, 7), split(&data, 0.5, 8));
        assert_eq!(split(&data, 0.5, 7), split(&data, 0.5, 7));
    }

    #[test]
    fn samples_without_classes_are_one_class() {
        let rows = vec![0.5; 20];
        let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&rows, 1).unwrap();
        assert_eq!(split(&data, 0.2, 1).1.len(), 4);
    }
}
