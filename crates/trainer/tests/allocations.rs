//! Neither a prediction nor a training step allocates, counted by a published allocation counter. One test only, and a
//! program of its own, so that nothing else allocates meanwhile.

use std::{alloc::System, hint::black_box, ops::ControlFlow};

use chainrule_losses::{BinaryCrossEntropy, MeanSquaredError};
use chainrule_mnist::{ImageSet, Images};
use chainrule_optimizers::{Adam, Momentum, OptimizerConfig, Sgd};
use chainrule_tensor::Init;
use chainrule_trainer::{
    Activation, Dataset, Encoding, Event, Mlp, MlpConfig, Predictor, TrainConfig, train,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory was asked for, or for more of it, since `region` began.
fn n_allocations(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.allocations + change.reallocations
}

/// Asserts that a turn of `work`, which returns what it has allocated, allocates nothing. It has three turns: what it allocates
/// itself it allocates in each, while the test harness's own thread may do so beside one of them.
fn allocates_nothing(what: &str, work: impl FnMut() -> Vec<usize>) {
    let mut turns = std::iter::repeat_with(work).take(3);
    let mut last = Vec::new();
    let settles = turns.any(|counts| {
        last = counts;
        last.iter().all(|n| *n == 0)
    });
    assert!(settles, "{what}: {last:?}");
}

/// 28×28 images of which a fifth is not background, as in MNIST, or nearly everything.
fn images(n: usize, background: bool) -> ImageSet {
    let pixel = |i: usize| {
        let noise = i.wrapping_mul(2_654_435_761) >> 7;
        if background && !noise.is_multiple_of(5) { 0 } else { (noise % 255 + 1) as u8 }
    };
    let labels = (0..n).map(|i| (i % 10) as u8).collect();
    ImageSet::new(Images::new(n, 28, 28, (0..n * 784).map(pixel).collect()), labels)
}

fn predictions() {
    let rows: Vec<f32> = (0..784 * 2).map(|i| (i % 255) as f32).collect();
    let data = Dataset::from_rows(&rows, 784).unwrap();
    let deep = MlpConfig::new([784, 64, 32, 10]).with_activation(Activation::Gelu).with_batch_norm(true);
    for config in [
        MlpConfig::new([784, 50, 10]),
        deep.with_dropout(0.5).with_encoding(Encoding::standardize(&data)),
        MlpConfig::new([784, 3, 1]).with_loss(BinaryCrossEntropy),
        MlpConfig::new([784, 1]).with_loss(MeanSquaredError),
    ] {
        let mut predictor = Predictor::new(Mlp::new(&config).unwrap());
        let pixels: Vec<u8> = rows[..784].iter().map(|x| *x as u8).collect();
        predictor.predict_pixels(&pixels); // reserves its list
        allocates_nothing(&format!("{:?} {}", config.sizes, config.dropout), || {
            let region = Region::new(ALLOCATOR);
            for _ in 0..10 {
                black_box(predictor.predict_pixels(black_box(&pixels)));
                black_box(predictor.predict(black_box(&rows[..784])));
                black_box(predictor.predict_class(black_box(&rows[784..])));
            }
            let n = n_allocations(&region);
            vec![n]
        });
    }
}

/// Enough to see every image three times.
const N_STEPS: u64 = 60;

/// What each of the last steps of a run allocates.
fn training_steps(
    net: &MlpConfig,
    optimizer: OptimizerConfig,
    batch_size: usize,
    samples: &ImageSet,
) -> Vec<usize> {
    let mut net = Mlp::new(net).unwrap();
    let config = TrainConfig::new().with_optimizer(optimizer).with_batch_size(batch_size).with_steps(N_STEPS);
    #[cfg(feature = "rayon")]
    let config = config.with_threads(2);
    let mut region = Region::new(ALLOCATOR);
    let mut per_step = Vec::with_capacity(N_STEPS as usize);
    train(&mut net, samples)
        .config(&config)
        .callback(|event| {
            if let Event::Step { .. } = event {
                per_step.push(n_allocations(&region));
                region.reset();
            }
            ControlFlow::Continue(())
        })
        .run()
        .unwrap();
    // The first steps find out how many values a mini-batch lists at most, and the second time that images are wanted, they
    // are packed.
    per_step.split_off(N_STEPS as usize - 10)
}

#[test]
fn nothing_is_allocated_where_speed_counts() {
    predictions();
    let w1 = MlpConfig::new([784, 50, 10]);
    let w2 = MlpConfig::new([784, 800, 10]).with_activation(Activation::Relu).with_init(Init::HeNormal);
    for background in [true, false] {
        let samples = images(2000, background);
        for optimizer in [Sgd::default().into(), Momentum::default().into(), Adam::default().into()] {
            let optimizer: OptimizerConfig = optimizer;
            for (net, batch_size) in [(&w1, 100), (&w2, 128)] {
                let what = format!("{:?} {optimizer:?}", net.sizes);
                allocates_nothing(&what, || training_steps(net, optimizer.clone(), batch_size, &samples));
            }
        }
    }
    let region = Region::new(ALLOCATOR);
    black_box(vec![0; 10]);
    assert_eq!(n_allocations(&region), 1, "the counter counts");
}
