//! `compare` with contestants that only pretend: what is asked, who is ranked, and what is printed.
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{fails, json, succeeds};

/// Obeys like a contestant: `$1` is its speed in every work, `$2` its loss.
const OBEYS: &str = r#"
while read work; do
    case "$work" in
        info) echo '{"version":"3.4","settings":"pretends"}';;
        W3a) echo '{"work":"W3a","missing":"only trains"}';;
        *) echo "{\"work\":\"$work\",\"value\":SPEED,\"loss\":LOSS,\"accuracy\":0.9}";;
    esac
done
"#;

/// A program of these lines, as `NAME=PROGRAM`.
fn program(folder: &TempDir, name: &str, lines: &str) -> String {
    let path: PathBuf = folder.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}")).expect("it is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it may be run");
    format!("{name}={}", path.display())
}

fn obeys(folder: &TempDir, name: &str, speed: &str, loss: &str) -> String {
    program(folder, name, &OBEYS.replace("SPEED", speed).replace("LOSS", loss))
}

/// chainrule, a peer that does the same, one that learns something else, and one that doesn't start.
fn contestants(folder: &TempDir) -> Vec<String> {
    vec![
        obeys(folder, "chainrule", "1000000", "0.5"),
        obeys(folder, "numpy", "200000", "0.51"),
        obeys(folder, "jax", "900000", "1.5"),
        program(folder, "burn", "echo no such machine >&2; exit 1\n"),
    ]
}

fn call<'a>(contestants: &'a [String], options: &[&'a str]) -> Vec<&'a str> {
    let mut arguments =
        [&["compare", "--rounds", "2", "--threads", "1", "--only", "W1,W3a"], options].concat();
    arguments.extend(contestants.iter().flat_map(|contestant| ["--contestant", contestant]));
    arguments
}

#[test]
fn whoever_does_the_same_work_is_ranked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let contestants = contestants(&folder);
    let text = succeeds(&call(&contestants, &[]));
    let line =
        |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}"));
    assert!(text.lines().next().is_some_and(|machine| machine.contains(" processor")), "{text}");
    assert_eq!(line("NumPy 3.4, 1 thread"), "NumPy 3.4, 1 thread: pretends");
    assert_eq!(line("burn"), "burn is left out: no such machine");
    assert!(text.contains("\nNumPy         3.4            1  200 (200 … 200)"), "{text}");
    assert!(text.contains(" 0.510  90.00  5.00 (5.00 … 5.00)\n"), "{text}");
    assert!(
        text.contains("\nJAX           3.4            1  not ranked: its loss is 1.500, chainrule's 0.500\n"),
        "{text}"
    );
    assert!(!text.contains("\nW3a:"), "nobody does it: {text}");
    assert!(line("1  W1 on 1 thread: at least 800").ends_with("reached: 1000 k samples/s"), "{text}");
    assert!(!text.contains("2 threads"), "goals that were not asked for: {text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn json_has_contestants_results_and_goals() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let contestants = contestants(&folder);
    let text = succeeds(&call(&contestants, &["--json", "--peers", "numpy"]));
    let objects = json::objects(&text);
    let of = |event: &str| objects.iter().filter(|o| o["event"] == event).collect::<Vec<_>>();
    assert!(objects[0]["machine"].as_str().is_some_and(|name| name.contains("processor")), "{text}");
    let names: Vec<&Value> = of("contestant").iter().map(|o| &o["contestant"]).collect();
    assert_eq!(names, ["chainrule", "numpy"]);
    let numpy = of("result")[1].clone();
    assert_eq!(
        (&numpy["work"], &numpy["contestant"], &numpy["threads"]),
        (&"W1".into(), &"numpy".into(), &1.into())
    );
    assert_eq!((&numpy["median"], &numpy["ratio"]), (&200_000.0.into(), &5.0.into()));
    assert_eq!(numpy["values"], serde_json::json!([200_000.0, 200_000.0]));
    let reached = of("goal").iter().filter(|goal| goal["reached"] == true).count();
    assert_eq!(reached, 1, "W1 on one thread, which is all that was measured");
}

#[test]
fn markdown_is_a_page_with_two_tables_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let contestants = contestants(&folder);
    let text = succeeds(&call(&contestants, &["--markdown"]));
    assert!(text.starts_with("On ") && text.contains("Medians of 2 rounds with 1 threads"), "{text}");
    let head = "| workload | chainrule 3.4 | NumPy 3.4 | JAX 3.4 |\n| --- | --- | --- | --- |\n| **W1** ";
    assert!(text.contains(head), "{text}");
    // The peer whose loss is another has no figure.
    assert!(text.contains("k samples/s | 1000 | 200 (5.0) | – |\n"), "{text}");
    assert!(text.contains("\n| 1 | W1 on 1 thread: at least 800 k samples/s | reached: 1000 k"), "{text}");
    assert!(text.contains("\nburn is left out: no such machine\n"), "{text}");
    assert!(!text.contains("measuring"), "{text}");
}

#[test]
fn without_chainrule_there_is_no_comparison() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broken = [program(&folder, "chainrule", "echo no data >&2; exit 1\n")];
    assert_eq!(fails(1, &call(&broken, &[])), "error: chainrule's contestant has failed: no data");
    let nobody = [obeys(&folder, "numpy", "1", "1")];
    let expected =
        "error: --contestant wants NAME=PROGRAM, one of them chainrule; see cargo xtask compare --help";
    assert_eq!(fails(2, &call(&nobody, &[])), expected);
}

#[test]
fn wrong_options_are_refused() {
    for (options, expected) in [
        (["--only", "W9"], "'W9'"),
        (["--peers", "matlab"], "'matlab'"),
        (["--rounds", "0"], "expected a whole number from 1"),
        (["--threads", "0"], "expected a whole number from 1 to"),
    ] {
        let error = fails(2, &[&["compare"][..], &options].concat());
        assert!(error.contains(expected) && error.contains("cargo xtask compare --help"), "{error}");
    }
}
