//! `train-mnist --log-dir`: what is in the folder, that the training stays the same, and what becomes of failures.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use chainrule_logs::read_scalars;
use chainrule_tensor::ARITHMETIC;
use chainrule_trainer::Checkpoint;
use serde_json::Value;

use crate::{
    PROGRAM,
    common::{Folder, clean, fails, json, succeeds},
};

/// The arguments of a small run.
fn arguments<'a>(data: &'a Folder, more: &[&'a str]) -> Vec<&'a str> {
    let small = [
        "train-mnist",
        "--json",
        "--data-dir",
        data.arg(),
        "--hidden",
        "6",
        "--batch-size",
        "20",
        "--seed",
        "3",
    ];
    [&small[..], more].concat()
}

fn last(lines: &str) -> Value {
    serde_json::from_str(lines.lines().last().unwrap()).unwrap()
}

/// Steps and values of one tag.
fn of_tag(folder: &Path, tag: &str) -> Vec<(u64, Option<f64>)> {
    let scalars = read_scalars(folder).unwrap().into_iter();
    scalars.filter(|scalar| scalar.tag == tag).map(|scalar| (scalar.step, scalar.value)).collect()
}

#[test]
fn logs_hold_what_the_run_says_and_change_no_bit_of_it() {
    let data = Folder::new();
    let logs = data.file("logs");
    let without = succeeds(&arguments(&data, &["--epochs", "3"]));
    let with = succeeds(&arguments(&data, &["--epochs", "3", "--log-dir", logs.to_str().unwrap()]));
    assert_eq!(last(&with)["parameters_crc32"], last(&without)["parameters_crc32"]);

    let epochs = &json::objects(&with)[..3];
    for (said, tag) in [("train_loss", "loss/train"), ("test_accuracy", "accuracy/test")] {
        let expected: Vec<_> = epochs
            .iter()
            .map(|epoch| {
                let value = f64::from(epoch[said].as_f64().unwrap() as f32);
                (epoch["step"].as_u64().unwrap(), Some(value))
            })
            .collect();
        assert_eq!(of_tag(&logs, tag), expected, "{tag}");
    }
    let scalars = read_scalars(&logs).unwrap();
    let tags: Vec<&str> = scalars.iter().take(scalars.len() / 3).map(|scalar| &*scalar.tag).collect();
    for tag in
        ["learning_rate", "samples_per_second", "weight_norm/W1", "gradient_norm/b2", "dead_units/layer2"]
    {
        assert!(tags.contains(&tag), "{tag}: {tags:?}");
    }

    // The folder stands for its network.
    let of_folder = ["evaluate", "--data-dir", data.arg(), "--json", "--checkpoint", logs.to_str().unwrap()];
    assert_eq!(json::objects(&succeeds(&of_folder))[0]["test_accuracy"], last(&with)["test_accuracy"]);

    let checkpoint = Checkpoint::load(logs.join("network.ckpt")).unwrap();
    let crc = format!("{:08x}", checkpoint.net.parameters_crc32());
    assert_eq!(last(&with)["parameters_crc32"], crc);
    assert_eq!(checkpoint.training.history.len(), 3);
}

#[test]
fn every_epoch_is_logged_with_the_number_of_its_arithmetic() {
    let data = Folder::new();
    let (logs, checkpoint) = (data.file("logs"), data.file("net.ckpt"));
    let (logs_arg, checkpoint_arg) = (logs.to_str().unwrap(), checkpoint.to_str().unwrap());
    succeeds(&arguments(&data, &["--epochs", "2", "--checkpoint", checkpoint_arg, "--log-dir", logs_arg]));
    let number = Some(f64::from(ARITHMETIC));
    assert_eq!(of_tag(&logs, "arithmetic"), [(10, number), (20, number)]);
    // TensorBoard's file has the tag as well.
    let is_events = |path: &PathBuf| path.to_string_lossy().contains("tfevents");
    let mut files = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().path());
    let events = fs::read(files.find(is_events).unwrap()).unwrap();
    assert_eq!(events.windows(10).filter(|bytes| bytes == b"arithmetic").count(), 2);

    // Logs of earlier programs, which are without it, are gone on with and shown.
    let path = logs.join("scalars.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let without = text.split_inclusive('\n').filter(|line| !line.contains("\"arithmetic\""));
    fs::write(&path, without.collect::<String>()).unwrap();
    let go_on = ["train-mnist", "--json", "--data-dir", data.arg(), "--log-dir", logs_arg];
    succeeds(&[&go_on[..], &["--resume", checkpoint_arg, "--epochs", "3"]].concat());
    assert_eq!(of_tag(&logs, "arithmetic"), [(30, number)]);
    assert_eq!(json::objects(&succeeds(&["history", "--json", logs_arg])).len(), 3);
    let page = data.file("page.html");
    succeeds(&["report", "--data-dir", data.arg(), "--output", page.to_str().unwrap(), logs_arg]);
    assert!(page.exists());
}

#[test]
fn a_resumed_run_goes_on_in_its_logs() {
    let data = Folder::new();
    let (logs, checkpoint) = (data.file("logs"), data.file("net.ckpt"));
    let (logs_arg, checkpoint_arg) = (logs.to_str().unwrap(), checkpoint.to_str().unwrap());
    let begun = ["--epochs", "2", "--checkpoint", checkpoint_arg, "--log-dir", logs_arg];
    succeeds(&arguments(&data, &begun));
    let go_on = |epochs: &str| {
        let data_dir = ["train-mnist", "--json", "--data-dir", data.arg(), "--log-dir", logs_arg];
        succeeds(&[&data_dir[..], &["--resume", checkpoint_arg, "--epochs", epochs]].concat());
        of_tag(&logs, "loss/train").into_iter().map(|(step, _)| step).collect::<Vec<_>>()
    };
    assert_eq!(go_on("5"), [10, 20, 30, 40, 50]);
    assert_eq!(go_on("3"), [10, 20, 30]);

    // Another run's epochs are not gone on with.
    let other = data.file("other.ckpt");
    let other = other.to_str().unwrap();
    succeeds(&arguments(&data, &["--epochs", "1", "--learning-rate", "0.2", "--checkpoint", other]));
    let error = fails(
        1,
        &arguments(
            &data,
            &["--resume", other, "--epochs", "4", "--learning-rate", "0.2", "--log-dir", logs_arg],
        ),
    );
    assert!(
        error.contains("logs: holds the logs of another run, whose training loss in epoch 1 was "),
        "{error}"
    );
    assert_eq!(of_tag(&logs, "loss/train").len(), 3);
}

#[test]
fn a_folder_that_cannot_be_used_is_an_error_before_training() {
    let data = Folder::new();
    let file = data.file("file");
    fs::write(&file, "").unwrap();
    let error = fails(1, &arguments(&data, &["--log-dir", file.to_str().unwrap()]));
    assert!(error.contains("file: cannot be "), "{error}");

    let logs = data.file("logs");
    let logs_arg = logs.to_str().unwrap();
    // Settings that are wrong leave no logs that would be in the way of the next run.
    fails(1, &arguments(&data, &["--log-dir", logs_arg, "--learning-rate", "1e38", "--epochs", "1"]));
    succeeds(&arguments(&data, &["--log-dir", logs_arg, "--epochs", "1"]));
    let error = fails(1, &arguments(&data, &["--log-dir", logs_arg]));
    assert!(error.ends_with("expected a folder without any (--resume, or another --log-dir)"), "{error}");
}

/// With files of at most 4 KiB, as on a full disk.
#[cfg(target_os = "linux")]
fn without_room(arguments: &[&str]) -> Output {
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    clean("sh").args(["-c", script, PROGRAM]).args(arguments).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_training_is_worth_more_than_its_logs() {
    let data = Folder::new();
    let logs = data.file("logs");
    let settings = ["--hidden", "2", "--epochs", "6", "--log-dir", logs.to_str().unwrap()];
    let small = ["train-mnist", "--json", "--data-dir", data.arg(), "--batch-size", "20"];
    let output = without_room(&[&small[..], &settings].concat());
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(
        stderr.contains("cannot be written: ") && stderr.contains("; training continues without logs"),
        "{stderr}"
    );
    assert_eq!(stdout.matches("\"log_error\"").count(), 1, "{stdout}");
    assert_eq!(last(&stdout)["epochs"], 6);
    // Nothing half-written: both files end with a whole epoch.
    let steps: Vec<u64> = of_tag(&logs, "saturated_units/layer2").iter().map(|(step, _)| *step).collect();
    assert!(!steps.is_empty() && steps.len() < 6, "{steps:?}");
    let text = fs::read_to_string(logs.join("scalars.jsonl")).unwrap();
    assert!(text.ends_with("}\n"), "{text}");
    Checkpoint::load(logs.join("network.ckpt")).unwrap();
}
