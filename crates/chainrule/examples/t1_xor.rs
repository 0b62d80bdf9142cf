//! The first tutorial: networks of any depth from a list of sizes, which learn XOR.
//!
//! Program 1 has a constant 1 appended to the input and takes one random sample per step. Program 3 has no bias of any
//! kind and takes all samples in every step. Both have a sigmoid behind every layer and start from standard normal
//! weights; both must have all four outputs on the right side of 0.5 and a mean squared error below 0.01 at the end.
//! Program 2 is the example `t1_gradient_verification`.

use std::{
    fmt::{self, Write},
    ops::Range,
};

use chainrule::losses::{HalfSquaredError, MeanSquaredError};
use chainrule::tensor::Matrix;

use net::{Net, draw, units, with_constant, xor};

#[path = "t1/net.rs"]
mod net;

const SEED: u64 = 1;
const RATE: f64 = 1.0;

/// Program 1's sizes; the constant comes on top of them.
const SIZES_1: [usize; 3] = [2, 2, 1];
const STEPS_1: u64 = 10_000;

/// Program 3's sizes. It needs more hidden units: two without biases rarely solve XOR.
const SIZES_3: [usize; 3] = [2, 4, 1];
const STEPS_3: u64 = 10_000;

/// With how many seeds two hidden units without biases are tried.
const N_SEEDS: u64 = 6;

/// Program 1's network and its input.
fn program_1(x: &Matrix<f64>) -> (Net, Matrix<f64>) {
    (Net::new(&units(&SIZES_1), SEED), with_constant(x))
}

/// Program 1: one random sample per step.
fn train_on_samples(net: &mut Net, x: &Matrix<f64>, y: &Matrix<f64>, steps: Range<u64>) {
    for step in steps {
        let (x, y) = draw(x, y, SEED, step);
        net.update(&net.gradient(&x, &y, &HalfSquaredError), RATE);
    }
}

/// Program 3: all samples in every step, their derivatives added.
fn train_on_all(net: &mut Net, x: &Matrix<f64>, y: &Matrix<f64>, steps: Range<u64>) {
    for _ in steps {
        net.update(&net.gradient(x, y, &HalfSquaredError), RATE);
    }
}

/// A mean squared error below this counts as learned, and beyond which output the answer is yes.
const LEARNED: f64 = 0.01;
const THRESHOLD: f64 = 0.5;

/// Whether all four outputs are on the right side.
fn all_right(net: &Net, x: &Matrix<f64>) -> bool {
    net.predict(x).iter().zip(&xor().1).all(|(output, y)| (*output > THRESHOLD) == (*y > THRESHOLD))
}

/// Trains in ten parts and prints the error after each, and the four outputs at the end.
fn run(
    out: &mut String,
    mut net: Net,
    x: &Matrix<f64>,
    n_steps: u64,
    train: impl Fn(&mut Net, &Matrix<f64>, &Matrix<f64>, Range<u64>),
) -> fmt::Result {
    let y = xor().1;
    for part in 0..=10 {
        let step = part * n_steps / 10;
        writeln!(out, "step {step:>5}: mean squared error {:.6}", net.cost(x, &y, &MeanSquaredError))?;
        if step < n_steps {
            train(&mut net, x, &y, step..step + n_steps / 10);
        }
    }
    for ((x, y), output) in x.column_iter().zip(&y).zip(&net.predict(x)) {
        writeln!(out, "{} xor {} = {y}: {output:.4}", x[0], x[1])?;
    }
    let side = if all_right(&net, x) { "all" } else { "not all" };
    let below = if net.cost(x, &y, &MeanSquaredError) < LEARNED { "below" } else { "not below" };
    writeln!(out, "{side} on the right side of {THRESHOLD}, mean squared error {below} {LEARNED}")
}

fn report() -> Result<String, fmt::Error> {
    let mut out = String::new();
    let (x, y) = xor();
    let (net, x_1) = program_1(&x);
    let n = units(&SIZES_1);
    writeln!(out, "program 1: {SIZES_1:?}, with the constant and the unit more in every hidden layer")?;
    writeln!(out, "{} inputs, {} hidden units, {} output", n[0], n[1], n[2])?;
    writeln!(out, "one random sample per step, rate {RATE}, seed {SEED}")?;
    run(&mut out, net, &x_1, STEPS_1, train_on_samples)?;

    writeln!(out, "\nprogram 3: {SIZES_3:?}, no constant and no bias")?;
    writeln!(out, "all samples in every step, rate {RATE}, seed {SEED}")?;
    run(&mut out, Net::new(&SIZES_3, SEED), &x, STEPS_3, train_on_all)?;

    let n_solved = (1..=N_SEEDS).filter(|seed| {
        let mut net = Net::new(&SIZES_1, *seed);
        train_on_all(&mut net, &x, &y, 0..STEPS_3);
        all_right(&net, &x)
    });
    writeln!(out, "with {SIZES_1:?} it solves XOR for {} of {N_SEEDS} seeds", n_solved.count())?;
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
    use chainrule::gradcheck::{Check, Report};

    use super::*;

    #[test]
    fn every_number_of_the_tutorial_is_printed() {
        numbers::assert_printed(&report().unwrap(), "t1_xor");
    }

    #[track_caller]
    fn assert_learned(net: &Net, x: &Matrix<f64>) {
        let y = xor().1;
        let outputs = net.predict(x);
        for (output, y) in outputs.iter().zip(&y) {
            assert!(if *y == 1.0 { *output > 0.5 } else { *output < 0.5 }, "{outputs}");
        }
        // By the formula, so that it does not depend on the loss that is asked for.
        let error = (0..4).map(|i| (y[i] - outputs[i]).powi(2)).sum::<f64>() / 4.0;
        assert!(error < 0.01, "{error}");
    }

    #[test]
    fn program_1_learns_xor() {
        let (x, y) = xor();
        let (mut net, x) = program_1(&x);
        train_on_samples(&mut net, &x, &y, 0..STEPS_1);
        assert_learned(&net, &x);
    }

    #[test]
    fn program_3_learns_xor() {
        let (x, y) = xor();
        let mut net = Net::new(&SIZES_3, SEED);
        train_on_all(&mut net, &x, &y, 0..STEPS_3);
        assert_learned(&net, &x);
    }

    #[test]
    fn a_list_of_sizes_is_a_network() {
        let shapes = |units: &[usize]| -> Vec<(usize, usize)> {
            Net::new(units, SEED).weights.iter().map(Matrix::shape).collect()
        };
        // The constant in the input and one more unit in every hidden layer, none in the output.
        assert_eq!(shapes(&units(&SIZES_1)), [(3, 3), (1, 3)]);
        assert_eq!(shapes(&units(&[2, 3, 3, 1])), [(4, 3), (4, 4), (1, 4)]);
        assert_eq!(shapes(&SIZES_3), [(4, 2), (1, 4)]);
        // A row of the tutorial is a column here, and the constant is behind it.
        let x = with_constant(&xor().0);
        assert_eq!(x.column(1).as_slice(), [0.0, 1.0, 1.0]);
        assert_eq!(x.column(2).as_slice(), [1.0, 0.0, 1.0]);
    }

    #[test]
    fn one_step_by_hand() {
        // One weight of 0 is σ(0) = ½ for any input. For x = 3 and y = 1 the error of the tutorial is y − a = ½,
        // delta = ½·½·½ = ⅛, and with rate 2 the weight becomes 2·3·⅛ = ¾.
        let mut net = Net { weights: vec![Matrix::from_element(1, 1, 0.0)] };
        let (x, y) = (Matrix::from_element(1, 1, 3.0), Matrix::from_element(1, 1, 1.0));
        net.update(&net.gradient(&x, &y, &HalfSquaredError), 2.0);
        assert_eq!(net.weights[0][0], 0.75);
    }

    /// Compares derivatives with central differences of the cost of all four rows, layer by layer.
    fn check(net: &Net, gradient: &[Matrix<f64>], x: &Matrix<f64>, y: &Matrix<f64>) -> Vec<Report> {
        let of_layer = |layer: usize| {
            let mut net = net.clone();
            let w = net.weights[layer].clone();
            let sum = |w: &[f64]| {
                net.weights[layer].copy_from_slice(w);
                // The mean is per sample, the gradient that of the sum.
                net.cost(x, y, &HalfSquaredError) * x.ncols() as f64
            };
            Check::new().tolerance(1e-6).run(sum, w.as_slice(), gradient[layer].as_slice())
        };
        (0..gradient.len()).map(of_layer).collect()
    }

    #[test]
    fn backpropagation_through_three_layers_agrees_with_central_differences() {
        let (x, y) = xor();
        let x = with_constant(&x);
        let net = Net::new(&units(&[2, 3, 3, 1]), SEED);
        let reports = check(&net, &net.gradient(&x, &y, &HalfSquaredError), &x, &y);
        assert_eq!(reports.len(), 3);
        reports.iter().for_each(Report::assert_passed);

        // The gradient for the opposite answers must be refused, of every layer.
        let opposite = y.map(|y| 1.0 - y);
        let refused = check(&net, &net.gradient(&x, &opposite, &HalfSquaredError), &x, &y);
        refused.iter().for_each(Report::assert_refused);
    }
}
