//! Pairs of functions that share one exponential: each half is accurate where forming it from the other would cancel.

use chainrule_tensor::Float;

/// σ(x) and σ(−x), which never overflow; `1 − σ(x)` would lose every digit for large x.
#[inline]
pub(crate) fn sigmoid_pair<F: Float>(x: F) -> (F, F) {
    let e = (-x.abs()).exp();
    let larger = F::one() / (F::one() + e);
    let smaller = e * larger;
    if x >= F::zero() { (larger, smaller) } else { (smaller, larger) }
}

/// exp(x) and exp(x) − 1, for x ≤ 0.
#[inline]
pub(crate) fn exp_pair<F: Float>(x: F) -> (F, F) {
    if x < F::of(-0.5) {
        let e = x.exp();
        (e, e - F::one())
    } else {
        let less_one = x.exp_m1();
        (less_one + F::one(), less_one)
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
    }
}
