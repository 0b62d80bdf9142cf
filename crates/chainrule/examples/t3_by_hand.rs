//! The third tutorial: one step of backpropagation, small enough to follow with a pencil.
//!
//! Three inputs, two hidden units, two outputs, a sigmoid behind both affine maps, half the squared error. One column
//! is one sample, in the tutorial as in chainrule. The numbers that the tests expect were computed with NumPy in
//! float64.

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
    /// σ' at the outputs.
    slope2: Matrix<f64>,
    dw2: Matrix<f64>,
    db2: Matrix<f64>,
    dw1: Matrix<f64>,
    /// The gradient of a bias is what arrives at its unit: the tutorial's delta1.
    db1: Matrix<f64>,
}

fn by_hand() -> ByHand {
    let x = Matrix::from_column_slice(3, 1, &[1.0, 2.0, 3.0]);
    let target = Matrix::from_column_slice(2, 1, &[0.5, 0.1]);
    let affine1 = Affine::new(Matrix::from_row_slice(2, 3, &[0.1, 0.3, 0.5, 0.2, 0.4, 0.6]), vec![0.5, 0.5]);
    let affine2 = Affine::new(Matrix::from_row_slice(2, 2, &[0.7, 0.9, 0.8, 0.1]), vec![0.3, 0.3]);

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
    let slope2 = Sigmoid.backward(&sigmoid2_cache, &Matrix::from_element(2, 1, 1.0)).dx;
    ByHand {
        z1,
        h1,
        h2,
        cost: cost.mean(),
        slope2,
        dw2: of_affine2.of("W").clone(),
        db2: of_affine2.of("b").clone(),
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

fn main() {
    let step = by_hand();
    println!("pre-activation 1: {:.1?}", step.z1.as_slice());
    println!("h1:   {:.10?}", step.h1.as_slice());
    println!("h2:   {:.10?}", step.h2.as_slice());
    println!("cost: {:.13}", step.cost);
    println!("σ' at the outputs: {:.8?}", step.slope2.as_slice());
    println!("dw2 {:.10}db2 {:.10}", step.dw2, step.db2);
    println!("dw1 {:.10}db1, which is delta1 {:.10}", step.dw1, step.db1);
    println!("The tutorial has one bias per layer; its gradient is the sum over the units:");
    println!("tied db2: {:.11}, tied db1: {:.11}", step.db2.sum(), step.db1.sum());
    println!("\nσ' = σ(1 − σ): {}", check_slope(|s| s * (1.0 - s)));
    println!("σ' = σ, for comparison: {}", check_slope(|s| s));
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_rows(&step.db2, &[&[0.0431993269], &[0.1205766380]], 10);
        assert_digits(step.db2.sum(), 0.16377596494, 11);
    }

    #[test]
    fn backward_to_the_hidden_layer() {
        let step = by_hand();
        let dw1: [&[f64]; 2] =
            [&[0.0074763267, 0.0149526534, 0.0224289801], &[0.0017474406, 0.0034948812, 0.0052423218]];
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
