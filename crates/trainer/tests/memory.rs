//! How much memory reading a lying checkpoint takes, counted by the allocator. One test only, so that nothing else
//! allocates meanwhile.
#![cfg(feature = "checkpoint")]
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement; this one counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use chainrule_trainer::{Checkpoint, CheckpointProblem, MlpConfig, TrainConfig, TrainingRecord, TwoLayerNet};

/// The largest single allocation.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Recording;

// SAFETY: every call goes to the system allocator unchanged.
unsafe impl GlobalAlloc for Recording {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Relaxed);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Recording = Recording;

/// Every 8 bytes of the payload in turn become a length prefix of almost 4 GB, under a checksum that fits.
#[test]
fn no_length_prefix_is_believed() {
    let net = TwoLayerNet::new(&MlpConfig::new([3, 4, 2])).unwrap();
    let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
    let bytes = Checkpoint::new(net, record).to_bytes();
    let mut n_refused = 0;
    for i in 24..bytes.len() - 12 {
        let mut lying = bytes[..bytes.len() - 4].to_vec();
        lying[i..i + 8].copy_from_slice(&0xfff0_0000_u64.to_le_bytes());
        lying.extend(crc32fast::hash(&lying).to_le_bytes());
        LARGEST.store(0, Relaxed);
        n_refused += usize::from(matches!(Checkpoint::from_bytes(&lying), Err(CheckpointProblem::Decode(_))));
        let largest = LARGEST.load(Relaxed);
        assert!(largest <= 1 << 20, "{largest} bytes for a file of {} with a lie at {i}", bytes.len());
    }
    assert!(n_refused > 50, "only {n_refused} lies were noticed");
}
