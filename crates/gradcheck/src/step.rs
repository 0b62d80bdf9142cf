//! `Step`: the step size h of a central difference.

use crate::Real;
use crate::real::from_f64;

/// The step *h* of a central difference *(f(x + h) − f(x − h)) / 2h*.
///
/// The error of the difference has two parts: about *ε·|f| / h* from rounding *f*, whose unit is
/// *ε* = `EPSILON`, and *h²·|f‴| / 6* from cutting off the Taylor series. Their sum is least at
/// *h = ∛(3ε·|f| / |f‴|) ≈ ∛ε · s*, where *s* is the length over which *f* changes, and is then about
/// *ε^⅔* of the derivative: 4·10⁻¹¹ in `f64`, 2·10⁻⁵ in `f32`. With nothing else known of *f*, *s* is
/// taken to be *|x|*, and 1 near 0 (Press et al., *Numerical Recipes*, section 5.7). A function that
/// changes over less than that, like *ln x* at 10⁻⁶, needs a smaller step.
///
/// # Examples
/// ```
/// use chainrule_gradcheck::Step;
/// // The cube root of 2⁻⁵².
/// assert!((Step::Auto.at(0.5_f64) - 6.0555e-6).abs() < 1e-10);
/// assert_eq!(Step::Scaled(0.25).at(8.0_f64), 2.0);
/// assert_eq!(Step::Scaled(0.25).at(0.5_f64), 0.25);
/// assert_eq!(Step::Fixed(0.25).at(8.0_f64), 0.25);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// *h = ∛ε · max(1, |x|)* with the *ε* of the element type; the default.
    #[default]
    Auto,
    /// *h = relative · max(1, |x|)*.
    Scaled(f64),
    /// The same *h* everywhere; tutorials use 10⁻⁴.
    Fixed(f64),
}

impl Step {
    /// The step at the coordinate `x`, for those who perturb it themselves.
    ///
    /// # Panics
    /// Unless the number in [`Step::Scaled`] or [`Step::Fixed`] is finite and above 0.
    #[track_caller]
    pub fn at<F: Real>(self, x: F) -> F {
        if let Step::Scaled(size) | Step::Fixed(size) = self {
            assert!(size > 0.0 && size.is_finite(), "a step must be finite and above 0, found {self:?}");
        }
        // At a coordinate that is not finite every step gives NaN; 1 keeps the step itself a number.
        let scale = if x.is_finite() { x.abs().max(F::one()) } else { F::one() };
        match self {
            Step::Auto => F::epsilon().cbrt() * scale,
            Step::Scaled(relative) => from_f64::<F>(relative) * scale,
            Step::Fixed(h) => from_f64(h),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_automatic_step_cubed_is_epsilon() {
        assert!((Step::Auto.at(0.0_f64).powi(3) / 2.0_f64.powi(-52) - 1.0).abs() < 1e-14);
        assert!((Step::Auto.at(0.0_f32).powi(3) / 2.0_f32.powi(-23) - 1.0).abs() < 1e-5);
        assert_eq!(Step::default(), Step::Auto);
    }

    #[test]
    fn the_scale_is_the_coordinate_but_never_below_one() {
        assert_eq!(Step::Scaled(0.5).at(-1e6), 5e5);
        assert_eq!(Step::Scaled(0.5).at(1e-6), 0.5);
        assert_eq!(Step::Auto.at(-1e6), 1e6 * Step::Auto.at(1.0));
        assert_eq!(Step::Fixed(1e-4).at(1e6), 1e-4);
    }

    #[test]
    fn a_coordinate_that_is_not_finite_has_a_finite_step() {
        assert_eq!(Step::Scaled(0.5).at(f64::INFINITY), 0.5);
        assert_eq!(Step::Scaled(0.5).at(f64::NAN), 0.5);
    }

    #[test]
    #[should_panic(expected = "a step must be finite and above 0, found Fixed(0.0)")]
    fn a_step_of_zero_panics() {
        Step::Fixed(0.0).at(1.0);
    }

    #[test]
    #[should_panic(expected = "a step must be finite and above 0, found Scaled(NaN)")]
    fn a_step_that_is_nan_panics() {
        Step::Scaled(f64::NAN).at(1.0);
    }
}
