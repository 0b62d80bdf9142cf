//! How much memory reading takes, counted by the allocator. One test only, and a program of its own, so that nothing else
//! allocates meanwhile. The counter of `chainrule_fuzzing` would not do: it counts one thread, and a whole data set is read
//! in two.
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement; this one counts")]

#[path = "it/common.rs"]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chainrule_mnist::{Error, Images, Mnist, Problem, read_images};
use common::{gzip, idx, write};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system allocator unchanged. `realloc` and `alloc_zeroed` keep their default
// implementations, which call these two; so a growing vector counts old and new memory, as it should.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The result of `f` and how many bytes were allocated at once beyond what was there before.
fn peak_of<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = f();
    (result, PEAK.load(Relaxed) - before)
}

#[track_caller]
fn assert_truncated_below(limit: usize, (result, peak): (Result<Images, Error>, usize)) {
    match result {
        // 4,000,000,000 images of 28×28 pixels and the header.
        Err(Error { problem: Problem::Truncated { expected: 3_136_000_000_016, .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(peak < limit, "{peak} bytes were allocated");
}

#[test]
fn memory_follows_the_data_not_the_header() {
    const KB: usize = 1000;
    const MB: usize = 1_000_000;
    let folder = tempfile::tempdir().unwrap();

    // Four billion images in a file of 1 KB.
    let liar = idx(0x803, &[4_000_000_000, 28, 28], &[0; 1008]);
    write(folder.path(), "plain", &liar);
    assert_truncated_below(600 * KB, peak_of(|| Images::load(folder.path().join("plain"))));
    assert_truncated_below(600 * KB, peak_of(|| read_images(&liar[..], "reader")));

    // Again with a million pixels, which gzip brings to 1 KB, and with three million that it cannot make smaller.
    let liar = gzip(&idx(0x803, &[4_000_000_000, 28, 28], &vec![0; MB]));
    assert!(liar.len() < 1100, "{} bytes", liar.len());
    write(folder.path(), "liar.gz", &liar);
    assert_truncated_below(7 * MB, peak_of(|| Images::load(folder.path().join("liar.gz"))));
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..3 * MB)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let liar = gzip(&idx(0x803, &[4_000_000_000, 28, 28], &noise));
    assert!(liar.len() > 2 * MB, "{} bytes", liar.len());
    write(folder.path(), "noise.gz", &liar);
    assert_truncated_below(19 * MB, peak_of(|| Images::load(folder.path().join("noise.gz"))));

    // The promise for honest files: at most twice the data, and 0.6 MB a file.
    let mnist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/mnist");
    let (images, peak) = peak_of(|| Images::load(format!("{mnist}/t10k-images-idx3-ubyte.gz")).unwrap());
    assert_eq!(images.pixels().len(), 7_840_000);
    assert!(peak < 2 * 7_840_000 + 600 * KB, "{peak} bytes were allocated");
    let (mnist, peak) = peak_of(|| Mnist::load(mnist).unwrap());
    assert_eq!(mnist.train.images().pixels().len(), 47_040_000);
    assert!(peak < 2 * (47_040_000 + 60_000 + 7_840_000 + 10_000) + 2 * MB, "{peak} bytes were allocated");
}
