//! A predictor allocates nothing, counted by the allocator. One test only, so that nothing else allocates meanwhile.
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement; this one counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use chainrule_losses::{BinaryCrossEntropy, MeanSquaredError};
use chainrule_trainer::{Activation, Dataset, Encoding, Mlp, MlpConfig, Predictor};

static N_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        N_ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_prediction_allocates_nothing() {
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
        let before = N_ALLOCATIONS.load(Relaxed);
        for _ in 0..10 {
            black_box(predictor.predict(black_box(&rows[..784])));
            black_box(predictor.predict_class(black_box(&rows[784..])));
        }
        assert_eq!(N_ALLOCATIONS.load(Relaxed) - before, 0, "{config:?}");
    }
    let before = N_ALLOCATIONS.load(Relaxed);
    black_box(vec![0; 10]);
    assert_eq!(N_ALLOCATIONS.load(Relaxed) - before, 1, "the counter counts");
}
