//! Numbers of twice the digits of `f64`: the sum of a high and a low one.
//!
//! Source: Dekker, *A floating-point technique for extending the available precision* (1971); Knuth's sum, and Veltkamp's
//! splitting for a product, which needs no fused multiplication.

/// high + low, where high is the nearest `f64` to the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Double {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

impl Double {
    pub(crate) fn new(high: f64, low: f64) -> Self {
        Double { high, low }
    }

    /// The nearest to a sum of three numbers, each smaller than the one before.
    pub(crate) fn of_three(numbers: &[f64]) -> Self {
        let first = Double::sum(numbers[0], numbers[1]);
        Double::sum(first.high, first.low + numbers[2])
    }

    /// a + b, exactly.
    pub(crate) fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let of_b = high - a;
        Double { high, low: (a - (high - of_b)) + (b - of_b) }
    }

    /// a − b, exactly.
    pub(crate) fn difference(a: f64, b: f64) -> Self {
        Double::sum(a, -b)
    }

    /// a · b, exactly where nothing overflows.
    fn product(a: f64, b: f64) -> Self {
        let split = |x: f64| {
            let big = 134_217_729.0 * x; // 2²⁷ + 1
            let high = big - (big - x);
            (high, x - high)
        };
        let (high, (a1, a2), (b1, b2)) = (a * b, split(a), split(b));
        Double { high, low: a2 * b2 - (((high - a1 * b1) - a2 * b1) - a1 * b2) }
    }

    pub(crate) fn plus(self, other: Double) -> Self {
        let (high, low) = (Double::sum(self.high, other.high), Double::sum(self.low, other.low));
        let carried = Double::sum(high.high, high.low + low.high);
        Double::sum(carried.high, carried.low + low.low)
    }

    pub(crate) fn minus(self, other: Double) -> Self {
        self.plus(Double::new(-other.high, -other.low))
    }

    pub(crate) fn squared(self) -> Self {
        let square = Double::product(self.high, self.high);
        Double::sum(square.high, square.low + (2.0 * self.high + self.low) * self.low)
    }

    pub(crate) fn over(self, n: f64) -> Self {
        let high = self.high / n;
        let rest = self.minus(Double::product(high, n));
        Double::sum(high, rest.high / n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f64_loses_is_kept() {
        let third = Double::new(1.0, 0.0).over(3.0);
        // 3·⅓ is 1 to some 32 digits; 3·(1/3) in f64 is off by 5.6e-17.
        let three = third.plus(third).plus(third);
        assert!((three.high - 1.0 + three.low).abs() <= 1e-31, "{three:?}");
        let x = Double::difference(1e8, -1e-9);
        assert_eq!(x, Double::new(1e8, 1e-9));
        // (1e8 + 1e-9)² − 1e16 = 0.2 + 1e-18
        let rest = x.squared().minus(Double::new(1e16, 0.0));
        assert!((rest.high - 0.2).abs() <= 1e-15, "{rest:?}");
    }
}
