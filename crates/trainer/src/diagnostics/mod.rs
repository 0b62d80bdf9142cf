//! Diagnostics of a network on some samples: norms per parameter, dead and saturated units, histograms.
//!
//! ```text
//! weight norm      ‖W‖ = √Σ w²              over all values of one parameter
//! gradient norm    ‖dW‖ = √Σ (∂L/∂w)²       L: the mean loss of the samples
//! dead units       share of a layer's units whose output is the same on all samples             0…1
//! saturated units  share of a layer's units with |f′(x)| ≤ 0.05·max|f′| on 95 % of the samples  0…1
//! ```
//! Everything is computed as in inference: without dropout, and with the running statistics of batch normalisation. It
//! reads the network alone, so that a training is the same with and without it. What exactly a dead and a saturated unit
//! is, for each activation, stands at [`HiddenUnits`].
//!
//! Source: *Deep Learning from Scratch*, section 6.2 (histograms of activations); X. Glorot and Y. Bengio,
//! "Understanding the difficulty of training deep feedforward neural networks", 2010 (saturation, norms by layer);
//! L. Lu and others, "Dying ReLU and initialization", 2019 (dead units).

mod hidden_units;
mod histogram;

use chainrule_data::AnySamples;
use chainrule_layers::{Activation, Context, LayerExt};
use chainrule_tensor::{InputBuffer, TargetBuffer};

pub use hidden_units::HiddenUnits;
pub use histogram::Histogram;

use crate::{Error, MiniBatch, Mlp, Samples, evaluate::check_samples};

/// The result of [`diagnose`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnostics {
    /// How many samples were looked at.
    pub n_samples: usize,
    /// Their mean loss, in that of the network's loss.
    pub loss: f64,
    /// Every parameter, in the order of the network.
    pub parameters: Vec<ParameterNorms>,
    /// Every activation that is followed by an affine layer, in order; none where the network has no hidden layer.
    pub hidden: Vec<HiddenUnits>,
}

/// The size of a parameter and of its gradient.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParameterNorms {
    /// `W1`, `b1`, …, `gamma2`, …
    pub name: String,
    /// The L2 norm of its values.
    pub weight_norm: f64,
    /// The L2 norm of the gradient of the mean loss with respect to them.
    pub gradient_norm: f64,
}

/// A look at `net` on the samples `indices`, on the threads of the current pool.
///
/// A thousand samples, as [`spread`] chooses them, take a few milliseconds with the tutorial's network.
///
/// # Errors
/// [`Error::Data`] if samples and network don't fit.
///
/// # Panics
/// If there are no indices, or one is not below the number of samples.
///
/// # Examples
/// ```
/// use chainrule_trainer::{Activation, Dataset, Mlp, MlpConfig, diagnostics::{diagnose, spread}};
/// let set = Dataset::from_rows(&[0.5, -1.0, 1.0, 3.0], 2)?.with_classes(&[0, 1])?; // two samples
/// let mut net = Mlp::new(&MlpConfig::new([2, 4, 2]).with_activation(Activation::Relu))?;
/// for (name, value) in [("W1", -1.0), ("W2", 0.0)] {
///     net.tensor_mut(name).unwrap().as_mut_slice().fill(value);
/// }
/// let found = diagnose(&net, &set, &spread(2, 1000))?;
/// assert_eq!(found.parameters[0].name, "W1");
/// assert_eq!(found.parameters[0].weight_norm, 8.0_f64.sqrt()); // eight values of −1
/// assert_eq!(found.parameters[0].gradient_norm, 0.0); // nothing comes through W2, which is 0
/// assert_eq!(found.hidden[0].dead, 0.0); // −(0.5 − 1) is above 0
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[track_caller]
pub fn diagnose(net: &Mlp, samples: &impl Samples, indices: &[usize]) -> Result<Diagnostics, Error> {
    diagnose_any(net, AnySamples::new(samples), indices)
}

#[track_caller]
fn diagnose_any(net: &Mlp, samples: AnySamples<'_>, indices: &[usize]) -> Result<Diagnostics, Error> {
    assert!(!indices.is_empty(), "found no samples to look at, expected at least one");
    check_samples(net, samples)?;
    let mut mini_batch = MiniBatch::new(net.sequential(), indices.len());
    let loss = net.config().loss.loss();
    let outcome = mini_batch.compute(net.sequential(), loss, &samples, indices, &Context::inference());
    Ok(Diagnostics {
        n_samples: indices.len(),
        loss: outcome.loss.mean(),
        parameters: norms(net, mini_batch.gradient()),
        hidden: hidden_units(net, samples, indices),
    })
}

/// At most `at_most` of `n_samples` samples, evenly spread: sample ⌊i·N/n⌋ for i from 0, always the same.
///
/// # Examples
/// ```
/// use chainrule_trainer::diagnostics::spread;
/// assert_eq!(spread(10, 4), [0, 2, 5, 7]);
/// assert_eq!(spread(3, 1000), [0, 1, 2]);
/// ```
pub fn spread(n_samples: usize, at_most: usize) -> Vec<usize> {
    let n = at_most.min(n_samples);
    (0..n).map(|i| (i as u128 * n_samples as u128 / n as u128) as usize).collect()
}

fn norms(net: &Mlp, gradient: &[f32]) -> Vec<ParameterNorms> {
    let parameters = net.tensors().filter(|(tensor, _)| tensor.is_parameter());
    let norms = parameters.map(|(tensor, values)| ParameterNorms {
        name: tensor.name.clone(),
        weight_norm: norm(values.as_slice()),
        gradient_norm: norm(tensor.view(gradient).as_slice()),
    });
    norms.collect()
}

/// In `f64`, whose range no square of an `f32` leaves.
fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt()
}

/// All samples through one layer after another; the slope of an activation is what its backward pass makes of 1.
fn hidden_units(net: &Mlp, samples: AnySamples<'_>, indices: &[usize]) -> Vec<HiddenUnits> {
    let mut x = InputBuffer::new();
    samples.gather(&mut x, &mut TargetBuffer::new(), indices, Context::inference());
    let x = x.as_input().to_matrix();
    let (_, cache) = net.sequential().forward(&x);
    let (mut input, mut all) = (&x, Vec::new());
    // The last layer gives outputs, which are not hidden.
    let hidden = net.layers().iter().zip(cache.outputs()).take(net.layers().len() - 1);
    for (l, (layer, output)) in hidden.enumerate() {
        if let Ok(activation) = layer.name().parse::<Activation>() {
            let (_, cache) = layer.forward(input);
            let slopes = layer.backward(&cache, &output.map(|_| 1.0)).dx;
            all.push(HiddenUnits::new(l + 1, activation, output, &slopes));
        }
        input = output;
    }
    all
}

#[cfg(test)]
mod tests {
    use chainrule_losses::LossConfig;
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::{Dataset, MlpConfig};

    /// A network whose parameters are those given, end to end.
    fn net(config: &MlpConfig, values: &[f32]) -> Mlp {
        let mut net = Mlp::new(config).unwrap();
        net.sequential_mut().unpack(values);
        net
    }

    #[test]
    fn norms_of_a_network_worked_out_by_hand() {
        // y = 3·x + 4; half of the squared error is (y − t)²/2, so dW = (y − t)·x and db = y − t.
        let config = MlpConfig::new([1, 1]).with_loss(LossConfig::HalfSquaredError);
        let net = net(&config, &[3.0, 4.0]);
        let set = Dataset::from_rows(&[1.0, 2.0], 1).unwrap().with_values(&[5.0, 4.0], 1).unwrap();
        let found = diagnose(&net, &set, &[0, 1]).unwrap();
        // Errors 2 and 6: losses 2 and 18, dW = (2·1 + 6·2)/2 = 7, db = (2 + 6)/2 = 4.
        assert_eq!((found.n_samples, found.loss), (2, 10.0));
        let norms: Vec<_> =
            found.parameters.iter().map(|p| (&*p.name, p.weight_norm, p.gradient_norm)).collect();
        assert_eq!(norms, [("W1", 3.0, 7.0), ("b1", 4.0, 4.0)]);
        assert_eq!(found.hidden, []);
        // The second sample alone.
        assert_eq!(diagnose(&net, &set, &[1]).unwrap().parameters[0].gradient_norm, 12.0);
    }

    #[test]
    fn gradient_norms_are_those_of_the_readable_gradient() {
        let config = MlpConfig::new([3, 4, 5, 2]).with_batch_norm(true).with_dropout(0.5);
        let net = Mlp::new(&config).unwrap();
        let rows: Vec<f32> = (0..120).map(|i| (i as f32 * 0.37).sin()).collect();
        let classes: Vec<usize> = (0..40).map(|i| i % 2).collect();
        let set = Dataset::from_rows(&rows, 3).unwrap().with_classes(&classes).unwrap();
        let found = diagnose(&net, &set, &spread(40, 1000)).unwrap();
        let x = Matrix::from_column_slice(3, 40, &rows);
        let expected = net.gradient(&x, &classes[..]);
        assert_eq!(found.parameters.len(), 10);
        for (p, (name, gradient)) in found.parameters.iter().zip(expected.iter()) {
            let expected = norm(gradient.as_slice());
            assert_eq!(p.name, name);
            assert!((p.gradient_norm - expected).abs() <= 1e-6 * expected.max(1e-3), "{p:?} {expected}");
        }
        assert!((found.loss - net.loss(&x, &classes[..])).abs() <= 1e-6);
    }

    #[test]
    fn dead_and_saturated_units_of_a_hand_made_network() {
        // Four units on x = −1 and x = 2: 10·x + 30, x, −20, 20.
        let values = |b: [f32; 4]| {
            let mut values = vec![10.0, 1.0, 0.0, 0.0];
            values.extend(b);
            values.extend([0.0; 8 + 2]);
            values
        };
        let set = Dataset::from_rows(&[-1.0, 2.0], 1).unwrap().with_classes(&[0, 1]).unwrap();
        let shares = |activation| {
            let config = MlpConfig::new([1, 4, 2]).with_activation(activation);
            let net = net(&config, &values([30.0, 0.0, -20.0, 20.0]));
            let found = diagnose(&net, &set, &[0, 1]).unwrap();
            assert_eq!(found.hidden.len(), 1);
            let hidden = &found.hidden[0];
            assert_eq!((hidden.layer, &*hidden.name, hidden.n_units), (2, &*activation.to_string(), 4));
            (hidden.dead, hidden.saturated)
        };
        // ReLU: 20 and 50; 0 and 2; 0 and 0: dead; 20 and 20: constant, but it learns.
        assert_eq!(shares(Activation::Relu), (0.25, 0.25));
        // Sigmoid: 1 − 2e-9 and 1: the same but for rounding; the others as they look.
        assert_eq!(shares(Activation::Sigmoid), (0.75, 0.75));
        assert_eq!(shares(Activation::Tanh), (0.75, 0.75));
        // ELU: −20 gives −1 twice; only a unit on the left is saturated.
        assert_eq!(shares(Activation::Elu), (0.5, 0.25));
        // A step has no slope: all are saturated, and those that always say the same are dead.
        assert_eq!(shares(Activation::Step), (0.75, 1.0));
    }

    #[test]
    fn hidden_layers_are_numbered_as_in_the_summary_and_outputs_are_not_hidden() {
        let config = MlpConfig::new([2, 3, 4, 2])
            .with_activations([Activation::Relu, Activation::Identity, Activation::Sigmoid])
            .with_batch_norm(true)
            .with_dropout(0.5);
        let set = Dataset::from_rows(&[0.0; 8], 2).unwrap().with_classes(&[0, 1, 0, 1]).unwrap();
        let found = diagnose(&Mlp::new(&config).unwrap(), &set, &spread(4, 3)).unwrap();
        let layers: Vec<_> = found.hidden.iter().map(|hidden| (hidden.layer, &*hidden.name)).collect();
        // 1 affine, 2 batch-norm, 3 relu, 4 dropout, 5 affine, …, and the sigmoid of the outputs at the end.
        assert_eq!(layers, [(3, "relu")]);
    }

    #[test]
    fn a_choice_of_samples_is_spread_over_all_of_them() {
        let chosen = spread(60_000, 1000);
        assert_eq!((chosen.len(), chosen[0], chosen[1], chosen[999]), (1000, 0, 60, 59_940));
        assert_eq!(spread(0, 5), Vec::<usize>::new());
        assert_eq!(spread(7, 7), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn samples_that_do_not_fit_are_refused() {
        let set = Dataset::from_rows(&[0.0; 6], 3).unwrap().with_classes(&[0, 1]).unwrap();
        let error = diagnose(&Mlp::new(MlpConfig::new([2, 2])).unwrap(), &set, &[0]).unwrap_err();
        assert!(error.to_string().contains("3"), "{error}");
    }
}
