//! Whatever the bytes: a checkpoint or an error, within the memory that is promised; a short run of what the fuzzer does.

pub(crate) mod targets;

use std::{fs, path::Path};

use chainrule_fuzzing::{run, write};
use chainrule_trainer::Checkpoint;

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");

/// The committed file of every version.
fn seeds() -> Vec<(String, Vec<u8>)> {
    ["version_1.ckpt", "version_2_network.ckpt", "version_2_run.ckpt"]
        .map(|name| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats").join(name);
            (name.to_string(), fs::read(path).unwrap())
        })
        .to_vec()
}

/// `cargo test -p chainrule-trainer --test it -- --ignored write_seeds`: no test, but what makes the committed seeds. It writes into the
/// sources, so that it runs by name alone.
#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    for target in ["checkpoint", "checkpoint_sealed"] {
        write(Path::new(SEEDS).join(target), seeds());
    }
    write(Path::new(SEEDS).join("resume"), seeds().split_off(2));
}

#[test]
fn any_bytes_are_a_checkpoint_or_an_error() {
    let files = run(Path::new(SEEDS).join("checkpoint"), 2000, targets::checkpoint);
    assert!(files.iter().all(|bytes| Checkpoint::from_bytes(bytes).is_ok()));
    run(Path::new(SEEDS).join("checkpoint_sealed"), 2000, targets::checkpoint_sealed);
}

#[test]
fn any_state_is_gone_on_from_or_refused() {
    run(Path::new(SEEDS).join("resume"), 500, targets::resume);
}
