//! Checkpoints on the way, from outside: runs that are stopped, killed and resumed, and what is said to whoever waits.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::common::{Folder, called, fails, json, program, succeeds};

/// A run that has something to lose.
const RUN: &[&str] = &["--optimizer", "momentum", "--dropout", "0.1", "--batch-size", "30", "--ema", "0.9"];

fn train(folder: &Folder, options: &[&str]) -> Vec<Value> {
    let text = succeeds(&[&["train-mnist", "--data-dir", folder.arg(), "--json"], RUN, options].concat());
    json::objects(&text)
}

fn crc(events: &[Value]) -> String {
    let done = events.last().expect("a last line");
    assert_eq!(done["event"], "done");
    done["parameters_crc32"].as_str().expect("a checksum").to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

#[test]
fn a_folder_has_the_last_few_and_the_best() {
    let folder = Folder::new();
    let (run, dir) = (folder.file("run"), folder.file("run").display().to_string());
    let options = ["--epochs", "4", "--validation", "0.2", "--checkpoint-dir", &dir];
    let events = train(&folder, &[&options[..], &["--checkpoint-every", "2steps", "--keep", "3"]].concat());
    // 160 samples, 30 at a time: 6 steps in every of 4 epochs.
    let expected = ["best.ckpt", "step-000000020.ckpt", "step-000000022.ckpt", "step-000000024.ckpt"];
    assert_eq!(names(&run), expected);
    assert_eq!(events.last().unwrap()["checkpoint"], run.join("step-000000024.ckpt").display().to_string());
    let evaluated = succeeds(&[
        "evaluate",
        "--data-dir",
        folder.arg(),
        "--checkpoint",
        run.join("step-000000024.ckpt").to_str().unwrap(),
    ]);
    assert!(evaluated.contains(&crc(&events)), "{evaluated}");
    let again = fails(1, &[&["train-mnist", "--data-dir", folder.arg()], RUN, &options[..]].concat());
    let remedy = "has checkpoints already, the newest of step 24; resume that run, or give this one a folder of its own \
                  (--resume auto, or another --checkpoint-dir)";
    assert!(again.ends_with(remedy), "{again}");
}

#[test]
fn a_longer_run_extends_one_that_has_ended_with_its_settings() {
    let folder = Folder::new();
    let dir = folder.file("run").display().to_string();
    let file = folder.file("net.ckpt").display().to_string();
    let expected = crc(&train(&folder, &["--epochs", "5"]));
    let keep = ["--checkpoint-dir", &dir, "--resume", "auto"];
    assert_ne!(
        crc(&train(&folder, &[&keep[..], &["--epochs", "2", "--checkpoint", &file]].concat())),
        expected
    );
    let resumed = train(&folder, &[&keep[..], &["--epochs", "5"]].concat());
    assert_eq!(crc(&resumed), expected);
    assert_eq!((&resumed[0]["event"], &resumed[0]["step"]), (&"resumed".into(), &14.into()));
    assert_eq!((&resumed[1]["event"], &resumed[1]["epoch"]), (&"epoch".into(), &3.into()));
    // From the file of the shorter run, and without a word about its settings.
    let text = succeeds(&["train-mnist", "--data-dir", folder.arg(), "--resume", &file, "--epochs", "5"]);
    assert!(text.contains("resumed after step 14 from ") && text.contains(&expected), "{text}");
}

#[test]
fn a_run_that_stopped_early_goes_on_with_more_patience() {
    let folder = Folder::new();
    let dir = folder.file("run").display().to_string();
    // A rate that changes no logit: no epoch is better than the first.
    let run = ["train-mnist", "--data-dir", folder.arg(), "--learning-rate", "1e-12", "--validation", "0.2"];
    let run =
        [&run[..], &["--checkpoint-dir", &dir, "--resume", "auto", "--json", "--early-stopping"]].concat();
    let epochs = |patience| {
        let events = json::objects(&succeeds(&[&run[..], &[patience]].concat()));
        events.last().unwrap()["epochs"].clone()
    };
    assert_eq!([epochs("2"), epochs("2"), epochs("4")], [3, 3, 5]);
    let error = fails(1, &[&run[..], &["3"]].concat());
    let expected = "training.early_stopping.patience is 3, expected 4, as in the run that was saved";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn another_run_is_refused_with_a_reason() {
    let folder = Folder::new();
    let file = folder.file("net.ckpt").display().to_string();
    train(&folder, &["--epochs", "1", "--schedule", "cosine", "--checkpoint", &file]);
    let refused = |options: &[&str]| {
        let call = ["train-mnist", "--data-dir", folder.arg(), "--resume", &file];
        fails(1, &[&call, options].concat())
    };
    for (options, reason) in [
        (&["--batch-size", "10"][..], "training.batch_size is 10, expected 30, as in the run that was saved"),
        (&["--hidden", "9"], "network.layers.1.n_outputs is 9, expected 50"),
        (&["--train-limit", "100"], "data.n_samples is 100, expected 200"),
        (&["--epochs", "2"], "the schedule is spread over all steps"),
        (&["--learning-rate", "0.5"], "training.optimizer.momentum.learning_rate is 0.5, expected 0.01"),
    ] {
        let error = refused(options);
        assert!(error.contains(reason), "{options:?}: {error}");
    }
    let error = fails(2, &["train-mnist", "--resume", "auto"]);
    assert!(error.contains("add --checkpoint-dir DIR"), "{error}");
    for (option, value) in [("--keep", "0"), ("--checkpoint-every", "5"), ("--checkpoint-every", "0steps")] {
        let error = fails(2, &["train-mnist", "--checkpoint-dir", "no", option, value]);
        assert!(error.contains(option), "{error}");
    }
    assert!(fails(2, &["train-mnist", "--keep", "3"]).contains("--checkpoint-dir"));
}

#[test]
fn damaged_checkpoints_are_passed_over() {
    let folder = Folder::new();
    let (run, dir) = (folder.file("run"), folder.file("run").display().to_string());
    let options = ["--epochs", "3", "--checkpoint-dir", &dir, "--resume", "auto"];
    let expected = crc(&train(&folder, &options));
    let newest = run.join("step-000000021.ckpt");
    let mut bytes = fs::read(&newest).unwrap();
    bytes[1000] ^= 1;
    fs::write(&newest, &bytes).unwrap();
    let call = [&["train-mnist", "--data-dir", folder.arg(), "--json"], RUN, &options[..]].concat();
    let output = called(&call);
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && stdout.contains(&expected), "{stdout}{stderr}");
    assert!(
        stderr.contains("step-000000021.ckpt: is damaged") && stderr.contains("it is skipped"),
        "{stderr}"
    );
    assert!(stdout.starts_with("{\"event\":\"resumed\",\"step\":14,"), "{stdout}");
    // And the damaged one has been replaced.
    assert_ne!(fs::read(&newest).unwrap(), bytes);
}

#[test]
fn training_that_diverges_says_where_and_what_is_still_good() {
    let folder = Folder::new();
    let dir = folder.file("run").display().to_string();
    let call =
        ["train-mnist", "--data-dir", folder.arg(), "--checkpoint-dir", &dir, "--checkpoint-every", "1steps"];
    let diverging = ["--learning-rate", "1e18", "--activation", "relu", "--loss", "mean-squared-error"];
    let error = fails(1, &[&call[..], &diverging].concat());
    for part in [
        "training has diverged: the loss is ",
        " at step ",
        "first in the loss (mean-squared-error)",
        "the largest parameter is b2[0] = ",
        "try a smaller learning rate (it is 1e18)",
        "the last good checkpoint is ",
    ] {
        assert!(error.contains(part), "\"{error}\" does not say \"{part}\"");
    }
    let path = error.rsplit("the last good checkpoint is ").next().unwrap();
    succeeds(&["evaluate", "--data-dir", folder.arg(), "--checkpoint", path]);
}

/// A long run, and the first lines it prints.
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Running {
    pub(crate) fn start(arguments: &[impl AsRef<OsStr>]) -> Running {
        let mut command = program();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running { child: command.spawn().expect("the command line starts") }
    }

    pub(crate) fn wait_for_a_line(&mut self) {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the run ended without a word");
    }

    pub(crate) fn wait_for(&mut self, good: impl Fn() -> bool) {
        while !good() {
            assert!(self.child.try_wait().unwrap().is_none(), "the run ended too early");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// `kill` by its name, since the standard library sends no other signal than SIGKILL.
    pub(crate) fn send(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// The exit code and what was printed to standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut text = String::new();
        self.child.stderr.as_mut().unwrap().read_to_string(&mut text).unwrap();
        (status.code(), text)
    }
}

#[cfg(unix)]
#[test]
fn signals_end_a_run_after_its_step_and_it_goes_on() {
    let folder = Folder::new();
    let call = [&["train-mnist", "--data-dir", folder.arg(), "--json", "--steps", "4000"], RUN].concat();
    let end = |options: &[&str]| {
        let text = succeeds(&[&call[..], options].concat());
        text.rsplit("parameters_crc32").next().unwrap().to_string()
    };
    let expected = end(&[]);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (run, dir) = (folder.file(signal), folder.file(signal).display().to_string());
        let keep = ["--checkpoint-dir", &dir, "--checkpoint-every", "100steps"];
        let mut running = Running::start(&[&call[..], &keep].concat());
        running.wait_for(|| run.exists() && names(&run).iter().any(|name| name.ends_with(".ckpt")));
        running.send(signal);
        let (found, stderr) = running.end();
        assert_eq!(found, Some(code), "{stderr}");
        assert!(stderr.starts_with(&format!("stopped by SIG{} after step ", &signal[1..])), "{stderr}");
        let go_on = format!("--checkpoint-dir {dir} --checkpoint-every 100steps --resume auto\n");
        assert!(
            stderr.contains("; resume with: chainrule train-mnist ") && stderr.ends_with(&go_on),
            "{stderr}"
        );
        assert_eq!(end(&[&keep[..], &["--resume", "auto"]].concat()), expected);
    }
}

/// The second signal does not wait for the step, which takes minutes here.
#[cfg(unix)]
#[test]
fn a_second_signal_ends_at_once() {
    let folder = Folder::new();
    let slow = ["--gradient", "numerical", "--hidden", "2000", "--steps", "1"];
    let mut running = Running::start(&[&["train-mnist", "--data-dir", folder.arg()], &slow[..]].concat());
    running.wait_for_a_line();
    running.send("-INT");
    thread::sleep(Duration::from_millis(50));
    assert!(running.child.try_wait().unwrap().is_none(), "the first signal waits for the step");
    running.send("-INT");
    assert_eq!(running.end(), (Some(130), String::new()));
}

#[test]
fn two_runs_don_t_share_a_folder_and_a_killed_one_leaves_no_lock() {
    let folder = Folder::new();
    let (run, dir) = (folder.file("run"), folder.file("run").display().to_string());
    let call = ["train-mnist", "--data-dir", folder.arg(), "--checkpoint-dir", &dir, "--resume", "auto"];
    let mut running = Running::start(&[&call[..], &["--epochs", "1000000"]].concat());
    // Two checkpoints are more than the epoch that is too few below.
    running
        .wait_for(|| run.exists() && names(&run).iter().filter(|name| name.ends_with(".ckpt")).count() == 2);
    let error = fails(1, &[&call[..], &["--epochs", "1000000"]].concat());
    assert!(error.contains("is in use by another run; wait for its end"), "{error}");
    running.child.kill().unwrap();
    assert_eq!(running.end().0, None);
    // Something half-written, as a kill may leave it.
    let left = run.join(".step-000000009.ckpt.4711-0.tmp");
    fs::write(&left, b"chainrul").unwrap();
    let error = fails(1, &[&call[..], &["--epochs", "1"]].concat());
    assert!(error.contains("which the run that was saved has taken"), "{error}");
    assert!(!left.exists(), "what a dead run left is removed");
}

#[test]
fn a_folder_that_vanishes_is_told_once_and_the_run_goes_on_or_stops() {
    let folder = Folder::new();
    let expected = crc(&train(&folder, &["--steps", "4000"]));
    for (how, code) in [("continue", 0), ("stop", 1)] {
        let (run, dir) = (folder.file(how), folder.file(how).display().to_string());
        let keep = ["--checkpoint-dir", &dir, "--checkpoint-every", "10steps", "--on-checkpoint-error", how];
        let call = [&["train-mnist", "--data-dir", folder.arg(), "--steps", "4000"], RUN, &keep].concat();
        let mut running = Running::start(&call);
        running.wait_for(|| run.exists() && names(&run).iter().any(|name| name.ends_with(".ckpt")));
        fs::rename(&run, folder.file("elsewhere").with_extension(how)).unwrap();
        let mut text = String::new();
        running.child.stdout.as_mut().unwrap().read_to_string(&mut text).unwrap();
        let (found, stderr) = running.end();
        assert_eq!(found, Some(code), "{text}{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains("cannot write the checkpoint "), "{stderr}");
        assert_eq!(text.contains(&format!("parameters_crc32 {expected}")), code == 0, "{text}");
    }
}
