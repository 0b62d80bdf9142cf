//! Histograms: counts in bins of equal width.

/// How many of some values are in each of several bins of equal width.
///
/// ```text
/// bin i of n:  low + i·w ≤ value < low + (i + 1)·w,   w = (high − low)/n;   high itself is in the last
/// ```
/// Values that are not finite are left out.
///
/// # Examples
/// ```
/// use chainrule_trainer::diagnostics::Histogram;
/// let histogram = Histogram::within(&[0.0, 0.1, 0.6, 1.0], 0.0, 1.0, 2);
/// assert_eq!(histogram.counts, [2, 2]);
/// assert_eq!(histogram.edges().collect::<Vec<f64>>(), [0.0, 0.5, 1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// Where the first bin begins.
    pub low: f64,
    /// Where the last bin ends; above `low`.
    pub high: f64,
    /// How many values are in each bin.
    pub counts: Vec<u64>,
    /// The smallest value; 0 if there are none.
    pub smallest: f64,
    /// The largest value; 0 if there are none.
    pub largest: f64,
    /// Σ value.
    pub sum: f64,
    /// Σ value².
    pub sum_of_squares: f64,
}

impl Histogram {
    /// `n_bins` bins from the smallest to the largest value; where both are the same, half a unit to
    /// either side, or as much as the value is large, if that is more.
    ///
    /// # Panics
    /// Unless `n_bins` is above 0.
    #[track_caller]
    pub fn of(values: &[f32], n_bins: usize) -> Self {
        let (smallest, largest) = range(values);
        let (low, high) = match smallest < largest {
            true => (smallest, largest),
            // Half a unit may be nothing beside a large value.
            false => (smallest - 0.5_f64.max(smallest.abs()), largest + 0.5_f64.max(largest.abs())),
        };
        Histogram::within(values, low, high, n_bins)
    }

    /// `n_bins` bins from `low` to `high`; a value beyond them counts in the bin next to it.
    ///
    /// # Panics
    /// Unless `low < high` and `n_bins` is above 0.
    #[track_caller]
    pub fn within(values: &[f32], low: f64, high: f64, n_bins: usize) -> Self {
        assert!(low < high, "bins from {low} to {high}, expected an end above the start");
        assert!(n_bins > 0, "found 0 bins, expected at least one");
        let (smallest, largest) = range(values);
        let mut counts = vec![0; n_bins];
        let (mut sum, mut sum_of_squares) = (0.0, 0.0);
        for value in finite(values) {
            // A float that is too small or too large for an index becomes the nearest one.
            let bin = ((value - low) / (high - low) * n_bins as f64) as usize;
            counts[bin.min(n_bins - 1)] += 1;
            sum += value;
            sum_of_squares += value * value;
        }
        Histogram { low, high, counts, smallest, largest, sum, sum_of_squares }
    }

    /// How many values there are.
    pub fn n_values(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The bounds of the bins, one more than there are bins.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = f64> {
        let (low, high, n) = (self.low, self.high, self.counts.len());
        (0..n + 1).map(move |i| low + (high - low) * (i as f64 / n as f64))
    }
}

fn finite(values: &[f32]) -> impl Iterator<Item = f64> {
    values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value))
}

fn range(values: &[f32]) -> (f64, f64) {
    let outside = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = finite(values).fold(outside, |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_in_one_bin() {
        let values = [-1.0, -0.5, -0.25, 0.0, 0.5, 1.0, f32::NAN, f32::INFINITY];
        let histogram = Histogram::of(&values, 4);
        assert_eq!((histogram.low, histogram.high), (-1.0, 1.0));
        assert_eq!((histogram.smallest, histogram.largest), (-1.0, 1.0));
        assert_eq!(histogram.counts, [1, 2, 1, 2]);
        assert_eq!((histogram.n_values(), histogram.sum, histogram.sum_of_squares), (6, -0.25, 2.5625));
        assert_eq!(histogram.edges().collect::<Vec<_>>(), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn equal_values_and_none_have_bins_around_them() {
        let histogram = Histogram::of(&[0.25, 0.25], 2);
        assert_eq!((histogram.low, histogram.high, &histogram.counts[..]), (-0.25, 0.75, &[0, 2][..]));
        let histogram = Histogram::of(&[3e30; 3], 2);
        assert!(histogram.low < 3e30 && histogram.high > 3e30);
        assert_eq!(histogram.n_values(), 3);
        let histogram = Histogram::of(&[f32::NAN], 2);
        assert_eq!((histogram.low, histogram.high, &histogram.counts[..]), (-0.5, 0.5, &[0, 0][..]));
        assert_eq!((histogram.smallest, histogram.largest, histogram.sum), (0.0, 0.0, 0.0));
    }

    #[test]
    fn values_beyond_the_bins_count_in_those_at_the_end() {
        assert_eq!(Histogram::within(&[-7.0, 0.1, 9.0, 9.5], 0.0, 1.0, 2).counts, [2, 2]);
    }

    #[test]
    #[should_panic(expected = "bins from 1 to 1")]
    fn bins_without_a_width_are_refused() {
        Histogram::within(&[1.0], 1.0, 1.0, 2);
    }
}
