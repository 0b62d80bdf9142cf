//! What `cargo xtask` hands on: to a cargo that only tells what it is called with.
#![cfg(unix)]

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::ExitStatusExt},
    process::{Command, Output, Stdio},
};

/// Calls it with a cargo of these lines of a shell.
fn start(cargo: &str) -> (tempfile::TempDir, Command) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("cargo");
    fs::write(&program, format!("#!/bin/sh\n{cargo}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask-start"));
    command.env("CARGO", program).env_remove("CHAINRULE_CALLED_AS").stdin(Stdio::null());
    (folder, command)
}

fn text(output: Output) -> String {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn commands_of_users_and_others_have_programs_of_their_own() {
    let of_users = ("chainrule-cli", "cargo xtask");
    // A name for `chainrule` would reach the tests that `ci` starts.
    let others = ("xtask", "");
    for (arguments, (package, called_as)) in [
        (&["train-mnist", "--hidden", "5 6"][..], of_users),
        (&["predict"], of_users),
        (&["completions", "bash"], others),
        (&["ci"], others),
        (&["train-mist"], others),
        (&["--help"], others),
        (&[], others),
    ] {
        let (_folder, mut command) =
            start("echo \"$CHAINRULE_CALLED_AS\"; for word; do echo \"$word\"; done");
        let expected = [&[called_as, "run", "--release", "--package", package, "--quiet", "--"], arguments];
        assert_eq!(text(command.args(arguments).output().unwrap()), expected.concat().join("\n") + "\n");
    }
}

#[test]
fn bytes_that_are_not_unicode_are_handed_on() {
    let (_folder, mut command) = start("shift 6; printf '%s' \"$2\"");
    let output = command.arg("predict").arg(OsStr::from_bytes(b"a\xff")).output().unwrap();
    assert_eq!(output.stdout, b"a\xff");
}

#[test]
fn exit_codes_and_signals_are_those_of_the_program() {
    let (_folder, mut command) = start("exit 7");
    assert_eq!(command.arg("ci").output().unwrap().status.code(), Some(7));
    // It is the same process, so that whoever stops it stops the program.
    let (_folder, mut command) = start("echo $$; exec sleep 600");
    let mut child = command.arg("train-mnist").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    assert_eq!(line.trim(), child.id().to_string());
    let kill = Command::new("kill").args(["-TERM", line.trim()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn without_cargo_it_says_so() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask-start"));
    let output = command.stdin(Stdio::null()).arg("ci").env("CARGO", "/no/such/cargo").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.starts_with("error: cargo does not start: "), "{error}");
}
