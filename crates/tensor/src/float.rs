//! The element type: what the rest of chainrule asks of `f32` and `f64`.

use std::any::Any;

use nalgebra::Scalar;
use num_traits::NumAssign;

use crate::{kernel::HasKernels, math::Functions};

/// A floating-point element: `f32` (training) or `f64` (gradient checks).
///
/// All code is generic over this trait, so that the very code that trains in `f32` is checked in `f64`.
/// The trait is sealed: kernels are written for these two types.
///
/// # Examples
/// ```
/// use chainrule_tensor::Float;
/// fn half<F: Float>(x: F) -> F {
///     x * F::of(0.5)
/// }
/// assert_eq!(half(3.0_f32), 1.5);
/// assert_eq!(half(3.0_f64).as_f64(), 1.5);
/// ```
pub trait Float:
    num_traits::Float + NumAssign + Scalar + Default + Into<f64> + Send + Sync + HasKernels + Functions
{
    /// The name of the type as Rust spells it, for messages.
    const NAME: &'static str;

    /// The nearest value to `x`.
    fn of(x: f64) -> Self;

    /// This value in `f64`, exactly.
    #[inline]
    fn as_f64(self) -> f64 {
        self.into()
    }
}

/// That of two values, one for `f32` and one for `f64`, which has the type `T`.
///
/// Generic code is compiled where it is used, and so anew with every edit of a program that uses it. A function that does much
/// therefore takes its instance from its own crate: two functions that are not generic, by their pointers.
///
/// # Panics
/// If none has.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Float, for_float};
/// type Size<F> = fn(F) -> usize;
/// fn size<F: Float>(x: F) -> usize {
///     for_float::<Size<F>>(&((|_| 4) as Size<f32>), &((|_| 8) as Size<f64>))(x)
/// }
/// assert_eq!((size(1.0_f32), size(1.0_f64)), (4, 8));
/// ```
pub fn for_float<T: Copy + 'static>(for_f32: &dyn Any, for_f64: &dyn Any) -> T {
    let found: Option<&T> = for_f32.downcast_ref().or_else(|| for_f64.downcast_ref());
    *found.expect("Float is f32 or f64, and T is the type of one of both")
}

/// Whether `f32` has a number for `x`: neither an infinity, nor 0 where `x` is not 0. Settings are `f64` and work in the arithmetic
/// of the training.
///
/// # Examples
/// ```
/// use chainrule_tensor::f32_holds;
/// assert!(f32_holds(0.0) && f32_holds(-1e-45) && f32_holds(3.4e38));
/// assert!(!f32_holds(1e-46) && !f32_holds(3.5e38) && !f32_holds(f64::NAN));
/// ```
pub fn f32_holds(x: f64) -> bool {
    (x as f32).is_finite() && (x as f32 == 0.0) == (x == 0.0)
}

/// What is expected of a setting that is in its range, but not one that [`f32_holds`].
pub const F32_RANGE: &str = "a number that f32 can hold, 1e-45 to 3.4028235e38";

/// What is expected instead of a setting that is out of range, or not `good`, that is, or is not one that [`f32_holds`]: the one
/// check of all settings. `None` if the setting can be used.
///
/// # Examples
/// ```
/// use chainrule_tensor::{F32_RANGE, unmet};
/// let unmet_of = |eps: f64| unmet(eps, eps > 0.0, "a number above 0");
/// assert_eq!([1e-8, -1.0, 1e-46].map(unmet_of), [None, Some("a number above 0"), Some(F32_RANGE)]);
/// ```
pub fn unmet(found: f64, good: bool, expected: &'static str) -> Option<&'static str> {
    match good {
        true => (!f32_holds(found)).then_some(F32_RANGE),
        false => Some(expected),
    }
}

/// A setting as messages show it: as Rust writes it, without many zeros where [`f32_holds`] says no.
pub fn shown(x: f64) -> String {
    if f32_holds(x) || !x.is_finite() { x.to_string() } else { format!("{x:?}") }
}

impl Float for f32 {
    const NAME: &'static str = "f32";

    #[inline]
    fn of(x: f64) -> f32 {
        x as f32
    }
}

impl Float for f64 {
    const NAME: &'static str = "f64";

    #[inline]
    fn of(x: f64) -> f64 {
        x
    }
}
