//! A function of one variable at three neighbouring points: central difference and second difference.

use crate::Real;
use crate::derivative::assert_step;
use crate::real::to_f64;

/// A point of a graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<F> {
    pub(crate) x: F,
    pub(crate) y: F,
}

impl<F: Real> Point<F> {
    pub(crate) fn of(f: &mut impl FnMut(F) -> F, x: F) -> Self {
        Point { x, y: f(x) }
    }

    /// The slope of the straight line to `other`, in `f64` so that it is not rounded once more.
    pub(crate) fn slope_to(self, other: Self) -> f64 {
        (to_f64(other.y) - to_f64(self.y)) / (to_f64(other.x) - to_f64(self.x))
    }
}

/// Three points of a graph from left to right, `middle` half-way between the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stencil<F> {
    pub(crate) left: Point<F>,
    pub(crate) middle: Point<F>,
    pub(crate) right: Point<F>,
}

impl<F: Real> Stencil<F> {
    /// `f` at *x + h* and *x − h*, and what is known of it at *x*.
    ///
    /// # Panics
    /// Unless `h` is finite and above 0.
    #[track_caller]
    pub(crate) fn around(f: &mut impl FnMut(F) -> F, middle: Point<F>, h: F) -> Self {
        assert_step(h);
        let right = Point::of(f, middle.x + h);
        let left = Point::of(f, middle.x - h);
        Stencil { left, middle, right }
    }

    /// The central difference, to the bit what [`derivative`](crate::derivative) gives.
    pub(crate) fn central_difference(&self) -> F {
        (self.right.y - self.left.y) / (self.right.x - self.left.x)
    }

    /// By how much the slope changes between the two halves.
    pub(crate) fn bend(&self) -> f64 {
        (self.middle.slope_to(self.right) - self.left.slope_to(self.middle)).abs()
    }

    /// Whether the bend is far above what rounding, of `f` and of *x*, makes of a straight line.
    pub(crate) fn is_resolved(&self) -> bool {
        const FAR: f64 = 1024.0;
        let [left, middle, right] = [self.left, self.middle, self.right].map(|p| (to_f64(p.x), to_f64(p.y)));
        let (width, epsilon) = (right.0 - left.0, to_f64(F::epsilon()));
        let largest = left.1.abs().max(middle.1.abs()).max(right.1.abs());
        self.bend() * width > FAR * epsilon * largest && width > FAR * epsilon * middle.0.abs()
    }

    /// What rounding may make of the central difference at least: *ε·|f| / 2h*.
    pub(crate) fn rounding(&self) -> f64 {
        let largest = to_f64(self.left.y).abs().max(to_f64(self.right.y).abs());
        to_f64(F::epsilon()) * largest / (to_f64(self.right.x) - to_f64(self.left.x))
    }

    /// Of the middle, the left and the right half of the interval the one that bends most.
    pub(crate) fn half(&self, f: &mut impl FnMut(F) -> F) -> Self {
        let Stencil { left, middle, right } = *self;
        let two = F::one() + F::one();
        let a = Point::of(f, (left.x + middle.x) / two);
        let b = Point::of(f, (middle.x + right.x) / two);
        let mut most = Stencil { left: a, middle, right: b };
        for other in [Stencil { left, middle: a, right: middle }, Stencil { left: middle, middle: b, right }]
        {
            if other.bend() > most.bend() {
                most = other;
            }
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Stencil<f64> {
        let middle = Point::of(&mut f, x);
        Stencil::around(&mut f, middle, h)
    }

    #[test]
    fn differences_by_hand() {
        // 2² , 3² and 4²: slopes 5 and 7.
        let square = around(|x| x * x, 3.0, 1.0);
        assert_eq!((square.central_difference(), square.bend()), (6.0, 2.0));
        assert_eq!(around(|x| 3.0 * x, 5.0, 0.5).bend(), 0.0);
        assert_eq!(around(f64::abs, 0.0, 0.5).bend(), 2.0);
    }

    #[test]
    fn the_half_that_bends_most_is_kept() {
        // |x − c| on −1…1, with the bend in the left, the middle and the right half of it.
        for (c, middle) in [(-0.5, -0.5), (-0.125, 0.0), (0.625, 0.5)] {
            let mut f = |x: f64| (x - c).abs();
            let half = around(f, 0.0, 1.0).half(&mut f);
            assert_eq!((half.left.x, half.middle.x, half.right.x), (middle - 0.5, middle, middle + 0.5));
        }
    }

    #[test]
    fn a_square_bends_half_as_much_in_every_half() {
        let mut f = |x: f64| x * x;
        assert_eq!(around(f, 3.0, 1.0).half(&mut f).bend(), 1.0);
    }
}
