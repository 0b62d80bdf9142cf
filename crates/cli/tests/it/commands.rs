//! What the commands print, and that it is the same for any number of threads and before and after a file.

use serde_json::Value;

use crate::common::{Folder, json::objects, succeeds};

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn train(folder: &Folder, options: &[&str]) -> Vec<Value> {
    objects(&succeeds(&[&["train-mnist", "--data-dir", folder.arg(), "--json"], options].concat()))
}

#[test]
fn json_is_what_the_contract_says() {
    let folder = Folder::new();
    let events = train(&folder, &["--epochs", "3"]);
    assert_eq!(events.len(), 4);
    for (i, epoch) in events[..3].iter().enumerate() {
        let mut expected = vec![
            "event",
            "epoch",
            "step",
            "train_loss",
            "train_accuracy",
            "test_accuracy",
            "seconds",
            "samples_per_second",
        ];
        expected.sort();
        assert_eq!(keys(epoch), expected);
        assert_eq!((&epoch["event"], &epoch["epoch"]), (&"epoch".into(), &(i + 1).into()));
        assert_eq!(epoch["step"], 2 * (i + 1));
        let rate = 200.0 / epoch["seconds"].as_f64().unwrap();
        let given = epoch["samples_per_second"].as_f64().unwrap();
        assert!((given - rate).abs() <= 1e-6 * rate, "{epoch}");
    }
    let done = &events[3];
    let mut expected = vec![
        "event",
        "epochs",
        "steps",
        "test_accuracy",
        "seconds",
        "samples_per_second",
        "checkpoint",
        "parameters_crc32",
        "arithmetic",
    ];
    expected.sort();
    assert_eq!(keys(done), expected);
    assert_eq!((&done["event"], &done["epochs"], &done["steps"]), (&"done".into(), &3.into(), &6.into()));
    assert_eq!(done["checkpoint"], Value::Null);
    assert_eq!(done["test_accuracy"], events[2]["test_accuracy"]);
    let seconds: f64 = events[..3].iter().map(|epoch| epoch["seconds"].as_f64().unwrap()).sum();
    assert!((done["seconds"].as_f64().unwrap() - seconds).abs() <= 1e-6 * seconds);
    let crc = done["parameters_crc32"].as_str().unwrap();
    assert!(crc.len() == 8 && crc.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')), "{crc}");
}

#[test]
fn steps_report_once_at_the_end_too() {
    let folder = Folder::new();
    let events = train(&folder, &["--steps", "3"]);
    let steps: Vec<_> =
        events.iter().map(|event| (&event["event"], &event["epoch"], &event["step"])).collect();
    assert_eq!(steps[0], (&"epoch".into(), &1.into(), &2.into()));
    assert_eq!(steps[1], (&"epoch".into(), &2.into(), &3.into()));
    assert_eq!((&events[2]["epochs"], &events[2]["steps"]), (&1.into(), &3.into()));
}

#[test]
fn the_same_parameters_on_any_number_of_threads_and_in_any_run() {
    let folder = Folder::new();
    let crc = |options: &[&str]| {
        let events = train(&folder, &[&["--epochs", "2", "--optimizer", "momentum"], options].concat());
        events[2]["parameters_crc32"].as_str().unwrap().to_string()
    };
    let once = crc(&[]);
    for threads in ["1", "2", "3", "8"] {
        assert_eq!(crc(&["--threads", threads]), once, "{threads} threads");
    }
    assert_eq!(crc(&[]), once, "another run");
    assert_ne!(crc(&["--seed", "2"]), once, "another seed");
    assert_ne!(crc(&["--sampling", "with-replacement"]), once, "another sampling");
}

/// Everything that a run can have, in one call.
const EVERYTHING: &[&str] = &[
    "--hidden",
    "12,9",
    "--activation",
    "relu,gelu",
    "--batch-norm",
    "--dropout",
    "0.1",
    "--label-smoothing",
    "0.1",
    "--optimizer",
    "adamw",
    "--no-bias-decay",
    "--schedule",
    "warmup:2+cosine",
    "--clip-norm",
    "1",
    "--batch-size",
    "30",
    "--epochs",
    "4",
    "--validation",
    "0.2",
    "--early-stopping",
    "2",
    "--ema",
    "0.9",
];

#[test]
fn everything_at_once_has_the_same_bits_on_any_number_of_threads_and_in_a_file() {
    let folder = Folder::new();
    let path = folder.file("net.ckpt");
    let done = |options: &[&str]| {
        let events = train(&folder, options);
        assert!(events[0]["validation_loss"].is_f64() && events[0]["validation_accuracy"].is_f64());
        events.last().unwrap()["parameters_crc32"].as_str().unwrap().to_string()
    };
    let once = done(&[EVERYTHING, &["--checkpoint", path.to_str().unwrap()]].concat());
    for threads in ["1", "2", "3", "8"] {
        assert_eq!(done(&[EVERYTHING, &["--threads", threads]].concat()), once, "{threads} threads");
    }
    let evaluated =
        succeeds(&["evaluate", "--data-dir", folder.arg(), "--checkpoint", path.to_str().unwrap()]);
    assert!(evaluated.contains(&once), "{evaluated}");
}

#[test]
fn a_printed_configuration_is_the_run_it_was_printed_for() {
    let folder = Folder::new();
    let crc = |options: &[&str]| train(&folder, options).last().unwrap()["parameters_crc32"].clone();
    for options in [&[][..], EVERYTHING] {
        let printed = succeeds(&[&["train-mnist", "--print-config"], options].concat());
        let path = folder.file("run.toml");
        std::fs::write(&path, &printed).unwrap();
        let from_file = ["--config", path.to_str().unwrap()];
        let again = succeeds(&[&["train-mnist", "--print-config"], &from_file[..]].concat());
        assert_eq!(printed, again);
        assert_eq!(crc(&from_file), crc(options));
        assert_ne!(
            crc(&[&from_file[..], &["--seed", "7"]].concat()),
            crc(options),
            "options go before the file"
        );
    }
}

#[test]
fn optimizers_have_their_published_rates_unless_another_is_given() {
    let rate = |options: &[&str]| {
        let text = succeeds(&[&["train-mnist", "--print-config"], options].concat());
        let line = text.lines().find(|line| line.starts_with("learning_rate = ")).unwrap().to_string();
        line.trim_start_matches("learning_rate = ").parse::<f64>().unwrap()
    };
    assert_eq!(rate(&[]), 0.1);
    assert_eq!(rate(&["--optimizer", "adam"]), 0.001);
    assert_eq!(rate(&["--optimizer", "nesterov"]), 0.01);
    assert_eq!(rate(&["--optimizer", "adam", "--learning-rate", "0.5"]), 0.5);
}

#[test]
fn a_saved_network_is_the_trained_one() {
    let folder = Folder::new();
    let path = folder.file("net.ckpt");
    let path = path.to_str().unwrap();
    let events = train(&folder, &["--epochs", "5", "--learning-rate", "1", "--checkpoint", path]);
    let done = &events[5];
    assert_eq!(done["checkpoint"], path);
    let evaluated =
        &objects(&succeeds(&["evaluate", "--data-dir", folder.arg(), "--checkpoint", path, "--json"]))[0];
    assert_eq!(evaluated["parameters_crc32"], done["parameters_crc32"]);
    assert_eq!(evaluated["test_accuracy"], done["test_accuracy"]);
    let text = succeeds(&["evaluate", "--data-dir", folder.arg(), "--checkpoint", path]);
    assert!(text.contains(done["parameters_crc32"].as_str().unwrap()), "{text}");
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let folder = Folder::new();
    let text = succeeds(&["train-mnist", "--data-dir", folder.arg(), "--epochs", "2"]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 15, "{text}");
    assert!(lines[0].starts_with("200 training and 50 test images of 8×8"), "{text}");
    let table = [
        "layer    output shape",
        "input          64 × n",
        "affine         50 × n",
        "sigmoid        50 × n",
        "affine         10 × n",
        "total  ",
    ];
    assert!(table.iter().zip(&lines[1..7]).all(|(expected, line)| line.starts_with(expected)), "{text}");
    let lines = [&lines[..1], &lines[6..]].concat();
    assert!(lines[2].starts_with("sgd: learning rate 0.1, batch size 100, seed 1, "), "{text}");
    assert!(lines[3].starts_with("epoch 1/2  loss ") && lines[4].starts_with("epoch 2/2  loss "), "{text}");
    assert!(lines[5].starts_with("test accuracy ") && lines[5].contains("train accuracy "), "{text}");
    assert_eq!(lines[6], "class      0     1     2     3     4     5     6     7     8     9");
    assert!(lines[7].starts_with("test % ") && lines[8].starts_with("4 steps in "), "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains(['\u{1b}', '\r']), "no control characters: {text:?}");
    let quiet = succeeds(&["train-mnist", "--data-dir", folder.arg(), "--epochs", "2", "--quiet"]);
    assert_eq!(quiet.lines().count(), 5, "{quiet}");
}

#[test]
fn initial_weights_that_were_chosen_are_told() {
    let folder = Folder::new();
    let run = |options: &[&str]| {
        let run = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--activation", "relu"];
        succeeds(&[&run[..], options].concat())
    };
    // √(2 / 64) and √(2 / 50), √(2 / (50 + 10)) and √(2 / (30 + 10)).
    let text = run(&[]);
    assert!(text.contains("\ninitial weights he-normal (std 0.177), xavier-normal (std 0.183)\n"), "{text}");
    let text = run(&["--hidden", "50,30"]);
    assert!(
        text.contains("\ninitial weights he-normal (std 0.177–0.200), xavier-normal (std 0.224)\n"),
        "{text}"
    );
    let text = run(&["--init", "0.5"]);
    assert!(text.contains("\ninitial weights normal:0.5\n"), "{text}");
}

#[test]
fn the_numerical_gradient_trains_to_nearly_the_same_loss() {
    let folder = Folder::new();
    let options = ["--hidden", "5", "--steps", "2", "--batch-size", "20"];
    let backprop = train(&folder, &options);
    let numerical = train(&folder, &[&options[..], &["--gradient", "numerical"]].concat());
    let loss = |events: &[Value]| events[0]["train_loss"].as_f64().unwrap();
    assert!((loss(&backprop) - loss(&numerical)).abs() <= 1e-6, "{backprop:?}, {numerical:?}");
}

#[test]
fn gradcheck_agrees_for_both_activations() {
    let folder = Folder::new();
    for activation in ["sigmoid", "relu"] {
        let arguments = [
            "gradcheck",
            "--data-dir",
            folder.arg(),
            "--hidden",
            "6",
            "--init",
            "0.3",
            "--activation",
            activation,
        ];
        let text = succeeds(&arguments);
        for name in ["W1", "b1", "W2", "b2"] {
            assert!(text.contains(&format!("{name}: ok: ")), "{text}");
        }
        let events = objects(&succeeds(&[&arguments[..], &["--json"]].concat()));
        assert_eq!(events.len(), 5);
        assert_eq!(
            (&events[4]["passed"], &events[4]["n_derivatives"]),
            (&true.into(), &(64 * 6 + 6 + 60 + 10).into())
        );
    }
}

#[test]
fn help_names_every_command_and_option() {
    let text = succeeds(&["--help"]);
    for command in ["train-mnist", "evaluate", "gradcheck", "Examples:"] {
        assert!(text.contains(command), "{text}");
    }
    let text = succeeds(&["train-mnist", "--help"]);
    for option in [
        "--hidden",
        "--activation",
        "--optimizer",
        "--learning-rate",
        "--momentum",
        "--weight-decay",
        "--batch-size",
        "--epochs",
        "--seed",
        "--threads",
        "--init",
        "--data-dir",
        "--sampling",
        "--gradient",
        "--steps",
        "--train-limit",
        "--checkpoint",
        "--json",
        "--quiet",
    ] {
        assert!(text.contains(option), "{option}: {text}");
    }
}

#[test]
fn the_first_samples_can_be_trained_on_alone() {
    let folder = Folder::new();
    let events = train(&folder, &["--epochs", "1", "--train-limit", "130"]);
    assert_eq!(events[0]["step"], 2); // 100 and 30 samples
    let text =
        succeeds(&["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--train-limit", "130"]);
    assert!(text.starts_with("130 training and 50 test images"), "{text}");
}
