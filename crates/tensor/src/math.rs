//! Transcendental functions with the same bits on every processor: those of the standard library are the C library's, which has several
//! ways and chooses by the processor. Square roots are exact everywhere.
//!
//! In `f32`, the exponential and `ln_1p` are our own, without branches, so that loops over them become vectors. All else is the
//! crate `libm`'s.

use crate::kernel::exponential;

pub use libm::{cos, erfc, pow, sincos};

/// An element type for which there are these functions: `f32` and `f64`.
pub trait Functions: num_traits::Float {
    #[doc(hidden)]
    fn exp(x: Self) -> Self;

    #[doc(hidden)]
    fn exp_pair(x: Self) -> (Self, Self);

    #[doc(hidden)]
    fn ln(x: Self) -> Self;

    #[doc(hidden)]
    fn ln_1p(x: Self) -> Self;
}

/// exp(x); in `f32` within 2 units of the last place.
///
/// # Examples
/// ```
/// use chainrule_tensor::math::exp;
/// assert_eq!([exp(0.0_f32), exp(-1000.0)], [1.0, 0.0]);
/// assert!((exp(1.0) - std::f64::consts::E).abs() < 1e-15);
/// ```
#[inline]
pub fn exp<F: Functions>(x: F) -> F {
    Functions::exp(x)
}

/// exp(x) and exp(x) − 1, for x ≤ 0: forming the one from the other would lose the digits of what is near 0.
///
/// # Examples
/// ```
/// use chainrule_tensor::math::exp_pair;
/// assert_eq!(exp_pair(-1e-20_f32), (1.0, -1e-20));
/// assert_eq!(exp_pair(-1000.0_f64), (0.0, -1.0));
/// ```
#[inline]
pub fn exp_pair<F: Functions>(x: F) -> (F, F) {
    Functions::exp_pair(x)
}

/// σ(x) and σ(−x), which never overflow; `1 − σ(x)` would lose every digit for large x.
///
/// # Examples
/// ```
/// use chainrule_tensor::math::sigmoid_pair;
/// let (sigmoid, complement) = sigmoid_pair(3.0_f64.ln());
/// assert!((sigmoid - 0.75).abs() < 1e-15 && (complement - 0.25).abs() < 1e-15);
/// ```
#[inline]
pub fn sigmoid_pair<F: Functions>(x: F) -> (F, F) {
    exponential::sigmoid_pair(x, Functions::exp)
}

/// The natural logarithm.
#[inline]
pub fn ln<F: Functions>(x: F) -> F {
    Functions::ln(x)
}

/// ln(1 + x) for x from 0 to 1, relative to itself; in `f32` within 2 units of the last place.
#[inline]
pub fn ln_1p<F: Functions>(x: F) -> F {
    Functions::ln_1p(x)
}

impl Functions for f32 {
    #[inline]
    fn exp(x: f32) -> f32 {
        exponential::exp(x, exponential::mul_and_add)
    }

    #[inline]
    fn exp_pair(x: f32) -> (f32, f32) {
        exponential::exp_pair(x)
    }

    #[inline]
    fn ln(x: f32) -> f32 {
        libm::logf(x)
    }

    #[inline]
    fn ln_1p(x: f32) -> f32 {
        exponential::ln_1p(x)
    }
}

impl Functions for f64 {
    #[inline]
    fn exp(x: f64) -> f64 {
        libm::exp(x)
    }

    #[inline]
    fn exp_pair(x: f64) -> (f64, f64) {
        if x < -0.5 {
            let e = libm::exp(x);
            (e, e - 1.0)
        } else {
            let less_one = libm::expm1(x);
            (less_one + 1.0, less_one)
        }
    }

    #[inline]
    fn ln(x: f64) -> f64 {
        libm::log(x)
    }

    #[inline]
    fn ln_1p(x: f64) -> f64 {
        libm::log1p(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_agree_with_the_functions_of_the_standard_library() {
        for i in 0..4000 {
            let x = -0.01 * f64::from(i);
            let (e, less_one) = exp_pair(x);
            assert!((e - x.exp()).abs() <= 4e-16 * x.exp(), "exp({x}) = {e:e}");
            assert!((less_one - x.exp_m1()).abs() <= 4e-16 * -x.exp_m1(), "exp({x}) − 1 = {less_one:e}");
        }
    }

    #[test]
    fn a_nan_is_passed_on() {
        let (a, b) = (sigmoid_pair(f32::NAN), exp_pair(f64::NAN));
        assert!(a.0.is_nan() && a.1.is_nan() && b.0.is_nan() && b.1.is_nan());
        let (a, b) = (sigmoid_pair(f64::NAN), exp_pair(f32::NAN));
        assert!(a.0.is_nan() && a.1.is_nan() && b.0.is_nan() && b.1.is_nan());
    }
}
