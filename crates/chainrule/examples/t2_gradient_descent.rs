//! The second tutorial, its first half: what a loss says about an answer, and how gradient descent makes it smaller.
//!
//! Two answers of a network to the same image, a 2, are judged by two losses. Then f(x) = x0² + x1² is minimised from
//! (−3, 4) with the numerical gradient and four learning rates. The numbers that the tests expect were computed with
//! NumPy in float64.

use std::fmt::{self, Write};

use chainrule::gradcheck::{Step, central_difference};
use chainrule::losses::{CrossEntropyOnProbabilities, HalfSquaredError, Loss, Targets};
use chainrule::optimizers::{gradient_descent, gradient_descent_path};
use chainrule::tensor::MatrixView;

/// The probabilities of the digits 0 to 9: this answer says 2, and is right.
const Y1: [f64; 10] = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0];

/// This answer says 7, and is wrong.
const Y2: [f64; 10] = [0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0];

/// Where gradient descent starts, and how often it steps.
const START: [f64; 2] = [-3.0, 4.0];
const STEPS: usize = 100;

/// The step of the central differences.
const H: f64 = 1e-4;

/// The loss of the answer `y`, where the right one is 2. The tutorial writes it as a one-hot vector; a class is the
/// same and shorter.
fn loss_of(loss: &dyn Loss<f64>, y: &[f64; 10]) -> f64 {
    loss.value(MatrixView::new(y, 10, 1), Targets::Classes(&[2])).mean()
}

/// The function of the tutorial, whose minimum is 0 at (0, 0).
fn f(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

/// Its gradient by central differences with the tutorial's step.
fn numerical(x: &[f64]) -> Vec<f64> {
    central_difference(f, x, Step::Fixed(H))
}

/// Its gradient by the rules of calculus.
fn exact(x: &[f64]) -> Vec<f64> {
    vec![2.0 * x[0], 2.0 * x[1]]
}

/// Nine digits, as the tutorial prints them: with an exponent where the number is small.
fn digits(x: f64) -> String {
    if (1e-4..10.0).contains(&x.abs()) { format!("{x:.8}") } else { format!("{x:.8e}") }
}

fn report() -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "the right class is 2; the logarithm of the cross-entropy is that of y + 1e-7")?;
    for (name, y) in [("y1", Y1), ("y2", Y2)] {
        let squared = loss_of(&HalfSquaredError, &y);
        let entropy = loss_of(&CrossEntropyOnProbabilities, &y);
        writeln!(out, "{name} = {y:?}: squared error {squared:.4}, cross-entropy {entropy:.15}")?;
    }
    writeln!(out, "the tutorial prints 0.518 for the cross-entropy of y1: a typo")?;

    writeln!(out, "\nx0² + x1² from {START:?}, {STEPS} steps with the numerical gradient, h = {H:e}:")?;
    for rate in [0.1, 0.01, 10.0, 1e-10] {
        let x = gradient_descent(numerical, &START, rate, STEPS);
        writeln!(
            out,
            "rate {:>5}: ({}, {})",
            format!("{rate:?}").trim_end_matches(".0"),
            digits(x[0]),
            digits(x[1])
        )?;
    }

    writeln!(
        out,
        "\nRate 10 multiplies x by 1 − 2·10 in every step. The exact gradient shows it without end,"
    )?;
    writeln!(out, "the numerical one until x ± {H} is rounded to x, where no difference is left to divide:")?;
    let with_exact = gradient_descent_path(exact, &START, 10.0, STEPS);
    let with_numerical = gradient_descent_path(numerical, &START, 10.0, STEPS);
    for step in [0, 1, 2, 5, 10, 20, STEPS] {
        let (exact, numerical) = (with_exact[step][0], with_numerical[step][0]);
        writeln!(out, "step {step:>3}: x0 = {exact:>9.2e} and {numerical:>9.2e}")?;
    }
    Ok(out)
}

fn main() {
    print!("{}", report().expect("a String takes any text"));
}

#[cfg(test)]
#[path = "tutorials/numbers.rs"]
mod numbers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_tutorial_is_printed() {
        numbers::assert_printed(&report().unwrap(), "t2_gradient_descent");
    }

    /// Equal up to half a unit of the last digit that is given. NaN is equal to nothing.
    fn assert_digits(found: f64, expected: f64, half_a_unit: f64) {
        assert!((found - expected).abs() <= half_a_unit, "{found:e}, expected {expected:e}");
    }

    #[test]
    fn the_right_answer_has_the_smaller_loss() {
        assert_digits(loss_of(&HalfSquaredError, &Y1), 0.0975, 1e-15);
        assert_digits(loss_of(&HalfSquaredError, &Y2), 0.5975, 1e-15);
        // The tutorial prints 0.518 for the first: a typo.
        assert_digits(loss_of(&CrossEntropyOnProbabilities, &Y1), 0.510825457099338, 0.5e-15);
        assert_digits(loss_of(&CrossEntropyOnProbabilities, &Y2), 2.302584092994546, 0.5e-15);
    }

    #[test]
    fn a_hundred_steps_of_two_rates() {
        // The tutorial prints the first and names the rate of the second.
        let x = gradient_descent(numerical, &START, 0.1, STEPS);
        assert_digits(x[0], -6.11110793e-10, 0.5e-18);
        assert_digits(x[1], 8.14814391e-10, 0.5e-18);
        let x = gradient_descent(numerical, &START, 0.01, STEPS);
        assert_digits(x[0], -0.39785867, 0.5e-8);
        assert_digits(x[1], 0.53047822, 0.5e-8);
    }

    #[test]
    fn a_rate_of_ten_diverges() {
        let path = gradient_descent_path(exact, &START, 10.0, STEPS);
        for pair in path.windows(2) {
            assert_digits(pair[1][0] / pair[0][0], -19.0, 1e-12);
            assert_digits(pair[1][1] / pair[0][1], -19.0, 1e-12);
        }
        // The numerical gradient ends far away or nowhere: NaN is not near either.
        let x = gradient_descent(numerical, &START, 10.0, STEPS);
        let near = |x: &f64| x.abs() <= 1e9;
        assert!(!near(&x[0]) && !near(&x[1]), "{x:?}");
    }

    #[test]
    fn a_rate_of_1e_minus_10_barely_moves() {
        // A hundred steps, each of 2·10⁻¹⁰ of the way.
        let x = gradient_descent(numerical, &START, 1e-10, STEPS);
        assert_digits(x[0], -3.0 + 6e-8, 1e-13);
        assert_digits(x[1], 4.0 - 8e-8, 1e-13);
    }
}
