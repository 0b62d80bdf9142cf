//! One's own data: values, yes or no, weights, and layers from outside.

use std::{collections::BTreeMap, sync::Mutex};

use chainrule_losses::{BinaryCrossEntropy, Huber, MeanSquaredError, TargetBuffer};
use chainrule_optimizers::{Adam, Sgd};
use chainrule_tensor::{Context, Float, InputBuffer, Shape};
use chainrule_trainer::{
    Activation, Dataset, Mlp, MlpConfig, Samples, TargetKind, TrainConfig, evaluate, train,
};

fn values(net: &Mlp) -> Vec<f32> {
    net.parameters().to_vec()
}

#[test]
fn a_line_is_found_by_every_loss_of_values() {
    // t = 2·x₀ − 3·x₁ + 0.5, which a network without hidden layers can be exactly.
    let rows: Vec<f32> = (0..50).flat_map(|i| [(i % 7) as f32 / 7.0, (i % 5) as f32 / 5.0]).collect();
    let t: Vec<f32> = rows.chunks(2).map(|x| 2.0 * x[0] - 3.0 * x[1] + 0.5).collect();
    let data = Dataset::from_rows(&rows, 2).unwrap().with_values(&t, 1).unwrap();
    for config in [
        MlpConfig::new([2, 1]).with_loss(MeanSquaredError),
        MlpConfig::new([2, 1]).with_loss(Huber::default()),
    ] {
        let mut net = Mlp::new(&config).unwrap();
        let config = TrainConfig::new()
            .with_optimizer(Adam::default().with_learning_rate(0.05))
            .with_epochs(400)
            .with_batch_size(50);
        let summary = train(&mut net, &data).test(&data).config(&config).run().unwrap();
        assert_eq!((summary.test_accuracy, summary.history[0].train_accuracy), (None, None));
        let found = values(&net);
        for (w, expected) in found.iter().zip([2.0, -3.0, 0.5]) {
            assert!((w - expected).abs() <= 1e-2, "{found:?}");
        }
        let evaluation = evaluate(&net, &data).unwrap();
        assert!(evaluation.confusion.is_none() && evaluation.accuracy().is_nan());
        let deviation = evaluation.deviation.unwrap();
        assert!(deviation.r_squared() >= 0.9999 && deviation.mean_absolute_error() <= 0.01);
        assert_eq!(deviation.n_values(), 50);
    }
}

#[test]
fn yes_or_no_has_a_confusion_matrix_of_two() {
    let rows: Vec<f32> = (0..40).map(|i| i as f32 / 20.0 - 1.0).collect();
    let t: Vec<f32> = rows.iter().map(|x| f32::from(*x > 0.2)).collect();
    let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&t, 1).unwrap();
    let mut net = Mlp::new(MlpConfig::new([1, 1]).with_loss(BinaryCrossEntropy)).unwrap();
    let config = TrainConfig::new()
        .with_optimizer(Sgd::new(20.0))
        .with_epochs(500)
        .with_batch_size(40)
        .with_validation(0.25);
    train(&mut net, &data).config(&config).run().unwrap();
    let confusion = evaluate(&net, &data).unwrap().confusion.unwrap();
    assert_eq!((confusion.n_classes(), confusion.n_samples()), (2, 40));
    assert!(confusion.accuracy() >= 0.95, "{confusion}");
}

#[test]
fn a_weight_of_two_is_the_sample_twice() {
    let rows = [0.1, 0.9, 0.4, 0.7, 0.2, 0.3];
    let twice = [0.1, 0.9, 0.1, 0.9, 0.4, 0.7, 0.2, 0.3];
    let weighted = Dataset::from_rows(&rows, 2).unwrap().with_classes(&[0, 1, 2]).unwrap();
    let weighted = weighted.with_weights(&[2.0, 1.0, 1.0]).unwrap();
    let repeated = Dataset::from_rows(&twice, 2).unwrap().with_classes(&[0, 0, 1, 2]).unwrap();
    let trained = |data: &Dataset<'_>, gradient| {
        let mut net = Mlp::new(MlpConfig::new([2, 4, 3]).with_activation(Activation::Tanh)).unwrap();
        let config = TrainConfig::new().with_steps(20).with_gradient(gradient);
        let summary = train(&mut net, data).test(data).config(&config).run().unwrap();
        (values(&net), summary.history[0].test_loss.unwrap())
    };
    use chainrule_trainer::GradientMethod::{Backprop, Numerical};
    let (expected, expected_loss) = trained(&repeated, Backprop);
    for gradient in [Backprop, Numerical] {
        let (found, loss) = trained(&weighted, gradient);
        assert!((loss - expected_loss).abs() <= 1e-6);
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-5), "{gradient:?}");
    }
}

#[test]
fn data_that_the_network_cannot_take_are_refused_in_one_sentence() {
    let rows = [0.0, 1.0, 2.0];
    let data = || Dataset::from_rows(&rows, 1).unwrap();
    let refused = |config: MlpConfig, data: Dataset<'_>| {
        let mut net = Mlp::new(&config).unwrap();
        train(&mut net, &data).config(&TrainConfig::new()).run().unwrap_err().to_string()
    };
    assert_eq!(
        refused(MlpConfig::new([1, 2]), data()),
        "targets: found none, expected a class or values for every sample"
    );
    assert_eq!(
        refused(
            MlpConfig::new([1, 1]).with_loss(BinaryCrossEntropy),
            data().with_classes(&[0, 1, 1]).unwrap()
        ),
        "targets: found classes, expected a value for every sample, 0 for no and 1 for yes"
    );
    assert_eq!(
        refused(MlpConfig::new([1, 2]).with_loss(MeanSquaredError), data().with_values(&rows, 1).unwrap()),
        "target values per sample: found 1, expected 2, the outputs of the network"
    );
}

/// A source around a source that makes every sample another one in each epoch, and remembers what it was asked for.
struct Augmented<'a> {
    data: Dataset<'a>,
    /// Each sample of the training by step and position: where it was, and its index.
    asked: Mutex<BTreeMap<(u64, usize), (Context, usize)>>,
}

impl Samples for Augmented<'_> {
    fn n_samples(&self) -> usize {
        self.data.n_samples()
    }
    fn shape(&self) -> Shape {
        self.data.shape()
    }
    fn target_kind(&self) -> TargetKind {
        self.data.target_kind()
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    ) {
        self.data.gather(x, t, indices, at);
        if !at.training {
            return assert_eq!(at, Context::inference());
        }
        let given = x.as_input().to_matrix();
        let mut x = x.dense_mut(1, indices.len());
        for (j, &i) in indices.iter().enumerate() {
            let place = (at.step, at.first_sample + j);
            let before = self.asked.lock().unwrap().insert(place, (at, i));
            assert_eq!(before, None, "nothing is gathered twice");
            x.column_mut(j)[0] = given[j] + F::of(1e-3 * (at.seed + 7 * at.epoch + i as u64) as f64);
        }
    }
}

#[test]
fn a_source_knows_seed_epoch_step_and_position_in_training() {
    const N: usize = 70;
    let rows: Vec<f32> = (0..N).map(|i| i as f32 / N as f32).collect();
    let classes: Vec<usize> = (0..N).map(|i| i % 2).collect();
    let trained = |n_threads| {
        let data = Dataset::from_rows(&rows, 1).unwrap().with_classes(&classes).unwrap();
        let source = Augmented { data, asked: Mutex::default() };
        let config = TrainConfig::new().with_seed(5).with_epochs(3).with_batch_size(50);
        let mut net = Mlp::new(MlpConfig::new([1, 3, 2])).unwrap();
        train(&mut net, &source).test(&source).config(&config.with_threads(n_threads)).run().unwrap();
        (net.parameters_crc32(), source.asked.into_inner().unwrap())
    };
    let (bits, asked) = trained(1);
    let n_threads = if cfg!(feature = "rayon") { 2 } else { 1 };
    assert_eq!(trained(n_threads), (bits, asked.clone()));
    assert_eq!(asked.len(), 3 * N);
    let mut seen = [[0; N]; 3];
    for ((step, position), (Context { seed, epoch, n_samples, .. }, i)) in asked {
        assert_eq!((seed, epoch), (5, step / 2));
        assert!(n_samples == [50, 20][step as usize % 2] && position < n_samples);
        seen[epoch as usize][i] += 1;
    }
    assert_eq!(seen, [[1; N]; 3]);
}
