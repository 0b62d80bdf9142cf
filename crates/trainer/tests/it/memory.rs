//! How much memory reading a lying checkpoint takes, counted by the allocator.

use std::fs;

use chainrule_fuzzing::within;
use chainrule_trainer::{
    Checkpoint, CheckpointProblem, MlpConfig, TrainConfig, TrainingRecord, TwoLayerNet,
    checkpoint_format::{MEMORY_FACTOR, MEMORY_MORE},
};

/// Every 8 bytes of the payload in turn become a length prefix of almost 4 GB, under a checksum that fits: the memory is
/// still what the format promises.
#[test]
fn no_length_prefix_is_believed() {
    let net = TwoLayerNet::new(MlpConfig::new([3, 4, 2])).unwrap();
    let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
    let network = Checkpoint::new(net, record).to_bytes();
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/version_2_run.ckpt");
    for bytes in [network, fs::read(run).unwrap()] {
        let mut n_refused = 0;
        for i in 24..bytes.len() - 12 {
            let mut lying = bytes[..bytes.len() - 4].to_vec();
            lying[i..i + 8].copy_from_slice(&0xfff0_0000_u64.to_le_bytes());
            lying.extend(crc32fast::hash(&lying).to_le_bytes());
            let most = MEMORY_FACTOR * bytes.len() + MEMORY_MORE;
            let result = within(most, || Checkpoint::from_bytes(&lying));
            n_refused += usize::from(matches!(result, Err(CheckpointProblem::Decode(_))));
        }
        assert!(n_refused > 50, "only {n_refused} lies were noticed");
    }

    // Where nothing lies, it is a few times the file.
    let net = TwoLayerNet::new(MlpConfig::new([300, 400, 200])).unwrap();
    let bytes = Checkpoint::new(net, TrainingRecord::new(TrainConfig::new(), Vec::new())).to_bytes();
    within(MEMORY_FACTOR * bytes.len(), || Checkpoint::from_bytes(&bytes)).unwrap();
}
