//! The fused multiply-add of processors that have none: `a · b + c`, rounded once.

/// In `f32`, by five operations of `f64`; C's `fmaf`, which works on the digits, takes three times as long.
///
/// `f64` has room for all 48 digits of the product. The sum is rounded to odd: where it is not exact, to the neighbour whose
/// last digit is 1. So it is never halfway between two of `f32` without being exact, and rounding it once more gives what
/// rounding the exact sum gives (Boldo and Melquiond, *Emulation of a FMA and correctly-rounded sums*, 2008).
#[inline(always)]
pub(super) fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What the rounding has taken off, exactly (Knuth's two-sum); NaN where the sum is infinite.
    let of_c = sum - product;
    let error = (product - (sum - of_c)) + (c - of_c);
    let bits = sum.to_bits();
    let away_from_0 = (error > 0.0) == (sum > 0.0);
    let is_even_and_inexact = bits & 1 == 0 && error.abs() > 0.0;
    let odd = if away_from_0 { bits + 1 } else { bits.wrapping_sub(1) };
    f64::from_bits(if is_even_and_inexact { odd } else { bits }) as f32
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::random::{Purpose, generator};

    #[track_caller]
    fn check(a: f32, b: f32, c: f32) {
        let (found, expected) = (mul_add(a, b, c), a.mul_add(b, c));
        let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
        assert!(same, "{a:e} · {b:e} + {c:e} = {found:e}, expected {expected:e}");
    }

    #[test]
    fn special_numbers() {
        let mut numbers = vec![0.0, f32::INFINITY, f32::NAN];
        // The smallest and largest of the normal and of the subnormal numbers, 1 and the digits' ends, with their neighbours.
        for near in
            [f32::MIN_POSITIVE, f32::MAX, 1.0, 2.0_f32.powi(-12), 16_777_216.0, 1e-40, 3.0, 1e19, 1e-19]
        {
            numbers.extend([near.next_down(), near, near.next_up()]);
        }
        numbers.extend([1, 2, 3].map(f32::from_bits));
        numbers.extend(numbers.clone().iter().map(|x| -x));
        for &a in &numbers {
            for &b in &numbers {
                numbers.iter().for_each(|&c| check(a, b, c));
            }
        }
    }

    #[test]
    fn random_bits_and_numbers_whose_sums_are_near_ties() {
        let mut rng = generator(1, Purpose::Draw, 0, 2);
        for _ in 0..1_000_000 {
            let (a, b, c) = (rng.next_u32(), rng.next_u32(), rng.next_u32());
            check(f32::from_bits(a), f32::from_bits(b), f32::from_bits(c));
            // Of few digits, and exponents so near to each other that they overlap, end in ties or cancel.
            let [a, b, c] = [a, b, c].map(|x| {
                let digits = x & (0x7f_ffff << (x >> 27)) & 0x7f_ffff;
                f32::from_bits(x & 0x8000_0000 | (112 + (x >> 23 & 31)) << 23 | digits)
            });
            check(a, b, c);
            check(a, b, -a * b);
            check(a, b, a * b * 16_777_216.0);
            // Results below the normal numbers.
            check(a * 2.0_f32.powi(-70), b * 2.0_f32.powi(-70), c * 2.0_f32.powi(-126));
        }
    }
}
