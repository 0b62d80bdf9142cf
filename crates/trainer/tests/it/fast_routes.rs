//! The ways that training and prediction go, shards, lists, updates piece by piece, against the readable twin that puts one
//! matrix through one layer after another: awkward shapes, every density, both element types.

use chainrule_layers::Context;
use chainrule_losses::{MeanSquaredError, TargetBuffer};
use chainrule_mnist::{ImageSet, Images};
use chainrule_optimizers::OptimizerConfig;
use chainrule_tensor::{
    Float, Init, InputBuffer, Shape,
    random::{Purpose, generator, index, uniform},
};
use chainrule_trainer::{Activation, MiniBatch, Mlp, MlpConfig, Predictor, Samples, TargetKind, evaluate};

const DENSITIES: [f64; 5] = [0.0, 0.05, 0.19, 0.5, 1.0];

/// Inputs and hidden units around the lengths of vectors and of blocks of inputs.
const SHAPES: [(usize, usize); 9] =
    [(1, 1), (7, 9), (8, 129), (9, 7), (50, 64), (63, 8), (64, 65), (65, 50), (129, 63)];

/// Images of so many pixels, of which a share is not 0.
fn images(n_pixels: usize, density: f64) -> ImageSet {
    let mut rng = generator(3, Purpose::Draw, n_pixels as u64, 0);
    let mut pixel = || if uniform(&mut rng) < density { index(&mut rng, 255) as u8 + 1 } else { 0 };
    let pixels = (0..150 * n_pixels).map(|_| pixel()).collect();
    ImageSet::new(Images::new(150, 1, n_pixels, pixels), (0..150).map(|i| i as u8 % 10).collect())
}

fn config(n_inputs: usize, n_hidden: usize, activation: Activation) -> MlpConfig {
    MlpConfig::new([n_inputs, n_hidden, 10]).with_activation(activation).with_init(Init::XavierNormal)
}

fn values<F: Float>(net: &Mlp<F>) -> Vec<F> {
    net.parameters().to_vec()
}

/// Relative to the largest: a value that is a sum of many which cancel has no digits of its own.
#[track_caller]
fn assert_close<F: Float>(found: &[F], expected: &[F], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f64, |max, x| max.max(x.as_f64().abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let difference = (a.as_f64() - b.as_f64()).abs();
        assert!(difference <= tolerance * largest, "{what}, [{i}]: {a:?}, expected {b:?}");
    }
}

fn steps_agree<F: Float>(tolerance: f64) {
    let mut rules = OptimizerConfig::all().into_iter().cycle();
    for density in DENSITIES {
        for (n_inputs, n_hidden) in SHAPES {
            let set = images(n_inputs, density);
            for activation in [Activation::Sigmoid, Activation::Relu] {
                let mut net = Mlp::<F>::new(config(n_inputs, n_hidden, activation)).unwrap();
                let mut mini_batch = MiniBatch::new(net.sequential(), 129);
                for n in [1, 9, 33, 129] {
                    let indices: Vec<usize> = (0..n).map(|i| (i * 31 + n) % 150).collect();
                    let context = Context::training(1, 0);
                    let (x, t) = set.batch::<F>(&indices); // dense
                    let (loss, gradient) = net.loss_and_gradient(&x, &t, &context);
                    let what = format!("{n_inputs}-{n_hidden} {activation}, {n} samples, density {density}");

                    let config = net.config().loss.clone();
                    let outcome =
                        mini_batch.compute(net.sequential(), config.loss(), &set, &indices, &context);
                    assert_close(mini_batch.gradient(), gradient.values(), tolerance, &what);
                    let difference = (outcome.loss.mean() - loss.mean()).abs();
                    assert!(difference <= tolerance * loss.mean(), "{what}: {outcome:?}, {loss:?}");

                    // A whole step, where the gradient is never there as a whole. The rules that divide by its size make
                    // much of what little there is, so the same gradient goes into the twin's.
                    let config_of_rule = rules.next().unwrap();
                    let rule = config_of_rule.rule::<F>();
                    let mut twin = values(&net);
                    let mut slots = rule.new_slots(twin.len());
                    rule.step(1, &mut twin, mini_batch.gradient(), &mut slots);
                    mini_batch.run(net.sequential(), config.loss(), &set, &indices, &context);
                    let mut slots = rule.new_slots(twin.len());
                    mini_batch.update(net.sequential_mut(), rule, &mut slots, 1, rule.learning_rate());
                    assert_close(&values(&net), &twin, tolerance, &format!("{what}, {rule:?}"));
                }
            }
        }
    }
}

#[test]
fn training_steps_are_those_of_the_readable_twin() {
    steps_agree::<f32>(2e-5);
    steps_agree::<f64>(1e-13);
}

#[test]
fn predictions_from_bytes_are_those_from_numbers() {
    for density in DENSITIES {
        for (n_inputs, n_hidden) in SHAPES {
            let set = images(n_inputs, density);
            for activation in [Activation::Sigmoid, Activation::Relu] {
                let net = Mlp::<f32>::new(config(n_inputs, n_hidden, activation)).unwrap();
                let (x, t) = set.batch::<f32>(&(0..set.len()).collect::<Vec<_>>());
                let expected = net.predict(&x);
                let what = format!("{n_inputs}-{n_hidden} {activation}, density {density}");
                let mut predictor = Predictor::new(net.clone());
                for (i, expected) in expected.as_slice().chunks(10).enumerate() {
                    assert_close(predictor.predict_pixels(set.image(i)), expected, 1e-5, &what);
                    assert_close(predictor.predict(x.column(i).as_slice()), expected, 1e-5, &what);
                }
                let loss = net.loss(&x, &t);
                let evaluation = evaluate(&net, &set).unwrap();
                assert!(
                    (evaluation.loss.mean() - loss).abs() <= 1e-6 * loss,
                    "{what}: {evaluation:?}, {loss}"
                );
            }
        }
    }
}

/// 2,000 random runs of columns, and each alone: whatever the batch, and whether bytes or numbers come in.
fn predictions_do_not_depend_on_the_batch_of<F: Float>() {
    let set = images(60, 0.3);
    let (x, _) = set.batch::<F>(&(0..40).collect::<Vec<_>>());
    let mut rng = generator(1, Purpose::Draw, 0, 0);
    for (n_hidden, n_outputs) in [(50, 10), (33, 7), (9, 3), (130, 1), (3, 17)] {
        let net =
            Mlp::<F>::new(MlpConfig::new([60, n_hidden, 20, n_outputs]).with_loss(MeanSquaredError)).unwrap();
        let all = net.predict(&x);
        for _ in 0..200 {
            let first = index(&mut rng, 40);
            let n = 1 + index(&mut rng, 40 - first);
            let found = net.predict(&x.columns(first, n).into_owned());
            assert_eq!(found, all.columns(first, n), "{n} samples from {first}, {n_outputs} outputs");
        }
        let mut predictor = Predictor::new(net);
        for (i, expected) in all.column_iter().enumerate() {
            assert_eq!(predictor.predict(x.column(i).as_slice()), expected.as_slice(), "{n_outputs} outputs");
            assert_eq!(predictor.predict_pixels(set.image(i)), expected.as_slice(), "{n_outputs} outputs");
        }
    }
}

#[test]
fn predictions_do_not_depend_on_the_batch() {
    predictions_do_not_depend_on_the_batch_of::<f32>();
    predictions_do_not_depend_on_the_batch_of::<f64>();
}

/// Columns of values that lie around 0: zeros of both signs, subnormal numbers, and some ordinary ones.
struct NearZero {
    n_inputs: usize,
    is_listed: bool,
}

impl NearZero {
    fn value(&self, sample: usize, input: usize) -> f64 {
        let normal = f64::from(f32::MIN_POSITIVE);
        let table = [0.0, -0.0, 1.0, -normal / 4.0, 0.0, -0.75, normal / 1024.0, -0.0, 0.5, normal];
        table[(sample * 7 + input * 3 + sample * input) % table.len()]
    }
}

impl Samples for NearZero {
    fn n_samples(&self) -> usize {
        100
    }
    fn shape(&self) -> Shape {
        Shape::flat(self.n_inputs)
    }
    fn target_kind(&self) -> TargetKind {
        TargetKind::Classes { n_classes: 10 }
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        let column = |i: usize| (0..self.n_inputs).map(|p| F::of(self.value(i, p))).collect::<Vec<_>>();
        if self.is_listed && x.takes_sparse() {
            let x = x.sparse_mut(self.n_inputs);
            // As one would write it: −0.0 is equal to 0, subnormal numbers are not.
            indices.iter().for_each(|&i| x.push_dense(&column(i), |x| x == F::zero()));
        } else {
            let mut x = x.dense_mut(self.n_inputs, indices.len());
            indices.iter().enumerate().for_each(|(j, &i)| x.column_mut(j).copy_from_slice(&column(i)));
        }
        t.classes_mut().extend(indices.iter().map(|i| i % 10));
    }
}

fn values_near_zero_agree<F: Float>(tolerance: f64) {
    for (n_inputs, n_hidden) in SHAPES {
        let net = Mlp::<F>::new(config(n_inputs, n_hidden, Activation::Sigmoid)).unwrap();
        let mut mini_batch = MiniBatch::new(net.sequential(), 100);
        let (indices, context) = ((0..100).collect::<Vec<_>>(), Context::training(1, 0));
        let (x, t) = NearZero { n_inputs, is_listed: false }.batch::<F>(&indices);
        let (_, twin) = net.loss_and_gradient(&x, &t, &context);
        for is_listed in [false, true] {
            let samples = NearZero { n_inputs, is_listed };
            mini_batch.compute(net.sequential(), net.config().loss.loss(), &samples, &indices, &context);
            let what = format!("{n_inputs}-{n_hidden}, listed: {is_listed}");
            assert_close(mini_batch.gradient(), twin.values(), tolerance, &what);
        }
    }
}

#[test]
fn zeros_of_both_signs_and_subnormal_numbers_are_what_they_are_listed_or_not() {
    values_near_zero_agree::<f32>(1e-5);
    values_near_zero_agree::<f64>(1e-13);
}
