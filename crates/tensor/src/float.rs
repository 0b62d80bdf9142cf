//! The element type: what the rest of chainrule asks of `f32` and `f64`.

use nalgebra::Scalar;
use num_traits::NumAssign;

use crate::kernel::HasKernels;

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
    num_traits::Float + NumAssign + Scalar + Default + Into<f64> + Send + Sync + HasKernels
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
