//! How much memory reading a lying checkpoint takes, counted by the allocator. One test only, so that nothing else
//! allocates meanwhile.
#![cfg(feature = "checkpoint")]
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement; this one counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use chainrule_trainer::{Checkpoint, CheckpointProblem, MlpConfig, TrainConfig, TrainingRecord, TwoLayerNet};

/// Bytes allocated now, and the most there were.
static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(now, Relaxed);
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

/// How much memory `read` takes at its most.
fn memory_of<R>(read: impl FnOnce() -> R) -> (usize, R) {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    let result = read();
    (MOST.load(Relaxed) - before, result)
}

/// Every 8 bytes of the payload in turn become a length prefix of almost 4 GB, under a checksum that fits: the memory is
/// still what the format promises.
#[test]
fn no_length_prefix_is_believed() {
    let net = TwoLayerNet::new(&MlpConfig::new([3, 4, 2])).unwrap();
    let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
    let network = Checkpoint::new(net, record).to_bytes();
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/version_2_run.ckpt");
    for bytes in [network, fs::read(run).unwrap()] {
        let mut n_refused = 0;
        for i in 24..bytes.len() - 12 {
            let mut lying = bytes[..bytes.len() - 4].to_vec();
            lying[i..i + 8].copy_from_slice(&0xfff0_0000_u64.to_le_bytes());
            lying.extend(crc32fast::hash(&lying).to_le_bytes());
            let (memory, result) = memory_of(|| Checkpoint::from_bytes(&lying));
            n_refused += usize::from(matches!(result, Err(CheckpointProblem::Decode(_))));
            let most = 7 * bytes.len() + (3 << 20);
            assert!(memory <= most, "{memory} bytes for a file of {} with a lie at {i}", bytes.len());
        }
        assert!(n_refused > 50, "only {n_refused} lies were noticed");
    }

    // Where nothing lies, it is a few times the file.
    let net = TwoLayerNet::new(&MlpConfig::new([300, 400, 200])).unwrap();
    let bytes = Checkpoint::new(net, TrainingRecord::new(TrainConfig::new(), Vec::new())).to_bytes();
    let (memory, result) = memory_of(|| Checkpoint::from_bytes(&bytes));
    result.unwrap();
    assert!(memory <= 7 * bytes.len(), "{memory} bytes for a file of {}", bytes.len());
}
