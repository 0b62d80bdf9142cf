//! What holds whatever the bytes: shared with the fuzzer.

#[path = "../everything.rs"]
pub(crate) mod everything;

use std::{env, fs, ops::ControlFlow, process};

use chainrule_fuzzing::within;
use chainrule_tensor::Matrix;
use chainrule_trainer::{
    Checkpoint, Checkpoints, Event, Mlp, Resume,
    checkpoint_format::{MEMORY_FACTOR, MEMORY_MORE},
    train,
};
use everything::{network, training, with_data};

fn read(bytes: &[u8]) -> Option<Checkpoint> {
    // The bytes themselves are there already.
    let most = (MEMORY_FACTOR - 1) * bytes.len() + MEMORY_MORE;
    within(most, || Checkpoint::from_bytes(bytes)).ok()
}

/// Any bytes as a checkpoint: what is read can be used, and comes back when it is written.
pub(crate) fn checkpoint(bytes: &[u8]) {
    let Some(found) = read(bytes) else { return };
    let config = found.net.config();
    config.check().expect("the configuration of a network that was read");
    let n_inputs = config.input.size();
    assert_eq!(found.net.predict(&Matrix::zeros(n_inputs, 2)).ncols(), 2);
    // As bytes, since not all of it has to be a number.
    let written = found.to_bytes();
    let again = read(&written).expect("what is written can be read");
    assert!(again.to_bytes() == written && again.net.config() == config);
}

/// Any payload: magic, version, kind, length and checksum are made right.
pub(crate) fn checkpoint_sealed(bytes: &[u8]) {
    checkpoint(&sealed(bytes));
}

/// Any state: a run that goes on from it is refused or comes to its end.
pub(crate) fn resume(bytes: &[u8]) {
    let bytes = sealed(bytes);
    if read(&bytes).is_none_or(|checkpoint| checkpoint.state.is_none()) {
        return;
    }
    // A process of the fuzzer, and a test's only thread that comes here, has one file, which it leaves behind if it fails.
    let file = env::temp_dir().join(format!("chainrule-{}.ckpt", process::id()));
    fs::write(&file, bytes).expect("a file can be written");
    with_data(|data| {
        let mut net = Mlp::new(network(data)).expect("a good configuration");
        let mut n_steps = 0;
        let observe = |event: Event<'_>| {
            n_steps += usize::from(matches!(event, Event::Step { .. }));
            ControlFlow::Continue(())
        };
        let checkpoints = Checkpoints::default().with_resume(Resume::From(file.clone()));
        if let Ok(summary) =
            train(&mut net, data).config(&training()).checkpoints(&checkpoints).callback(observe).run()
        {
            assert!(n_steps <= 6 && summary.steps <= 6, "{n_steps} steps of {}", summary.steps);
        }
    });
    fs::remove_file(file).expect("it was written above");
}

/// The file whose payload these bytes have, and all else of it right.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let version = if bytes.get(8).is_none_or(|byte| byte % 2 == 0) { 2_u32 } else { 1 };
    let kind = if bytes.get(12).is_none_or(|byte| byte % 2 == 0) { 2_u32 } else { 1 };
    let header = if version == 1 { 20 } else { 24 };
    let payload = bytes.get(header..bytes.len().saturating_sub(4)).unwrap_or_default();
    let mut file = b"chainrul".to_vec();
    file.extend(version.to_le_bytes());
    if version == 2 {
        file.extend(kind.to_le_bytes());
    }
    file.extend((payload.len() as u64).to_le_bytes());
    file.extend(payload);
    file.extend(crc32fast::hash(&file).to_le_bytes());
    file
}
