//! Splits into training and held-out samples, once or in folds, stratified by class.

use std::collections::HashMap;

use chainrule_tensor::random::{Purpose, generator, shuffle};

use crate::{Error, Samples};

/// The indices to train on and those held out.
pub type Fold = (Vec<usize>, Vec<usize>);

/// Splits `samples` into the indices to train on and those held out, both in increasing order.
///
/// The split is stratified: of *n* samples of a class, *n · fraction* are held out. What is left of that by rounding down goes,
/// one sample each, to the classes with the largest remainders, until `fraction` of all samples are held out, rounded; of
/// equal remainders the seed chooses. Which samples, and how many of each class, is a pure function of the seed, and the
/// classes' numbers play no part.
///
/// At least one sample of each class is left to train on, unless `fraction` is 1: with many classes of one or two samples
/// less than `fraction` is held out. Samples without a class, such as those of regression, are taken as one class.
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
pub fn split(samples: &impl Samples, fraction: f64, seed: u64) -> Result<Fold, Error> {
    if !(0.0..=1.0).contains(&fraction) {
        return Err(Error::Share { found: fraction });
    }
    let classes = shuffled_classes(samples, seed);
    let of = |n: usize| n as f64 * fraction;
    let most = |n: usize| if fraction < 1.0 { n - 1 } else { n };
    // To a millionth of a sample, so that 0.29 of 100 is 29 and has no remainder, though in binary it is less.
    let millionths = |n: usize| (of(n) * 1e6).round() as u64;
    let mut counts: Vec<usize> = classes
        .iter()
        .map(|members| most(members.len()).min((millionths(members.len()) / 1_000_000) as usize))
        .collect();
    let mut by_remainder: Vec<usize> = (0..classes.len()).collect();
    shuffle(&mut generator(seed, Purpose::Split, 0, 1), &mut by_remainder);
    let remainder = |class: &usize| millionths(classes[*class].len()) % 1_000_000;
    by_remainder.retain(|class| remainder(class) > 0 && counts[*class] < most(classes[*class].len()));
    // Stable: of equal ones the first by the seed comes first.
    by_remainder.sort_by_key(|class| std::cmp::Reverse(remainder(class)));
    let n_left = (of(samples.n_samples()).round() as usize).saturating_sub(counts.iter().sum());
    by_remainder.into_iter().take(n_left).for_each(|class| counts[class] += 1);

    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for (members, count) in classes.iter().zip(counts) {
        let (out, rest) = members.split_at(count);
        held_out.extend_from_slice(out);
        train.extend_from_slice(rest);
    }
    train.sort_unstable();
    held_out.sort_unstable();
    Ok((train, held_out))
}

/// Splits `samples` into `k` folds for cross-validation: for each, the indices to train on and those held out, as
/// [`split`] gives them.
///
/// Every sample is held out in one fold. Folds differ by one sample at most, and so do the samples of each class in them.
/// The folds are a pure function of the seed, and the classes' numbers play no part.
///
/// A class of fewer than two samples is not trained on in the fold that holds it out.
///
/// # Errors
/// [`Error::Folds`] unless 2 ≤ `k` ≤ the number of samples.
///
/// # Examples
/// ```
/// use chainrule_data::{Dataset, folds};
/// let rows: Vec<f32> = (0..10).map(|i| i as f32).collect();
/// let classes = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let data = Dataset::from_rows(&rows, 1)?.with_classes(&classes)?;
/// for (train, held_out) in folds(&data, 2, 1)? {
///     assert_eq!((train.len(), held_out.len()), (5, 5));
///     let (train, test) = (data.select(&train), data.select(&held_out));
///     // … train a network on the one and evaluate it on the other.
///     assert_eq!((train.n_samples(), test.n_samples()), (5, 5));
/// }
/// # Ok::<(), chainrule_data::Error>(())
/// ```
pub fn folds(samples: &impl Samples, k: usize, seed: u64) -> Result<Vec<Fold>, Error> {
    let n_samples = samples.n_samples();
    if !(2..=n_samples).contains(&k) {
        return Err(Error::Folds { found: k, n_samples });
    }
    let mut fold_of = vec![0; n_samples];
    // Dealt like cards, class after class.
    for (i, sample) in shuffled_classes(samples, seed).into_iter().flatten().enumerate() {
        fold_of[sample] = i % k;
    }
    let fold = |fold| (0..n_samples).partition(|sample| fold_of[*sample] != fold);
    Ok((0..k).map(fold).collect())
}

/// The samples of every class in random order; the classes in the order in which the data first have them, since their numbers
/// must not matter.
fn shuffled_classes(samples: &impl Samples, seed: u64) -> Vec<Vec<usize>> {
    let mut places: HashMap<Option<usize>, usize> = HashMap::new();
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for i in 0..samples.n_samples() {
        let place = *places.entry(samples.class_of(i)).or_insert(classes.len());
        if place == classes.len() {
            classes.push(Vec::new());
        }
        classes[place].push(i);
    }
    for (place, members) in classes.iter_mut().enumerate() {
        // 0 is for the samples without a class.
        let key = samples.class_of(members[0]).map_or(0, |_| place as u64 + 1);
        shuffle(&mut generator(seed, Purpose::Split, key, 0), members);
    }
    classes
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

    /// How many of each class are held out, by class.
    fn counts(classes: &[usize], fraction: f64, seed: u64) -> Vec<usize> {
        let rows = vec![0.0; classes.len()];
        let data = Dataset::from_rows(&rows, 1).unwrap().with_classes(classes).unwrap();
        let held_out = split(&data, fraction, seed).unwrap().1;
        let of = |class: usize| held_out.iter().filter(|&&i| classes[i] == class).count();
        (0..=*classes.iter().max().unwrap()).map(of).collect()
    }

    #[test]
    fn each_class_holds_out_its_share_whatever_its_number() {
        // 99 classes of one sample and one of 100, which is the first, the last or in between.
        for large in [0, 50, 99] {
            let classes: Vec<usize> =
                (0..100).flat_map(|class| vec![class; if class == large { 100 } else { 1 }]).collect();
            for (fraction, expected) in [(0.5, 50), (0.29, 29), (0.07, 7)] {
                let counts = counts(&classes, fraction, 3);
                assert_eq!(counts[large], expected, "class {large}, {fraction}");
                assert_eq!(counts.iter().sum::<usize>(), expected, "class {large}, {fraction}");
            }
        }
        // By hand: 0.3 of 4, 5 and 8 is 1.2, 1.5 and 2.4, of all 17 it is 5.1: one more than 1 + 1 + 2, for the class of 5.
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let classes: Vec<usize> =
                [4, 5, 8].iter().zip(order).flat_map(|(n, class)| vec![class; *n]).collect();
            for seed in 0..20 {
                assert_eq!(order.map(|class| counts(&classes, 0.3, seed)[class]), [1, 2, 2], "{order:?}");
            }
        }
    }

    #[test]
    fn the_numbers_of_the_classes_change_nothing_and_the_seed_breaks_ties() {
        let rows = vec![0.0; 45];
        let classes: Vec<usize> = (0..45).map(|i| (i * i + i / 3) % 5).collect();
        let data = Dataset::from_rows(&rows, 1).unwrap();
        let renumbered: Vec<usize> = classes.iter().map(|class| [7, 0, 12, 3, 1][*class]).collect();
        let (a, b) = (data.clone().with_classes(&classes).unwrap(), data.with_classes(&renumbered).unwrap());
        for seed in 0..20 {
            for fraction in [0.1, 0.25, 0.5, 0.9] {
                assert_eq!(split(&a, fraction, seed), split(&b, fraction, seed));
            }
            assert_eq!(folds(&a, 4, seed), folds(&b, 4, seed));
        }
        // Ten classes of five: of the half samples, five are rounded up, each class in half of the seeds or so.
        let classes: Vec<usize> = (0..50).map(|i| i % 10).collect();
        let mut n_larger = [0; 10];
        for seed in 0..200 {
            let counts = counts(&classes, 0.5, seed);
            assert_eq!(counts.iter().sum::<usize>(), 25);
            counts.iter().zip(&mut n_larger).for_each(|(count, n)| *n += count - 2);
        }
        assert!(n_larger.iter().all(|n| (60..140).contains(n)), "{n_larger:?}");
    }

    #[test]
    fn values_that_are_0_or_1_are_no_classes() {
        // Of 40 targets one is 0 and one is 1: each is held out in a quarter of the seeds or so.
        let rows = vec![0.0; 40];
        let targets: Vec<f32> = (0..40).map(|i| if i < 2 { i as f32 } else { 0.5 + i as f32 }).collect();
        let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&targets, 1).unwrap();
        for i in 0..2 {
            let n = (0..200).filter(|seed| split(&data, 0.25, *seed).unwrap().1.contains(&i)).count();
            assert!((25..75).contains(&n), "sample {i}: {n} of 200");
        }
    }

    #[test]
    fn folds_hold_out_every_sample_once_and_every_class_evenly() {
        let rows = vec![0.0; 23];
        let classes: Vec<usize> = (0..23).map(|i| if i < 3 { 9 } else { i % 3 }).collect();
        let data = Dataset::from_rows(&rows, 1).unwrap().with_classes(&classes).unwrap();
        for k in [2, 3, 5, 23] {
            let folds = folds(&data, k, 4).unwrap();
            assert_eq!(folds.len(), k);
            let mut all: Vec<usize> = folds.iter().flat_map(|(_, held_out)| held_out.clone()).collect();
            all.sort();
            assert!(all.iter().copied().eq(0..23));
            for (train, held_out) in &folds {
                assert!(train.is_sorted() && held_out.is_sorted());
                assert!(train.len() + held_out.len() == 23 && train.iter().all(|i| !held_out.contains(i)));
                assert!((23 / k..=23_usize.div_ceil(k)).contains(&held_out.len()), "{k} folds");
                for class in [0, 1, 2, 9] {
                    let of = |part: &[usize]| part.iter().filter(|&&i| classes[i] == class).count();
                    let n = of(train) + of(held_out);
                    assert!((n / k..=n.div_ceil(k)).contains(&of(held_out)), "class {class}, {k} folds");
                }
            }
        }
        assert_eq!(folds(&data, 5, 1), folds(&data, 5, 1));
        assert_ne!(folds(&data, 5, 1), folds(&data, 5, 2));
        for k in [0, 1, 24] {
            let message = folds(&data, k, 1).unwrap_err().to_string();
            assert_eq!(message, format!("{k} folds of 23 samples, expected from 2 to 23"));
        }
    }

    #[test]
    fn samples_without_classes_are_one_class() {
        let rows = vec![0.5; 20];
        let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&rows, 1).unwrap();
        assert_eq!(split(&data, 0.2, 1).unwrap().1.len(), 4);
    }
}
