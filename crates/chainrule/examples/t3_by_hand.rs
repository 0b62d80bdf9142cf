//! The third tutorial: one step of backpropagation, small enough to follow with a pencil.
//!
//! Three inputs, two hidden units, two outputs, a sigmoid behind both affine maps, half the squared error. One column
//! is one sample, in the tutorial as in chainrule. The numbers that the tests expect were computed with NumPy in
//! float64.

use std::fmt;

use chainrule::gradcheck::{Check, Report};
use chainrule::layers::{Affine, LayerExt, Sigmoid};
use chainrule::losses::{HalfSquaredError, Loss};
use chainrule::tensor::Matrix;

/// Everything that the tutorial writes down on its way.
struct ByHand {
    /// Before the first sigmoid, and behind it.
    z1: Matrix<f64>,
    h1: Matrix<f64>,
    /// The outputs of the network.
    h2: Matrix<f64>,
    cost: f64,
    /// The error, h2 − target.
    dh2: Matrix<f64>,
    /// σ' at the outputs.
    slope2: Matrix<f64>,
    dw2: Matrix<f64>,
    db2: Matrix<f64>,
    /// What arrives behind the hidden units, and σ' there.
    dh1: Matrix<f64>,
    slope1: Matrix<f64>,
    dw1: Matrix<f64>,
    /// The gradient of a bias is what arrives at its unit: the tutorial's delta1.
    db1: Matrix<f64>,
}

const X: [f64; 3] = [1.0, 2.0, 3.0];
const TARGET: [f64; 2] = [0.5, 0.1];
const W1: [[f64; 3]; 2] = [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]];
const B1: [f64; 2] = [0.5, 0.5];
const W2: [[f64; 2]; 2] = [[0.7, 0.9], [0.8, 0.1]];
const B2: [f64; 2] = [0.3, 0.3];

fn by_hand() -> ByHand {
    let x = Matrix::from_column_slice(3, 1, &X);
    let target = Matrix::from_column_slice(2, 1, &TARGET);
    let affine1 = Affine::new(Matrix::from_row_slice(2, 3, W1.as_flattened()), B1.to_vec());
    let affine2 = Affine::new(Matrix::from_row_slice(2, 2, W2.as_flattened()), B2.to_vec());

    // Forward: every layer returns its output, and what its backward pass will want.
    let (z1, affine1_cache) = affine1.forward(&x);
    let (h1, sigmoid1_cache) = Sigmoid.forward(&z1);
    let (z2, affine2_cache) = affine2.forward(&h1);
    let (h2, sigmoid2_cache) = Sigmoid.forward(&z2);
    let (cost, dh2) = HalfSquaredError.gradient((&h2).into(), (&target).into());

    // Backward: the same layers in reverse, each given the gradient with respect to its output.
    let dz2 = Sigmoid.backward(&sigmoid2_cache, &dh2).dx;
    let of_affine2 = affine2.backward(&affine2_cache, &dz2);
    let dz1 = Sigmoid.backward(&sigmoid1_cache, &of_affine2.dx).dx;
    let of_affine1 = affine1.backward(&affine1_cache, &dz1);

    // A gradient of 1 comes back as the slope itself.
    let slope = |cache| Sigmoid.backward(cache, &Matrix::from_element(2, 1, 1.0)).dx;
    let (slope1, slope2) = (slope(&sigmoid1_cache), slope(&sigmoid2_cache));
    ByHand {
        z1,
        h1,
        h2,
        cost: cost.mean(),
        dh2,
        slope2,
        dw2: of_affine2.of("W").clone(),
        db2: of_affine2.of("b").clone(),
        dh1: of_affine2.dx,
        slope1,
        dw1: of_affine1.of("W").clone(),
        db1: of_affine1.of("b").clone(),
    }
}

/// Compares `slope`, given as a function of σ, with the central difference of the sigmoid layer.
fn check_slope(slope: impl Fn(f64) -> f64) -> Report {
    let z = [-4.0, -1.0, 0.0, 0.5, 2.0, 7.0];
    let sigmoid = |z: &[f64]| Sigmoid.forward(&Matrix::from_column_slice(z.len(), 1, z)).0;
    let slopes: Vec<f64> = sigmoid(&z).iter().map(|&s| slope(s)).collect();
    // Each σ depends on its own z alone, so that the gradient of their sum is the slope of each.
    Check::new().run(|z| sigmoid(z).sum(), &z, &slopes)
}

/// A matrix as the tutorial writes it, row after row.
fn rows(matrix: &Matrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ByHand { z1, h1, h2, cost, dh2, slope2, dw2, db2, dh1, slope1, dw1, db1 } = self;
        writeln!(f, "x = {X:?}, target = {TARGET:?}")?;
        writeln!(f, "w1 = {W1:?}, b1 = {B1:?}")?;
        writeln!(f, "w2 = {W2:?}, b2 = {B2:?}")?;
        writeln!(f, "\npre-activation 1: {:.1?}", z1.as_slice())?;
        writeln!(f, "h1:   {:.10?}", h1.as_slice())?;
        writeln!(f, "h2:   {:.10?}", h2.as_slice())?;
        writeln!(f, "cost: {cost:.13}")?;
        writeln!(f, "\ndh2 = h2 - target: {:.8?}", dh2.as_slice())?;
        writeln!(f, "σ' at the outputs: {:.8?}", slope2.as_slice())?;
        writeln!(f, "dw2: {:.10?}", rows(dw2))?;
        writeln!(f, "db2: {:.10?}", db2.as_slice())?;
        writeln!(f, "dh1: {:.10?}", dh1.as_slice())?;
        writeln!(f, "σ' at the hidden units: {:.8?}", slope1.as_slice())?;
        writeln!(f, "dw1: {:.10?}", rows(dw1))?;
        writeln!(f, "db1, which is delta1: {:.10?}", db1.as_slice())?;
        writeln!(f, "The tutorial has one bias per layer; its gradient is the sum over the units:")?;
        writeln!(f, "tied db2: {:.11}, tied db1: {:.11}", db2.sum(), db1.sum())?;
        let ratios: Vec<f64> = db2.iter().zip(db1).map(|(dz2, dz1)| dz2 / dz1).collect();
        let of_norms = db2.norm() / db1.norm();
        writeln!(f, "db2 / db1, component by component: {ratios:.1?}; of the norms: {of_norms:.1}")
    }
}

fn main() {
    print!("{}", by_hand());
    println!("\nσ' = σ(1 − σ): {}", check_slope(|s| s * (1.0 - s)));
    println!("σ' = σ, for comparison: {}", check_slope(|s| s));
}

#[cfg(test)]
#[path = "tutorials/numbers.rs"]
mod numbers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_tutorial_is_printed() {
        numbers::assert_printed(&by_hand().to_string(), "t3_by_hand");
    }

    /// Equal up to half a unit of the last of `digits` decimal places, row after row.
    #[track_caller]
    fn assert_rows(found: &Matrix<f64>, expected: &[&[f64]], digits: i32) {
        let n_columns = expected[0].len();
        let expected = Matrix::from_row_slice(expected.len(), n_columns, &expected.concat());
        assert_eq!(found.shape(), expected.shape());
        let half_a_unit = 0.5 * 10_f64.powi(-digits);
        assert!(found.iter().zip(&expected).all(|(f, e)| (f - e).abs() <= half_a_unit), "{found}{expected}");
    }

    #[track_caller]
    fn assert_digits(found: f64, expected: f64, digits: i32) {
        assert_rows(&Matrix::from_element(1, 1, found), &[&[expected]], digits);
    }

    #[test]
    fn forward() {
        let step = by_hand();
        assert_rows(&step.z1, &[&[2.7], &[3.3]], 15);
        assert_rows(&step.h1, &[&[0.9370266439], &[0.9644288107]], 10);
        assert_rows(&step.h2, &[&[0.8610339864], &[0.7587912922]], 10);
        assert_digits(step.cost, 0.2821757530436, 13);
    }

    #[test]
    fn backward_to_the_output_layer() {
        let step = by_hand();
        assert_digits(step.slope2[0], 0.11965446, 8);
        assert_rows(&step.dw2, &[&[0.0404789203, 0.0416626755], &[0.1129835225, 0.1162875836]], 10);
        assert_rows(&step.dh2, &[&[0.36103399], &[0.65879129]], 8);
        assert_rows(&step.db2, &[&[0.0431993269], &[0.1205766380]], 10);
        assert_digits(step.db2.sum(), 0.16377596494, 11);
    }

    #[test]
    fn backward_to_the_hidden_layer() {
        let step = by_hand();
        let dw1: [&[f64]; 2] =
            [&[0.0074763267, 0.0149526534, 0.0224289801], &[0.0017474406, 0.0034948812, 0.0052423218]];
        assert_rows(&step.dh1, &[&[0.1267008], &[0.0509371]], 7);
        // h1·(1 − h1)
        assert_rows(&step.slope1, &[&[0.05900771], &[0.03430588]], 8);
        assert_rows(&step.dw1, &dw1, 10);
        assert_rows(&step.db1, &[&[0.0074763267], &[0.0017474406]], 10);
        assert_digits(step.db1.sum(), 0.00922376728, 11);
    }

    #[test]
    fn the_slope_of_the_sigmoid() {
        check_slope(|s| s * (1.0 - s)).assert_passed();
        check_slope(|s| s).assert_refused();
        check_slope(|s| s * (1.0 + s)).assert_refused();
    }
}
