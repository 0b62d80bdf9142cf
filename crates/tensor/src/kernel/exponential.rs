//! The exponential in `f32` without branches, so that loops over it become vectors.
//!
//! exp(x) = 2ⁿ·exp(r) with n = round(x/ln 2) and r = x − n·ln 2, |r| ≤ ½ ln 2, where ln 2 is taken off in two parts, of
//! which n times the first is exact. exp(r) is a polynomial (Cephes, `expf`: S. Moshier, 1984). 2ⁿ comes in two factors,
//! so that results below the normal numbers come out as subnormal ones. The error is at most 2 units in the last place
//! where the result is a normal number.
//!
//! `f64` takes the exponential of the mathematical library.

use num_traits::Float;

/// 1.5·2²³: a number to which a small one is added loses all its decimals, and has the integer in its last bits.
const ROUND: f32 = 12_582_912.0;

/// exp(x), by a `mul_add` that rounds once or twice, but in the same way on every processor.
#[inline(always)]
pub(super) fn exp(x: f32, mul_add: impl Fn(f32, f32, f32) -> f32) -> f32 {
    // Beyond these, the result is 0 or infinite; NaN stays what it is.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let shifted = mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = mul_add(n, -0.693_359_4, x);
    let r = mul_add(n, 2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = mul_add(p, r, coefficient);
    }
    let p = mul_add(p, r * r, r) + 1.0;
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    p * power(half) * power(n.wrapping_sub(half))
}

/// σ(x) and σ(−x), both relative to themselves, from one exponential, which does not overflow.
#[inline(always)]
fn sigmoid_pair<F: Float>(x: F, exp: impl Fn(F) -> F) -> (F, F) {
    let e = exp(-x.abs());
    let larger = F::one() / (F::one() + e);
    let smaller = e * larger;
    if x >= F::zero() { (larger, smaller) } else { (smaller, larger) }
}

/// y = exp(x − shift).
#[inline(always)]
pub(super) fn exp_to<F: Float>(y: &mut [F], x: &[F], shift: F, exp: impl Fn(F) -> F) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = exp(x - shift);
    }
}

/// y = σ(x) and complement = σ(−x).
#[inline(always)]
pub(super) fn sigmoid_to<F: Float>(y: &mut [F], complement: &mut [F], x: &[F], exp: impl Fn(F) -> F) {
    for ((y, complement), &x) in y.iter_mut().zip(complement).zip(x) {
        (*y, *complement) = sigmoid_pair(x, &exp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fused(x: f32) -> f32 {
        exp(x, f32::mul_add)
    }

    fn rounded_twice(x: f32) -> f32 {
        exp(x, |a, b, c| a * b + c)
    }

    /// The distance of `found` from the true value, in units of the last place of an `f32` of that size.
    fn ulps(found: f32, truth: f64) -> f64 {
        let exponent = truth.abs().log2().floor().max(-126.0);
        (f64::from(found) - truth).abs() / 2.0_f64.powf(exponent - 23.0)
    }

    /// Every so many of all numbers from −104 to 89, and from below to above the limits.
    fn all() -> impl Iterator<Item = f32> {
        let bits = |limit: f32| (0..limit.to_bits()).step_by(4099);
        bits(110.0).map(|b| -f32::from_bits(b)).chain(bits(95.0).map(f32::from_bits))
    }

    fn check(exp: impl Fn(f32) -> f32) {
        let mut worst = (0.0, 0.0);
        for x in all() {
            let (found, truth) = (exp(x), f64::from(x).exp());
            if truth > f64::from(f32::MAX) {
                assert!(found == f32::INFINITY || found > 0.999_999 * f32::MAX, "exp({x}) = {found}");
                continue;
            }
            // Of subnormal results the last place is that of all of them; the last bit may be off.
            let error = ulps(found, truth);
            assert!(error <= 2.0, "exp({x}) = {found:e}, {truth:e}: {error} ulp");
            if error > worst.0 {
                worst = (error, x);
            }

            let (y, complement) = sigmoid_pair(x, &exp);
            let (e, x) = (f64::from(-x.abs()).exp(), f64::from(x));
            let (larger, smaller) = (1.0 / (1.0 + e), e / (1.0 + e));
            let truth = if x >= 0.0 { [larger, smaller] } else { [smaller, larger] };
            for (found, truth) in [y, complement].into_iter().zip(truth) {
                let error = ulps(found, truth);
                assert!(error <= 4.0, "σ(±{x}) = {found:e}, {truth:e}: {error} ulp");
            }
        }
        assert!(worst.0 > 0.5, "{worst:?}: no approximation is as good as that");
    }

    #[test]
    fn errors_are_within_the_bounds_over_the_whole_range() {
        [fused, rounded_twice].map(check);
    }

    #[test]
    fn limits_and_nan() {
        for (x, expected) in
            [(f32::NEG_INFINITY, 0.0), (-1000.0, 0.0), (0.0, 1.0), (-0.0, 1.0), (1000.0, f32::INFINITY)]
        {
            assert_eq!([fused(x), rounded_twice(x)], [expected; 2]);
        }
        assert!(fused(f32::NAN).is_nan() && rounded_twice(f32::NAN).is_nan());
        let (y, complement) = sigmoid_pair(f32::NAN, fused);
        assert!(y.is_nan() && complement.is_nan());
        assert_eq!(sigmoid_pair(f32::NEG_INFINITY, fused), (0.0, 1.0));
        // Subnormal, not 0.
        assert!(fused(-100.0) > 0.0 && fused(-100.0) < 1e-40);
    }
}
