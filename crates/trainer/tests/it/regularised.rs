//! What a run can do besides the plain loop: dropout, batch normalisation, schedules, clipping, averages, validation and
//! early stopping. All with the same bits on any number of threads.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use chainrule_gradcheck::{Check, Step};
use chainrule_layers::Context;
use chainrule_losses::{SoftmaxCrossEntropy, TargetBuffer};
use chainrule_mnist::ImageSet;
use chainrule_optimizers::{Adam, AdamW, Clip, Sgd, schedule::OneCycle};
use chainrule_tensor::{
    Float, InputBuffer, Shape,
    random::{Purpose, generator, index, uniform},
};
use chainrule_trainer::{
    Activation, Dataset, EarlyStopping, Event, MiniBatch, Mlp, MlpConfig, Samples, Summary, TargetKind,
    TrainConfig, evaluate, split, train,
};

use crate::common::blobs;

/// Every kind of layer between inputs and outputs.
fn full() -> MlpConfig {
    let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.1);
    MlpConfig::new([36, 12, 8, 10])
        .with_activations([Activation::Relu, Activation::Tanh, Activation::Identity])
        .with_batch_norm(true)
        .with_dropout(0.2)
        .with_loss(loss)
}

fn run(net: &mut Mlp, config: &TrainConfig) -> Summary {
    train(net, &blobs(450)).test(&blobs(100)).config(config).run().unwrap()
}

fn values(net: &Mlp) -> Vec<f32> {
    net.parameters().to_vec()
}

#[test]
fn everything_at_once_has_the_same_bits_on_any_number_of_threads() {
    let config = TrainConfig::new()
        .with_optimizer(AdamW::default().with_learning_rate(0.01))
        .with_schedule(OneCycle::new())
        .with_clip(Clip::by_norm(1.0))
        .with_epochs(6)
        .with_batch_size(70)
        .with_validation(0.2)
        .with_early_stopping(EarlyStopping::new(2))
        .with_average(0.9);
    let trained = |config: &TrainConfig, seed| {
        let mut net = Mlp::new(full().with_seed(seed)).unwrap();
        run(&mut net, &config.clone().with_seed(seed));
        net.parameters_crc32()
    };
    let once = trained(&config, 1);
    #[cfg(feature = "rayon")]
    for threads in [1, 2, 3, 8] {
        assert_eq!(trained(&config.clone().with_threads(threads), 1), once, "{threads} threads");
    }
    assert_ne!(trained(&config, 2), once, "another seed");
}

/// The shards' gradient, with its sums over the whole mini-batch and its masks, is that of one matrix in one piece, and
/// both are that of central differences.
#[test]
fn the_gradient_of_a_training_step_is_that_of_its_readable_twin() {
    let net = Mlp::<f64>::new(full()).unwrap();
    let mut mini_batch = MiniBatch::new(net.sequential(), 150);
    for n in [2, 9, 40, 150] {
        let indices: Vec<usize> = (0..n).map(|i| (i * 7) % 200).collect();
        let context = Context::training(3, 5);
        let outcome =
            mini_batch.compute(net.sequential(), net.config().loss.loss(), &blobs(200), &indices, &context);
        let (x, t) = blobs(200).batch::<f64>(&indices);
        let (loss, twin) = net.loss_and_gradient(&x, &t, &context);
        assert!((outcome.loss.mean() - loss.mean()).abs() <= 1e-13 * loss.mean());
        let largest = twin.values().iter().fold(0.0_f64, |max, g| max.max(g.abs()));
        for (a, b) in mini_batch.gradient().iter().zip(twin.values()) {
            assert!((a - b).abs() <= 1e-12 * largest, "{n} samples: {a} and {b}");
        }
        if n == 9 {
            let numerical = net.numerical_gradient_with(&x, &t, Step::Fixed(1e-6), &context);
            let check = Check::new().tolerance(1e-5);
            for ((name, given), (_, numerical)) in twin.iter().zip(numerical.iter()) {
                // Batch normalisation takes away what a bias before it adds: 0 but for rounding.
                if !["b1", "b3"].contains(&name) {
                    check.compare(given.as_slice(), numerical.as_slice()).named(name).assert_passed();
                }
            }
            // Without the mask of this step, it is another gradient.
            let (_, other) = net.loss_and_gradient(&x, &t, &Context::training(3, 6));
            check.compare(other.of("W1").as_slice(), numerical.of("W1").as_slice()).assert_refused();
        }
    }
}

/// Remembers which samples were ever asked for.
struct Watched<'a>(&'a ImageSet, Mutex<HashSet<usize>>);

impl Samples for Watched<'_> {
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }
    fn shape(&self) -> Shape {
        self.0.shape()
    }
    fn target_kind(&self) -> TargetKind {
        self.0.target_kind()
    }
    fn class_of(&self, i: usize) -> Option<usize> {
        self.0.class_of(i)
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    ) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).extend(indices);
        self.0.gather(x, t, indices, at);
    }
}

#[test]
fn samples_held_out_are_never_trained_on() {
    let set = blobs(300);
    let watched = Watched(&set, Mutex::default());
    let (pool, held_out) = split(&set, 0.25, 4).unwrap();
    let config = TrainConfig::new().with_epochs(1).with_seed(4).with_validation(0.25);
    let mut net = Mlp::new(MlpConfig::new([36, 5, 10])).unwrap();
    let mut trained_on = HashSet::new();
    train(&mut net, &watched)
        .config(&config)
        .callback(|event| {
            if let Event::Step { .. } = event {
                // Before the epoch's evaluation.
                trained_on = watched.1.lock().unwrap().clone();
            }
            ControlFlow::Continue(())
        })
        .run()
        .unwrap();
    assert_eq!(trained_on, pool.into_iter().collect::<HashSet<_>>());
    assert!(held_out.iter().all(|i| !trained_on.contains(i)));
    let seen = watched.1.into_inner().unwrap();
    assert!(held_out.iter().all(|i| seen.contains(i)), "they were evaluated");
}

#[test]
fn early_stopping_goes_back_to_the_best_epoch() {
    // Classes that have nothing to do with the inputs can be learned by heart only.
    let mut rng = generator(1, Purpose::Draw, 0, 0);
    let rows: Vec<f32> = (0..60 * 5).map(|_| uniform(&mut rng) as f32).collect();
    let classes: Vec<usize> = (0..60).map(|_| index(&mut rng, 3)).collect();
    let data = Dataset::from_rows(&rows, 5).unwrap().with_classes(&classes).unwrap();
    let config = |epochs| {
        let rule = Adam::default().with_learning_rate(0.01);
        TrainConfig::new().with_optimizer(rule).with_epochs(epochs).with_batch_size(10).with_validation(0.3)
    };
    let trained = |config: &TrainConfig| {
        let mut net = Mlp::new(MlpConfig::new([5, 20, 3]).with_activation(Activation::Tanh)).unwrap();
        let summary = train(&mut net, &data).test(&data).config(config).run().unwrap();
        (net, summary)
    };
    let (stopped, summary) = trained(&config(500).with_early_stopping(EarlyStopping::new(3)));
    assert!(summary.stopped_early && !summary.stopped);
    let best = summary.best_epoch.unwrap();
    assert_eq!(summary.epochs, best + 3);
    let losses: Vec<f64> = summary.history.iter().map(|epoch| epoch.validation_loss.unwrap()).collect();
    assert!(losses.iter().all(|loss| losses[best as usize - 1] <= *loss), "{losses:?}");

    // Without early stopping, but only so long.
    let (twin, _) = trained(&config(best));
    assert_eq!(stopped.parameters_crc32(), twin.parameters_crc32());
    let accuracy = evaluate(&twin, &data).unwrap().accuracy();
    assert_eq!(summary.test_accuracy, Some(accuracy));
}

#[test]
fn the_average_is_that_of_all_steps() {
    let config = |steps| TrainConfig::new().with_optimizer(Sgd::new(1.0)).with_steps(steps);
    let trained = |config: &TrainConfig| {
        let mut net = Mlp::new(MlpConfig::new([36, 4, 10])).unwrap();
        run(&mut net, config);
        values(&net)
    };
    let mut expected: Vec<f64> = Vec::new();
    for steps in 1..=5 {
        let now = trained(&config(steps));
        if steps == 1 {
            expected = now.iter().map(|w| f64::from(*w)).collect();
        } else {
            expected.iter_mut().zip(&now).for_each(|(e, w)| *e = 0.7 * *e + 0.3 * f64::from(*w));
        }
    }
    let averaged = trained(&config(5).with_average(0.7));
    assert!(averaged.iter().zip(&expected).all(|(a, e)| (f64::from(*a) - e).abs() <= 1e-6));
    assert_ne!(averaged, trained(&config(5)));
}

#[test]
fn the_schedule_and_the_clipping_bound_every_step() {
    let schedule = OneCycle::new();
    let config = TrainConfig::new()
        .with_optimizer(Sgd::new(0.5))
        .with_schedule(schedule)
        .with_clip(Clip::by_value(1e-3))
        .with_steps(10);
    let mut net = Mlp::new(MlpConfig::new([36, 4, 10])).unwrap();
    let before = values(&net);
    let mut rates = Vec::new();
    train(&mut net, &blobs(450))
        .config(&config)
        .callback(|event| {
            if let Event::Step { report: step, .. } = event {
                rates.push(step.learning_rate);
            }
            ControlFlow::Continue(())
        })
        .run()
        .unwrap();
    let expected = chainrule_optimizers::Schedule::from(schedule).with_total_steps(10);
    assert_eq!(rates, (0..10).map(|step| expected.rate(0.5, step)).collect::<Vec<_>>());
    let farthest = rates.iter().sum::<f64>() * 1e-3 * (1.0 + 1e-5);
    let moved: Vec<f64> = values(&net).iter().zip(before).map(|(a, b)| f64::from(a - b).abs()).collect();
    assert!(
        moved.iter().all(|moved| *moved <= farthest) && moved.iter().any(|moved| *moved > farthest / 2.0)
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused_in_one_sentence() {
    let refused = |config: TrainConfig| {
        let mut net = Mlp::new(MlpConfig::new([36, 4, 10])).unwrap();
        train(&mut net, &blobs(20)).config(&config).run().unwrap_err().to_string()
    };
    let new = TrainConfig::new;
    for (config, expected) in [
        (
            new().with_validation(f64::NAN),
            "the share for validation is NaN, expected a number from 0 to below 1",
        ),
        (new().with_validation(1.0), "the share for validation is 1, expected a number from 0 to below 1"),
        (
            new().with_validation(0.01),
            "the share for validation is 0.01 of 20 samples, expected a share that leaves a sample to train on and \
             one to validate on",
        ),
        (
            new().with_early_stopping(EarlyStopping::default()),
            "the share for validation is 0, expected more than 0 for early stopping",
        ),
        (new().with_average(1.0), "the decay of the average is 1, expected a number from 0 to below 1"),
        (
            new()
                .with_schedule("warmup:50+cosine".parse::<chainrule_optimizers::Schedule>().unwrap())
                .with_steps(50),
            "schedule warmup:50+cosine for 50 steps, expected more than 50 steps",
        ),
    ] {
        assert_eq!(refused(config), expected);
    }
}
