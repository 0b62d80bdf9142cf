//! The units of one hidden layer on some samples: which are dead, which are saturated, and how their outputs are
//! distributed.

use chainrule_layers::Activation;
use chainrule_tensor::Matrix;

use super::Histogram;

/// Outputs that differ by no more than this times the largest of them, or than this where that is below 1, are the same:
/// rounding in `f32` alone makes such a difference.
const SAME: f32 = 1e-6;

/// A slope of at most this share of the steepest is a flat one.
const FLAT: f64 = 0.05;

/// A unit is saturated that is flat on so many of the samples.
const MOST: f64 = 0.95;

/// As many bins as the book's pictures have.
const N_BINS: usize = 30;

/// The units of one hidden layer, behind their activation, on some samples.
///
/// A unit is **dead** if its output is the same on all samples, so that it tells the next layer nothing:
///
/// | activation | dead if on all samples |
/// | --- | --- |
/// | `relu` | the output is 0: no gradient comes through, and it stays so. A constant above 0 is not dead, since it learns |
/// | `step` | the output is 0, or it is 1 |
/// | all others | largest − smallest output ≤ 10⁻⁶ · max(1, largest \|output\|): constant but for rounding |
///
/// A unit is **saturated** if |f′(x)| ≤ 0.05 · max|f′| on at least 95 % of the samples, so that hardly any gradient comes
/// through:
///
/// | activation | max\|f′\| | flat where |
/// | --- | --- | --- |
/// | `sigmoid` | 1/4 | the output is below 0.0127 or above 0.9873 |
/// | `tanh` | 1 | the output is beyond ±0.9747 |
/// | `relu`, `leaky-relu` | 1 | x ≤ 0; with leaky ReLU the slope there is 0.01 |
/// | `elu`, `softplus` | 1 | far on the left: ELU below −0.95, softplus below 0.0513 |
/// | `silu`, `gelu`, `gelu-tanh` | 1.10, 1.13, 1.13 | far on the left, and about the minimum |
/// | `step` | 0 | everywhere: it cannot learn |
///
/// So a dead ReLU is saturated as well. On a single sample every unit but a ReLU is dead; a thousand tell more.
///
/// Source: dead units as L. Lu and others have them in "Dying ReLU and initialization", 2019; saturation as in X. Glorot
/// and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, section 3, who look at
/// activations near their asymptotes. The limits 0.05 and 95 % are ours.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HiddenUnits {
    /// The place of the activation among all layers, from 1, as in the network's summary.
    pub layer: usize,
    /// The name of the activation.
    pub name: String,
    /// How many units the layer has.
    pub n_units: usize,
    /// The share of them that is dead, 0…1.
    pub dead: f64,
    /// The share of them that is saturated, 0…1.
    pub saturated: f64,
    /// The outputs of all units on all samples, in 30 bins: from 0 to 1 for a sigmoid or a step, from −1 to 1 for a tanh,
    /// else from the smallest to the largest.
    pub outputs: Histogram,
}

impl HiddenUnits {
    /// `y` and `slopes`: units × samples.
    pub(super) fn new(
        layer: usize,
        activation: Activation,
        y: &Matrix<f32>,
        slopes: &Matrix<f32>,
    ) -> HiddenUnits {
        let flat = FLAT * steepest(activation);
        let most = MOST * y.ncols() as f64;
        let n_dead = y.row_iter().filter(|row| is_dead(activation, row.iter().copied())).count();
        let n_saturated = slopes.row_iter().filter(|row| {
            let n_flat = row.iter().filter(|&&slope| f64::from(slope).abs() <= flat).count();
            n_flat as f64 >= most
        });
        let share = |n: usize| n as f64 / y.nrows() as f64;
        let outputs = match activation {
            Activation::Sigmoid | Activation::Step => Histogram::within(y.as_slice(), 0.0, 1.0, N_BINS),
            Activation::Tanh => Histogram::within(y.as_slice(), -1.0, 1.0, N_BINS),
            _ => Histogram::of(y.as_slice(), N_BINS),
        };
        HiddenUnits {
            layer,
            name: activation.to_string(),
            n_units: y.nrows(),
            dead: share(n_dead),
            saturated: share(n_saturated.count()),
            outputs,
        }
    }
}

/// Whether a unit with these outputs is dead. NaN is not.
fn is_dead(activation: Activation, mut outputs: impl Iterator<Item = f32> + Clone) -> bool {
    if activation == Activation::Relu {
        return outputs.all(|y| y == 0.0);
    }
    if outputs.clone().any(|y| !y.is_finite()) {
        return false;
    }
    let smallest = outputs.clone().fold(f32::INFINITY, f32::min);
    let largest = outputs.fold(f32::NEG_INFINITY, f32::max);
    largest - smallest <= SAME * smallest.abs().max(largest.abs()).max(1.0)
}

/// max|f′|, to three digits where it has no closed form: enough for a share of it.
fn steepest(activation: Activation) -> f64 {
    match activation {
        Activation::Sigmoid => 0.25,
        Activation::Silu => 1.0998,
        Activation::Gelu | Activation::GeluTanh => 1.129,
        Activation::Step => 0.0,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use chainrule_layers::{LayerExt, no_own_layers};

    use super::*;

    /// The slopes of an activation at `x`, by its own backward pass.
    fn slopes(activation: Activation, x: &Matrix<f32>) -> (Matrix<f32>, Matrix<f32>) {
        let layer = activation.layer().layer::<f32>(&no_own_layers).unwrap();
        let (y, cache) = layer.forward(x);
        let dx = layer.backward(&cache, &x.map(|_| 1.0)).dx;
        (y, dx)
    }

    #[test]
    fn the_steepest_slope_is_that_of_the_layer() {
        let x = Matrix::from_fn(1, 20_001, |_, j| (j as f32 - 10_000.0) * 1e-3);
        for &activation in Activation::ALL {
            let found = slopes(activation, &x).1.iter().fold(0.0_f32, |most, slope| most.max(slope.abs()));
            assert!((f64::from(found) - steepest(activation)).abs() <= 1e-3, "{activation}: {found}");
        }
    }

    #[test]
    fn a_unit_is_saturated_that_is_flat_on_95_of_100_samples() {
        let saturated = |activation, n_flat: usize, flat: f32, steep: f32| {
            let x = Matrix::from_fn(1, 100, |_, j| if j < n_flat { flat } else { steep });
            let (y, slopes) = slopes(activation, &x);
            HiddenUnits::new(1, activation, &y, &slopes).saturated
        };
        assert_eq!(saturated(Activation::Sigmoid, 95, 4.4, 0.0), 1.0);
        assert_eq!(saturated(Activation::Sigmoid, 94, 4.4, 0.0), 0.0);
        // σ(4.3) = 0.98661: not beyond 0.9873.
        assert_eq!(saturated(Activation::Sigmoid, 100, 4.3, 0.0), 0.0);
        assert_eq!(saturated(Activation::Tanh, 100, -2.19, 0.0), 1.0); // −0.9753
        assert_eq!(saturated(Activation::Tanh, 100, -2.17, 0.0), 0.0); // −0.9742
        assert_eq!(saturated(Activation::LeakyRelu, 95, -1.0, 1.0), 1.0);
        assert_eq!(saturated(Activation::Softplus, 95, -3.0, 1.0), 1.0); // slope 0.047
        assert_eq!(saturated(Activation::Gelu, 95, -4.0, 1.0), 1.0);
        assert_eq!(saturated(Activation::Relu, 5, -1.0, 1.0), 0.0);
    }

    #[test]
    fn a_unit_with_one_other_output_lives() {
        let dead = |activation, y: [f32; 3]| is_dead(activation, y.into_iter());
        assert!(dead(Activation::Relu, [0.0, 0.0, 0.0]));
        assert!(!dead(Activation::Relu, [0.0, 1e-30, 0.0]));
        assert!(!dead(Activation::Relu, [2.0, 2.0, 2.0]));
        assert!(dead(Activation::Silu, [-1e-9, -1e-12, 0.0]));
        assert!(dead(Activation::Sigmoid, [0.5, 0.5, 0.5]));
        assert!(!dead(Activation::Sigmoid, [0.5, 0.50001, 0.5]));
        assert!(!dead(Activation::Tanh, [f32::NAN; 3]));
    }

    #[test]
    fn outputs_between_fixed_ends_are_counted_between_them() {
        let y = Matrix::from_column_slice(2, 2, &[0.0, 0.5, 1.0, 0.99]);
        let histogram = |activation| HiddenUnits::new(1, activation, &y, &y).outputs;
        let sigmoid = histogram(Activation::Sigmoid);
        assert_eq!((sigmoid.low, sigmoid.high, sigmoid.counts.len()), (0.0, 1.0, 30));
        assert_eq!((sigmoid.counts[0], sigmoid.counts[15], sigmoid.counts[29]), (1, 1, 2));
        assert_eq!((histogram(Activation::Tanh).low, histogram(Activation::Relu).low), (-1.0, 0.0));
    }
}
