//! What central differences approach as the step is halved: tells a wrong derivative from a step that truncates.
//!
//! The error of a central difference of a smooth function is *c·h² + d·h⁴ + …*. So half the step has a quarter of it, two
//! differences together show how large it is, and a combination of them has none of the first term, a third none of
//! the second (L. F. Richardson, 1911).

use crate::Real;
use crate::real::to_f64;
use crate::stencil::{Point, Stencil};

/// Halvings at most. A step 10⁷ times too long is found.
const MOST_HALVINGS: usize = 24;

/// A change that falls by more than this at once is that of a jump or a kink that the step has left behind.
const ABRUPT: f64 = 100.0;

/// A change by less than this many times what rounding may do has nothing to tell.
const ROUNDING: f64 = 16.0;

/// What central differences approach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    /// How far the value may be off, by what the steps and rounding change in it.
    pub(crate) error: f64,
}

/// What the central differences of `f` at `x` approach, of which `stencil` is the first. `None` if half the step changes
/// nothing that rounding does not, and if they approach nothing gradually, as over a jump. `near` is the error that is
/// small enough for a value.
pub(crate) fn limit<F: Real>(
    f: &mut impl FnMut(F) -> F,
    x: Point<F>,
    stencil: &Stencil<F>,
    near: impl Fn(f64) -> f64,
) -> Option<Limit> {
    let two = F::one() + F::one();
    let mut h = stencil.right.x - x.x;
    let mut difference = to_f64(stencil.central_difference());
    let mut once: Option<f64> = None;
    let mut last_change = 0.0_f64;
    let mut best: Option<Limit> = None;
    for _ in 0..MOST_HALVINGS {
        h = h / two;
        if h < (two * two * two) * F::epsilon() * x.x.abs() {
            break;
        }
        let stencil = Stencil::around(f, x, h);
        let new = to_f64(stencil.central_difference());
        let change = new - difference;
        let is_abrupt = ABRUPT * change.abs() < last_change && last_change > ABRUPT * near(new);
        // Half the step takes three quarters of what the step leaves: a change by half of `near` is less than `near` in all.
        let is_still = once.is_none() && change.abs() <= (near(new) / 2.0).max(ROUNDING * stencil.rounding());
        if is_abrupt || is_still || !new.is_finite() {
            return None;
        }
        // Without the error's first term, and, of two such, without the second.
        let without_first = new + change / 3.0;
        let (value, error) = match once {
            None => (without_first, 4.0 / 3.0 * change.abs()),
            Some(last) => {
                let correction = (without_first - last) / 15.0;
                (without_first + correction, correction.abs())
            }
        };
        let found = Limit { value, error: error + 2.0 * stencil.rounding() };
        let is_better = best.is_none_or(|best| found.error < best.error);
        best = if is_better { Some(found) } else { best };
        // Known well enough, or as well as rounding allows.
        if best
            .is_some_and(|best| best.error <= near(best.value) / 8.0 || 2.0 * stencil.rounding() > best.error)
        {
            break;
        }
        (difference, once, last_change) = (new, Some(without_first), change.abs());
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Option<Limit> {
        let x = Point::of(&mut f, x);
        let stencil = Stencil::around(&mut f, x, h);
        limit(&mut f, x, &stencil, |value| 1e-7 * value.abs())
    }

    #[test]
    fn a_cube_by_hand() {
        // 3·2² + h² with h = 1 and ½: 13 and 12¼, and (4·12¼ − 13)/3 = 12.
        let found = of(|x| x * x * x, 2.0, 1.0).unwrap();
        assert!((found.value - 12.0).abs() <= 1e-12 && found.error <= 1e-6, "{found:?}");
    }

    #[test]
    fn the_error_bounds_how_far_the_limit_is_off() {
        for factor in [1.0_f64, 30.0, 1e3, 1e5, 1e7] {
            for x in [0.0, 0.1, -0.7] {
                let slope = factor * (factor * x + 0.3).cos();
                let found = of(|x| (factor * x + 0.3).sin(), x, 1e-3).unwrap();
                assert!(
                    (found.value - slope).abs() <= 4.0 * found.error + 1e-7 * slope.abs(),
                    "{factor} at {x}: {found:?}, {slope}"
                );
            }
        }
    }

    #[test]
    fn jumps_and_kinks_that_are_left_behind_have_no_limit() {
        for x in [1e-6, -1e-6, 3e-7] {
            assert!(of(|x| if x < 0.0 { 0.0 } else { 1.0 }, x, 1e-5).is_none(), "{x}");
            assert!(of(f64::abs, x, 1e-5).is_none(), "{x}");
        }
    }
}
