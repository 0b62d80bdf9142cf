//! A crate outside of the workspace, which depends on layers, losses and optimizers alone, trains a network.

use std::{fs, path::Path, process::Command};

/// The crate as it is committed.
const CRATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/outside/xor");

/// The folder of all our crates.
const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates");

/// What a network that learned answers.
const XOR: [([f64; 2], f64); 4] =
    [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)];

/// Copies the crate to `to`, where it finds ours by absolute paths and uses the versions that the workspace has locked.
fn copy_crate(to: &Path) {
    let manifest = fs::read_to_string(Path::new(CRATE).join("Cargo.toml")).unwrap();
    let relative = "\"../../../../crates/";
    assert_eq!(manifest.matches(relative).count(), 3, "{manifest}");
    // Forward slashes mean the same everywhere, backslashes would be escapes.
    let manifest = manifest.replace(relative, &format!("\"{CRATES}/").replace('\\', "/"));
    fs::create_dir_all(to.join("src")).unwrap();
    fs::write(to.join("Cargo.toml"), manifest).unwrap();
    fs::copy(Path::new(CRATE).join("src/main.rs"), to.join("src/main.rs")).unwrap();
    fs::copy(Path::new(CRATES).join("../Cargo.lock"), to.join("Cargo.lock")).unwrap();
}

/// What `cargo run` prints in the crate at `folder`, built in a folder of its own: the workspace's is locked by the
/// cargo that runs this test.
fn run(folder: &Path) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(folder.join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "false") // Sooner and smaller.
        .current_dir(folder)
        .output()
        .unwrap();
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{printed}{errors}", output.status);
    printed.into_owned()
}

#[test]
fn a_crate_of_three_dependencies_learns_xor() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside/xor");
    copy_crate(&folder);
    let printed = run(&folder);

    let lines: Vec<Vec<f64>> =
        printed.lines().map(|line| line.split(' ').map(|word| word.parse().unwrap()).collect()).collect();
    assert_eq!(lines.len(), 4, "{printed}");
    let mut squared_error = 0.0;
    for (line, (x, t)) in lines.iter().zip(XOR) {
        assert_eq!((line.len(), &line[..2]), (3, &x[..]), "{printed}");
        assert!(if t == 1.0 { line[2] > 0.5 } else { line[2] < 0.5 }, "{printed}");
        squared_error += (line[2] - t).powi(2);
    }
    assert!(squared_error / 4.0 < 0.01, "{printed}");
}

#[test]
fn it_takes_less_than_forty_lines() {
    let n_lines = fs::read_to_string(Path::new(CRATE).join("src/main.rs")).unwrap().lines().count();
    assert!(n_lines < 40, "{n_lines}");
}
