//! Metrics of predictions: the confusion matrix of classes, errors of values.

use std::fmt;

/// The confusion matrix of a classifier: counts by true and predicted class.
///
/// It prints as a table, one line per true class.
///
/// # Examples
/// ```
/// use chainrule_trainer::Confusion;
/// let mut confusion = Confusion::new(2);
/// for (truth, predicted) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     confusion.add(truth, predicted);
/// }
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!(confusion.recall(0), Some(2.0 / 3.0)); // of three that are 0, two were found
/// assert_eq!(confusion.precision(1), Some(0.5)); // of two taken for 1, one is
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    n_classes: usize,
    /// True class after true class.
    counts: Vec<usize>,
    /// By true class: samples that were taken for no class.
    undecided: Vec<usize>,
}

impl Confusion {
    /// No sample yet, of `n_classes` classes.
    pub fn new(n_classes: usize) -> Self {
        Confusion { n_classes, counts: vec![0; n_classes * n_classes], undecided: vec![0; n_classes] }
    }

    /// Counts one sample.
    ///
    /// # Panics
    /// Unless both classes are below the number of classes.
    #[track_caller]
    pub fn add(&mut self, truth: usize, predicted: usize) {
        let n = self.n_classes;
        assert!(truth < n && predicted < n, "classes {truth} and {predicted} of {n}");
        self.counts[truth * n + predicted] += 1;
    }

    /// Counts one sample that was taken for no class, since an output of the network is NaN: it is not classified correctly.
    ///
    /// # Panics
    /// Unless the class is below the number of classes.
    #[track_caller]
    pub fn add_undecided(&mut self, truth: usize) {
        assert!(truth < self.n_classes, "class {truth} of {}", self.n_classes);
        self.undecided[truth] += 1;
    }

    /// Counts the samples of another matrix of as many classes.
    pub(crate) fn merge(&mut self, other: &Confusion) {
        add_counts(&mut self.counts, &other.counts);
        add_counts(&mut self.undecided, &other.undecided);
    }

    /// How many classes there are.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// How many samples of class `truth` were taken for `predicted`.
    ///
    /// # Panics
    /// Unless both are below the number of classes.
    #[track_caller]
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        let n = self.n_classes;
        assert!(truth < n && predicted < n, "classes {truth} and {predicted} of {n}");
        self.counts[truth * n + predicted]
    }

    /// All samples.
    pub fn n_samples(&self) -> usize {
        self.counts.iter().sum::<usize>() + self.n_undecided()
    }

    /// The samples that were taken for no class, since an output of the network is NaN.
    pub fn n_undecided(&self) -> usize {
        self.undecided.iter().sum()
    }

    /// The samples that were classified correctly.
    pub fn n_correct(&self) -> usize {
        (0..self.n_classes).map(|class| self.count(class, class)).sum()
    }

    /// The accuracy, 0…1: the fraction of samples that were classified correctly; NaN without samples.
    pub fn accuracy(&self) -> f64 {
        self.n_correct() as f64 / self.n_samples() as f64
    }

    /// How many samples are of the class.
    pub fn n_true(&self, class: usize) -> usize {
        (0..self.n_classes).map(|predicted| self.count(class, predicted)).sum::<usize>()
            + self.undecided[class]
    }

    /// How many samples were taken for the class.
    pub fn n_predicted(&self, class: usize) -> usize {
        (0..self.n_classes).map(|truth| self.count(truth, class)).sum()
    }

    /// Of the samples predicted to be of the class, the fraction that is of it; `None` if there are none.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.n_predicted(class))
    }

    /// Of the samples of the class, the fraction that was predicted to be of it; `None` if there are none.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.n_true(class))
    }

    /// The harmonic mean of precision and recall, 2·TP/(2·TP + FP + FN); `None` if the class is neither there nor
    /// predicted.
    pub fn f1(&self, class: usize) -> Option<f64> {
        share(2 * self.count(class, class), self.n_true(class) + self.n_predicted(class))
    }

    /// The mean of [`f1`](Confusion::f1) over the classes that have one ("macro"); NaN if none has.
    pub fn mean_f1(&self) -> f64 {
        let all: Vec<f64> = (0..self.n_classes).filter_map(|class| self.f1(class)).collect();
        all.iter().sum::<f64>() / all.len() as f64
    }
}

fn add_counts(sums: &mut [usize], counts: &[usize]) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.counts.iter().chain(&self.undecided).max().copied().unwrap_or(0);
        let undecided = self.n_undecided() > 0;
        let width = largest.max(self.n_classes).to_string().len().max(if undecided { 4 } else { 3 });
        write!(f, "true\\as")?;
        (0..self.n_classes).try_for_each(|class| write!(f, " {class:>width$}"))?;
        if undecided {
            write!(f, " {:>width$}", "none")?;
        }
        for truth in 0..self.n_classes {
            write!(f, "\n{truth:>7}")?;
            (0..self.n_classes).try_for_each(|class| write!(f, " {:>width$}", self.count(truth, class)))?;
            if undecided {
                write!(f, " {:>width$}", self.undecided[truth])?;
            }
        }
        Ok(())
    }
}

/// Where the true class stands among all, by their outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranks {
    /// The number of samples by how many outputs are larger than that of their class; last, those with an output that is NaN.
    counts: Vec<usize>,
}

impl Ranks {
    pub(crate) fn new(n_outputs: usize) -> Self {
        Ranks { counts: vec![0; n_outputs + 1] }
    }

    /// Counts a sample with outputs `z`; of equal outputs the first is the largest, as in argmax.
    pub(crate) fn add<F: PartialOrd>(&mut self, z: &[F], truth: usize) {
        let before = z[..truth].iter().filter(|z_i| **z_i >= z[truth]).count();
        let behind = z[truth + 1..].iter().filter(|z_i| **z_i > z[truth]).count();
        self.counts[before + behind] += 1;
    }

    /// Counts a sample with an output that is NaN.
    pub(crate) fn add_undecided(&mut self) {
        *self.counts.last_mut().expect("the last is that of these samples") += 1;
    }

    pub(crate) fn merge(&mut self, other: &Ranks) {
        add_counts(&mut self.counts, &other.counts);
    }

    /// The share of samples whose class is among the `k` largest outputs.
    pub(crate) fn top_k(&self, k: usize) -> f64 {
        let found: usize = self.counts[..k.min(self.counts.len() - 1)].iter().sum();
        found as f64 / self.counts.iter().sum::<usize>() as f64
    }
}

/// How far predicted values are from the true ones, over all outputs and of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deviation {
    outputs: Vec<Errors>,
}

/// Of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Errors {
    n: usize,
    absolute: f64,
    squared: f64,
    /// The first true value; how far above it the mean of all is, so that far from 0 no digits are lost; and the sum of the
    /// squared distances from the mean.
    first: f64,
    mean: f64,
    spread: f64,
}

impl Deviation {
    pub(crate) fn new(n_outputs: usize) -> Self {
        Deviation { outputs: vec![Errors::default(); n_outputs] }
    }

    /// Compares the values of one sample.
    pub(crate) fn add(&mut self, predicted: &[f64], truth: &[f64]) {
        for ((errors, predicted), &first) in self.outputs.iter_mut().zip(predicted).zip(truth) {
            let error = predicted - first;
            let (absolute, squared) = (error.abs(), error * error);
            errors.merge(&Errors { n: 1, absolute, squared, first, ..Errors::default() });
        }
    }

    pub(crate) fn merge(&mut self, other: &Deviation) {
        self.outputs.iter_mut().zip(&other.outputs).for_each(|(errors, other)| errors.merge(other));
    }

    /// How many outputs a sample has.
    pub fn n_outputs(&self) -> usize {
        self.outputs.len()
    }

    /// That of output `i` alone.
    ///
    /// # Panics
    /// Unless there is such an output.
    #[track_caller]
    pub fn of_output(&self, i: usize) -> Deviation {
        Deviation { outputs: vec![self.outputs[i]] }
    }

    /// How many values were compared.
    pub fn n_values(&self) -> usize {
        self.outputs.iter().map(|errors| errors.n).sum()
    }

    /// The mean of |y − t|.
    pub fn mean_absolute_error(&self) -> f64 {
        self.outputs.iter().map(|errors| errors.absolute).sum::<f64>() / self.n_values() as f64
    }

    /// The mean of (y − t)².
    pub fn mean_squared_error(&self) -> f64 {
        self.outputs.iter().map(|errors| errors.squared).sum::<f64>() / self.n_values() as f64
    }

    /// The coefficient of determination, 1 − Σ(y − t)²/Σ(t − t̄)²: 1 where all is found, 0 where the mean would have done
    /// as well. Of several outputs, the mean of theirs, as scikit-learn's. An output whose true values are all the same
    /// counts 1 if they are met exactly, else 0.
    pub fn r_squared(&self) -> f64 {
        self.outputs.iter().map(Errors::r_squared).sum::<f64>() / self.n_outputs() as f64
    }
}

impl Errors {
    /// Chan, Golub and LeVeque (1979): means and spreads of parts without differences of large sums.
    fn merge(&mut self, other: &Errors) {
        if self.n == 0 || other.n == 0 {
            *self = if self.n == 0 { *other } else { *self };
            return;
        }
        let n = self.n + other.n;
        let (distance, weight) =
            ((other.first - self.first) + other.mean - self.mean, other.n as f64 / n as f64);
        self.spread += other.spread + distance * distance * self.n as f64 * weight;
        self.mean += distance * weight;
        self.absolute += other.absolute;
        self.squared += other.squared;
        self.n = n;
    }

    fn r_squared(&self) -> f64 {
        match self.spread == 0.0 && !self.squared.is_nan() {
            true => f64::from(self.squared == 0.0),
            false => 1.0 - self.squared / self.spread,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confusion_matrix_by_hand() {
        let mut confusion = Confusion::new(3);
        for (truth, predicted, times) in [(0, 0, 5), (0, 1, 1), (1, 1, 3), (1, 0, 2)] {
            (0..times).for_each(|_| confusion.add(truth, predicted));
        }
        assert_eq!((confusion.n_samples(), confusion.n_correct()), (11, 8));
        assert_eq!(confusion.precision(0), Some(5.0 / 7.0));
        assert_eq!(confusion.recall(1), Some(0.6));
        assert_eq!(confusion.f1(0), Some(10.0 / 13.0)); // 2·5 of 6 + 7
        assert_eq!((confusion.precision(2), confusion.recall(2), confusion.f1(2)), (None, None, None));
        assert!((confusion.mean_f1() - (10.0 / 13.0 + 6.0 / 9.0) / 2.0).abs() < 1e-15);
        assert_eq!(
            confusion.to_string(),
            "true\\as   0   1   2\n      0   5   1   0\n      1   2   3   0\n      2   0   0   0"
        );
    }

    #[test]
    fn a_sample_taken_for_no_class_is_not_right() {
        let mut confusion = Confusion::new(2);
        confusion.add(0, 0);
        confusion.add_undecided(0);
        confusion.add_undecided(1);
        let mut other = Confusion::new(2);
        other.add(1, 1);
        confusion.merge(&other);
        assert_eq!((confusion.n_samples(), confusion.n_correct(), confusion.n_undecided()), (4, 2, 2));
        assert_eq!(
            (confusion.accuracy(), confusion.recall(0), confusion.precision(0)),
            (0.5, Some(0.5), Some(1.0))
        );
        assert_eq!(
            confusion.to_string(),
            "true\\as    0    1 none\n      0    1    0    1\n      1    0    1    1"
        );
    }

    #[test]
    fn ranks_by_hand() {
        let mut ranks = Ranks::new(3);
        ranks.add(&[3.0, 1.0, 2.0], 0); // first
        ranks.add(&[3.0, 1.0, 2.0], 2); // second
        ranks.add(&[3.0, 1.0, 2.0], 1); // third
        ranks.add(&[1.0, 1.0, 0.0], 1); // of equals the first is first
        assert_eq!([1, 2, 3].map(|k| ranks.top_k(k)), [0.25, 0.75, 1.0]);
        (0..4).for_each(|_| ranks.add_undecided());
        assert_eq!([1, 2, 3, 9].map(|k| ranks.top_k(k)), [0.125, 0.375, 0.5, 0.5]);
    }

    #[test]
    fn deviations_by_hand_however_they_are_merged() {
        let pairs = [(1.0, 2.0), (3.0, 1.0), (5.0, 6.0)]; // errors −1, 2, −1; mean 3, spread 1 + 4 + 9
        for cut in 0..=3 {
            let [mut whole, mut rest] = [Deviation::new(1), Deviation::new(1)];
            pairs[..cut].iter().for_each(|&(y, t)| whole.add(&[y], &[t]));
            pairs[cut..].iter().for_each(|&(y, t)| rest.add(&[y], &[t]));
            whole.merge(&rest);
            assert_eq!(whole.n_values(), 3);
            assert!((whole.mean_absolute_error() - 4.0 / 3.0).abs() < 1e-15);
            assert!((whole.mean_squared_error() - 2.0).abs() < 1e-15);
            assert!((whole.r_squared() - (1.0 - 6.0 / 14.0)).abs() < 1e-15, "{}", whole.r_squared());
        }
    }

    /// As scikit-learn's `r2_score` with its `multioutput="uniform_average"` and `force_finite`.
    #[test]
    fn r_squared_is_the_mean_over_the_outputs() {
        let r_squared = |samples: &[([f64; 2], [f64; 2])]| {
            let mut deviation = Deviation::new(2);
            samples.iter().for_each(|(y, t)| deviation.add(y, t));
            [deviation.r_squared(), deviation.of_output(0).r_squared(), deviation.of_output(1).r_squared()]
        };
        // The mean is predicted for both outputs, which are of very different size.
        let y = [0.5, 1000.5];
        let found = r_squared(&[(y, [0.0, 1000.0]), (y, [1.0, 1001.0])].repeat(2));
        assert!(found.iter().all(|r_squared| r_squared.abs() <= 1e-15), "{found:?}");
        // Constant targets, met and missed; the other output is found.
        assert_eq!(r_squared(&[([0.1, 3.0], [0.1, 3.0]), ([0.1, 5.0], [0.1, 5.0])]), [1.0; 3]);
        assert_eq!(r_squared(&[([0.1, 3.0], [0.1, 3.0]), ([0.2, 5.0], [0.1, 5.0])]), [0.5, 0.0, 1.0]);
        assert!(r_squared(&[([f64::NAN, 3.0], [0.1, 3.0])])[1].is_nan());
        let mut deviation = Deviation::new(2);
        [([1.0, 10.0], [2.0, 10.0]), ([1.0, 10.0], [0.0, 14.0])]
            .iter()
            .for_each(|(y, t)| deviation.add(y, t));
        assert_eq!((deviation.n_values(), deviation.mean_absolute_error()), (4, 1.5));
        assert_eq!(
            (deviation.of_output(1).n_values(), deviation.of_output(1).mean_squared_error()),
            (2, 8.0)
        );
    }
}
