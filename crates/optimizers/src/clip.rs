//! Gradient clipping before the update, by value or by the global norm.
//!
//! By value: g ← min(max(g, −limit), limit). By norm: g ← g · min(1, max_norm / (‖g‖ + 1e-6)), where ‖g‖ is the
//! Euclidean norm of **all** parameters' gradients together.
//!
//! Source: Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*, algorithm 1;
//! PyTorch's `clip_grad_value_` and `clip_grad_norm_`, from which the 1e-6 comes.
//!
//! The squares are added in `f64`, in blocks of a fixed length, and the blocks in order: the bits are the same on any
//! number of threads.

use chainrule_tensor::Float;

use crate::{Error, settings};

/// How gradients are clipped.
///
/// | kind | setting | range |
/// | --- | --- | --- |
/// | by value | `limit`, the largest absolute value | finite, above 0 |
/// | by norm | `max_norm`, the largest norm of all parameters' gradients together | finite, above 0 |
///
/// A NaN stays NaN, so that training notices it.
///
/// # Examples
/// ```
/// use chainrule_optimizers::Clip;
/// let mut gradient = [3.0_f64, -4.0, 0.0];
/// Clip::by_norm(1.0).clip_mut(&mut gradient); // the norm is 5
/// assert!((gradient[0] - 0.6).abs() < 1e-6 && (gradient[1] + 0.8).abs() < 1e-6);
///
/// let mut gradient = [3.0_f32, -4.0, 0.5];
/// Clip::by_value(1.0).clip_mut(&mut gradient);
/// assert_eq!(gradient, [1.0, -1.0, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase", deny_unknown_fields))]
#[non_exhaustive]
pub enum Clip {
    /// Every value by itself; see [`Clip::by_value`].
    #[non_exhaustive]
    Value {
        /// The largest absolute value.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::limit"))]
        limit: f64,
    },
    /// All by one factor, which keeps the direction; see [`Clip::by_norm`].
    #[non_exhaustive]
    Norm {
        /// The largest norm.
        #[cfg_attr(feature = "serde", serde(deserialize_with = "settings::read::max_norm"))]
        max_norm: f64,
    },
}

impl Clip {
    /// Clips every value to −limit…limit.
    pub fn by_value(limit: f64) -> Self {
        Clip::Value { limit }
    }

    /// Scales the gradient so that its norm is at most `max_norm`.
    pub fn by_norm(max_norm: f64) -> Self {
        Clip::Norm { max_norm }
    }

    /// Refuses a bound out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless it is finite and above 0.
    pub fn check(&self) -> Result<(), Error> {
        match *self {
            Clip::Value { limit } => settings::limit(limit),
            Clip::Norm { max_norm } => settings::max_norm(max_norm),
        }
    }

    /// Clips the gradient of all parameters.
    pub fn clip_mut<F: Float>(&self, gradient: &mut [F]) {
        let norm = if self.needs_norm() { global_norm(gradient) } else { 0.0 };
        match *self {
            // A norm that `f64` has not, though it has the values: both sides of the bound in parts of 2⁶⁰.
            Clip::Norm { max_norm } if norm.is_infinite() && gradient.iter().all(|g| g.is_finite()) => {
                const PARTS: f64 = (1_u64 << 60) as f64;
                gradient.iter_mut().for_each(|g| *g = F::of(g.as_f64() / PARTS));
                Clip::by_norm(max_norm / PARTS).clip_part_mut(gradient, global_norm(gradient));
                gradient.iter_mut().for_each(|g| *g = F::of(g.as_f64() * PARTS));
            }
            _ => self.clip_part_mut(gradient, norm),
        }
    }

    /// Whether [`clip_part_mut`](Clip::clip_part_mut) needs the norm.
    pub fn needs_norm(&self) -> bool {
        matches!(self, Clip::Norm { .. })
    }

    /// Clips a part of a gradient, given the [`global_norm`] of the whole: parts give the bits of the whole, unless its norm is more
    /// than `f64` can hold.
    pub fn clip_part_mut<F: Float>(&self, part: &mut [F], norm: f64) {
        match *self {
            Clip::Value { limit } => {
                let limit = F::of(limit);
                for g in part {
                    // Unlike min and max, comparisons leave a NaN as it is.
                    let below = if *g > limit { limit } else { *g };
                    *g = if below < -limit { -limit } else { below };
                }
            }
            Clip::Norm { max_norm } => {
                let norm = norm + 1e-6;
                let factor = F::of(max_norm / norm);
                let factor = if factor >= F::one() { F::one() } else { factor };
                for g in part {
                    // A factor that is too small for `F` would make zeros of it all.
                    *g = if factor.is_normal() { *g * factor } else { F::of(g.as_f64() / norm * max_norm) };
                }
            }
        }
    }
}

/// The number of values in a block of [`global_norm`]; the last block may be shorter.
pub const NORM_BLOCK: usize = 4096;

/// The Euclidean norm of a gradient.
///
/// To compute the blocks on several threads, take [`sum_of_squares`] of each of `gradient.chunks(NORM_BLOCK)`, in any
/// order, and [`global_norm_of_sums`] of the results, in that of the blocks. Squares of `f64` may be more, or less, than it can
/// hold: where that norm is infinite or 0, take this function, which then goes over the values once more.
///
/// # Examples
/// ```
/// use chainrule_optimizers::{NORM_BLOCK, global_norm, global_norm_of_sums, sum_of_squares};
/// let gradient = vec![0.1_f32; 10_000];
/// let sums: Vec<f64> = gradient.chunks(NORM_BLOCK).map(sum_of_squares).collect();
/// assert_eq!(global_norm_of_sums(sums).to_bits(), global_norm(&gradient).to_bits());
/// assert!((global_norm(&gradient) - 10.0).abs() < 1e-6);
/// ```
pub fn global_norm<F: Float>(gradient: &[F]) -> f64 {
    let norm = global_norm_of_sums(gradient.chunks(NORM_BLOCK).map(sum_of_squares));
    // Below it, squares have lost digits, or all of them.
    const LEAST: f64 = 1e-140;
    if norm.is_finite() && norm > LEAST {
        return norm;
    }
    // Squares that `f64` has not: those of parts of the largest value it has.
    let largest = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.as_f64().abs()));
    if largest == 0.0 || !largest.is_finite() {
        return norm;
    }
    let parts = gradient.iter().map(|g| g.as_f64() / largest);
    largest * parts.fold(0.0, |sum, part| sum + part * part).sqrt()
}

/// The norm of a gradient from the [sums](sum_of_squares) of its blocks, in order.
pub fn global_norm_of_sums(sums: impl IntoIterator<Item = f64>) -> f64 {
    sums.into_iter().fold(0.0, |sum, block| sum + block).sqrt()
}

/// The sum of the squares of one block of a gradient.
///
/// # Panics
/// Unless `block.len() <= NORM_BLOCK`.
#[track_caller]
pub fn sum_of_squares<F: Float>(block: &[F]) -> f64 {
    assert!(block.len() <= NORM_BLOCK, "a block of {} values, expected at most {NORM_BLOCK}", block.len());
    // Eight sums side by side, for the processor to add at once: value i goes to sum i mod 8.
    let mut sums = [0.0; 8];
    let (eights, rest) = block.as_chunks::<8>();
    for eight in eights {
        for (sum, g) in sums.iter_mut().zip(eight) {
            *sum += g.as_f64() * g.as_f64();
        }
    }
    for (sum, g) in sums.iter_mut().zip(rest) {
        *sum += g.as_f64() * g.as_f64();
    }
    sums.iter().fold(0.0, |sum, s| sum + s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_large_is_clipped() {
        let clip = Clip::by_value(2.0);
        let mut gradient = [2.0_f32, -2.0, 2.5, -1e30, f32::INFINITY, f32::NEG_INFINITY, 0.0, 1.5];
        clip.clip_mut(&mut gradient);
        assert_eq!(gradient, [2.0, -2.0, 2.0, -2.0, 2.0, -2.0, 0.0, 1.5]);

        let mut gradient = [3.0_f64, 4.0];
        Clip::by_norm(5.1).clip_mut(&mut gradient);
        assert_eq!(gradient, [3.0, 4.0]);
        Clip::by_norm(2.5).clip_mut(&mut gradient);
        let factor = 2.5 / (5.0 + 1e-6);
        assert_eq!(gradient, [3.0 * factor, 4.0 * factor]);
    }

    #[test]
    fn what_has_no_square_is_clipped_all_the_same() {
        let half = std::f64::consts::FRAC_1_SQRT_2;
        for size in [1e200, 1e160, 8e307] {
            let mut gradient = [size, size];
            Clip::by_norm(1.0).clip_mut(&mut gradient);
            assert!(gradient.iter().all(|g| (g - half).abs() <= 1e-14), "{size:e}: {gradient:?}");
        }
        // Not even the norm is a number of `f64`: 2.4e308, 3.2e309 and 1.8e308.
        let most = f64::MAX;
        for gradient in [vec![1.7e308, -1.7e308], vec![1e308; 1000], vec![most, 0.3 * most, 5e-324, -0.0]] {
            for max_norm in [1.0, 1e-40, 3e38] {
                let parts: Vec<f64> = gradient.iter().map(|g| g / most).collect();
                let norm = parts.iter().map(|part| part * part).sum::<f64>().sqrt();
                let mut clipped = gradient.clone();
                Clip::by_norm(max_norm).clip_mut(&mut clipped);
                for (found, part) in clipped.iter().zip(&parts) {
                    let expected = max_norm * (part / norm);
                    assert!(
                        (found - expected).abs() <= 1e-14 * max_norm,
                        "{gradient:?}: {found}, expected {expected}"
                    );
                }
            }
        }
        for size in [1e-200, 1e-162, 1e-155] {
            let norm = global_norm(&[3.0 * size, -4.0 * size, 0.0]);
            assert!((norm / (5.0 * size) - 1.0).abs() <= 1e-15, "{size:e}: {norm:e}");
        }
        // In f32, 1e-10/4e38 is 0.
        let mut gradient = [3e38_f32, 0.0];
        Clip::by_norm(1e-10).clip_mut(&mut gradient);
        assert!((gradient[0] / 1e-10 - 1.0).abs() <= 1e-6, "{gradient:?}");
        // Infinities stay for training to notice.
        assert_eq!(global_norm(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert!(global_norm(&[1.0, f64::NAN, 1e200]).is_nan());
    }

    #[test]
    fn nothing_is_as_small_as_it_was() {
        for clip in [Clip::by_norm(1.0), Clip::by_value(1.0)] {
            let mut gradient = [0.0_f32; 3];
            clip.clip_mut(&mut gradient);
            clip.clip_mut(&mut gradient[..0]);
            assert_eq!(gradient, [0.0; 3]);
        }
    }

    #[test]
    fn what_is_not_a_number_stays() {
        for clip in [Clip::by_norm(1.0), Clip::by_value(1.0)] {
            let mut gradient = [1.0_f32, f32::NAN];
            clip.clip_mut(&mut gradient);
            assert!(gradient[1].is_nan(), "{clip:?}");
        }
    }

    #[test]
    fn norms_by_hand() {
        // 1² + … + n² = n (n + 1) (2n + 1) / 6; integers are exact.
        for n in (0..40).chain(NORM_BLOCK - 9..NORM_BLOCK + 10) {
            let numbers: Vec<f64> = (1..=n).map(|i| i as f64).collect();
            let expected = (n * (n + 1) * (2 * n + 1) / 6) as f64;
            assert_eq!(global_norm(&numbers), expected.sqrt(), "{n}");
        }
        // Squares that f32 does not have.
        assert_eq!(
            global_norm(&[3e30_f32, 4e30]),
            (3e30_f32.as_f64().powi(2) + 4e30_f32.as_f64().powi(2)).sqrt()
        );
    }

    #[test]
    fn limits_out_of_range_are_refused() {
        for bad in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            let message = Clip::by_value(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("clipping limit {bad}, expected a finite number above 0"));
            let message = Clip::by_norm(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("maximum norm {bad}, expected a finite number above 0"));
        }
    }
}
