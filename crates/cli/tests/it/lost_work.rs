//! What nothing may take from a run: messages that nobody can read, signals, pipes, other runs, and outputs that fail.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use chainrule_losses::{BinaryCrossEntropy, MeanSquaredError};
use chainrule_mnist::Mnist;
use chainrule_trainer::{Checkpoint, Mlp, MlpConfig, TrainConfig, TrainingRecord};
use serde_json::Value;

use crate::{
    PROGRAM,
    common::{Folder, called, clean, data_set, fails, json, program, succeeds},
    keeping::Running,
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Exit code, standard output, standard error.
fn ended(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn network(config: &MlpConfig, biases: &[f32]) -> Checkpoint {
    let mut net = Mlp::new(config).unwrap();
    net.tensor_mut("W1").unwrap().as_mut_slice().fill(0.0);
    net.tensor_mut("b1").unwrap().as_mut_slice().copy_from_slice(biases);
    Checkpoint::new(net, TrainingRecord::new(TrainConfig::new(), Vec::new()))
}

/// Whether a terminal would do nothing with it but to show it.
fn is_harmless(shown: &str) -> bool {
    !shown.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
}

const EVIL: &str = "a\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}\nb";

#[test]
fn a_warning_that_cannot_be_printed_ends_no_run() {
    let folder = Folder::new();
    let (run, net) = (folder.file("run"), folder.file("net.ckpt"));
    let call = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "2", "--resume", "auto"];
    let train = |redirection: &str| {
        fs::create_dir_all(&run).unwrap();
        // The warning: this one is passed over.
        fs::write(run.join("step-000000999.ckpt"), "chainrul").unwrap();
        let _ = fs::remove_file(&net);
        let script = format!("exec \"$0\" \"$@\" {redirection}");
        let mut sh = clean("sh");
        sh.args(["-c", &script, PROGRAM]).args(call).arg("--checkpoint-dir").arg(&run);
        let output = sh.arg("--checkpoint").arg(&net).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{redirection}: {output:?}");
        Checkpoint::load(&net).unwrap();
    };
    train("2>/dev/full");
    train("2>&-");
    // An error has its exit code all the same.
    let script = "exec \"$0\" history no/such.ckpt 2>/dev/full";
    assert_eq!(clean("sh").args(["-c", script, PROGRAM]).status().unwrap().code(), Some(1));
    let script = "exec \"$0\" history 2>/dev/full";
    assert_eq!(clean("sh").args(["-c", script, PROGRAM]).status().unwrap().code(), Some(2));
    // Help that cannot be printed is no help, unless its reader has gone away.
    let script = "exec \"$0\" history --help >/dev/full";
    let output = clean("sh").args(["-c", script, PROGRAM]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).starts_with("error: the results could not be printed: "), "{output:?}");
}

#[test]
fn names_do_nothing_to_a_terminal() {
    let folder = Folder::new();
    let says = |arguments: &[&OsStr]| {
        let (_, stdout, stderr) = ended(&program().args(arguments).output().unwrap());
        assert!(is_harmless(&stdout) && is_harmless(&stderr), "{arguments:?}: {stdout:?} {stderr:?}");
        (stdout, stderr)
    };
    // In files: the program that wrote a checkpoint, tensors of safetensors.
    let net = folder.file("net.ckpt");
    let mut checkpoint = network(&MlpConfig::new([4, 2]), &[0.0, 0.0]);
    checkpoint.training.program_version = EVIL.to_string();
    checkpoint.save(&net).unwrap();
    let shown = r"chainrule a\u001b]0;title\u0007\u001b[2J\u009b31m\u202e\nb, ";
    let inspect = OsStr::new("inspect");
    let (stdout, _) = says(&[inspect, net.as_os_str()]);
    assert!(stdout.contains(shown), "{stdout}");
    let (stdout, _) = says(&[inspect, net.as_os_str(), OsStr::new("--json")]);
    assert_eq!(json::objects(&stdout)[0]["training"]["program_version"], EVIL);

    let tensors = folder.file("net.safetensors");
    let header =
        serde_json::json!({ EVIL: { "dtype": "F32", "shape": [1], "data_offsets": [0, 4] } }).to_string();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat();
    fs::write(&tensors, bytes).unwrap();
    says(&[inspect, tensors.as_os_str()]);
    let options = ["import", "--from", "safetensors", "--loss", "softmax-cross-entropy", "--checkpoint"];
    let out = folder.file("out.ckpt");
    let mut import: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
    import.extend([out.as_os_str(), tensors.as_os_str()]);
    let (_, stderr) = says(&import);
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");

    // Of files, in results and in errors; in arguments that are wrong.
    let evil = folder.path().join(EVIL);
    fs::copy(&net, &evil).unwrap();
    let (stdout, _) = says(&[OsStr::new("history"), evil.as_os_str()]);
    assert!(stdout.ends_with("not trained for an epoch yet\n") && stdout.lines().count() == 1, "{stdout}");
    let (_, stderr) = says(&[OsStr::new("history"), OsStr::new(EVIL)]);
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");
    says(&[OsStr::new(EVIL)]);
    says(&[OsStr::new("train-mnist"), OsStr::new("--epochs"), OsStr::new(EVIL)]);
}

/// The call that is proposed does what it says, whatever bytes are in the paths.
#[test]
fn a_run_resumes_by_the_proposed_call_whatever_its_paths() {
    let folder = Folder::new();
    for name in [&b"n\xff.ckpt"[..], b"it's \x1b[2J\n.ckpt"] {
        let net = folder.path().join(OsStr::from_bytes(name));
        let steps = ["train-mnist", "--data-dir", folder.arg(), "--steps", "100000", "--checkpoint"];
        let mut arguments: Vec<&OsStr> = steps.iter().map(OsStr::new).collect();
        arguments.push(net.as_os_str());
        let mut running = Running::start(&arguments);
        running.wait_for_a_line();
        running.send("-INT");
        let (code, stderr) = running.end();
        assert!(code == Some(130) && is_harmless(&stderr) && stderr.lines().count() == 1, "{stderr:?}");
        let (_, go_on) = stderr.trim_end().split_once("resume with: chainrule ").unwrap();
        let step = stderr.split("after step ").nth(1).unwrap().split(';').next().unwrap();
        let steps = format!("--steps {}", step.parse::<u64>().unwrap() + 1);
        let script = format!("exec '{PROGRAM}' {}", go_on.replace("--steps 100000", &steps));
        // Not every sh knows $'…' yet.
        let output = clean("bash").args(["-c", &script]).output().unwrap();
        let (code, stdout, stderr) = ended(&output);
        assert_eq!(code, Some(0), "{script}: {stdout}{stderr}");
        assert!(
            stdout.contains(&format!("resumed after step {step} from ")) && is_harmless(&stdout),
            "{stdout:?}"
        );
    }
}

#[test]
fn an_interrupted_run_replaces_no_file_that_it_did_not_write() {
    let folder = Folder::new();
    let (net, page, logs) = (folder.file("net.ckpt"), folder.file("page.html"), folder.file("logs"));
    let outputs = ["--checkpoint", net.to_str().unwrap(), "--report", page.to_str().unwrap()];
    let call = [&["train-mnist", "--data-dir", folder.arg()], &outputs[..]].concat();
    succeeds(&[&call[..], &["--epochs", "2"]].concat());
    let before = (fs::read(&net).unwrap(), fs::read(&page).unwrap());
    let interrupt = |more: &[&str]| {
        let mut running = Running::start(&[&call[..], &["--steps", "1000000"], more].concat());
        running.wait_for_a_line();
        std::thread::sleep(Duration::from_millis(100));
        running.send("-INT");
        let (code, stderr) = running.end();
        assert_eq!(code, Some(130), "{stderr}");
        assert_eq!((fs::read(&net).unwrap(), fs::read(&page).unwrap()), before);
        stderr
    };
    let beside = folder.file("net.ckpt.interrupted");
    let beside = beside.to_str().unwrap();
    let stderr = interrupt(&["--learning-rate", "0.001", "--log-dir", logs.to_str().unwrap()]);
    assert!(stderr.ends_with(&format!(" --resume {beside}\n")), "{stderr}");
    assert!(logs.join("network.ckpt").exists() && folder.file("page.interrupted.html").exists());
    let step =
        |path: &str| json::objects(&succeeds(&["inspect", path, "--json"]))[0]["training"]["step"].as_u64();
    let first = step(beside).unwrap();
    // It goes on there, and replaces what it went on from.
    let stderr = interrupt(&["--resume", beside]);
    assert!(stderr.ends_with(&format!(" --resume {beside}\n")), "{stderr}");
    assert!(step(beside).unwrap() >= first);
    // A third run replaces neither.
    let bytes = fs::read(beside).unwrap();
    let stderr = interrupt(&["--seed", "9"]);
    assert!(stderr.ends_with(&format!(" --resume {beside}-2\n")), "{stderr}");
    assert_eq!(fs::read(beside).unwrap(), bytes);
}

#[test]
fn a_run_without_a_checkpoint_takes_over_no_logs_of_another() {
    let folder = Folder::new();
    let (logs, empty) = (folder.file("logs"), folder.file("empty"));
    let call = ["train-mnist", "--data-dir", folder.arg(), "--json", "--log-dir", logs.to_str().unwrap()];
    let resumes = ["--resume", "auto", "--checkpoint-dir", empty.to_str().unwrap(), "--epochs", "1"];
    succeeds(&[&call[..], &["--epochs", "3"]].concat());
    let contents = || ["scalars.jsonl", "network.ckpt"].map(|name| fs::read(logs.join(name)).ok());
    let before = contents();
    let error = fails(1, &[&call[..], &resumes, &["--seed", "2"]].concat());
    assert!(error.contains("logs: holds the logs and the network of another run"), "{error}");
    assert_eq!(contents(), before);
    // Of a run that has not ended, the first epoch tells.
    fs::remove_file(logs.join("network.ckpt")).unwrap();
    let before = contents();
    let error = ended(&called(&[&call[..], &resumes, &["--seed", "2"]].concat()));
    assert_eq!(error.0, Some(1), "{error:?}");
    assert!(
        error.2.contains("logs: holds the logs of another run, whose training loss in epoch 1 was "),
        "{error:?}"
    );
    assert_eq!(contents(), before);
    // The run that was killed before its first checkpoint begins anew.
    fs::remove_dir_all(&empty).unwrap();
    succeeds(&[&call[..], &resumes].concat());
    assert!(contents()[1].is_some());
}

/// A checkpoint within the first epoch doesn't tell yet whose logs these are.
#[test]
fn a_run_with_a_part_of_an_epoch_takes_over_no_logs_of_another() {
    let folder = Folder::new();
    let (logs, run) = (folder.file("logs"), folder.file("run"));
    let call = ["train-mnist", "--data-dir", folder.arg()];
    let (logged, kept) =
        (["--log-dir", logs.to_str().unwrap()], ["--seed", "2", "--checkpoint-dir", run.to_str().unwrap()]);
    succeeds(&[&call[..], &logged, &["--epochs", "3"]].concat());
    fs::remove_file(logs.join("network.ckpt")).unwrap();
    let before = fs::read(logs.join("scalars.jsonl")).unwrap();
    succeeds(&[&call[..], &kept, &["--steps", "1"]].concat());
    let (code, _, stderr) =
        ended(&called(&[&call[..], &kept, &logged, &["--resume", "auto", "--epochs", "1"]].concat()));
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("logs: holds the logs of another run, whose training loss in epoch 1"),
        "{stderr}"
    );
    assert_eq!(fs::read(logs.join("scalars.jsonl")).unwrap(), before);
    assert!(!logs.join("network.ckpt").exists());
}

#[test]
fn two_runs_don_t_share_a_folder_of_logs() {
    let folder = Folder::new();
    let logs = folder.file("logs");
    let call = ["train-mnist", "--data-dir", folder.arg(), "--log-dir", logs.to_str().unwrap()];
    let mut running = Running::start(&[&call[..], &["--epochs", "1000000"]].concat());
    running.wait_for_a_line();
    let error = fails(1, &[&call[..], &["--epochs", "1"]].concat());
    assert!(error.contains("logs: another run is writing its logs here, expected a folder that"), "{error}");
    running.child.kill().unwrap();
    assert_eq!(running.end().0, None);
}

#[test]
fn every_output_is_tried() {
    let folder = Folder::new();
    let (full, page, logs) = (folder.file("full"), folder.file("page.html"), folder.file("logs"));
    fs::create_dir(&full).unwrap();
    let net = full.join("net.ckpt");
    let call = ["train-mnist", "--data-dir", folder.arg(), "--steps", "4000", "--batch-size", "1"];
    let outputs = ["--checkpoint", net.to_str().unwrap(), "--report", page.to_str().unwrap()];
    let mut running = Running::start(&[&call[..], &outputs, &["--log-dir", logs.to_str().unwrap()]].concat());
    running.wait_for_a_line();
    fs::remove_dir(&full).unwrap();
    let mut stdout = String::new();
    std::io::Read::read_to_string(running.child.stdout.as_mut().unwrap(), &mut stdout).unwrap();
    let (code, stderr) = running.end();
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(
        stderr.starts_with("error: cannot write the checkpoint ") && stderr.lines().count() == 1,
        "{stderr}"
    );
    assert!(stdout.contains("test accuracy ") && stdout.contains("wrote "), "{stdout}");
    assert!(!stdout.contains("saved to"), "{stdout}");
    assert!(page.exists());
    Checkpoint::load(logs.join("network.ckpt")).unwrap();
}

/// `script` in a place of its own for mounts, with these arguments, of which the first is the program. `None`, aloud, where that
/// cannot be had.
fn with_mounts(script: &str, arguments: &[&str]) -> Option<Output> {
    let unshare = ["--mount", "--user", "--map-root-user"];
    let may_mount = clean("unshare").args(unshare).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a disk that fills up, since nothing can be mounted here");
        return None;
    }
    Some(clean("unshare").args(unshare).args(["sh", "-c", script, PROGRAM]).args(arguments).output().unwrap())
}

#[test]
fn every_output_is_tried_where_a_disk_is_full() {
    let folder = Folder::new();
    let small = folder.file("small");
    fs::create_dir(&small).unwrap();
    let at = |name: &str| folder.file(name).to_str().unwrap().to_string();
    let call = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "2", "--hidden", "1000"];
    let script = format!("mount -t tmpfs -o size=64k tmpfs '{}' && exec \"$0\" \"$@\"", small.display());
    // Each in turn is on the disk that has no room for it; what a run tells of the others.
    for full in ["net.ckpt", "page.html", "logs", "run"] {
        let place = |name: &str| at(&if name == full { format!("small/{name}") } else { name.to_string() });
        let (net, page, logs, run) = (place("net.ckpt"), place("page.html"), place("logs"), place("run"));
        let outputs = ["--checkpoint", &net, "--report", &page, "--log-dir", &logs, "--checkpoint-dir", &run];
        let Some(output) = with_mounts(&script, &[&call[..], &outputs].concat()) else { return };
        let (code, stdout, stderr) = ended(&output);
        // A run goes on without checkpoints on the way, if it is not told to stop, and says so.
        assert_eq!(code, Some(i32::from(full != "run")), "{full}: {stdout}{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{full}: {stderr}");
        assert!(stderr.contains("No space left on device") && stderr.contains(full), "{full}: {stderr}");
        assert!(stdout.contains("test accuracy "), "{full}: {stdout}");
        let is_told = |what: &str, path: &str| stdout.contains(&format!("{what} {path}"));
        assert_eq!(is_told("saved to", &net), full != "net.ckpt", "{full}: {stdout}");
        assert_eq!(is_told("wrote", &page), full != "page.html", "{full}: {stdout}");
        assert_eq!(is_told("saved to", &run), full != "run", "{full}: {stdout}");
        assert_eq!(is_told("not saved in", &run), full == "run", "{full}: {stdout}");
        for name in ["net.ckpt", "logs/network.ckpt", "run/step-000000004.ckpt"] {
            if !name.starts_with(full) {
                Checkpoint::load(at(name)).unwrap();
            }
        }
        assert_eq!(folder.file("page.html").exists(), full != "page.html");
        assert_eq!(fs::read_dir(&small).unwrap().count(), 0);
        for name in ["logs", "run"] {
            let _ = fs::remove_dir_all(folder.file(name));
        }
        let _ = fs::remove_file(folder.file("net.ckpt"));
        let _ = fs::remove_file(folder.file("page.html"));
    }
}

/// The system sends a signal that ends programs which know nothing of it.
#[cfg(target_os = "linux")]
#[test]
fn every_output_is_tried_where_files_may_not_grow() {
    let folder = Folder::new();
    let (net, page) = (folder.file("net.ckpt"), folder.file("page.html"));
    let script = "ulimit -f 8; exec \"$0\" \"$@\"";
    let call = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--hidden", "2", "--checkpoint"];
    let mut sh = clean("sh");
    sh.args(["-c", script, PROGRAM]).args(call).arg(&net).arg("--report").arg(&page);
    let (code, stdout, stderr) = ended(&sh.output().unwrap());
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(stderr.contains("page.html: cannot be written: File too large"), "{stderr}");
    Checkpoint::load(&net).unwrap();
}

#[test]
fn outputs_are_no_data_no_folders_and_no_files_of_a_run() {
    let folder = Folder::new();
    let at = |name: &str| format!("{}/{name}", folder.arg());
    let train = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1"];
    let images = fs::read(at("t10k-images-idx3-ubyte")).unwrap();
    std::os::unix::fs::symlink("t10k-images-idx3-ubyte", at("link")).unwrap();
    for options in [
        &["--checkpoint", "./t10k-images-idx3-ubyte"][..],
        &["--report", "link"],
        &["--checkpoint", "x", "--log-dir", "x"],
        &["--report", "x", "--checkpoint-dir", "./y/../x/y"],
        &["--checkpoint", "x/.lock", "--checkpoint-dir", "x"],
        &["--report", "x/.logs.lock", "--log-dir", "x"],
    ] {
        let options: Vec<String> =
            options.chunks(2).flat_map(|two| [two[0].to_string(), at(two[1])]).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let error = fails(2, &[&train[..], &options].concat());
        assert!(error.contains(options[0]) && !Path::new(&at("x")).exists(), "{error}");
    }
    let (logs, run, net) = (at("logs"), at("run"), at("logs/best.ckpt"));
    let outputs = ["--log-dir", &logs, "--checkpoint-dir", &run, "--checkpoint", &net];
    // That name is taken in folders of checkpoints alone.
    fs::create_dir(&logs).unwrap();
    succeeds(&[&train[..], &outputs].concat());
    let files = ["logs/network.ckpt", "logs/scalars.jsonl", "run/step-000000002.ckpt"].map(at);
    let before = files.each_ref().map(|file| fs::read(file).unwrap());
    for (folder_of_run, file) in [(&logs, &files[0]), (&logs, &files[1]), (&run, &files[2])] {
        let report = ["report", "--data-dir", folder.arg(), folder_of_run, "--output", file];
        assert!(fails(2, &report).contains("name the same file"));
        fails(2, &["export", "--to", "npz", "--checkpoint", folder_of_run, "--output", file]);
    }
    fails(2, &["report", "--data-dir", folder.arg(), &run, "--output", &at("link")]);
    assert_eq!(files.map(|file| fs::read(file).unwrap()), before);
    assert_eq!(fs::read(at("t10k-images-idx3-ubyte")).unwrap(), images);
}

#[test]
fn outputs_that_are_the_same_file_are_refused_at_the_start() {
    let folder = Folder::new();
    let at = |name: &str| format!("{}/{name}", folder.arg());
    fs::write(at("run.toml"), "").unwrap();
    for options in [
        ["--checkpoint", "x", "--report", "./x"],
        ["--checkpoint", "D/network.ckpt", "--log-dir", "D"],
        ["--report", "new/../D/scalars.jsonl", "--log-dir", "./D/"],
        ["--checkpoint", "run.toml", "--config", "run.toml"],
        ["--checkpoint", "D/step-000000600.ckpt", "--checkpoint-dir", "D"],
        ["--report", "D/best.ckpt", "--checkpoint-dir", "./D"],
    ] {
        fs::create_dir_all(at("D")).unwrap();
        let [a, x, b, y] = options;
        let error = fails(2, &["train-mnist", "--data-dir", folder.arg(), a, &at(x), b, &at(y)]);
        assert!(error.contains(a) && error.contains(b) && error.contains("name the same file"), "{error}");
        assert_eq!(fs::read_dir(at("D")).unwrap().count(), 0);
    }
    assert_eq!(fs::read(at("run.toml")).unwrap(), b"");
    let net = at("net.ckpt");
    succeeds(&["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--checkpoint", &net]);
    let same = at("./net.ckpt");
    let report = ["report", "--data-dir", folder.arg(), &net, "--output", &same];
    assert!(fails(2, &report).contains("is one of the runs"));
    fails(2, &["export", "--to", "npz", "--checkpoint", &net, "--output", &same]);
    fails(2, &["import", "--from", "npz", &net, "--checkpoint", &same]);
    Checkpoint::load(&net).unwrap();
}

/// A picture of a one.
fn one(folder: &Folder) -> String {
    let path = folder.file("one.pgm");
    let pixel = |i: usize| if (18..22).contains(&(i % 40)) && (8..32).contains(&(i / 40)) { 20 } else { 230 };
    fs::write(&path, [&b"P5 40 40 255\n"[..], &(0..1600).map(pixel).collect::<Vec<u8>>()].concat()).unwrap();
    path.to_str().unwrap().to_string()
}

#[test]
fn a_single_output_says_yes_or_no_and_values_are_no_probabilities() {
    let folder = Folder::new();
    let (picture, net) = (one(&folder), folder.file("net.ckpt"));
    let path = net.to_str().unwrap();
    let event = || {
        let said = succeeds(&["predict", "--checkpoint", path, "--json", &picture]);
        json::objects(&said).remove(0)
    };
    let line = || succeeds(&["predict", "--checkpoint", path, "--quiet", &picture]);
    // σ(ln 3) = 3/4.
    for (logit, class, first, second) in
        [(3.0_f32.ln(), 1, "1  75.0 %", "0  25.0 %"), (-(3.0_f32.ln()), 0, "0  75.0 %", "1  25.0 %")]
    {
        network(&MlpConfig::new([784, 1]).with_loss(BinaryCrossEntropy), &[logit]).save(&net).unwrap();
        assert_eq!(event()["class"], class);
        assert!((event()["top"][0]["probability"].as_f64().unwrap() - 0.75).abs() <= 1e-6);
        assert!(line().ends_with(&format!(": {first}, {second}\n")), "{}", line());
    }
    network(&MlpConfig::new([784, 3]).with_loss(MeanSquaredError), &[0.25, 1.125, 0.5]).save(&net).unwrap();
    let expected = serde_json::json!([
        { "class": 1, "value": 1.125 }, { "class": 2, "value": 0.5 }, { "class": 0, "value": 0.25 }
    ]);
    assert_eq!((&event()["top"], &event()["class"]), (&expected, &1.into()));
    assert!(line().ends_with(": 1  1.125, 2  0.500, 0  0.250\n"), "{}", line());
    network(&MlpConfig::new([784, 1]).with_loss(MeanSquaredError), &[1.125]).save(&net).unwrap();
    assert_eq!((&event()["class"], &event()["outputs"]), (&Value::Null, &serde_json::json!([1.125])));
    assert!(line().ends_with(": 1.125\n"), "{}", line());
}

#[test]
fn the_end_of_a_run_that_could_not_be_saved_is_told() {
    let folder = Folder::new();
    let run = folder.file("run");
    let keep = ["--checkpoint-dir", run.to_str().unwrap(), "--checkpoint-every", "100steps"];
    let call = ["train-mnist", "--data-dir", folder.arg(), "--steps", "20000"];
    let end = |vanish: &dyn Fn()| {
        let mut running = Running::start(&[&call[..], &keep].concat());
        running.wait_for(|| newest(&run).is_some());
        vanish();
        let mut stdout = String::new();
        std::io::Read::read_to_string(running.child.stdout.as_mut().unwrap(), &mut stdout).unwrap();
        let (code, stderr) = running.end();
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        assert!(!stdout.contains("saved to"), "{stdout}");
        stdout
    };
    let stdout = end(&|| fs::rename(&run, folder.file("gone")).unwrap());
    let expected =
        format!("not saved in {}: the end of the run; it has no checkpoint of this run\n", run.display());
    assert!(stdout.contains(&expected), "{stdout}");
}

#[test]
fn the_end_that_a_read_only_folder_did_not_take_is_told() {
    let folder = Folder::new();
    let run = folder.file("run");
    let mode =
        |mode: u32| fs::set_permissions(&run, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    // The superuser writes everywhere, without this.
    const BOUND: [&str; 2] = ["--bounding-set=-dac_override,-dac_read_search", "--"];
    fs::create_dir(&run).unwrap();
    mode(0o555);
    let is_bound = |bound: &[&str]| {
        let file = run.join("x");
        let call = [bound, &["touch", file.to_str().unwrap()]].concat();
        clean(call[0]).args(&call[1..]).output().is_ok_and(|output| !output.status.success())
    };
    let setpriv: &[&str] = &["setpriv", BOUND[0], BOUND[1]];
    let with_setpriv = clean("setpriv").args(BOUND).arg("true").status().is_ok_and(|status| status.success());
    let bound: &[&str] = match (is_bound(&[]), with_setpriv && is_bound(setpriv)) {
        (true, _) => &[],
        (false, true) => setpriv,
        _ => return eprintln!("SKIPPED: a read-only folder, since nothing is read-only for this user"),
    };
    mode(0o755);
    let call = [
        "train-mnist",
        "--data-dir",
        folder.arg(),
        "--steps",
        "20000",
        "--checkpoint-every",
        "100steps",
        "--checkpoint-dir",
        run.to_str().unwrap(),
    ];
    let call = [bound, &[PROGRAM], &call].concat();
    let mut command = clean(call[0]);
    command.args(&call[1..]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = std::time::Instant::now();
    while newest(&run).is_none() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    mode(0o555);
    let (code, stdout, stderr) = ended(&child.wait_with_output().unwrap());
    mode(0o755);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let newest = newest(&run).unwrap();
    assert!(!newest.ends_with("step-000020000.ckpt") && !stdout.contains("saved to"), "{stdout}");
    let end = format!("not saved in {}: the end of the run; its newest checkpoint is ", run.display());
    assert!(stdout.contains(&format!("{end}{}\n", newest.display())), "{stdout}");
    assert!(stderr.starts_with("warning: ") && stderr.ends_with("; training continues\n"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "ckpt")).max()
}

#[test]
fn a_closed_terminal_ends_a_run_as_ctrl_c_does_and_nohup_does_not() {
    let folder = Folder::new();
    let net = folder.file("net.ckpt");
    let call = [
        "train-mnist",
        "--data-dir",
        folder.arg(),
        "--steps",
        "1000000",
        "--checkpoint",
        net.to_str().unwrap(),
    ];
    let mut running = Running::start(&call);
    running.wait_for_a_line();
    running.send("-HUP");
    let (code, stderr) = running.end();
    assert_eq!(code, Some(129), "{stderr}");
    assert!(stderr.starts_with("stopped by SIGHUP after step ") && net.exists(), "{stderr}");

    let script = "trap '' HUP; \"$0\" \"$@\" & pid=$!; sleep 0.5; kill -HUP $pid; sleep 0.3; kill -TERM $pid; wait $pid";
    let output = clean("sh").args(["-c", script, PROGRAM]).args(call).output().unwrap();
    let (code, _, stderr) = ended(&output);
    assert!(code == Some(143) && stderr.starts_with("stopped by SIGTERM"), "{stderr}");
}

#[test]
fn a_pipe_is_not_waited_for() {
    let folder = Folder::new();
    let pipe = folder.file("pipe");
    assert!(clean("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let net = folder.file("net.ckpt");
    network(&MlpConfig::new([784, 2]), &[0.0, 0.0]).save(&net).unwrap();
    for call in [
        &["inspect", pipe][..],
        &["history", pipe],
        &["predict", "--checkpoint", net.to_str().unwrap(), pipe],
        &["train-mnist", "--config", pipe],
        &["train-mnist", "--resume", pipe],
    ] {
        let error = fails(1, call);
        assert!(error.contains("not a file"), "{call:?}: {error}");
    }
    for (option, name) in [("--checkpoint-dir", ".lock"), ("--log-dir", ".logs.lock")] {
        let run = folder.file(&option[2..]);
        fs::create_dir(&run).unwrap();
        assert!(clean("mkfifo").arg(run.join(name)).status().unwrap().success());
        let error = fails(1, &["train-mnist", "--data-dir", folder.arg(), option, run.to_str().unwrap()]);
        assert!(error.contains("is not a file"), "{error}");
    }
    // What a shell hands over is read.
    let script = "exec \"$0\" train-mnist --print-config --config <(printf '[network]\\nhidden = [7]\\n')";
    let output = clean("bash").args(["-c", script, PROGRAM]).output().unwrap();
    assert!(text(&output.stdout).contains("hidden = [7]"), "{output:?}");
}

#[test]
fn the_limit_of_threads_holds_for_the_environment() {
    let folder = Folder::new();
    let call = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1"];
    let with = |n: &str| ended(&program().args(call).env("RAYON_NUM_THREADS", n).output().unwrap());
    let (code, _, stderr) = with("100000");
    assert_eq!((code, &*stderr), (Some(1), "error: RAYON_NUM_THREADS is 100000, expected 1 to 1024\n"));
    let (code, stdout, stderr) = with("3");
    assert!(code == Some(0) && stdout.contains(" 3 threads"), "{stdout}{stderr}");
}

#[test]
fn what_is_missing_in_the_logs_is_filled_in() {
    let folder = Folder::new();
    let (logs, net) = (folder.file("logs"), folder.file("net.ckpt"));
    let (logs_arg, net_arg) = (logs.to_str().unwrap(), net.to_str().unwrap());
    let call = ["train-mnist", "--data-dir", folder.arg(), "--log-dir", logs_arg, "--checkpoint", net_arg];
    succeeds(&[&call[..], &["--epochs", "3"]].concat());
    let losses = || -> Vec<(u64, Option<f64>)> {
        let scalars = chainrule_logs::read_scalars(&logs).unwrap().into_iter();
        scalars
            .filter(|scalar| scalar.tag == "loss/train")
            .map(|scalar| (scalar.epoch, scalar.value))
            .collect()
    };
    let before = losses();
    // A loss of power: nothing had reached the disk.
    fs::write(logs.join("scalars.jsonl"), "").unwrap();
    succeeds(&[&call[..], &["--resume", net_arg, "--epochs", "4"]].concat());
    assert_eq!(losses()[..3], before);
    assert_eq!(losses().iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [1, 2, 3, 4]);
    // A hole in the middle, with what comes after it.
    let text = fs::read_to_string(logs.join("scalars.jsonl")).unwrap();
    let holed: String = text.split_inclusive('\n').filter(|line| !line.contains("\"epoch\":2,")).collect();
    fs::write(logs.join("scalars.jsonl"), holed).unwrap();
    succeeds(&[&call[..], &["--resume", net_arg, "--epochs", "4"]].concat());
    assert_eq!(losses()[..3], before);
    assert_eq!(losses().len(), 4);
    // A hole within an epoch, where no step is left to be taken.
    let text = fs::read_to_string(logs.join("scalars.jsonl")).unwrap();
    let of_test = |line: &str| line.contains("\"epoch\":2,") && line.contains("/test\"");
    let holed: String = text.split_inclusive('\n').filter(|line| !of_test(line)).collect();
    assert!(holed.len() < text.len());
    fs::write(logs.join("scalars.jsonl"), holed).unwrap();
    succeeds(&[&call[..], &["--resume", net_arg, "--epochs", "4"]].concat());
    let scalars = |text: &str| {
        let of_line = |line| {
            let mut scalar: Value = serde_json::from_str(line).unwrap();
            scalar.as_object_mut().unwrap().remove("wall_time");
            scalar.to_string()
        };
        text.lines().map(of_line).collect::<std::collections::BTreeSet<String>>()
    };
    let after = fs::read_to_string(logs.join("scalars.jsonl")).unwrap();
    assert_eq!(scalars(&after), scalars(&text));
}

#[test]
fn other_data_than_the_network_s_own_are_told() {
    let (own, other) = (Folder::new(), Folder::new());
    let mut images = fs::read(other.file("t10k-images-idx3-ubyte")).unwrap();
    images.last_mut().map(|pixel| *pixel ^= 1).unwrap();
    fs::write(other.file("t10k-images-idx3-ubyte"), images).unwrap();
    let (net, run, page) = (own.file("net.ckpt"), own.file("run"), own.file("page.html"));
    let (net, run, page) = (net.to_str().unwrap(), run.to_str().unwrap(), page.to_str().unwrap());
    let train = ["train-mnist", "--epochs", "1", "--data-dir"];
    succeeds(&[&train[..], &[own.arg(), "--checkpoint", net, "--checkpoint-dir", run]].concat());
    for path in [net, run] {
        let evaluate = |folder: &Folder, more: &[&str]| {
            succeeds(&[&["evaluate", "--data-dir", folder.arg(), "--checkpoint", path], more].concat())
        };
        let told = "these are other data than the network's own: the test set is 50 samples of 64 values with checksums ";
        assert!(evaluate(&other, &[]).contains(told) && !evaluate(&own, &[]).contains("other data"));
        assert!(json::objects(&evaluate(&other, &["--json"]))[0]["other_data"].is_string());
        assert!(json::objects(&evaluate(&own, &["--json"]))[0]["other_data"].is_null());
    }
    let report = |folder: &Folder| succeeds(&["report", "--data-dir", folder.arg(), "--output", page, net]);
    assert!(
        !report(&own).contains("other data") && !fs::read_to_string(page).unwrap().contains("other data")
    );
    assert!(report(&other).contains("other data than the network's own: "));
    assert!(fs::read_to_string(page).unwrap().contains("net (evaluated on other data)"));
    let elsewhere = other.file("net.ckpt");
    let elsewhere = elsewhere.to_str().unwrap();
    succeeds(&[&train[..], &[other.arg(), "--checkpoint", elsewhere]].concat());
    let compared = succeeds(&["compare-runs", net, elsewhere]);
    assert!(compared.contains("data.test_crc32 "), "{compared}");
    // One history has one test set.
    let longer = ["train-mnist", "--epochs", "2", "--data-dir", other.arg(), "--resume"];
    for resumed in [&[net][..], &["auto", "--checkpoint-dir", run]] {
        let error = fails(1, &[&longer[..], resumed].concat());
        assert!(
            error.contains("cannot resume from ") && error.contains(": the test set is 50 samples "),
            "{error}"
        );
    }
}

#[test]
fn what_killed_runs_left_goes_and_nothing_else() {
    let folder = Folder::new();
    let logs = folder.file("logs");
    fs::create_dir(&logs).unwrap();
    // No process has such a number.
    let dead = u32::MAX;
    let left = [
        format!("logs/.network.ckpt.{dead}-0.tmp"),
        format!("logs/.scalars.jsonl.{dead}-3.tmp"),
        format!(".net.ckpt.{dead}-1.tmp"),
        format!(".net.ckpt.interrupted.{dead}-2.tmp"),
        format!(".page.interrupted.html.{dead}-2.tmp"),
    ];
    let stays = [
        format!(".other.ckpt.{dead}-1.tmp"),
        ".net.ckpt.2024-01.tmp".into(),
        ".net.ckpt.2024-11.tmp".into(),
        "logs/.notes.2024-11.tmp".into(),
    ];
    for name in left.iter().chain(&stays) {
        fs::write(folder.file(name), "half").unwrap();
    }
    let at = |name: &str| folder.file(name).to_str().unwrap().to_string();
    let (net, page) = (at("net.ckpt"), at("page.html"));
    let outputs = ["--checkpoint", &net, "--report", &page, "--log-dir", logs.to_str().unwrap()];
    succeeds(&[&["train-mnist", "--data-dir", folder.arg(), "--epochs", "1"], &outputs[..]].concat());
    for name in &left {
        assert!(!folder.file(name).exists(), "{name}");
    }
    for name in &stays {
        assert!(folder.file(name).exists(), "{name}");
    }
}

/// It has the name that the run would give to its own.
#[test]
fn a_network_alone_is_not_replaced_by_a_run_that_passed_it_over() {
    let folder = Folder::new();
    let run = folder.file("run");
    fs::create_dir(&run).unwrap();
    let alone = run.join("step-000000004.ckpt");
    network(&MlpConfig::new([784, 2]), &[0.0, 0.0]).save(&alone).unwrap();
    let before = fs::read(&alone).unwrap();
    let call =
        ["train-mnist", "--data-dir", folder.arg(), "--epochs", "5", "--resume", "auto", "--checkpoint-dir"];
    let (code, stdout, stderr) = ended(&called(&[&call[..], &[run.to_str().unwrap()]].concat()));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("cannot write the checkpoint ") && stderr.contains("a network alone"),
        "{stderr}"
    );
    assert!(stdout.contains("step-000000010.ckpt"), "{stdout}");
    assert_eq!(fs::read(&alone).unwrap(), before);
}

#[test]
fn a_network_s_own_data_are_found_again_or_it_is_said_loudly() {
    let (own, elsewhere) = (Folder::new(), tempfile::tempdir().unwrap());
    let (net, page) = (elsewhere.path().join("net.ckpt"), elsewhere.path().join("page.html"));
    let (net, page) = (net.to_str().unwrap(), page.to_str().unwrap());
    succeeds(&["train-mnist", "--epochs", "1", "--data-dir", own.arg(), "--checkpoint", net]);
    let accuracy = |text: &str| json::objects(text)[0]["test_accuracy"].clone();
    let right = accuracy(&succeeds(&["evaluate", "--json", "--checkpoint", net, "--data-dir", own.arg()]));
    // Nothing is named: the bundled MNIST is not what it was trained on, the folder of the run is.
    let found = succeeds(&["evaluate", "--json", "--checkpoint", net]);
    assert_eq!(accuracy(&found), right);
    let found = &json::objects(&found)[0];
    assert_eq!((found["data_dir"].as_str(), found["other_data"].is_null()), (Some(own.arg()), true));
    let text = succeeds(&["evaluate", "--checkpoint", net]);
    assert!(text.ends_with(&format!("evaluated on the network's own data, in {}\n", own.arg())), "{text}");
    assert!(succeeds(&["report", net, "--output", page]).contains(own.arg()));
    let html = fs::read_to_string(page).unwrap();
    assert!(!html.contains("class=\"warning\"") && html.contains(&format!("--data-dir {}", own.arg())));
    // A folder that is named is what is wanted, and said above the figures and above the curves.
    let other = Folder::of(&Mnist::new(data_set(8).test, data_set(8).train));
    let call = ["report", net, "--output", page, "--data-dir", other.arg()];
    assert!(succeeds(&call).contains("warning: other data than the network's own: "));
    let html = fs::read_to_string(page).unwrap();
    let warnings: Vec<usize> = html.match_indices("class=\"warning\"").map(|(at, _)| at).collect();
    let places = ["class=\"tiles\"", "<figcaption>Loss"].map(|part| html.find(part).unwrap());
    assert!(
        warnings.len() == 2 && warnings[0] < places[0] && warnings[1] > places[0] && warnings[1] < places[1]
    );
    assert!(
        html.contains("evaluated on other data than the network&#39;s own")
            || html.contains("evaluated on other data than the network's own")
    );
    assert!(!html.contains(&format!("--data-dir {}", other.arg())), "the run was on its own data");
    // They are gone: nobody finds them, and MNIST's images have another size.
    drop(own);
    let error = fails(1, &["evaluate", "--checkpoint", net]);
    assert!(
        error.contains("these are other data than the network's own: the test set is 10000 samples"),
        "{error}"
    );
}

#[test]
fn runs_on_other_data_are_not_compared_in_silence() {
    let (one, other) = (Folder::new(), Folder::of(&Mnist::new(data_set(8).test, data_set(8).train)));
    let [a, b, c] = ["a.ckpt", "b.ckpt", "c.ckpt"].map(|name| one.file(name).to_str().unwrap().to_string());
    for (folder, net) in [(&one, &a), (&one, &b), (&other, &c)] {
        succeeds(&["train-mnist", "--epochs", "1", "--data-dir", folder.arg(), "--checkpoint", net]);
    }
    let warning = "warning: the runs' data differ";
    assert!(!succeeds(&["compare-runs", &a, &b]).contains(warning));
    assert!(succeeds(&["compare-runs", &a, &c]).contains(warning));
    let told = json::objects(&succeeds(&["compare-runs", &a, &c, "--json"]));
    assert_ne!(told[0]["differing"]["data.test_crc32"], told[1]["differing"]["data.test_crc32"]);
    assert_ne!(told[0]["differing"]["data.train_crc32"], told[1]["differing"]["data.train_crc32"]);
    // Logs have a network without the state of a run, which knows the test set alone: that is no difference.
    let logs = one.file("logs");
    let logs = logs.to_str().unwrap();
    succeeds(&["train-mnist", "--epochs", "1", "--data-dir", one.arg(), "--log-dir", logs]);
    assert!(!succeeds(&["compare-runs", &a, logs]).contains(warning));
}

#[test]
fn what_others_put_into_a_folder_of_checkpoints_stays() {
    let folder = Folder::new();
    let run = folder.file("run");
    fs::create_dir(&run).unwrap();
    let (notes, alone) = (run.join(".notes.2024-11.tmp"), run.join("step-000000003.ckpt"));
    let dated = run.join(".network.ckpt.2024-11.tmp");
    fs::write(&notes, "mine").unwrap();
    fs::write(&dated, "mine").unwrap();
    network(&MlpConfig::new([784, 2]), &[0.0, 0.0]).save(&alone).unwrap();
    let call =
        ["train-mnist", "--data-dir", folder.arg(), "--epochs", "5", "--resume", "auto", "--checkpoint-dir"];
    let (code, _, stderr) = ended(&called(&[&call[..], &[run.to_str().unwrap()]].concat()));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("step-000000003.ckpt: the file is a network alone")
            && stderr.contains("it is skipped"),
        "{stderr}"
    );
    assert!(notes.exists() && dated.exists() && alone.exists());
    // Two of the run, as ever, and the one that is not of it.
    assert_eq!(
        fs::read_dir(&run)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "ckpt"))
            .count(),
        3
    );
}
