//! Splits into training and held-out samples, stratified by class.

use std::collections::BTreeMap;

use chainrule_tensor::random::{Purpose, generator, shuffle};

use crate::{Error, Samples};

/// Splits `samples` into the indices to train on and those held out, both in increasing order.
///
/// The split is stratified: every class is in both parts with its fraction, as far as whole samples allow, and `fraction`
/// of all samples are held out, rounded. Which ones is a pure function of the seed.
///
/// A class of several samples is never held out whole, unless all samples are.
///
/// # Errors
/// [`Error::Share`] unless 0 ≤ `fraction` ≤ 1.
///
/// # Examples
/// ```
/// use chainrule_data::{Dataset, split};
/// let rows: Vec<f32> = (0..10).map(|i| i as f32).collect();
/// let classes = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let data = Dataset::from_rows(&rows, 1)?.with_classes(&classes)?;
/// let (train, held_out) = split(&data, 0.5, 1)?;
/// assert_eq!((train.len(), held_out.len()), (5, 5));
/// assert_eq!(held_out.iter().filter(|&&i| classes[i] == 1).count(), 2);
/// # Ok::<(), chainrule_data::Error>(())
/// ```
pub fn split(samples: &impl Samples, fraction: f64, seed: u64) -> Result<(Vec<usize>, Vec<usize>), Error> {
    if !(0.0..=1.0).contains(&fraction) {
        return Err(Error::Share { found: fraction });
    }
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
        let most = if fraction < 1.0 { members.len() - 1 } else { members.len() };
        let wanted = wanted.min(most);
        let (out, rest) = members.split_at(wanted);
        held_out.extend_from_slice(out);
        train.extend_from_slice(rest);
    }
    train.sort_unstable();
    held_out.sort_unstable();
    Ok((train, held_out))
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
            let (train, held_out) = split(&data, fraction, 7).unwrap();
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
        let held_out = |seed| split(&data, 0.5, seed).unwrap().1;
        assert_ne!(held_out(7), held_out(8));
        assert_eq!(held_out(7), held_out(7));
        for bad in [f64::NAN, -0.1, 1.5] {
            let message = split(&data, bad, 1).unwrap_err().to_string();
            assert_eq!(message, format!("the fraction to hold out is {bad}, expected a number from 0 to 1"));
        }
    }

    #[test]
    fn a_class_of_one_sample_stays_in_training() {
        for n in 2..60 {
            let (rows, classes) = (vec![0.0; n], (0..n).map(|i| usize::from(i == 0)).collect::<Vec<_>>());
            let data = Dataset::from_rows(&rows, 1).unwrap().with_classes(&classes).unwrap();
            for fraction in [0.1, 0.25, 0.9] {
                assert!(split(&data, fraction, 1).unwrap().0.contains(&0), "{n} samples, {fraction}");
            }
        }
    }

    #[test]
    fn samples_without_classes_are_one_class() {
        let rows = vec![0.5; 20];
        let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&rows, 1).unwrap();
        assert_eq!(split(&data, 0.2, 1).unwrap().1.len(), 4);
    }
}
