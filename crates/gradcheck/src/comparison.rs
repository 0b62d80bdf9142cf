//! The comparison of given derivatives with numerical ones by relative error.

use crate::real::to_f64;
use crate::{Real, Refusal};

/// What comparing finite derivatives gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) n_checked: usize,
    pub(crate) n_agreeing: usize,
    pub(crate) worst: Worst,
}

/// The derivative with the largest relative error, the first of them if there are several.
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
    /// Compares `analytic[indices[i]]` with `numeric[i]`, or says why that cannot be done.
    pub(crate) fn new<F: Real>(
        indices: &[usize],
        analytic: &[F],
        numeric: &[F],
        tolerance: f64,
        floor: f64,
    ) -> Result<Comparison, Refusal> {
        if let Some((index, value)) = first_not_finite(analytic) {
            return Err(Refusal::Analytic { index, value });
        }
        if let Some((i, value)) = first_not_finite(numeric) {
            return Err(Refusal::Numeric { index: indices[i], value });
        }
        let largest = analytic.iter().chain(numeric).fold(0.0_f64, |max, &g| max.max(to_f64(g).abs()));
        let compared = indices.iter().zip(numeric).map(|(&index, &numeric)| {
            let (analytic, numeric) = (to_f64(analytic[index]), to_f64(numeric));
            let relative_error = relative_error(analytic, numeric, floor * largest);
            Worst { index, analytic, numeric, relative_error }
        });
        let n_agreeing = compared.clone().filter(|one| one.relative_error <= tolerance).count();
        let worst = compared
            .reduce(|worst, next| if next.relative_error > worst.relative_error { next } else { worst });
        Ok(Comparison { n_checked: indices.len(), n_agreeing, worst: worst.ok_or(Refusal::Empty)? })
    }
}

/// *|a − n| / max(|a|, |n|, least)*. Never NaN for finite numbers: where they differ the divisor is above 0.
fn relative_error(a: f64, n: f64, least: f64) -> f64 {
    if a == n { 0.0 } else { (a - n).abs() / a.abs().max(n.abs()).max(least) }
}

/// The first value that is NaN or infinite, with its index.
pub(crate) fn first_not_finite<F: Real>(values: &[F]) -> Option<(usize, f64)> {
    let index = values.iter().position(|value| !value.is_finite())?;
    Some((index, to_f64(values[index])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_errors_by_hand() {
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
        let by_given = Comparison::new(&[0], &[0.0, 4.0], &[0.5], 0.1, 0.5).unwrap();
        assert_eq!(by_given.worst.relative_error, 0.25);
        let by_numeric = Comparison::new(&[0, 1], &[0.0, 0.0], &[0.5, 4.0], 0.3, 0.5).unwrap();
        assert_eq!((by_numeric.n_agreeing, by_numeric.worst.index), (1, 1));
    }

    #[test]
    fn the_worst_is_the_first_of_the_largest() {
        let found = Comparison::new(&[3, 5, 6], &[1.0; 7], &[1.0, -1.0, -1.0], 1e-7, 1e-3).unwrap();
        let worst = Worst { index: 5, analytic: 1.0, numeric: -1.0, relative_error: 2.0 };
        assert_eq!(found, Comparison { n_checked: 3, n_agreeing: 1, worst });
    }

    #[test]
    fn an_error_equal_to_the_tolerance_agrees() {
        assert_eq!(Comparison::new(&[0], &[1.0], &[2.0], 0.5, 0.0).unwrap().n_agreeing, 1);
        assert_eq!(Comparison::new(&[0], &[1.0], &[2.0], 0.49, 0.0).unwrap().n_agreeing, 0);
    }
}
