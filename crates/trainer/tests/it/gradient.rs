//! The parallel gradient against its readable twin, and both against central differences.

use chainrule_gradcheck::Check;
use chainrule_layers::Context;
use chainrule_losses::SoftmaxCrossEntropy;
use chainrule_mnist::{ImageSet, Images};
use chainrule_tensor::{
    Float, Init, Matrix,
    random::{Purpose, generator, index, uniform},
};
use chainrule_trainer::{Activation, MiniBatch, Mlp, MlpConfig, Samples, TwoLayerNet};

use crate::common::blobs;

fn net<F: Float>(activation: Activation) -> TwoLayerNet<F> {
    let config = MlpConfig::new([blobs(1).n_pixels(), 7, 10])
        .with_activation(activation)
        .with_init(Init::Normal { std: 0.3 });
    TwoLayerNet::new(&config).unwrap()
}

/// The samples `indices` as one matrix with their classes.
fn gather<F: Float>(indices: &[usize]) -> (Matrix<F>, Vec<usize>) {
    blobs(700).batch(indices)
}

/// Mini-batches of awkward sizes, out of order and with repeats.
fn mini_batches() -> impl Iterator<Item = Vec<usize>> {
    [1, 2, 7, 8, 31, 32, 33, 100, 129, 600].into_iter().map(|n| (0..n).map(|i| (i * 37 + n) % 650).collect())
}

fn assert_twins_agree<F: Float>(activation: Activation, tolerance: f64) {
    let net = net::<F>(activation);
    let mut mini_batch = MiniBatch::new(net.sequential(), 600);
    for indices in mini_batches() {
        let context = Context::training(1, 0);
        let loss = &SoftmaxCrossEntropy::new();
        let outcome = mini_batch.compute(net.sequential(), loss, &blobs(700), &indices, &context);
        let (x, t) = gather::<F>(&indices);
        let twin = net.gradient(&x, &t);
        let largest = twin.values().iter().fold(0.0_f64, |max, g| max.max(g.as_f64().abs()));
        for (i, (a, b)) in mini_batch.gradient().iter().zip(twin.values()).enumerate() {
            let difference = (a.as_f64() - b.as_f64()).abs();
            assert!(difference <= tolerance * largest, "{} samples, [{i}]: {a:?} and {b:?}", indices.len());
        }
        assert!((outcome.loss.mean() - net.loss(&x, &t)).abs() <= tolerance * outcome.loss.mean());
        assert_eq!(outcome.n_correct.unwrap() as f64 / t.len() as f64, net.accuracy(&x, &t));
    }
}

#[test]
fn the_parallel_gradient_is_that_of_the_readable_twin() {
    for activation in [Activation::Sigmoid, Activation::Relu] {
        assert_twins_agree::<f64>(activation, 1e-13);
        assert_twins_agree::<f32>(activation, 1e-5);
    }
}

/// Images of 9×9 pixels, of which a share is not 0.
fn images(density: f64) -> ImageSet {
    let mut rng = generator(3, Purpose::Draw, 0, 0);
    let mut pixel = || if uniform(&mut rng) < density { index(&mut rng, 255) as u8 + 1 } else { 0 };
    let pixels = (0..200 * 81).map(|_| pixel()).collect();
    ImageSet::new(Images::new(200, 9, 9, pixels), (0..200).map(|i| i as u8 % 10).collect())
}

#[test]
fn listed_inputs_give_the_gradient_of_dense_ones() {
    for density in [0.0, 0.05, 0.19, 0.5, 1.0] {
        let set = images(density);
        for n_hidden in [1, 7, 8, 50, 67] {
            let net =
                Mlp::<f64>::new(MlpConfig::new([81, n_hidden, 10]).with_init(Init::XavierNormal)).unwrap();
            let mut mini_batch = MiniBatch::new(net.sequential(), 64);
            for n in [1, 5, 33, 64] {
                let indices: Vec<usize> = (0..n).map(|i| i * 31 % 200).collect();
                let (loss, context) = (net.config().loss.loss(), Context::training(1, 0));
                mini_batch.compute(net.sequential(), loss, &set, &indices, &context);
                let (x, t) = set.batch::<f64>(&indices); // dense
                let twin = net.gradient(&x, &t);
                let largest = twin.values().iter().fold(0.0_f64, |max, g| max.max(g.abs()));
                for (a, b) in mini_batch.gradient().iter().zip(twin.values()) {
                    assert!(
                        (a - b).abs() <= 1e-13 * largest,
                        "{density}, {n_hidden} units, {n} samples: {a}, {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn both_agree_with_the_numerical_gradient() {
    for activation in [Activation::Sigmoid, Activation::Relu] {
        let net = net::<f64>(activation);
        let (x, t) = gather(&[3, 1, 4, 1, 5, 9, 2, 6]);
        let (given, numerical) = (net.gradient(&x, &t), net.numerical_gradient(&x, &t));
        for ((name, given), (_, numerical)) in given.iter().zip(numerical.iter()) {
            let check = Check::new().tolerance(1e-6);
            let report = check.compare(given.as_slice(), numerical.as_slice()).named(name);
            report.assert_passed();
            // The negative controls, at the derivative that agrees least.
            let index = report.worst().unwrap().index;
            let mistakes: [fn(f64) -> f64; 3] = [|g| -g, |g| 1.001 * g, |g| g + 1e-4];
            for mistake in mistakes {
                let mut wrong = given.as_slice().to_vec();
                // Where the worst happens to be a derivative of 0, only the last mistake is one.
                wrong[index] = mistake(wrong[index]);
                if wrong[index] != given.as_slice()[index] {
                    check.compare(&wrong, numerical.as_slice()).assert_refused();
                }
            }
        }
    }
}

#[test]
fn gradients_are_found_by_name_and_in_shape() {
    let net = net::<f64>(Activation::Sigmoid);
    let (x, t) = gather(&[0, 1, 2]);
    let gradient = net.gradient(&x, &t);
    let names: Vec<_> = gradient.iter().map(|(name, g)| (name.to_string(), g.shape())).collect();
    let n_pixels = x.nrows();
    let expected = [("W1", (7, n_pixels)), ("b1", (7, 1)), ("W2", (10, 7)), ("b2", (10, 1))];
    assert_eq!(names, expected.map(|(name, shape)| (name.to_string(), shape)));
    // The gradient of the last bias is the mean of softmax − one-hot, which sums to 0.
    assert!(gradient.of("b2").as_slice().iter().sum::<f64>().abs() <= 1e-15);
}

#[test]
#[should_panic(expected = "no parameter \"W3\", the network has [\"W1\", \"b1\", \"W2\", \"b2\"]")]
fn an_unknown_name_is_told_the_known_ones() {
    let net = net::<f64>(Activation::Sigmoid);
    let (x, t) = gather(&[0]);
    net.gradient(&x, &t).of("W3");
}
