//! Rules of the repository that no compiler checks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::common::clean;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    // Whatever CARGO_TERM_COLOR says.
    command.args(["--color", "never"]).args(arguments).current_dir(ROOT);
    let output = command.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// For this machine's platform alone: the packages of others may never have been downloaded.
fn metadata(arguments: &[&str]) -> Value {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc starts");
    let version = String::from_utf8(rustc.stdout).expect("rustc writes UTF-8");
    let platform =
        version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc tells its host");
    let all = [&["metadata", "--format-version", "1", "--offline", "--filter-platform", platform], arguments]
        .concat();
    serde_json::from_str(&cargo(&all)).expect("cargo writes JSON")
}

/// The crates that are built into `package`, itself included.
fn tree(package: &str) -> BTreeSet<String> {
    let text =
        cargo(&["tree", "--offline", "-e", "normal", "-p", package, "--prefix", "none", "--format", "{p}"]);
    text.lines().map(|line| line.trim_end_matches(" (*)").to_string()).collect()
}

#[test]
fn crates_depend_in_one_direction_only() {
    let allowed: BTreeMap<&str, &[&str]> = [
        ("chainrule-csv", &[][..]),
        ("chainrule-data", &["tensor"]),
        ("chainrule-formats", &["protobuf", "trainer"]),
        ("chainrule-files", &[]),
        ("chainrule-gradcheck", &[]),
        ("chainrule-tensor", &[]),
        ("chainrule-layers", &["tensor"]),
        ("chainrule-losses", &["tensor"]),
        ("chainrule-optimizers", &["tensor"]),
        ("chainrule-mnist", &["data", "files", "tensor"]),
        ("chainrule-trainer", &["data", "files", "gradcheck", "layers", "losses", "optimizers", "tensor"]),
        ("chainrule-logs", &["files", "protobuf", "trainer"]),
        ("chainrule-protobuf", &[]),
        ("chainrule-report", &["logs", "trainer"]),
        (
            "chainrule-cli",
            &[
                "files",
                "formats",
                "gradcheck",
                "layers",
                "logs",
                "losses",
                "mnist",
                "optimizers",
                "report",
                "tensor",
                "trainer",
            ],
        ),
        (
            "chainrule",
            &[
                "csv",
                "data",
                "formats",
                "gradcheck",
                "layers",
                "logs",
                "losses",
                "mnist",
                "optimizers",
                "report",
                "tensor",
                "trainer",
            ],
        ),
    ]
    .into();
    let mut seen = 0;
    for package in metadata(&["--no-deps"])["packages"].as_array().unwrap() {
        let Some(allowed) = allowed.get(package["name"].as_str().unwrap()) else { continue };
        seen += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            if let (Some(ours), Value::Null) = (name.strip_prefix("chainrule-"), &dependency["kind"]) {
                assert!(allowed.contains(&ours), "{} depends on {name}", package["name"]);
            }
        }
    }
    assert_eq!(seen, allowed.len());
}

#[test]
fn dependencies_stay_few() {
    let (trainer, cli, start) = (tree("chainrule-trainer"), tree("chainrule-cli"), tree("xtask-start"));
    assert!(trainer.iter().any(|package| package.starts_with("nalgebra ")), "{trainer:#?}");
    assert!(trainer.len() <= 45, "{}: {trainer:#?}", trainer.len());
    // Decoders of images, shell completions and the report come with the command line, and with nothing else.
    assert!(cli.len() <= 110, "{}: {cli:#?}", cli.len());
    // Whoever calls `cargo xtask train-mnist` waits for the command line, and for nothing besides.
    assert_eq!(start.len(), 1, "{start:#?}");
}

#[test]
fn the_minimum_rust_version_is_that_of_the_dependencies() {
    let version = |text: &str| -> (u32, u32) {
        let mut numbers = text.split('.').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap_or(0))
    };
    let metadata = metadata(&[]);
    let packages = metadata["packages"].as_array().unwrap();
    let built: BTreeSet<String> =
        tree("chainrule").iter().map(|p| p.split(' ').next().unwrap().to_string()).collect();
    let built = &built;
    let of = |ours: bool| {
        let chosen = packages.iter().filter(move |p| {
            let name = p["name"].as_str().unwrap();
            built.contains(name) && name.starts_with("chainrule") == ours
        });
        chosen.filter_map(|p| p["rust_version"].as_str()).map(version).max().unwrap()
    };
    let (ours, theirs) = (of(true), of(false));
    assert_eq!(ours, theirs, "rust-version in Cargo.toml, and the highest among the dependencies");
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    assert!(readme.contains(&format!("Rust {}.{} or later", ours.0, ours.1)), "the README states it");
}

#[test]
fn every_library_forbids_unsafe_code() {
    let mut seen = 0;
    for folder in fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
        let folder = folder.unwrap().path();
        let source = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        // The kernels are the one exception, and a module of their own.
        let attribute = match folder.ends_with("tensor") {
            true => "#![deny(unsafe_code)]",
            false => "#![forbid(unsafe_code)]",
        };
        assert!(source.contains(attribute), "{}", folder.display());
        assert_eq!(source.matches("allow(unsafe_code").count(), usize::from(folder.ends_with("tensor")));
        seen += 1;
    }
    assert_eq!(seen, 16);
    for file in fs::read_dir(Path::new(ROOT).join("crates/tensor/src")).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() && !file.ends_with("lib.rs") {
            let source = fs::read_to_string(&file).unwrap();
            assert!(!source.contains("unsafe"), "{}", file.display());
        }
    }
}

#[test]
fn every_package_carries_both_licences() {
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let root = fs::read(Path::new(ROOT).join(licence)).unwrap();
        for folder in fs::read_dir(Path::new(ROOT).join("crates")).unwrap() {
            let copy = folder.unwrap().path().join(licence);
            assert!(fs::read(&copy).unwrap() == root, "{}", copy.display());
        }
    }
}

#[test]
fn the_top_level_has_the_folders_of_the_design() {
    // Whoever owns the checkout, and also where a hook of git runs the tests.
    let tracked = clean("git").args(["-c", "safe.directory=*", "ls-files"]).current_dir(ROOT).output();
    // A source archive is no git checkout; there is nothing to compare then, nor where there is no git.
    let Some(output) = tracked.ok().filter(|_| Path::new(ROOT).join(".git").exists()) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout).unwrap();
    let folders: BTreeSet<&str> = files.lines().filter_map(|file| Some(file.split_once('/')?.0)).collect();
    assert_eq!(folders, BTreeSet::from([".cargo", ".ci", "benches", "crates", "datasets", "xtask"]));
}
