//! Bad input: one clear sentence, a non-zero exit, and nothing written.

use std::fs;

use crate::common::{Folder, called, data_set, fails, program, succeeds};

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";

fn read(folder: &Folder, name: &str) -> Vec<u8> {
    fs::read(folder.file(name)).expect("the file is there")
}

fn write(folder: &Folder, name: &str, bytes: &[u8]) {
    fs::write(folder.file(name), bytes).expect("the file is written");
}

/// Trains on the folder, which must fail with a sentence that has all `parts`; no checkpoint may appear.
#[track_caller]
fn training_fails(folder: &Folder, options: &[&str], parts: &[&str]) {
    let out = tempfile::tempdir().unwrap();
    let checkpoint = out.path().join("net.ckpt");
    let arguments = ["train-mnist", "--data-dir", folder.arg(), "--checkpoint", checkpoint.to_str().unwrap()];
    let error = fails(1, &[&arguments, options].concat());
    for part in parts {
        assert!(error.contains(part), "\"{error}\" does not say \"{part}\"");
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "something was written");
}

#[test]
fn a_missing_folder() {
    let error = fails(1, &["train-mnist", "--data-dir", "no/such/folder"]);
    assert!(error.contains("no/such/folder"), "{error}");
}

#[test]
fn a_folder_with_one_file_missing() {
    let folder = Folder::new();
    fs::remove_file(folder.file(TRAIN_LABELS)).unwrap();
    training_fails(&folder, &[], &[TRAIN_LABELS]);
}

#[test]
fn a_name_that_says_gzip_and_a_content_that_does_not() {
    let folder = Folder::new();
    fs::rename(folder.file(TRAIN_IMAGES), folder.file("train-images-idx3-ubyte.gz")).unwrap();
    training_fails(&folder, &[], &["train-images-idx3-ubyte.gz", "gzip"]);
}

#[test]
fn a_web_page_instead_of_data() {
    let folder = Folder::new();
    write(&folder, TRAIN_IMAGES, b"<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n");
    training_fails(&folder, &[], &[TRAIN_IMAGES, "HTML"]);
}

#[test]
fn a_wrong_magic_number() {
    let folder = Folder::new();
    let mut bytes = read(&folder, TEST_IMAGES);
    bytes[2] = 0x0d; // floats
    write(&folder, TEST_IMAGES, &bytes);
    training_fails(&folder, &[], &[TEST_IMAGES, "magic", "00000d03", "00000803"]);
}

#[test]
fn labels_where_images_should_be() {
    let folder = Folder::new();
    write(&folder, TRAIN_IMAGES, &read(&folder, TRAIN_LABELS));
    training_fails(&folder, &[], &[TRAIN_IMAGES, "00000801"]);
}

#[test]
fn a_truncated_file() {
    let folder = Folder::new();
    let bytes = read(&folder, TRAIN_IMAGES);
    write(&folder, TRAIN_IMAGES, &bytes[..bytes.len() - 100]);
    training_fails(&folder, &[], &[TRAIN_IMAGES, &(bytes.len() - 100).to_string(), &bytes.len().to_string()]);
}

#[test]
fn bytes_behind_the_end() {
    let folder = Folder::new();
    let mut bytes = read(&folder, TRAIN_LABELS);
    bytes.extend(b"more");
    write(&folder, TRAIN_LABELS, &bytes);
    training_fails(&folder, &[], &[TRAIN_LABELS]);
}

#[test]
fn a_header_that_claims_four_billion_images() {
    let folder = Folder::new();
    let mut bytes = read(&folder, TRAIN_IMAGES);
    bytes.truncate(1024);
    bytes[4..8].copy_from_slice(&4_000_000_000_u32.to_be_bytes());
    write(&folder, TRAIN_IMAGES, &bytes);
    // That no such memory is asked for is a test of the reader, with a counting allocator.
    training_fails(&folder, &[], &[TRAIN_IMAGES, "1024", "256000000016"]);
}

#[test]
fn images_and_labels_of_different_count() {
    let folder = Folder::new();
    let mut labels = read(&folder, TRAIN_LABELS);
    labels.truncate(8 + 199);
    labels[4..8].copy_from_slice(&199_u32.to_be_bytes());
    write(&folder, TRAIN_LABELS, &labels);
    training_fails(&folder, &[], &["200", "199"]);
}

#[test]
fn label_10() {
    let folder = Folder::new();
    let mut labels = read(&folder, TRAIN_LABELS);
    labels[8 + 3] = 10;
    write(&folder, TRAIN_LABELS, &labels);
    training_fails(&folder, &[], &[TRAIN_LABELS, "10", "0 to 9"]);
}

#[test]
fn images_of_32_by_32_train_a_net_of_their_own_and_are_refused_by_another() {
    let large = Folder::of(&data_set(32));
    let out = tempfile::tempdir().unwrap();
    let checkpoint = out.path().join("net.ckpt");
    let checkpoint = checkpoint.to_str().unwrap();
    let text =
        succeeds(&["train-mnist", "--data-dir", large.arg(), "--epochs", "1", "--checkpoint", checkpoint]);
    assert!(text.contains("1024 × n"), "{text}");
    succeeds(&["evaluate", "--data-dir", large.arg(), "--checkpoint", checkpoint]);
    let small = Folder::new();
    let error = fails(1, &["evaluate", "--data-dir", small.arg(), "--checkpoint", checkpoint]);
    assert!(error.contains("found 64, expected 1024"), "{error}");
}

#[test]
fn settings_out_of_range() {
    let folder = Folder::new();
    let with = |option: &str, value: &str| {
        let joined = format!("{option}={value}");
        for spelling in [&[option, value][..], &[&joined]] {
            let checkpoint = folder.file("net.ckpt");
            let start =
                ["train-mnist", "--data-dir", folder.arg(), "--checkpoint", checkpoint.to_str().unwrap()];
            let error = fails(2, &[&start, spelling].concat());
            let last = value.rsplit(',').next().unwrap();
            assert!(error.contains(&format!("'{last}'")) && error.contains("expected"), "{error}");
            assert!(error.ends_with("see chainrule train-mnist --help"), "{error}");
            assert!(!checkpoint.exists());
        }
    };
    with("--batch-size", "0");
    with("--hidden", "0");
    with("--epochs", "0");
    with("--threads", "0");
    with("--threads", "60000");
    for rate in ["NaN", "0", "-0.1", "inf", "-inf", "fast"] {
        with("--learning-rate", rate);
    }
    with("--momentum", "1");
    with("--weight-decay", "-1");
    with("--init", "NaN");
    with("--init", "-1");
    with("--init", "1e300");
    with("--dropout", "1");
    with("--label-smoothing", "-0.1");
    with("--validation", "1");
    with("--ema", "NaN");
    with("--clip-norm", "0");
    with("--early-stopping", "0");
    with("--hidden", "10,0");
    with("--schedule", "warm-up:100");
    with("--seed", "-1");
    with("--seed", "18446744073709551616");
}

#[test]
fn a_batch_larger_than_the_data_is_one_smaller_batch() {
    let folder = Folder::new();
    let arguments =
        ["train-mnist", "--data-dir", folder.arg(), "--epochs", "2", "--batch-size", "100000", "--json"];
    let text = succeeds(&arguments);
    assert!(text.lines().last().unwrap().contains("\"epochs\":2,\"steps\":2,"), "{text}");
}

#[test]
fn options_and_commands_that_do_not_exist() {
    let error = fails(2, &["train-mnist", "--learning-rat", "1"]);
    assert!(error.contains("'--learning-rat'") && error.contains("'--learning-rate'"), "{error}");
    let error = fails(2, &["train-mist"]);
    assert!(error.contains("'train-mist'") && error.contains("'train-mnist'"), "{error}");
    let error = fails(2, &[]);
    assert!(error.contains("no command"), "{error}");
    fails(2, &["train-mnist", "--steps", "5", "--epochs", "1"]);
    fails(2, &["evaluate"]);
    let error = fails(2, &["train-mnist", "--momentum", "0.5"]);
    assert!(error.contains("--optimizer momentum"), "{error}");
    let error = fails(2, &["evaluate", "net.ckpt"]);
    assert!(error.ends_with("see chainrule evaluate --help"), "{error}");
}

#[test]
fn options_that_contradict_each_other() {
    for (options, says) in [
        (
            &["--activation", "relu,tanh,elu", "--hidden", "9,8"][..],
            "found 3 activations, expected one for all 2",
        ),
        (&["--early-stopping", "3"], "add --validation 0.1"),
        (&["--loss", "huber", "--label-smoothing", "0.1"], "are for --loss softmax-cross-entropy"),
        (&["--optimizer", "adam", "--momentum", "0.5"], "adam has no momentum"),
        (&["--clip-norm", "1", "--clip-value", "1"], "cannot be used with"),
    ] {
        let error = fails(2, &[&["train-mnist"], options].concat());
        assert!(error.contains(says), "{error}");
    }
    let folder = Folder::new();
    training_fails(&folder, &["--class-weights", "1,2"], &["class weights is 2, expected 10"]);
    training_fails(
        &folder,
        &["--schedule", "warmup:9+cosine", "--steps", "9"],
        &["expected more than 9 steps"],
    );
}

#[test]
fn configurations_that_cannot_be_read() {
    let folder = Folder::new();
    let error = fails(1, &["train-mnist", "--config", "no/such.toml"]);
    assert!(error.contains("cannot read the configuration no/such.toml"), "{error}");
    for (text, says) in [
        ("[training", "line 1: "),
        ("[training]\nbatch_size = 5\nlerning = 3\n", "line 3: unknown field `lerning`"),
        ("[training.optimizer.adam]\nlearning_rate = -1.0\n", "line 2: learning rate -1, expected"),
        ("[network]\nactivation = [\"ReLU\"]\n", "line 2: activation is \"ReLU\", expected one of sigmoid"),
        ("[network]\ninit = \"large\"\n", "line 2: "),
        ("[training]\nschedule = \"warm\"\n", "line 2: no schedule is called \"warm\""),
        ("[training]\nbatch_size = -5\n", "line 2: "),
        (
            "[training]\noptimizer = \"adam\"\n",
            "line 2: \"adam\" has settings of its own: write [training.optimizer.adam]",
        ),
        (
            "[network]\nloss = \"huber\"\n",
            "line 2: \"huber\" has settings of its own: write [network.loss.huber]",
        ),
        ("[training]\nbatch_size = -1", "integer `-1`, expected a whole number of 0 or more"),
        ("[training]\nbatch_size = 1.5", "`1.5`, expected a whole number of 0 or more"),
        (
            "[training]\nseed = 99999999999999999999",
            "`99999999999999999999`, expected a whole number from 0 to 18",
        ),
        ("[training]\nvalidation = \"x\"", "string \"x\", expected a number"),
        ("[training]\nearly_stopping = 5", "integer `5`, expected a table of fields"),
        ("[training]\nclip.value = 5", "integer `5`, expected a table of fields"),
        ("[training]\nclip = \"norm\"", "\"norm\" has settings of its own: write [training.clip.norm]"),
        ("[training]\nclip = 5", "line 2: expected a name, or a table of fields"),
        ("[training.length]\nepochs = 1\nsteps = 1", "found more than one choice, expected one"),
        ("[network]\nhidden = 50", "integer `50`, expected a list"),
        ("[network]\nbatch_norm = 3", "integer `3`, expected true or false"),
        ("network = 3", "integer `3`, expected a table of fields"),
    ] {
        write(&folder, "run.toml", text.as_bytes());
        let error = fails(1, &["train-mnist", "--config", folder.file("run.toml").to_str().unwrap()]);
        assert!(error.contains("run.toml, ") && error.contains(says), "{error}");
    }
    let error = fails(1, &["train-mnist", "--config", "/dev/zero"]);
    assert!(error.contains("/dev/zero: it is longer than 16384 bytes"), "{error}");
    // What can be read and makes no sense.
    write(&folder, "run.toml", b"[training]\nbatch_size = 0\n");
    let config = folder.file("run.toml");
    training_fails(&folder, &["--config", config.to_str().unwrap()], &["batch size is 0"]);
    for threads in ["0", "100000"] {
        write(&folder, "run.toml", format!("[training]\nthreads = {threads}\n").as_bytes());
        let says = format!("threads is {threads}, expected 1 to 1024");
        training_fails(&folder, &["--config", config.to_str().unwrap()], &[&says]);
    }
}

#[test]
fn a_net_that_diverges() {
    let folder = Folder::new();
    let options = ["--activation", "relu", "--learning-rate", "1e30", "--quiet"];
    training_fails(&folder, &options, &["diverged", "step", "epoch 1", "smaller learning rate (it is 1e30)"]);
}

#[test]
fn a_rate_that_nothing_is_learned_with() {
    let folder = Folder::new();
    let arguments = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "2", "--learning-rate", "1e30"];
    let output = called(&arguments);
    assert!(output.status.success(), "{output:?}");
    let warning = "the learning rate is 1e30, with which every step goes far beyond what it aims at";
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches(warning).count(), 1, "{output:?}");
    let events = succeeds(&[&arguments[..], &["--json"]].concat());
    assert_eq!(events.matches(&format!("\"message\":\"{warning}")).count(), 1, "{events}");
}

#[test]
fn a_checkpoint_with_nowhere_to_go_is_noticed_before_training() {
    let folder = Folder::new();
    let missing = folder.file("missing").join("net.ckpt");
    let missing = missing.to_str().unwrap();
    let error = fails(1, &["train-mnist", "--data-dir", folder.arg(), "--checkpoint", missing]);
    assert!(error.starts_with("error: cannot write the checkpoint "), "{error}");
    let error = fails(1, &["train-mnist", "--data-dir", folder.arg(), "--checkpoint", folder.arg()]);
    assert!(error.contains("something else than a file"), "{error}");
}

#[test]
fn rates_that_are_nothing_or_infinite_in_f32() {
    let folder = Folder::new();
    training_fails(&folder, &["--learning-rate", "1e-60"], &["1e-60", "f32 can hold"]);
    training_fails(&folder, &["--learning-rate", "1e39"], &["1e39", "f32 can hold"]);
}

#[test]
fn a_net_too_large_for_any_memory() {
    let folder = Folder::new();
    training_fails(
        &folder,
        &["--hidden", "1000000000000"],
        &["64-1000000000000-10", "at most 268435456 parameters"],
    );
}

/// A reader that goes away, and a disk that is full, while a network is trained.
#[cfg(unix)]
#[test]
fn a_network_is_not_lost_with_its_output() {
    let folder = Folder::new();
    let train = |output: std::process::Stdio, name: &str| {
        program()
            .args(["train-mnist", "--data-dir", folder.arg(), "--epochs", "3", "--checkpoint"])
            .arg(folder.file(name))
            .stdout(output)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut gone = train(std::process::Stdio::piped(), "gone.ckpt");
    drop(gone.stdout.take());
    assert!(gone.wait().unwrap().success());
    assert!(folder.file("gone.ckpt").exists());

    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = train(full.into(), "full.ckpt").wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("error: the results could not be printed: ") && error.lines().count() == 1,
        "{error}"
    );
    assert!(folder.file("full.ckpt").exists());
}

#[test]
fn files_that_are_no_good_checkpoint() {
    let folder = Folder::new();
    let path = folder.file("net.ckpt");
    let path = path.to_str().unwrap();
    succeeds(&["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--checkpoint", path]);
    let good = read(&folder, "net.ckpt");
    let mut altered = good.clone();
    altered[good.len() / 2] ^= 1;
    let cases: [(&[u8], &str); 4] = [
        (b"", "found 0 bytes"),
        (&good[..good.len() - 1], "it was cut"),
        (&altered, "is damaged: its checksum is"),
        (b"\x89PNG\r\n\x1a\n and the rest of a picture", "is not a chainrule checkpoint"),
    ];
    for (bytes, says) in cases {
        write(&folder, "bad.ckpt", bytes);
        let bad = folder.file("bad.ckpt");
        let error =
            fails(1, &["evaluate", "--data-dir", folder.arg(), "--checkpoint", bad.to_str().unwrap()]);
        assert!(error.contains(says) && error.contains("bad.ckpt"), "{error}");
    }
    let error = fails(1, &["evaluate", "--checkpoint", "no/such.ckpt"]);
    assert!(error.contains("cannot read the checkpoint no/such.ckpt"), "{error}");
}
