//! The exponential, and ln(1 + exp(x)), in `f32` without branches, so that loops over them become vectors.
//!
//! exp(x) = 2ⁿ·exp(r) with n = round(x/ln 2) and r = x − n·ln 2, |r| ≤ ½ ln 2, where ln 2 is taken off in two parts, of
//! which n times the first is exact. exp(r) is a polynomial (Cephes, `expf`: S. Moshier, 1984). 2ⁿ comes in two factors,
//! so that results below the normal numbers come out as subnormal ones. The error is at most 2 units in the last place
//! where the result is a normal number.
//!
//! `f64` takes those of the mathematical library.

use num_traits::Float;

/// 1.5·2²³: a number to which a small one is added loses all its decimals, and has the integer in its last bits.
const ROUND: f32 = 12_582_912.0;

/// `a · b + c`, rounded twice: as fast with the instructions that every processor has, and no more than a unit further off.
#[inline(always)]
pub(crate) fn mul_and_add(a: f32, b: f32, c: f32) -> f32 {
    a * b + c
}

/// q, f and g with exp(x) = (q + 1)·f·g, where f and g are powers of two.
#[inline(always)]
fn parts(x: f32, mul_add: impl Fn(f32, f32, f32) -> f32) -> (f32, f32, f32) {
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
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    (mul_add(p, r * r, r), power(half), power(n.wrapping_sub(half)))
}

/// exp(x), by either `mul_add`.
#[inline(always)]
pub(crate) fn exp(x: f32, mul_add: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let (q, f, g) = parts(x, mul_add);
    (q + 1.0) * f * g
}

/// exp(x) and exp(x) − 1, for x ≤ 0.
#[inline(always)]
pub(crate) fn exp_pair(x: f32) -> (f32, f32) {
    let (q, f, g) = parts(x, mul_and_add);
    // Little cancels: q is above 0 only where f·g is at most ½, and then below 0.42.
    ((q + 1.0) * f * g, q * (f * g) + (f * g - 1.0))
}

/// ln(1 + x) for x from 0 to 1, within 2 units of the last place: twice the artanh of s = x/(2 + x) ≤ ⅓, by its series. The form
/// x − s·(x − r) has the digits that s has lost.
#[inline(always)]
pub(crate) fn ln_1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let square = s * s;
    let r = [13.0, 11.0, 9.0, 7.0, 5.0, 3.0].iter().fold(2.0 / 15.0, |r, n| r * square + 2.0 / n) * square;
    x - s * (x - r)
}

/// σ(x) and σ(−x), both relative to themselves, from one exponential, which does not overflow.
#[inline(always)]
pub(crate) fn sigmoid_pair<F: Float>(x: F, exp: impl Fn(F) -> F) -> (F, F) {
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
        exp(x, mul_and_add)
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
        check(fused);
        check(rounded_twice);
    }

    #[test]
    fn what_is_less_than_1_is_near_its_truth_on_either_side() {
        for x in all().filter(|x| *x <= 0.0).chain([-1e-40, -1e-20, -0.346, -0.347]) {
            let (e, less_one) = exp_pair(x);
            assert_eq!(e.to_bits(), rounded_twice(x).to_bits());
            let error = ulps(less_one, f64::from(x).exp_m1());
            assert!(error <= 2.0 || x == 0.0 && less_one == 0.0, "exp({x}) − 1 = {less_one:e}: {error} ulp");
        }
    }

    #[test]
    fn logarithms_are_near_the_truth() {
        for x in (0..=1.0_f32.to_bits()).step_by(997).map(f32::from_bits).chain([1.0]) {
            let error = ulps(ln_1p(x), f64::from(x).ln_1p());
            assert!(error <= 2.0, "ln(1 + {x}) = {:e}: {error} ulp", ln_1p(x));
        }
        assert!(ln_1p(f32::NAN).is_nan());
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
