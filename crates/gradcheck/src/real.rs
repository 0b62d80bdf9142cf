//! The element type: what a numerical derivative asks of a number.

use std::fmt::Debug;

use num_traits::Float;

/// A floating-point number: `f64` for checks, `f32` where it must be.
///
/// Implemented for every type that is `num_traits::Float + Debug`, so that code which is generic over a
/// narrower trait of its own can call this crate without a further bound.
///
/// # Examples
/// ```
/// use chainrule_gradcheck::{Real, derivative};
/// fn slope_of_square<F: Real>(x: F) -> F {
///     derivative(|x| x * x, x, F::one())
/// }
/// assert_eq!(slope_of_square(3.0_f64), 6.0);
/// assert_eq!(slope_of_square(3.0_f32), 6.0);
/// ```
pub trait Real: Float + Debug {}

impl<F: Float + Debug> Real for F {}

/// The value in `f64`, in which all comparing and printing is done. A type that could not say its value
/// gives NaN, which no check lets pass.
pub(crate) fn to_f64<F: Real>(value: F) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// The nearest value of the type, or NaN if it has none.
pub(crate) fn from_f64<F: Real>(value: f64) -> F {
    F::from(value).unwrap_or_else(F::nan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_way_through_f64() {
        assert_eq!(to_f64(0.5_f32), 0.5);
        assert_eq!(from_f64::<f32>(-0.25), -0.25);
        assert!(to_f64(f32::NAN).is_nan());
        assert_eq!(to_f64(f64::NEG_INFINITY), f64::NEG_INFINITY);
    }
}
