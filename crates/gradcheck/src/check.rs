//! The gradient check: its settings, and the ways to run it.

use crate::comparison::{Comparison, Pair, Tolerance, first_not_finite};
use crate::real::to_f64;
use crate::stencil::{Point, Stencil};
use crate::subset::random_subset;
use crate::{Real, Refusal, Report, Step};

/// How gradients are checked.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `step` | [`Step::Auto`] | distance to the points where `f` is evaluated | *h > 0* |
/// | `tolerance` | 1e-7 | largest relative error that passes | 0 ≤ tolerance < 1 |
/// | `absolute_tolerance` | 0 | difference that passes whatever its relative error | 0 ≤ tolerance < ∞ |
/// | `floor` | 1e-3 | least denominator of the relative error, as a fraction of *max\|g\|* | 0 ≤ floor < 1 |
/// | `subset` | all | how many randomly chosen derivatives to check | at least 1 |
/// | `seed` | 0 | which ones are chosen | any |
///
/// The relative error of a given derivative *a* and a numerical one *n* is
/// *|a − n| / max(|a|, |n|, floor · max|g|)*, where *max|g|* is taken over the whole given gradient of the
/// tensor and over those of its numerical derivatives that were computed; it is 0 where *a = n*.
///
/// Where `f` has a kink within the step, a derivative is reported as that, and neither agrees nor disagrees:
/// [`Report::kinks`]. If `x` itself is the kink, the given derivative must lie between the slopes on both sides
/// (and an eighth of their difference beyond); if not, it must be right on its side of the kink. Otherwise it is
/// wrong at a kink as well.
///
/// Where a derivative disagrees, the step is halved until the central difference comes to rest, so that the error of a step
/// that is too long for `f` is not taken for one of the derivative; *max|g|* is then that of the given gradient, unless all of it
/// is 0. Where it does not come to rest, see [`Report::unclear`].
///
/// # Examples
/// ```
/// use chainrule_gradcheck::Check;
/// // f = sin x0 · x1 at (0, 2): its gradient is (cos 0 · 2, sin 0).
/// let f = |x: &[f64]| x[0].sin() * x[1];
/// let check = Check::new().tolerance(1e-9);
/// check.run(f, &[0.0, 2.0], &[2.0, 0.0]).assert_passed();
/// check.run(f, &[0.0, 2.0], &[0.0, 2.0]).assert_refused();
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Check {
    pub(crate) step: Step,
    pub(crate) tolerance: Tolerance,
    subset: Option<usize>,
    pub(crate) seed: u64,
}

impl Default for Check {
    fn default() -> Self {
        let tolerance = Tolerance { relative: 1e-7, absolute: 0.0, floor: 1e-3 };
        Check { step: Step::Auto, tolerance, subset: None, seed: 0 }
    }
}

impl Check {
    /// A check with the default settings.
    pub fn new() -> Self {
        Check::default()
    }

    /// Sets the step of the central differences, which is itself checked when it is used.
    pub fn step(self, step: Step) -> Self {
        Check { step, ..self }
    }

    /// Sets the largest relative error that passes.
    ///
    /// # Panics
    /// Unless `0 <= tolerance < 1`.
    #[track_caller]
    pub fn tolerance(self, tolerance: f64) -> Self {
        assert!((0.0..1.0).contains(&tolerance), "a tolerance must be in 0..1, found {tolerance}");
        Check { tolerance: Tolerance { relative: tolerance, ..self.tolerance }, ..self }
    }

    /// Sets the difference that passes whatever its relative error, for functions whose rounding is known: a
    /// derivative agrees if either tolerance says so.
    ///
    /// # Panics
    /// Unless `0 <= tolerance` and it is finite.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // Rounding left 10⁻¹² of a gradient that is 0: nothing to measure a relative error against.
    /// Check::new().compare(&[0.0], &[1e-12]).assert_refused();
    /// Check::new().absolute_tolerance(1e-11).compare(&[0.0], &[1e-12]).assert_passed();
    /// ```
    #[track_caller]
    pub fn absolute_tolerance(self, tolerance: f64) -> Self {
        let is_good = tolerance >= 0.0 && tolerance.is_finite();
        assert!(is_good, "an absolute tolerance must be finite and at least 0, found {tolerance}");
        Check { tolerance: Tolerance { absolute: tolerance, ..self.tolerance }, ..self }
    }

    /// Sets the least denominator of the relative error, as a fraction of *max\|g\|*.
    ///
    /// # Panics
    /// Unless `0 <= floor < 1`.
    #[track_caller]
    pub fn floor(self, floor: f64) -> Self {
        assert!((0.0..1.0).contains(&floor), "a floor must be in 0..1, found {floor}");
        Check { tolerance: Tolerance { floor, ..self.tolerance }, ..self }
    }

    /// Checks `n` randomly chosen derivatives of a tensor that has more.
    ///
    /// # Panics
    /// Unless `n > 0`.
    #[track_caller]
    pub fn subset(self, n: usize) -> Self {
        assert!(n > 0, "a subset must have at least 1 element, found 0");
        Check { subset: Some(n), ..self }
    }

    /// Sets the seed of the random choice: the same seed and length choose the same derivatives.
    pub fn seed(self, seed: u64) -> Self {
        Check { seed, ..self }
    }

    /// Compares the given `gradient` of `f` at `x` with central differences.
    ///
    /// `f` is evaluated once at `x` and twice for every derivative that is checked. Where a derivative disagrees, or
    /// the slopes on both sides of `x` differ by more than 10⁻³ of it, a kink is looked for, up to one and a half
    /// steps from `x`: that takes some six evaluations where there is none, and some hundred where there is one. Halving
    /// the step takes two each time, and mostly happens once.
    ///
    /// # Panics
    /// Unless `gradient.len() == x.len()`, or if the step is not above 0.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // f = Σ i·xᵢ over 1000 coordinates, whose gradient is i; ten of them are checked.
    /// let f = |x: &[f64]| x.iter().enumerate().map(|(i, x)| i as f64 * x).sum::<f64>();
    /// let gradient: Vec<f64> = (0..1000).map(f64::from).collect();
    /// let report = Check::new().subset(10).run(f, &[0.0; 1000], &gradient);
    /// report.assert_passed();
    /// assert_eq!((report.n_checked(), report.n_total()), (10, 1000));
    /// ```
    #[track_caller]
    pub fn run<F: Real>(&self, mut f: impl FnMut(&[F]) -> F, x: &[F], gradient: &[F]) -> Report {
        let (n, found) = (x.len(), gradient.len());
        assert!(found == n, "the gradient of {n} values needs {n} derivatives, found {found}");
        if let Some((index, value)) = first_not_finite(x) {
            return self.refuse(x, Refusal::Input { index, value });
        }
        // A function that is finite around x and not at x would look right from its neighbours.
        let y = f(x);
        if !y.is_finite() {
            return self.refuse(x, Refusal::Value { value: to_f64(y) });
        }
        let mut point = x.to_vec();
        let mut along = |i: usize, value: F| {
            point[i] = value;
            let y = f(&point);
            point[i] = x[i];
            y
        };
        let indices = self.indices(x.len());
        let mut stencils = Vec::with_capacity(indices.len());
        for &i in &indices {
            let f = &mut |value| along(i, value);
            stencils.push(Stencil::around(f, Point { x: x[i], y }, self.step.at(x[i])));
        }
        self.judge(&indices, gradient, &stencils, along)
    }

    /// Compares two gradients of the same tensor, all of them: `step`, `subset` and `seed` play no part.
    ///
    /// For callers who compute the numerical gradient themselves. Kinks can't be told from errors here.
    ///
    /// # Panics
    /// Unless `analytic.len() == numeric.len()`.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // 1/16 beside 2 is an error of (1/16) / 2, and beside 0 and a largest derivative of 2,
    /// // of which the floor is a half, (1/16) / 1.
    /// let report = Check::new().floor(0.5).compare(&[2.0, 0.0], &[1.9375, 0.0625]);
    /// assert_eq!(report.relative_error(), 0.0625);
    /// assert_eq!(report.worst().unwrap().index, 1);
    /// ```
    #[track_caller]
    pub fn compare<F: Real>(&self, analytic: &[F], numeric: &[F]) -> Report {
        let (n, other) = (analytic.len(), numeric.len());
        assert!(n == other, "two gradients of one tensor have the same length, found {n} and {other}");
        let indices: Vec<usize> = (0..n).collect();
        self.compare_at(&indices, analytic, numeric)
    }

    /// The derivatives that are checked of a tensor with `length` elements, in increasing order.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// assert_eq!(Check::new().indices(3), [0, 1, 2]);
    /// assert_eq!(Check::new().subset(100).indices(1_000_000).len(), 100);
    /// ```
    pub fn indices(&self, length: usize) -> Vec<usize> {
        random_subset(length, self.subset.unwrap_or(length), self.seed)
    }

    /// Compares the whole given gradient of a tensor with numerical derivatives at `indices`.
    ///
    /// For callers who compute the numerical derivatives at [`Check::indices`] themselves, on many threads
    /// for instance.
    ///
    /// # Panics
    /// Unless `indices.len() == numeric.len()` and the indices are increasing and below `analytic.len()`.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::{Check, Step, derivative};
    /// // f = x0² + x1² + … at x = (0, 1, 2, …), one coordinate perturbed in place.
    /// let mut x: Vec<f64> = (0..100).map(f64::from).collect();
    /// let gradient: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
    /// let check = Check::new().subset(5);
    /// let indices = check.indices(x.len());
    /// let mut numeric = Vec::new();
    /// for &i in &indices {
    ///     let centre = x[i];
    ///     let f = |value| {
    ///         x[i] = value;
    ///         x.iter().map(|x| x * x).sum()
    ///     };
    ///     numeric.push(derivative(f, centre, Step::Fixed(0.5).at(centre)));
    ///     x[i] = centre;
    /// }
    /// check.compare_at(&indices, &gradient, &numeric).assert_passed();
    /// ```
    #[track_caller]
    pub fn compare_at<F: Real>(&self, indices: &[usize], analytic: &[F], numeric: &[F]) -> Report {
        let (n, found, n_total) = (indices.len(), numeric.len(), analytic.len());
        assert!(found == n, "{n} indices need as many numerical derivatives, found {found}");
        // Increasing, so that no derivative counts twice.
        let is_good = indices.is_sorted_by(|a, b| a < b) && indices.last().is_none_or(|&i| i < n_total);
        assert!(is_good, "indices must be increasing and below {n_total}, found {indices:?}");
        let pairs = Pair::all(indices, analytic, numeric, self.tolerance);
        let outcome = pairs.map(|pairs| Comparison::new(&pairs, self.tolerance));
        Report::new::<F>(analytic.len(), self.tolerance, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_published_ones() {
        let published =
            Check::new().step(Step::Auto).tolerance(1e-7).absolute_tolerance(0.0).floor(1e-3).seed(0);
        assert_eq!(Check::new(), published);
        assert_eq!(Check::new().indices(4), [0, 1, 2, 3]);
    }

    #[test]
    fn f_is_evaluated_once_and_twice_per_derivative() {
        let mut n_calls = 0;
        let f = |x: &[f64]| {
            n_calls += 1;
            x.iter().sum()
        };
        Check::new().subset(10).run(f, &[1.0; 50], &[1.0; 50]).assert_passed();
        assert_eq!(n_calls, 21);
    }
}
