//! Kinks: points where the slope jumps, so that a central difference across is no derivative.
//!
//! Cut an interval in half again and again, each time keeping the half in which the function bends most. The
//! slope of a smooth function changes half as much in every half, whatever its curvature, once the interval is
//! shorter than the function's own length; after eight cuts, by 1/256. Over a kink it changes by the same
//! amount however short the interval is. Over a jump, and in noise, it changes twice as much in every half.

use crate::Real;
use crate::real::{from_f64, to_f64};
use crate::stencil::{Point, Stencil};

/// Cuts of the interval.
const N_HALVINGS: u32 = 8;

/// Further cuts, which show smooth functions that turn very sharply.
const N_DEEPER: usize = 12;

/// Cuts beyond those, which show on which side of the kink *x* is.
const N_FINEST: usize = 28;

/// A slope counts as one side's if it differs from it by at most this fraction of the difference between both.
const NEAR: f64 = 0.125;

/// The bend at a kink may vary by this factor: from one that lies where two halves overlap to one in the middle,
/// it does by 3. That of a smooth function with one length falls out of it within six cuts.
const STEADY: f64 = 4.0;

/// How far beyond *x ± h* a kink is looked for, so that one near the end of the step still lies well inside.
const WIDER: f64 = 1.5;

/// How many different kinks within a step are told apart.
const MOST_KINKS: usize = 4;

/// A kink that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kink<F> {
    /// The interval that it is in.
    place: Stencil<F>,
    /// The shortest interval around it that rounding leaves.
    finest: Stencil<F>,
    /// The slopes to the left and to the right of that.
    slopes: [f64; 2],
}

impl<F: Real> Kink<F> {
    /// The kink of `f` within about `h` of `x`, if there is one: the strongest, if there are several.
    pub(crate) fn find(f: &mut impl FnMut(F) -> F, x: Point<F>, h: F) -> Option<Self> {
        let h = from_f64::<F>(WIDER) * h;
        // The ends of intervals that are no longer than the gaps between numbers say nothing.
        let shortest = h / from_f64(f64::from(1 << N_HALVINGS));
        if shortest < from_f64::<F>(8.0) * F::epsilon() * x.x.abs() {
            return None;
        }
        let mut place = Stencil::around(f, x, h);
        let [mut least, mut most] = [place.bend(); 2];
        for _ in 0..N_HALVINGS {
            place = place.half(f);
            let bend = place.bend();
            (least, most) = (least.min(bend), most.max(bend));
            // Written so that NaN is no kink.
            if !(bend > 0.0 && most <= STEADY * least) {
                return None;
            }
        }
        // A smooth function that turns within an interval as short as this begins to bend less now. Once the
        // bend grows, rounding has taken over and there is nothing more to see.
        let (mut deeper, mut finest) = (place, place);
        for i in 0..N_DEEPER + N_FINEST {
            deeper = deeper.half(f);
            let bend = deeper.bend();
            if bend < least / STEADY && i < N_DEEPER {
                return None;
            }
            if !(least / STEADY..=STEADY * most).contains(&bend) {
                break;
            }
            if deeper.is_resolved() {
                finest = deeper;
            } else if i >= N_DEEPER {
                break;
            }
        }
        // Beside the interval, and not in it, where the slope on one side is a mixture of both.
        let width = place.right.x - place.left.x;
        let [left, right] = [place.left.x - width, place.right.x + width].map(|x| Point::of(f, x));
        Some(Kink { place, finest, slopes: [left.slope_to(place.left), place.right.slope_to(right)] })
    }

    /// How far `x` is from the interval with the kink; 0 if it is so near that the two can't be told apart.
    pub(crate) fn distance(&self, x: F) -> F {
        let half_width = self.place.right.x - self.place.middle.x;
        let distance = (x - self.place.middle.x).abs() - half_width;
        if distance > half_width { distance } else { F::zero() }
    }

    /// The slope on that side of the kink on which `x` is, or `None` if it is so near that this can't be told.
    pub(crate) fn slope_at(&self, x: F) -> Option<f64> {
        let Stencil { left, right, .. } = self.finest;
        let width = right.x - left.x;
        match self.slopes {
            [slope, _] if x < left.x - width => Some(slope),
            [_, slope] if x > right.x + width => Some(slope),
            _ => None,
        }
    }

    /// Whether `slope` can be the derivative at `x`, which is as near as [`distance`](Kink::distance) can tell: the slope
    /// on its side, or, if `x` is the kink itself, one between those on both sides; give or take an eighth of their
    /// difference.
    pub(crate) fn allows(&self, x: F, slope: f64) -> bool {
        let [left, right] = self.slopes;
        let (middle, most) = match self.slope_at(x) {
            Some(side) => (side, NEAR),
            None => ((left + right) / 2.0, 0.5 + NEAR),
        };
        (slope - middle).abs() <= most * (right - left).abs()
    }
}

/// Whether kinks are the reason why the central difference of `f` at `x` with the step `h` is not `analytic`.
///
/// If `x` itself is a kink, `analytic` must lie between the slopes on both sides, see [`Kink::allows`]. If not, it must be right where
/// `f` is smooth, between `x` and the kink: `agrees` says whether a central difference there agrees with it, with
/// a tolerance that is larger by a factor. The factor is that by which the step is shorter, since rounding has
/// grown by it.
pub(crate) fn explains<F: Real>(
    f: &mut impl FnMut(F) -> F,
    x: Point<F>,
    h: F,
    analytic: F,
    agrees: impl Fn(F, f64) -> bool,
) -> bool {
    let mut step = h;
    for _ in 0..MOST_KINKS {
        let Some(kink) = Kink::find(f, x, step) else { return false };
        let distance = kink.distance(x.x);
        if distance == F::zero() {
            return kink.allows(x.x, to_f64(analytic));
        }
        if distance >= step {
            return false;
        }
        step = distance / from_f64(WIDER);
        let numeric = Stencil::around(f, x, step).central_difference();
        if agrees(numeric, to_f64(h) / to_f64(step)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Option<Kink<f64>> {
        let x = Point::of(&mut f, x);
        Kink::find(&mut f, x, h)
    }

    #[test]
    fn a_kink_is_found_wherever_it_is_in_the_step() {
        for i in -100..=100 {
            let c = 3.0 + 1e-5 * f64::from(i) / 100.0;
            let kink = find(|x| 2.0 * (x - c).abs() + x, 3.0, 1e-5).unwrap();
            assert!(kink.place.left.x <= c && c <= kink.place.right.x, "{kink:?}");
            assert!(kink.place.right.x - kink.place.left.x < 1.2e-7, "{kink:?}");
            // −2 + 1 and 2 + 1; 3 rounds to 4·10⁻¹⁶, beside a width of 10⁻⁷.
            assert!((kink.slopes[0] + 1.0).abs() < 1e-7 && (kink.slopes[1] - 3.0).abs() < 1e-7, "{kink:?}");
        }
    }

    #[test]
    fn no_kink_where_there_is_none() {
        type Function = fn(f64) -> f64;
        let functions: [(&str, Function); 8] = [
            ("constant", |_| 4.0),
            ("straight", |x| 0.3 * x + 0.1),
            ("square", |x| x * x),
            ("inflection", |x| x * x * x),
            ("second derivative jumps", |x| x * x.abs()),
            ("jump", |x| if x < 0.0 { 0.0 } else { 1.0 }),
            ("cusp", |x| x.abs().sqrt()),
            ("NaN beside 0", |x| if x > 0.0 { f64::NAN } else { 0.0 }),
        ];
        for (name, f) in functions {
            for h in [1e-2, 1e-5] {
                for x in [0.0, 1e-7, -3e-6] {
                    assert!(find(f, x, h).is_none(), "{name} at {x}, step {h}");
                }
            }
        }
    }

    #[test]
    fn no_kink_where_neighbouring_numbers_are_all_there_is() {
        // Two numbers near 10⁸ are 1.5·10⁻⁸ apart: no function looks smooth there.
        for h in [1e-8, 3e-8, 1e-7, 1e-6] {
            for i in 0..1000 {
                let x = 1e8 + f64::from(i);
                assert!(find(f64::sin, x, h).is_none() && find(|x| 3.0 * x, x, h).is_none(), "{x}, step {h}");
            }
        }
    }

    #[test]
    fn between_the_slopes_and_an_eighth_beyond() {
        let kink = find(f64::abs, 0.0, 1e-5).unwrap();
        assert_eq!(kink.slopes, [-1.0, 1.0]);
        for (slope, allowed) in [(0.0, true), (-1.0, true), (1.24, true), (1.26, false), (-1.26, false)] {
            assert_eq!(kink.allows(0.0, slope), allowed, "{slope}");
        }
        assert!(!kink.allows(0.0, f64::NAN));
    }

    #[test]
    fn beside_a_kink_there_is_one_slope() {
        for distance in [3e-8, 1e-8, 1e-10, 1e-12] {
            for (x, side) in [(-distance, -1.0), (distance, 1.0)] {
                let kink = find(f64::abs, x, 1e-5).unwrap();
                assert_eq!((kink.distance(x), kink.slope_at(x)), (0.0, Some(side)), "{x}");
                assert!(kink.allows(x, side) && !kink.allows(x, -side) && !kink.allows(x, 0.0), "{x}");
            }
        }
        // Beside a constant that leaves 12 digits of x, the nearest point whose side is known is further away.
        let f = |x: f64| 1e4 + (x - 0.3).abs();
        for (distance, is_known) in [(1e-8, true), (1e-12, false)] {
            let x = 0.3 + distance;
            assert_eq!(find(f, x, 1e-5).unwrap().slope_at(x).is_some(), is_known, "{distance}");
        }
    }
}
