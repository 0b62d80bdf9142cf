//! Gradient descent on a function of a vector: x ← x − rate · ∇f(x), a given number of times.
//!
//! Source: tutorial 2; *Deep Learning from Scratch*, 4.4.1.

use chainrule_tensor::Float;

/// The point that `steps` steps of gradient descent reach from `start`.
///
/// `gradient` gives the gradient of the function at a point, be it exact or numerical.
///
/// # Panics
/// Unless `gradient` returns as many values as it is given.
///
/// # Examples
/// ```
/// use chainrule_optimizers::gradient_descent;
/// // f = x², one step of each size from 1: too small, right, and too large.
/// let gradient = |x: &[f64]| vec![2.0 * x[0]];
/// assert_eq!(gradient_descent(gradient, &[1.0], 0.125, 1), [0.75]);
/// assert_eq!(gradient_descent(gradient, &[1.0], 0.5, 1), [0.0]);
/// assert_eq!(gradient_descent(gradient, &[1.0], 1.5, 1), [-2.0]);
/// ```
#[track_caller]
pub fn gradient_descent<F: Float>(
    mut gradient: impl FnMut(&[F]) -> Vec<F>,
    start: &[F],
    rate: F,
    steps: usize,
) -> Vec<F> {
    let mut x = start.to_vec();
    for _ in 0..steps {
        let gradient = gradient(&x);
        assert_eq!(gradient.len(), x.len(), "lengths of the gradient and of the point");
        for (x, g) in x.iter_mut().zip(gradient) {
            *x -= rate * g;
        }
    }
    x
}

/// Every point on the way of [`gradient_descent`], `start` first: `steps + 1` points.
///
/// # Panics
/// Unless `gradient` returns as many values as it is given.
///
/// # Examples
/// ```
/// use chainrule_optimizers::gradient_descent_path;
/// let path = gradient_descent_path(|x: &[f64]| vec![2.0 * x[0]], &[8.0], 0.25, 3);
/// assert_eq!(path, [[8.0], [4.0], [2.0], [1.0]]);
/// ```
#[track_caller]
pub fn gradient_descent_path<F: Float>(
    mut gradient: impl FnMut(&[F]) -> Vec<F>,
    start: &[F],
    rate: F,
    steps: usize,
) -> Vec<Vec<F>> {
    let mut path = vec![start.to_vec()];
    for i in 0..steps {
        path.push(gradient_descent(&mut gradient, &path[i], rate, 1));
    }
    path
}

#[cfg(test)]
mod tests {
    use chainrule_gradcheck::{Step, central_difference};

    use super::*;

    const START: [f64; 2] = [-3.0, 4.0];

    /// f = x0² + x1² with the step of the tutorial.
    fn numerical(x: &[f64]) -> Vec<f64> {
        central_difference(|x: &[f64]| x[0] * x[0] + x[1] * x[1], x, Step::Fixed(1e-4))
    }

    fn exact(x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| 2.0 * x).collect()
    }

    /// Equal to the digits the tutorial gives, half a unit of the last.
    fn assert_digits(rate: f64, expected: [f64; 2], half_a_unit: f64) {
        for gradient in [numerical, exact] {
            let x = gradient_descent(gradient, &START, rate, 100);
            for (x, e) in x.iter().zip(expected) {
                assert!((x - e).abs() <= half_a_unit, "rate {rate}: {x:e}, expected {e:e}");
            }
        }
    }

    #[test]
    fn the_tutorials_hundred_steps() {
        assert_digits(0.1, [-6.11110793e-10, 8.14814391e-10], 0.5e-18);
        assert_digits(0.01, [-0.39785867, 0.53047822], 0.5e-8);
    }

    #[test]
    fn a_rate_of_ten_diverges() {
        // Every step multiplies by 1 − 2·10.
        let x = gradient_descent(exact, &START, 10.0, 100);
        assert!(x.iter().zip(START).all(|(x, s)| x.abs() >= s.abs() * 1e127), "{x:?}");

        // So does the numerical gradient's, until x is so large that x ± 10⁻⁴ rounds to x: then there is none.
        let path = gradient_descent_path(numerical, &START, 10.0, 100);
        for (before, after) in path.iter().zip(&path[1..6]) {
            assert!(
                before.iter().zip(after).all(|(b, a)| (a / b + 19.0).abs() <= 0.1),
                "{before:?}, {after:?}"
            );
        }
        let is_near = |x: &f64| x.abs() <= 1e9;
        assert!(!path[100].iter().any(is_near), "{:?}", path[100]);
    }

    #[test]
    fn a_rate_of_1e_minus_10_barely_moves() {
        for gradient in [numerical, exact] {
            let x = gradient_descent(gradient, &START, 1e-10, 100);
            // 100 steps of 2·10⁻¹⁰ of the way.
            for (x, start) in x.iter().zip(START) {
                assert!((x - start * (1.0 - 2e-8)).abs() <= 1e-14, "{x}");
            }
        }
    }

    #[test]
    fn the_path_ends_where_the_descent_does() {
        let path = gradient_descent_path(exact, &START, 0.1, 100);
        assert_eq!((path.len(), &path[0][..]), (101, &START[..]));
        assert_eq!(path[100], gradient_descent(exact, &START, 0.1, 100));
        assert_eq!(path[7], gradient_descent(exact, &START, 0.1, 7));
    }

    #[test]
    #[should_panic(expected = "lengths of the gradient and of the point")]
    fn a_gradient_of_another_length_panics() {
        gradient_descent(|_: &[f32]| vec![0.0], &[1.0, 2.0], 0.1, 1);
    }
}
