//! Crates outside of the workspace that depend on a few of ours train networks, in no more than 40 lines.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

/// The folder of all our crates.
const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates");

/// The crates as they are committed.
const OUTSIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/outside");

/// One at a time: what cargo has built lies in one place for all.
static BUILDING: Mutex<()> = Mutex::new(());

/// Where the crates are copied to.
fn place() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside")
}

/// Copies a crate to where cargo builds, with absolute paths to ours and the versions that the workspace has locked, and
/// returns what cargo does there with `call` and `arguments` behind `--`: it is built in a folder of its own, since the
/// workspace's is locked by the cargo that runs this test.
fn cargo(call: &str, name: &str, n_dependencies: usize, arguments: &[&str]) -> Output {
    let (from, to) = (Path::new(OUTSIDE).join(name), place());
    let folder = to.join(name);
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let relative = "\"../../../../crates/";
    assert_eq!(manifest.matches("path = ").count(), n_dependencies, "{manifest}");
    assert_eq!(manifest.matches(relative).count(), n_dependencies, "{manifest}");
    // Forward slashes mean the same everywhere, backslashes would be escapes.
    let manifest = manifest.replace(relative, &format!("\"{CRATES}/").replace('\\', "/"));
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(from.join("src/main.rs"), folder.join("src/main.rs")).unwrap();
    fs::copy(Path::new(CRATES).join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    Command::new(env!("CARGO"))
        .args([call, "--quiet", "--release", "--offline", "--target-dir"])
        .arg(to.join("target"))
        .arg("--")
        .args(arguments)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1") // Sooner built than it would be faster.
        .current_dir(&folder)
        .output()
        .unwrap()
}

/// What it prints where all goes well.
fn printed(output: Output) -> String {
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{printed}{errors}", output.status);
    printed.into_owned()
}

fn run(name: &str, n_dependencies: usize, arguments: &[&str]) -> String {
    let _lock = BUILDING.lock();
    printed(cargo("run", name, n_dependencies, arguments))
}

/// The numbers of every line, which may end in words.
fn numbers(printed: &str) -> Vec<Vec<f64>> {
    let of_line = |line: &str| line.split(' ').map_while(|word| word.parse().ok()).collect();
    printed.lines().map(of_line).collect()
}

#[test]
fn layers_a_loss_and_an_optimizer_learn_xor() {
    const XOR: [([f64; 2], f64); 4] =
        [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)];
    let printed = run("xor", 3, &[]);
    let lines = numbers(&printed);
    assert_eq!(lines.len(), 4, "{printed}");
    let mut squared_error = 0.0;
    for (line, (x, t)) in lines.iter().zip(XOR) {
        assert_eq!((line.len(), &line[..2]), (3, &x[..]), "{printed}");
        assert!(if t == 1.0 { line[2] > 0.5 } else { line[2] < 0.5 }, "{printed}");
        squared_error += (line[2] - t).powi(2);
    }
    assert!(squared_error / 4.0 < 0.01, "{printed}");
}

/// The programs themselves assert that what was saved and loaded predicts the same.
#[test]
fn the_trainer_alone_is_enough_for_a_regressor_and_a_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = |name: &str| folder.path().join(name).to_str().unwrap().to_string();

    let printed = run("regressor", 1, &[&checkpoint("saddle.ckpt")]);
    let lines = numbers(&printed);
    assert_eq!(lines.len(), 4, "{printed}");
    for line in &lines[..3] {
        let expected = (line[0] * line[0] - line[1] * line[1]) / 90.0;
        assert!((line[2] - expected).abs() < 0.05, "{printed}");
    }

    let printed = run("classifier", 1, &[&checkpoint("ring.ckpt")]);
    let lines = numbers(&printed);
    assert_eq!(lines.len(), 4, "{printed}");
    assert_eq!([lines[0][2], lines[1][2], lines[2][2]], [1.0, 0.0, 0.0], "{printed}");
    assert!(fs::metadata(checkpoint("saddle.ckpt")).is_ok() && fs::metadata(checkpoint("ring.ckpt")).is_ok());

    let _lock = BUILDING.lock();
    let output = cargo("run", "classifier", 1, &[&checkpoint("missing/ring.ckpt")]);
    assert_eq!(output.status.code(), Some(1));
    let path = checkpoint("missing/ring.ckpt");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        error,
        format!("Error: cannot write the checkpoint {path}: No such file or directory (os error 2)\n")
    );
}

/// So an edit of a program costs what it takes to compile the program, and not training as well. Optimised as most programs are,
/// since only there instances of generic functions are not taken from other crates.
#[test]
fn a_program_that_trains_compiles_no_training() {
    let _lock = BUILDING.lock();
    let built = place().join("target/release/deps");
    let assembly = || {
        let files = fs::read_dir(&built).into_iter().flatten().map(|entry| entry.unwrap().path());
        let is_it = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("regressor-") && name.ends_with(".s")
        };
        files.filter(is_it).collect::<Vec<_>>()
    };
    assembly().iter().for_each(|path| fs::remove_file(path).unwrap());
    printed(cargo("rustc", "regressor", 1, &["-Copt-level=3", "--emit=asm"]));
    let text: String = assembly().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let functions: Vec<&str> =
        text.lines().filter(|line| line.starts_with('_') && line.ends_with(':')).collect();
    assert!(functions.iter().any(|name| name.contains("regressor")), "no program: {functions:?}");
    // The loop, a step, an evaluation; a layer, a loss, a rule.
    let ours = ["take_step", "MiniBatch", "evaluate_where", "BatchNorm", "SoftmaxCrossEntropy", "RmsProp"];
    for part in ours {
        let found: Vec<_> = functions.iter().filter(|name| name.contains(part)).collect();
        assert!(found.is_empty(), "compiled with the program: {found:?}");
    }
}

#[test]
fn each_takes_at_most_forty_lines() {
    for name in ["xor", "regressor", "classifier"] {
        let program = fs::read_to_string(Path::new(OUTSIDE).join(name).join("src/main.rs")).unwrap();
        assert!(
            program.lines().count() <= 40 - usize::from(name == "xor"),
            "{name}: {}",
            program.lines().count()
        );
        assert!(
            program.lines().all(|line| line.chars().count() <= 120),
            "{name} has lines that are too long"
        );
    }
}
