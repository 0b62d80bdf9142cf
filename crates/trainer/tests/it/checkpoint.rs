//! Checkpoints: what is saved comes back, and a file that is not what was written is an error that says why.

use std::fs;

use chainrule_layers::{BatchNorm, Elu, LeakyRelu};
use chainrule_losses::BinaryCrossEntropy;
use chainrule_optimizers::{Momentum, OptimizerConfig};
use chainrule_tensor::{Init, Matrix};
use chainrule_trainer::{
    Activation, Checkpoint, CheckpointProblem, Error, MlpConfig, TrainConfig, TrainingRecord, TwoLayerNet,
};

const HEADER: usize = 24;

fn checkpoint() -> Checkpoint {
    let config =
        MlpConfig::new([3, 4, 2]).with_activation(Activation::Relu).with_init(Init::HeNormal).with_seed(11);
    let optimizer = OptimizerConfig::from(Momentum::new(0.05));
    let record = TrainingRecord::new(TrainConfig::new().with_steps(7).with_optimizer(optimizer), Vec::new());
    Checkpoint::new(TwoLayerNet::new(&config).unwrap(), record)
}

fn problem(bytes: &[u8]) -> CheckpointProblem {
    Checkpoint::from_bytes(bytes).expect_err("this is not a good checkpoint")
}

/// A file with another payload, whose header and checksum fit it.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = checkpoint().to_bytes()[..16].to_vec();
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn payload() -> Vec<u8> {
    let bytes = checkpoint().to_bytes();
    bytes[HEADER..bytes.len() - 4].to_vec()
}

#[test]
fn what_is_saved_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.ckpt");
    let saved = checkpoint();
    saved.save(&path).unwrap();
    let loaded = Checkpoint::load(&path).unwrap();
    assert_eq!(loaded.net.config(), saved.net.config());
    assert_eq!(loaded.training, saved.training);
    assert_eq!(loaded.net.parameters_crc32(), saved.net.parameters_crc32());
    let x = Matrix::from_column_slice(3, 1, &[0.1, -0.2, 0.3]);
    assert_eq!(loaded.net.predict(&x), saved.net.predict(&x));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays behind: {left:?}");
}

#[test]
fn settings_of_layers_and_weights_of_yes_come_back() {
    let config = MlpConfig::new([3, 4, 5, 2])
        .with_activations([Activation::LeakyRelu, Activation::Elu, Activation::Identity])
        .with_norm(BatchNorm::default().with_momentum(1.0 / 3.0).with_eps(1e-3))
        .with_leaky_relu(LeakyRelu::new(0.2))
        .with_elu(Elu::new(0.7))
        .with_loss(BinaryCrossEntropy.with_pos_weight([2.5, 0.1]));
    let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
    let saved = Checkpoint::new(TwoLayerNet::new(&config).unwrap(), record);
    let loaded = Checkpoint::from_bytes(&saved.to_bytes()).unwrap();
    assert_eq!(MlpConfig::of(loaded.net.config()), Some(config.clone()));
    // One weight for all outputs is as good, another number is not.
    let of = |weights: &[f64]| config.clone().with_loss(BinaryCrossEntropy.with_pos_weight(weights)).check();
    assert!(of(&[2.0]).is_ok());
    assert_eq!(
        of(&[1.0, 2.0, 3.0]).unwrap_err().to_string(),
        "the number of weights of yes is 3, expected 1 or 2, one for every output"
    );
}

/// Its square root would be NaN, and so would all outputs.
#[test]
fn a_running_variance_below_0_is_refused() {
    let mut net = TwoLayerNet::new(MlpConfig::new([3, 4, 2]).with_batch_norm(true)).unwrap();
    let name =
        net.tensors().map(|(tensor, _)| tensor.name.clone()).find(|name| name.starts_with("running_var"));
    let name = name.unwrap();
    let mut with = |value: f32| {
        net.tensor_mut(&name).unwrap().as_mut_slice()[2] = value;
        let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
        Checkpoint::from_bytes(&Checkpoint::new(net.clone(), record).to_bytes())
    };
    assert!(with(0.0).is_ok() && with(-0.0).is_ok());
    let problem = with(-0.5).unwrap_err();
    assert_eq!(problem, CheckpointProblem::Variance { name: name.clone(), index: 2, value: -0.5 });
    assert_eq!(problem.to_string(), format!("has a variance below 0: {name}[2] is -0.5"));
    // A running mean may be.
    net.tensor_mut(&name).unwrap().as_mut_slice()[2] = 1.0;
    net.tensor_mut(&name.replace("var", "mean")).unwrap().as_mut_slice()[2] = -0.5;
    let record = TrainingRecord::new(TrainConfig::new(), Vec::new());
    assert!(Checkpoint::from_bytes(&Checkpoint::new(net, record).to_bytes()).is_ok());
}

#[test]
fn a_failed_save_leaves_the_old_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("net.ckpt");
    let error = checkpoint().save(&path).unwrap_err().to_string();
    assert!(error.starts_with("cannot write the checkpoint "), "{error}");
    assert_eq!(Checkpoint::check_path(&path).unwrap_err().to_string(), error);
    // A folder is in the way.
    let path = folder.path().join("folder");
    fs::create_dir_all(path.join("content")).unwrap();
    assert!(matches!(checkpoint().save(&path), Err(Error::Io { doing: "write", .. })));
    assert!(matches!(Checkpoint::check_path(&path), Err(Error::Io { doing: "write", .. })));
    assert!(path.join("content").exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn asking_whether_a_path_will_do_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.ckpt");
    Checkpoint::check_path(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::write(&path, b"precious").unwrap();
    Checkpoint::check_path(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay_and_pipes_are_refused() {
    use std::{os::unix::fs::PermissionsExt, process::Command};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.ckpt"), folder.path().join("link.ckpt"));
    fs::write(&real, b"old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    checkpoint().save(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    Checkpoint::load(&real).unwrap();
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);

    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(checkpoint().save(&pipe), Err(Error::Io { doing: "write", .. })));
}

/// Reading such a file to its end would fill the memory; its first bytes say enough.
#[cfg(unix)]
#[test]
fn a_file_without_end_is_not_read() {
    let error = Checkpoint::load("/dev/zero").unwrap_err().to_string();
    assert!(error.starts_with("/dev/zero: is not a chainrule checkpoint"), "{error}");
}

#[test]
fn a_missing_file_is_told_by_its_name() {
    let error = Checkpoint::load("no/such/net.ckpt").unwrap_err().to_string();
    assert!(error.starts_with("cannot read the checkpoint no/such/net.ckpt: "), "{error}");
}

#[test]
fn the_file_is_named_in_every_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.ckpt");
    fs::write(&path, []).unwrap();
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{}: is no whole checkpoint: found 0 bytes, expected at least 24", path.display())
    );
}

#[test]
fn other_files_are_told_from_checkpoints() {
    assert_eq!(
        problem(b"<!DOCTYPE html><title>not found</title>").to_string(),
        "is not a chainrule checkpoint: it starts with \"<!DOCTYP\", expected \"chainrul\""
    );
    assert_eq!(
        problem(b"PK\x03").to_string(),
        "is not a chainrule checkpoint: it starts with \"PK\\x03\", expected \"chainrul\""
    );
    let mut later = checkpoint().to_bytes();
    later[8] = 200;
    let expected = "has checkpoint format 200, this version reads 1, 2 and 3";
    assert_eq!(problem(&later).to_string(), expected);
}

#[test]
fn every_cut_and_every_addition_is_noticed() {
    let bytes = checkpoint().to_bytes();
    Checkpoint::from_bytes(&bytes).expect("the whole file is good");
    for length in 0..bytes.len() {
        match problem(&bytes[..length]) {
            CheckpointProblem::TooShort { .. } => assert!(length < HEADER),
            CheckpointProblem::Length { found, expected } => {
                assert_eq!((found, expected), (length as u64, bytes.len() as u64));
            }
            other => panic!("cut to {length}: {other}"),
        }
    }
    let longer = [&bytes[..], b"\n"].concat();
    let (found, expected) = (longer.len(), bytes.len());
    let message = format!("has {found} bytes, its header says {expected}: it was appended to");
    assert_eq!(problem(&longer).to_string(), message);
}

#[test]
fn every_altered_byte_is_noticed() {
    let bytes = checkpoint().to_bytes();
    for i in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[i] ^= flip;
            let problem = problem(&altered);
            let right_kind = match i {
                0..8 => matches!(problem, CheckpointProblem::Foreign { .. }),
                // 3 with its lowest bit flipped is another version that is read.
                8 if flip == 1 => matches!(problem, CheckpointProblem::Checksum { .. }),
                8..12 => matches!(problem, CheckpointProblem::Version { .. }),
                16..HEADER => matches!(problem, CheckpointProblem::Length { .. }),
                _ => matches!(problem, CheckpointProblem::Checksum { .. }),
            };
            assert!(right_kind, "byte {i}: {problem}");
        }
    }
}

/// Even with a checksum that fits, no payload makes the reader panic, and none that is cut is accepted.
#[test]
fn a_payload_that_lies_is_refused() {
    let payload = payload();
    Checkpoint::from_bytes(&sealed(&payload)).expect("the whole payload is good");
    for length in 0..payload.len() {
        assert!(
            matches!(problem(&sealed(&payload[..length])), CheckpointProblem::Decode(_)),
            "cut to {length}"
        );
    }
    let longer = [&payload[..], &[0; 3]].concat();
    assert_eq!(problem(&sealed(&longer)).to_string(), "cannot be decoded: 3 bytes follow the last value");
    for i in 0..payload.len() {
        let mut altered = payload.clone();
        altered[i] ^= 0xff;
        let _ = Checkpoint::from_bytes(&sealed(&altered)); // an error or another network, never a panic
    }
}

#[test]
fn parameters_that_are_not_the_networks_are_refused() {
    // The payload begins with the settings as text.
    let payload = payload();
    let text = b"\"channels\":3";
    let at = payload.windows(text.len()).position(|bytes| bytes == text).unwrap() + text.len() - 1;
    let mut other_shape = payload.clone();
    other_shape[at] = b'5';
    assert_eq!(
        problem(&sealed(&other_shape)).to_string(),
        "has the parameter W1 (4×3), the network it describes expects W1 (4×5)"
    );
    let mut no_inputs = payload;
    no_inputs[at] = b'0';
    assert_eq!(
        problem(&sealed(&no_inputs)).to_string(),
        "cannot be decoded: layer 1 (affine): 0 inputs and 4 outputs, expected at least 1 of both"
    );
}

#[test]
fn a_parameter_that_is_not_finite_is_refused() {
    let mut checkpoint = checkpoint();
    checkpoint.net.tensor_mut("b1").unwrap().as_mut_slice()[2] = f32::INFINITY;
    assert_eq!(
        problem(&checkpoint.to_bytes()).to_string(),
        "has a parameter that is not finite: b1[2] is inf"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = checkpoint.save(folder.path().join("net.ckpt")).unwrap_err().to_string();
    assert!(error.ends_with("net.ckpt: has a parameter that is not finite: b1[2] is inf"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
