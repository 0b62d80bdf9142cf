//! Compares given derivatives with numerical ones, by relative error.

use crate::real::to_f64;
use crate::{Real, Refusal};

/// The tolerances of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tolerance {
    /// The largest relative error.
    pub(crate) relative: f64,
    /// A difference that agrees whatever the relative error.
    pub(crate) absolute: f64,
    /// The least denominator of the relative error, as a fraction of the largest derivative.
    pub(crate) floor: f64,
}

/// A given derivative and a numerical one, both finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) index: usize,
    analytic: f64,
    numeric: f64,
    /// The least denominator of the relative error.
    least: f64,
    pub(crate) sort: Sort,
}

/// Whether two derivatives can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Sort {
    #[default]
    Comparable,
    /// The function has a kink here.
    Kink,
    /// The function bends so much, or is rounded so much, that the step cannot tell.
    Unclear,
}

impl Pair {
    /// `analytic[indices[i]]` beside `numeric[i]`, or why that cannot be done.
    pub(crate) fn all<F: Real>(
        indices: &[usize],
        analytic: &[F],
        numeric: &[F],
        tolerance: Tolerance,
    ) -> Result<Vec<Pair>, Refusal> {
        if let Some((index, value)) = first_not_finite(analytic) {
            return Err(Refusal::Analytic { index, value });
        }
        if let Some((i, value)) = first_not_finite(numeric) {
            return Err(Refusal::Numeric { index: indices[i], value });
        }
        if indices.is_empty() {
            return Err(Refusal::Empty);
        }
        let largest = analytic.iter().chain(numeric).fold(0.0_f64, |max, &g| max.max(to_f64(g).abs()));
        let least = tolerance.floor * largest;
        let pairs = indices.iter().zip(numeric).map(|(&index, &numeric)| {
            let (analytic, numeric) = (to_f64(analytic[index]), to_f64(numeric));
            Pair { index, analytic, numeric, least, sort: Sort::Comparable }
        });
        Ok(pairs.collect())
    }

    /// Whether there is anything to measure a difference against: beside a derivative of 0 alone there is not.
    pub(crate) fn has_scale(&self) -> bool {
        self.analytic != 0.0 || self.least > 0.0
    }

    /// How far apart the two may be.
    pub(crate) fn allowed(&self, tolerance: Tolerance) -> f64 {
        (tolerance.relative * self.scale()).max(tolerance.absolute)
    }

    /// How far apart the two are.
    pub(crate) fn difference(&self) -> f64 {
        (self.analytic - self.numeric).abs()
    }

    /// The same with another numerical derivative.
    pub(crate) fn with_numeric(self, numeric: f64) -> Pair {
        Pair { numeric, ..self }
    }

    /// The same beside given derivatives of which the largest is this one, if there is one.
    pub(crate) fn beside(self, largest: f64, tolerance: Tolerance) -> Pair {
        let least = if largest > 0.0 { tolerance.floor * largest } else { self.least };
        Pair { least, ..self }
    }

    /// The same of another sort.
    pub(crate) fn of(self, sort: Sort) -> Pair {
        Pair { sort, ..self }
    }

    /// The denominator of the relative error.
    pub(crate) fn scale(&self) -> f64 {
        self.analytic.abs().max(self.numeric.abs()).max(self.least)
    }

    /// *|a − n| / max(|a|, |n|, least)*. Never NaN: where they differ the divisor is above 0.
    fn relative_error(&self) -> f64 {
        match self.analytic == self.numeric {
            true => 0.0,
            false => self.difference() / self.scale(),
        }
    }

    /// Whether the two agree, with a tolerance `leeway` times as large.
    pub(crate) fn agrees(&self, tolerance: Tolerance, leeway: f64) -> bool {
        self.relative_error() <= leeway * tolerance.relative
            || self.difference() <= leeway * tolerance.absolute
    }
}

/// The result of comparing finite derivatives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) n_checked: usize,
    pub(crate) n_agreeing: usize,
    pub(crate) kinks: Vec<usize>,
    pub(crate) unclear: Vec<usize>,
    /// `None` if nothing could be compared.
    pub(crate) worst: Option<Worst>,
}

/// The derivative with the largest relative error, the first of them if there are several: of those that disagree,
/// if any does.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Worst {
    /// Its index in the tensor.
    pub index: usize,
    /// The derivative that was given.
    pub analytic: f64,
    /// The numerical derivative.
    pub numeric: f64,
    /// *|a − n| / max(|a|, |n|, floor · max|g|)*, as [`Check`](crate::Check) defines it.
    pub relative_error: f64,
}

impl Comparison {
    pub(crate) fn new(pairs: &[Pair], tolerance: Tolerance) -> Comparison {
        let of = |sort: Sort| pairs.iter().filter(move |pair| pair.sort == sort);
        let (agreeing, wrong): (Vec<&Pair>, Vec<&Pair>) =
            of(Sort::Comparable).partition(|pair| pair.agrees(tolerance, 1.0));
        let candidates = if wrong.is_empty() { &agreeing } else { &wrong };
        let worst = candidates.iter().map(|pair| Worst {
            index: pair.index,
            analytic: pair.analytic,
            numeric: pair.numeric,
            relative_error: pair.relative_error(),
        });
        Comparison {
            n_checked: pairs.len(),
            n_agreeing: agreeing.len(),
            kinks: of(Sort::Kink).map(|pair| pair.index).collect(),
            unclear: of(Sort::Unclear).map(|pair| pair.index).collect(),
            // From the back, so that the first of equal ones counts.
            worst: worst.rev().max_by(|a, b| a.relative_error.total_cmp(&b.relative_error)),
        }
    }

    /// How many disagree.
    pub(crate) fn n_wrong(&self) -> usize {
        self.n_checked - self.n_agreeing - self.kinks.len() - self.unclear.len()
    }
}

/// The first value that is NaN or infinite, with its index.
pub(crate) fn first_not_finite<F: Real>(values: &[F]) -> Option<(usize, f64)> {
    let index = values.iter().position(|value| !value.is_finite())?;
    Some((index, to_f64(values[index])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tolerance(relative: f64, floor: f64) -> Tolerance {
        Tolerance { relative, absolute: 0.0, floor }
    }

    fn compare(
        indices: &[usize],
        analytic: &[f64],
        numeric: &[f64],
        relative: f64,
        floor: f64,
    ) -> Comparison {
        let tolerance = tolerance(relative, floor);
        Comparison::new(&Pair::all(indices, analytic, numeric, tolerance).unwrap(), tolerance)
    }

    #[test]
    fn relative_errors_by_hand() {
        let relative_error = |analytic, numeric, least| {
            Pair { index: 0, analytic, numeric, least, sort: Sort::Comparable }.relative_error()
        };
        assert_eq!(relative_error(1.0, 2.0, 0.0), 0.5);
        assert_eq!(relative_error(-2.0, 1.0, 0.0), 1.5);
        assert_eq!(relative_error(1.0, -1.0, 0.5), 2.0);
        assert_eq!(relative_error(0.0, 0.25, 0.5), 0.5);
        assert_eq!(relative_error(0.0, 0.0, 0.0), 0.0);
        assert_eq!(relative_error(0.0, f64::MIN_POSITIVE, 0.0), 1.0);
        assert_eq!(relative_error(f64::MAX, f64::MIN, 0.0), f64::INFINITY);
    }

    #[test]
    fn the_largest_derivative_is_sought_in_both_gradients() {
        // Half a unit beside a floor of half of 4, which is first in one gradient and then in the other.
        let by_given = compare(&[0], &[0.0, 4.0], &[0.5], 0.1, 0.5);
        assert_eq!(by_given.worst.unwrap().relative_error, 0.25);
        let by_numeric = compare(&[0, 1], &[0.0, 0.0], &[0.5, 4.0], 0.3, 0.5);
        assert_eq!((by_numeric.n_agreeing, by_numeric.worst.unwrap().index), (1, 1));
    }

    #[test]
    fn the_worst_is_the_first_of_the_largest() {
        let found = compare(&[3, 5, 6], &[1.0; 7], &[1.0, -1.0, -1.0], 1e-7, 1e-3);
        let worst = Some(Worst { index: 5, analytic: 1.0, numeric: -1.0, relative_error: 2.0 });
        assert_eq!(found, Comparison { n_checked: 3, n_agreeing: 1, kinks: vec![], unclear: vec![], worst });
    }

    #[test]
    fn an_error_equal_to_the_tolerance_agrees() {
        assert_eq!(compare(&[0], &[1.0], &[2.0], 0.5, 0.0).n_agreeing, 1);
        assert_eq!(compare(&[0], &[1.0], &[2.0], 0.49, 0.0).n_agreeing, 0);
    }

    #[test]
    fn a_difference_equal_to_the_absolute_tolerance_agrees() {
        let agrees = |absolute, leeway| {
            let pair = Pair { index: 0, analytic: 1.0, numeric: 1.5, least: 0.0, sort: Sort::Comparable };
            pair.agrees(Tolerance { absolute, ..tolerance(0.0, 0.0) }, leeway)
        };
        assert!(agrees(0.5, 1.0) && agrees(0.25, 2.0));
        assert!(!agrees(0.49, 1.0) && !agrees(0.25, 1.9));
    }

    #[test]
    fn the_worst_disagrees_if_any_does() {
        // Errors of 1 and 0.5, of which the absolute tolerance forgives the first.
        let tolerance = Tolerance { absolute: 0.01, ..tolerance(0.1, 0.0) };
        let pairs = Pair::all(&[0, 1], &[0.01, 1.0], &[0.0, 2.0], tolerance).unwrap();
        let found = Comparison::new(&pairs, tolerance);
        assert_eq!((found.n_agreeing, found.n_wrong(), found.worst.unwrap().index), (1, 1, 1));
    }

    #[test]
    fn kinks_and_what_is_unclear_neither_agree_nor_disagree() {
        let tolerance = tolerance(0.1, 0.0);
        let mut pairs = Pair::all(&[0, 1, 2, 3], &[1.0; 4], &[1.0, 5.0, 1.0, 5.0], tolerance).unwrap();
        pairs[3].sort = Sort::Unclear;
        pairs[1].sort = Sort::Kink;
        let found = Comparison::new(&pairs, tolerance);
        assert_eq!((found.n_checked, found.n_agreeing, found.n_wrong()), (4, 2, 0));
        assert_eq!((found.kinks, found.unclear, found.worst.unwrap().index), (vec![1], vec![3], 0));
    }
}
