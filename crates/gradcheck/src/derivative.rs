//! Central differences: of a function of one number, and of every coordinate of a slice.

use crate::{Real, Step};

/// The central difference of a function of one number at `x`.
///
/// *f′(x) ≈ (f(x + h) − f(x − h)) / ((x + h) − (x − h))*, with an error of *h²·f‴/6* and the rounding of
/// *f*. The divisor is the distance between the two points as the type represents them, not *2h*: else
/// the rounding of *x ± h* would be an error of the derivative (*Numerical Recipes*, section 5.7).
///
/// This is how one parameter of a net is perturbed in place: `f` stores the number it is given and
/// evaluates the loss. The last number it is given is *x − h*; the caller puts back *x*.
///
/// A step so small that *x ± h* rounds to *x* gives NaN, and so does an `x` that is not finite.
///
/// # Panics
/// Unless `step` is finite and above 0.
///
/// # Examples
/// ```
/// use chainrule_gradcheck::derivative;
/// // (2.5·2.5 − 1.5·1.5) / 1: exact for a square.
/// assert_eq!(derivative(|x| x * x, 2.0, 0.5), 4.0);
///
/// // One weight of several, in place: loss = w0·w1².
/// let mut w = [10.0, 2.0];
/// let w1 = w[1];
/// let dw1 = derivative(
///     |value| {
///         w[1] = value;
///         w[0] * w[1] * w[1]
///     },
///     w1,
///     0.5,
/// );
/// w[1] = w1;
/// assert_eq!(dw1, 40.0);
/// ```
#[track_caller]
pub fn derivative<F: Real>(mut f: impl FnMut(F) -> F, x: F, step: F) -> F {
    assert_step(step);
    let (right, left) = (x + step, x - step);
    (f(right) - f(left)) / (right - left)
}

#[track_caller]
pub(crate) fn assert_step<F: Real>(step: F) {
    assert!(step > F::zero() && step.is_finite(), "a step must be finite and above 0, found {step:?}");
}

/// The gradient of `f` at `x` by central differences, two evaluations of `f` per coordinate.
///
/// *∂f/∂xᵢ ≈ (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h*, each as [`derivative`] computes it, where *h* is what
/// `step` gives for *xᵢ*. Use `f64`: see [`Step`] for what is left of `f32`.
///
/// # Panics
/// Unless `step` is finite and above 0 in the type `F`.
///
/// # Examples
/// ```
/// use chainrule_gradcheck::{Step, central_difference};
/// // f = x0² + x1² with the step of the tutorials.
/// let g = central_difference(|x: &[f64]| x[0] * x[0] + x[1] * x[1], &[3.0, 4.0], Step::Fixed(1e-4));
/// assert!((g[0] - 6.0).abs() < 1e-9);
/// assert!((g[1] - 8.0).abs() < 1e-9);
/// ```
#[track_caller]
pub fn central_difference<F: Real>(mut f: impl FnMut(&[F]) -> F, x: &[F], step: Step) -> Vec<F> {
    let mut point = x.to_vec();
    let mut gradient = Vec::with_capacity(x.len());
    for (i, &centre) in x.iter().enumerate() {
        let along = |value| {
            point[i] = value;
            f(&point)
        };
        gradient.push(derivative(along, centre, step.at(centre)));
        point[i] = centre;
    }
    gradient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_by_hand() {
        assert_eq!(derivative(|_| 7.0, 3.0, 0.5), 0.0);
        assert_eq!(derivative(|x| 3.0 * x + 1.0, 2.0, 0.25), 3.0);
        // (12.25 − 6.25) / 1
        assert_eq!(derivative(|x| x * x, 3.0, 0.5), 6.0);
        // A cube is off by h²: (27 − 1) / 2 = 3·2² + 1².
        assert_eq!(derivative(|x| x * x * x, 2.0, 1.0), 13.0);
    }

    #[test]
    fn the_divisor_is_the_distance_that_was_walked() {
        // Neighbours of 10⁶ are 1.2·10⁻¹⁰ apart: dividing by 2h would be off by up to 10⁻⁶ here.
        let (x, h) = (1e6 + 0.1, 1e-4);
        assert_ne!(((x + h) - (x - h)) / (2.0 * h), 1.0);
        assert_eq!(derivative(|x| x, x, h), 1.0);
        assert_eq!(derivative(|x| x, 1000.1_f32, 1e-3), 1.0);
    }

    #[test]
    fn a_step_that_vanishes_gives_nan() {
        assert!(derivative(|x| x, 1e6_f64, 1e-12).is_nan());
        assert!(derivative(|x| x, f64::INFINITY, 1.0).is_nan());
        assert!(derivative(|x| x, f64::NAN, 1.0).is_nan());
    }

    #[test]
    fn transcendental_functions_to_two_thirds_of_the_digits() {
        let h = Step::Auto.at(1.0);
        assert!((derivative(f64::exp, 1.0, h) - std::f64::consts::E).abs() < 1e-9);
        assert!((derivative(f64::sin, 1.0, h) - 1.0_f64.cos()).abs() < 1e-9);
    }

    #[test]
    fn every_coordinate_is_perturbed_alone_and_put_back() {
        let mut points = Vec::new();
        let f = |x: &[f64]| {
            points.push(x.to_vec());
            x[0] * x[1]
        };
        // d(x0·x1) = (x1, x0).
        assert_eq!(central_difference(f, &[2.0, 3.0], Step::Fixed(0.5)), [3.0, 2.0]);
        assert_eq!(points, [[2.5, 3.0], [1.5, 3.0], [2.0, 3.5], [2.0, 2.5]]);
        assert_eq!(central_difference(|_: &[f64]| 1.0, &[], Step::Auto), [0.0; 0]);
    }

    #[test]
    #[should_panic(expected = "a step must be finite and above 0, found -1.0")]
    fn a_negative_step_panics() {
        derivative(|x| x, 1.0, -1.0);
    }

    #[test]
    #[should_panic(expected = "a step must be finite and above 0, found 0.0")]
    fn a_step_too_small_for_the_type_panics() {
        central_difference(|x: &[f32]| x[0], &[1.0], Step::Fixed(1e-60));
    }
}
