//! What is said about saved runs: `evaluate`, `history`, `compare-runs`; and what helps to type: suggestions and
//! completions.

use std::fs;

use serde_json::Value;

use crate::common::{Folder, called, clean, fails, json::objects, succeeds};

/// A folder with data and a network that was trained on them.
fn trained(options: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    let path = folder.file("net.ckpt").to_str().unwrap().to_string();
    train(&folder, &[options, &["--checkpoint", &path]].concat());
    (folder, path)
}

fn train(folder: &Folder, options: &[&str]) {
    succeeds(&[&["train-mnist", "--data-dir", folder.arg(), "--quiet"], options].concat());
}

#[test]
fn an_evaluation_adds_up() {
    let (folder, path) = trained(&["--epochs", "8", "--optimizer", "adam", "--learning-rate", "0.01"]);
    let call = ["evaluate", "--data-dir", folder.arg(), "--checkpoint", &path];
    let event = &objects(&succeeds(&[&call[..], &["--json"]].concat()))[0];
    let list = |value: &Value| value.as_array().unwrap().clone();
    let confusion: Vec<Vec<u64>> = list(&event["confusion"])
        .iter()
        .map(|row| list(row).iter().map(|n| n.as_u64().unwrap()).collect())
        .collect();
    // Of 50 images, five are of each class.
    assert!(confusion.len() == 10 && confusion.iter().all(|row| row.iter().sum::<u64>() == 5), "{event}");
    let right: u64 = (0..10).map(|class| confusion[class][class]).sum();
    let accuracy = event["test_accuracy"].as_f64().unwrap();
    assert!((accuracy - right as f64 / 50.0).abs() <= 1e-12, "{event}");
    for class in 0..10 {
        let predicted: u64 = confusion.iter().map(|row| row[class]).sum();
        let found = confusion[class][class] as f64;
        let share = |part: f64, whole: u64| (whole > 0).then(|| part / whole as f64);
        for (name, expected) in [
            ("per_class_accuracy", share(found, 5)),
            ("per_class_precision", share(found, predicted)),
            ("per_class_f1", share(2.0 * found, 5 + predicted)),
        ] {
            let value = event[name][class].as_f64();
            let same = value
                .zip(expected)
                .map_or(value.is_none() && expected.is_none(), |(a, b)| (a - b).abs() <= 1e-12);
            assert!(same, "{name} of {class}: {value:?}, expected {expected:?}");
        }
    }
    let top: Vec<f64> = list(&event["top_k_accuracy"]).iter().map(|share| share.as_f64().unwrap()).collect();
    assert!(top.len() == 10 && top.is_sorted() && top[9] == 1.0, "{top:?}");
    assert!((top[0] - accuracy).abs() <= 1e-12, "{top:?}");

    let text = succeeds(&call);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let matrix = lines.iter().position(|line| line.starts_with("true\\pred")).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    for (class, row) in confusion.iter().enumerate() {
        let counts = row.iter().map(|n| if *n == 0 { ".".to_string() } else { n.to_string() });
        let expected: Vec<String> = [class.to_string()].into_iter().chain(counts).collect();
        assert_eq!(words(lines[matrix + 1 + class]), expected, "{text}");
        assert_eq!(lines[matrix + 1 + class].len(), lines[matrix].len(), "{text}");
    }
    assert!(text.contains("class  images  precision %  recall %"), "{text}");
    assert!(lines.iter().any(|line| words(line)[..].first().is_some_and(|word| word == "mean")), "{text}");
}

#[test]
fn the_history_of_a_checkpoint_and_of_folders_is_that_of_the_run() {
    let folder = Folder::new();
    let run = folder.file("run");
    let path = folder.file("net.ckpt");
    let (run, path) = (run.to_str().unwrap(), path.to_str().unwrap());
    let options = ["--epochs", "3", "--validation", "0.2", "--checkpoint", path, "--checkpoint-dir", run];
    train(&folder, &options);
    let table = succeeds(&["history", path]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    for name in
        ["epoch", "step", "loss", "train %", "val loss", "val %", "test loss", "test %", "lr", "seconds"]
    {
        assert!(lines[0].contains(name), "{name}: {table}");
    }
    assert!(lines.iter().all(|line| line.len() == lines[0].len() && line.len() <= 80), "{table}");
    // The newest in the folder is that after the last step.
    assert_eq!(succeeds(&["history", run]), table);
    let events = objects(&succeeds(&["history", run, "--json"]));
    let told: Vec<_> =
        events.iter().map(|event| (&event["event"], event["epoch"].as_u64().unwrap())).collect();
    assert_eq!(told, [(&"epoch".into(), 1), (&"epoch".into(), 2), (&"epoch".into(), 3)]);
    assert!(events.iter().all(|event| event["test_accuracy"].is_f64() && event["validation_loss"].is_f64()));
    // The network at the end goes before a checkpoint of as many steps, but not before one of more.
    let network = format!("{run}/network.ckpt");
    train(&folder, &["--epochs", "2", "--checkpoint", &network]);
    assert_eq!(succeeds(&["history", run]), table);
    train(&folder, &["--epochs", "3", "--train-limit", "160", "--checkpoint", &network]);
    let text = succeeds(&["history", run]);
    assert!(text.lines().count() == 4 && !text.contains("val"), "{text}");
    let crc = |path: &str| objects(&succeeds(&["inspect", path, "--json"]))[0]["parameters_crc32"].clone();
    assert_eq!((crc(run), crc(&network) == crc(path)), (crc(&network), false));

    // What is damaged is passed over with a word, whether it is the network or a checkpoint of more steps.
    let step = |n: u64| format!("{run}/step-{n:09}.ckpt");
    let last = objects(&succeeds(&["history", run, "--json"])).last().unwrap()["step"].as_u64().unwrap();
    fs::write(step(last + 1), "chainrul").unwrap();
    let told = |path: &str| {
        let output = called(&["history", path]);
        assert!(output.status.success(), "{output:?}");
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
    };
    let [out, warning] = told(run);
    assert_eq!(out, text);
    assert!(warning.contains(&step(last + 1)) && warning.ends_with("; it is passed over\n"), "{warning}");
    fs::write(&network, "chainrul").unwrap();
    let [out, warning] = told(run);
    assert_eq!((out, warning.matches("it is passed over").count()), (table.clone(), 2), "{warning}");

    let empty = tempfile::tempdir().unwrap();
    let error = fails(1, &["history", empty.path().to_str().unwrap()]);
    assert!(
        error.contains("found no good checkpoint in this folder, expected one that --log-dir or"),
        "{error}"
    );
    fs::write(folder.file("no.ckpt"), "no").unwrap();
    assert!(fails(1, &["history", folder.file("no.ckpt").to_str().unwrap()]).contains("no.ckpt"));
}

#[test]
fn runs_differ_in_what_was_given_and_in_what_became_of_them() {
    let folder = Folder::new();
    let save = |name: &str, options: &[&str]| {
        let path = folder.file(name).to_str().unwrap().to_string();
        train(&folder, &[options, &["--checkpoint", &path]].concat());
        path
    };
    let plain = save("a.ckpt", &["--epochs", "2"]);
    let faster = save("b.ckpt", &["--epochs", "3", "--learning-rate", "0.50001", "--hidden", "20"]);
    let events = objects(&succeeds(&["compare-runs", &plain, &faster, "--json"]));
    assert_eq!(events.len(), 2);
    let differing = |i: usize| events[i]["differing"].as_object().unwrap();
    let names: Vec<&str> = differing(0).keys().map(String::as_str).collect();
    let expected = ["network.sizes", "training.length.epochs", "training.optimizer.sgd.learning_rate"];
    assert_eq!(names, expected);
    assert_eq!(differing(1)["network.sizes"], serde_json::json!([64, 20, 10]));
    assert_eq!((&differing(0)[expected[2]], &differing(1)[expected[2]]), (&0.1.into(), &0.50001.into()));
    assert_eq!((&events[0]["epochs"], &events[1]["epochs"]), (&2.into(), &3.into()));
    assert_eq!(events[1]["n_parameters"], 64 * 20 + 20 + 20 * 10 + 10);
    let history = objects(&succeeds(&["history", &faster, "--json"]));
    assert_eq!(events[1]["test_accuracy"], history[2]["test_accuracy"]);

    let text = succeeds(&["compare-runs", &plain, &faster]);
    assert!(
        text.lines().any(|line| line.starts_with("network.sizes ") && line.ends_with("  64,20,10")),
        "{text}"
    );
    assert!(text.lines().any(|line| line.starts_with("last test accuracy %")), "{text}");
    assert!(!text.contains("batch_size") && text.contains(" 0.50001"), "{text}");
    let same = succeeds(&["compare-runs", &plain, &plain]);
    assert!(same.contains("all settings are the same"), "{same}");
    // Many runs stand below each other rather than beyond the edge.
    let many = vec![faster.as_str(); 9];
    let text = succeeds(&[&["compare-runs", &plain][..], &many].concat());
    assert!(
        text.lines().filter(|line| !line.ends_with(".ckpt")).all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert_eq!(text.matches("parameters_crc32").count(), 3, "{text}");
    assert!(fails(2, &["compare-runs", &plain]).contains("2 values required"));
}

#[test]
fn what_was_meant_is_told() {
    for (arguments, meant) in [
        (&["train-mnist", "--learning-rat", "0.1"][..], "'--learning-rate'"),
        (&["trian-mnist"], "'train-mnist'"),
        (&["compare-run"], "'compare-runs'"),
        (&["train-mnist", "--activation", "sigmod"], "'sigmoid'"),
        (&["train-mnist", "--sampling", "shufled"], "'shuffled'"),
        (&["train-mnist", "--init", "xavier-unifrom"], "did you mean xavier-uniform?"),
        (&["train-mnist", "--schedule", "cosin"], "did you mean cosine?"),
        (&["completions", "bsh"], "'bash'"),
    ] {
        let error = fails(2, arguments);
        assert!(error.contains(meant), "{error}");
    }
    let folder = Folder::new();
    let file = folder.file("run.toml");
    for (text, meant) in [
        ("[training]\nbatch_sise = 3\n", "batch_size"),
        ("[trainign]\n", "training"),
        ("[network]\nactivation = [\"sigmod\"]\n", "sigmoid"),
        ("[training.optimizer.adm]\nlearning_rate = 0.1\n", "adam"),
    ] {
        fs::write(&file, text).unwrap();
        let error = fails(1, &["train-mnist", "--config", file.to_str().unwrap()]);
        assert!(error.contains(&format!("did you mean {meant}?")), "{error}");
    }
}

#[test]
fn shells_complete_commands_and_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = succeeds(&["completions", shell]);
        for word in ["train-mnist", "compare-runs", "learning-rate", "nesterov"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    // Where there is a bash, it is asked.
    let folder = Folder::new();
    let script = folder.file("chainrule.bash");
    fs::write(&script, succeeds(&["completions", "bash"])).unwrap();
    let complete = |words: &str| {
        let ask = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _chainrule chainrule \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let output = clean("bash").args(["--norc", "-c", &ask]).output().ok()?;
        Some(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    };
    let Some(commands) = complete("chainrule tr") else { return };
    assert_eq!(commands.trim(), "train-mnist");
    assert_eq!(complete("chainrule train-mnist --learning").unwrap().trim(), "--learning-rate");
    assert_eq!(complete("chainrule train-mnist --optimizer ad").unwrap().trim(), "adagrad adam adamw");
}
