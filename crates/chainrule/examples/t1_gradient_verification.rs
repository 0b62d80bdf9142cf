//! The first tutorial, its second program: the gradient is verified while the network learns.
//!
//! In every step the derivative of the cost with respect to every weight is computed twice, by backpropagation and by the
//! central difference with ε = 1e-5, and where they differ, the layer, the position and both values are reported. The
//! cost is the mean squared error of the chosen sample on both sides; there is one output, so that it is twice the half
//! squared error of `t1_xor`, and half its rate makes the steps of its program 1.
//!
//! The tutorial's own program does not run: it walks a single matrix as if it were the list of layers, appends the
//! constant twice and shadows the index of the sample. Its two gradients would also differ by the factor −2: the one that
//! is backpropagated begins with y − a, which is minus the derivative of half the squared error, the other is that of the
//! mean squared error. What that looks like is shown at the end, after a derivative that is wrong on purpose.

use std::{
    fmt::{self, Write},
    process,
};

use chainrule::gradcheck::derivative;
use chainrule::losses::{HalfSquaredError, MeanSquaredError};
use chainrule::tensor::Matrix;

use net::{Net, draw, units, with_constant, xor};

#[path = "t1/net.rs"]
mod net;

const SEED: u64 = 1;
const SIZES: [usize; 3] = [2, 2, 1];
const RATE: f64 = 0.5;
const STEPS: u64 = 10_000;

const EPSILON: f64 = 1e-5;

/// The largest difference that is accepted, as a part of the largest derivative of the layer.
const TOLERANCE: f64 = 1e-6;

/// Where two derivatives differ, and what they are.
#[derive(Clone, Debug)]
struct Difference {
    /// Which matrix of weights, from 0.
    layer: usize,
    /// The weight from unit j to unit i, both from 0; in the tutorial's rows it is the other way round.
    position: (usize, usize),
    backpropagated: f64,
    numerical: f64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { layer, position, backpropagated, numerical } = self;
        write!(
            f,
            "layer {layer}, position {position:?}: backpropagated {backpropagated:.9}, numerical {numerical:.9}, ratio {:.4}",
            numerical / backpropagated
        )
    }
}

/// Every derivative beside its central difference, those that differ by more than the tolerance.
fn verify(net: &Net, gradient: &[Matrix<f64>], x: &Matrix<f64>, y: &Matrix<f64>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (layer, dw) in gradient.iter().enumerate() {
        let numerical = numerical_gradient(net, layer, x, y);
        // Beside an infinite derivative every difference would be small.
        let finite = dw.iter().chain(&numerical).filter(|dw| dw.is_finite());
        let largest = finite.fold(0.0, |largest: f64, dw| largest.max(dw.abs()));
        for i in 0..dw.nrows() {
            for j in 0..dw.ncols() {
                let (backpropagated, numerical) = (dw[(i, j)], numerical[(i, j)]);
                // Asked this way round, NaN is a difference.
                let agree = (backpropagated - numerical).abs() <= TOLERANCE * largest;
                if !agree {
                    differences.push(Difference { layer, position: (i, j), backpropagated, numerical });
                }
            }
        }
    }
    differences
}

/// The central difference of the cost with respect to every weight of a layer.
fn numerical_gradient(net: &Net, layer: usize, x: &Matrix<f64>, y: &Matrix<f64>) -> Matrix<f64> {
    let w = &net.weights[layer];
    let mut net = net.clone();
    Matrix::from_fn(w.nrows(), w.ncols(), |i, j| {
        let cost = |value| {
            net.weights[layer][(i, j)] = value;
            net.cost(x, y, &MeanSquaredError)
        };
        let slope = derivative(cost, w[(i, j)], EPSILON);
        net.weights[layer][(i, j)] = w[(i, j)];
        slope
    })
}

/// A gradient that training may use: a function of the network, the sample and what should come out.
type Gradient = dyn Fn(&Net, &Matrix<f64>, &Matrix<f64>) -> Vec<Matrix<f64>>;

fn backpropagated(net: &Net, x: &Matrix<f64>, y: &Matrix<f64>) -> Vec<Matrix<f64>> {
    net.gradient(x, y, &MeanSquaredError)
}

/// Trains on one random sample per step. A gradient that is found wrong ends it: the number of the step, and where.
fn train(net: &mut Net, gradient: &Gradient) -> Result<(), (u64, Vec<Difference>)> {
    let (x, y) = xor();
    let x = with_constant(&x);
    for step in 0..STEPS {
        let (x, y) = draw(&x, &y, SEED, step);
        let gradient = gradient(net, &x, &y);
        let differences = verify(net, &gradient, &x, &y);
        if !differences.is_empty() {
            return Err((step, differences));
        }
        net.update(&gradient, RATE);
    }
    Ok(())
}

fn new_net() -> Net {
    Net::new(&units(&SIZES), SEED)
}

/// Trains, says what came of it, and whether every gradient was right.
fn report(out: &mut String, gradient: &Gradient) -> Result<bool, fmt::Error> {
    let mut net = new_net();
    let result = train(&mut net, gradient);
    match &result {
        Ok(()) => {
            let (x, y) = xor();
            let n_weights: usize = net.weights.iter().map(Matrix::len).sum();
            writeln!(out, "{STEPS} steps, all {n_weights} derivatives agree in each")?;
            let outputs = net.predict(&with_constant(&x));
            writeln!(out, "outputs {:.4?}, should be {:?}", outputs.as_slice(), y.as_slice())?;
        }
        Err((step, differences)) => {
            writeln!(out, "step {step}: derivatives that differ: {}", differences.len())?;
            for difference in differences {
                writeln!(out, "{difference}")?;
            }
        }
    }
    Ok(result.is_ok())
}

/// The tutorial's own: its error is y − a, where the derivative of half the squared error has a − y.
fn the_tutorials(net: &Net, x: &Matrix<f64>, y: &Matrix<f64>) -> Vec<Matrix<f64>> {
    net.gradient(x, y, &HalfSquaredError).into_iter().map(|dw| -dw).collect()
}

/// All three programs, and whether the verification found what it has to.
fn verification() -> Result<(String, bool), fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{SIZES:?} and the constant learn XOR, rate {RATE}, seed {SEED}")?;
    writeln!(out, "ε = {EPSILON:e}, tolerance {TOLERANCE:e} of the largest derivative of the layer")?;
    let right = report(&mut out, &backpropagated)?;

    writeln!(out, "\nwith the sign of one derivative wrong on purpose:")?;
    let one_wrong = report(&mut out, &|net, x, y| {
        let mut gradient = backpropagated(net, x, y);
        gradient[1][(0, 2)] *= -1.0;
        gradient
    })?;

    writeln!(out, "\nwith the tutorial's two gradients, from y − a and of the mean squared error:")?;
    let as_in_the_tutorial = report(&mut out, &the_tutorials)?;
    let found = right && !one_wrong && !as_in_the_tutorial;
    Ok((out, found))
}

fn main() {
    let (out, found) = verification().expect("a String takes any text");
    print!("{out}");
    if !found {
        eprintln!("error: the verification did not find what it has to");
        process::exit(1);
    }
}

#[cfg(test)]
#[path = "tutorials/numbers.rs"]
mod numbers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_tutorial_is_printed() {
        let (out, found) = verification().unwrap();
        assert!(found, "{out}");
        numbers::assert_printed(&out, "t1_gradient_verification");
    }

    #[test]
    fn every_gradient_on_the_way_to_xor_agrees() {
        let mut net = new_net();
        train(&mut net, &backpropagated).unwrap();
        let (x, y) = xor();
        let outputs = net.predict(&with_constant(&x));
        let error = (0..4).map(|i| (y[i] - outputs[i]).powi(2)).sum::<f64>() / 4.0;
        assert!(error < 0.01, "{error}");
    }

    /// The sample (1, 1) with its constant, for which no derivative is zero.
    fn sample() -> (Matrix<f64>, Matrix<f64>) {
        (Matrix::from_element(3, 1, 1.0), Matrix::from_element(1, 1, 0.0))
    }

    #[test]
    fn a_wrong_derivative_is_caught_at_its_position() {
        let (net, (x, y)) = (new_net(), sample());
        let right = backpropagated(&net, &x, &y);
        assert!(verify(&net, &right, &x, &y).is_empty());
        for (layer, dw) in right.iter().enumerate() {
            for (i, j) in (0..dw.nrows()).flat_map(|i| (0..dw.ncols()).map(move |j| (i, j))) {
                let value = dw[(i, j)];
                for wrong in [-value, 1.001 * value, 0.0, f64::NAN, f64::INFINITY] {
                    let mut gradient = right.clone();
                    gradient[layer][(i, j)] = wrong;
                    let found = verify(&net, &gradient, &x, &y);
                    assert_eq!(found.len(), 1, "{found:?}");
                    assert_eq!((found[0].layer, found[0].position), (layer, (i, j)));
                    assert_eq!(found[0].backpropagated.to_bits(), wrong.to_bits());
                    assert!((found[0].numerical - value).abs() <= 1e-8, "{found:?}, expected {value}");
                }
            }
        }
    }

    #[test]
    fn two_wrong_derivatives_are_both_reported() {
        let (net, (x, y)) = (new_net(), sample());
        let mut gradient = backpropagated(&net, &x, &y);
        gradient[0][(1, 2)] *= 1.001;
        gradient[1][(0, 0)] = f64::NAN;
        let found = verify(&net, &gradient, &x, &y);
        let positions: Vec<_> = found.iter().map(|d| (d.layer, d.position)).collect();
        assert_eq!(positions, [(0, (1, 2)), (1, (0, 0))]);
    }

    #[test]
    fn the_tutorials_two_gradients_differ_by_minus_two_everywhere() {
        let (net, (x, y)) = (new_net(), sample());
        let found = verify(&net, &the_tutorials(&net, &x, &y), &x, &y);
        assert_eq!(found.len(), 12);
        for difference in found {
            let ratio = difference.numerical / difference.backpropagated;
            assert!((ratio + 2.0).abs() <= 1e-5, "{difference}");
        }
    }

    #[test]
    fn training_ends_where_the_gradient_is_wrong() {
        let mut net = new_net();
        let before = net.clone();
        let (step, differences) = train(&mut net, &|net, x, y| {
            let mut gradient = backpropagated(net, x, y);
            gradient[1][(0, 2)] *= -1.0;
            gradient
        })
        .unwrap_err();
        assert_eq!((step, differences.len()), (0, 1));
        assert_eq!((differences[0].layer, differences[0].position), (1, (0, 2)));
        assert_eq!(net.weights, before.weights);
    }
}
