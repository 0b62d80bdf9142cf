//! By which name and from where the program is called.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::{
    PROGRAM,
    common::{Folder, clean, program},
};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The exit code, and what was printed to standard output and to standard error.
fn ended(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn it_speaks_of_itself_by_the_name_it_was_called_by() {
    let folder = Folder::new();
    let (net, page) = (folder.file("net.ckpt"), folder.file("out.html"));
    let train = ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--quiet"];
    for name in ["chainrule", "cargo xtask"] {
        let run = |arguments: &[&str]| {
            ended(program().args(arguments).env("CHAINRULE_CALLED_AS", name).output().unwrap())
        };
        let other = if name == "chainrule" { "cargo xtask" } else { "chainrule" };
        for command in [&[][..], &["train-mnist"], &["predict"], &["completions"]] {
            let (code, help, _) = run(&[command, &["--help"]].concat());
            let call = format!("\n  {name} {}", command.first().unwrap_or(&"train-mnist"));
            assert!(code == Some(0) && help.contains(&call), "{help}");
            assert!(help.contains(&format!("Usage: {name} ")), "{help}");
            assert!(!help.contains(&format!("{other} ")), "{help}");
        }
        for (arguments, expected) in [
            (&["evaluate"][..], format!("; see {name} evaluate --help\n")),
            (&["train-mnist", "--momentum", "0.5"], format!("; see {name} train-mnist --help\n")),
            (&["--no-such"], format!("; see {name} --help\n")),
            (&[], format!("error: no command was given; see {name} --help\n")),
        ] {
            let (code, _, error) = run(arguments);
            assert!(code == Some(2) && error.ends_with(&expected), "{error}");
        }
        let written = ["--checkpoint", net.to_str().unwrap(), "--report", page.to_str().unwrap()];
        assert_eq!(run(&[&train[..], &written].concat()).0, Some(0));
        let again = format!("{name} train-mnist --data-dir {} --epochs 1</code>", folder.arg());
        assert!(fs::read_to_string(&page).unwrap().contains(&again), "{again}");
        let (_, script, _) = run(&["completions", "bash"]);
        assert_eq!(script.contains("_cargo_xtask"), name == "cargo xtask");
    }
}

/// A copy of the program outside of the repository, as an installed one is.
fn installed(folder: &Path) -> Command {
    let program = folder.join(Path::new(PROGRAM).file_name().unwrap());
    if !program.exists() {
        fs::copy(PROGRAM, &program).unwrap();
    }
    clean(program)
}

#[test]
fn outside_of_the_repository_it_says_where_it_looked_for_mnist() {
    let (bin, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [repository, temporary] =
        [Path::new(REPOSITORY), bin.path()].map(|path| fs::canonicalize(path).unwrap());
    assert!(!temporary.starts_with(&repository), "this test needs a TMPDIR outside of the repository");
    let within = here.path().join("a/b");
    fs::create_dir_all(&within).unwrap();
    let train = || {
        let mut program = installed(bin.path());
        program.args(["train-mnist", "--steps", "1", "--train-limit", "50", "--json"]).current_dir(&within);
        ended(program.output().unwrap())
    };
    let (code, _, error) = train();
    let [looked, program] = [&within, bin.path()].map(|path| fs::canonicalize(path).unwrap());
    let expected = format!(
        "error: MNIST was not found: there is no datasets/mnist in {} or {}, or in a folder above; say where it is with --data-dir DIR\n",
        looked.display(),
        program.display()
    );
    assert_eq!((code, error), (Some(1), expected));

    // Other data that lie there are not taken for MNIST.
    let mnist = here.path().join("datasets/mnist");
    fs::create_dir_all(&mnist).unwrap();
    for file in fs::read_dir(Folder::new().path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), mnist.join(file.file_name())).unwrap();
    }
    let (code, _, error) = train();
    assert!(
        code == Some(1) && error.contains("; restore datasets/mnist (git checkout datasets/mnist)"),
        "{error}"
    );

    fs::remove_dir_all(&mnist).unwrap();
    fs::create_dir_all(&mnist).unwrap();
    for file in fs::read_dir(Path::new(REPOSITORY).join("datasets/mnist")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), mnist.join(file.file_name())).unwrap();
    }
    let (code, events, error) = train();
    assert!(code == Some(0) && events.contains("\"event\":\"done\""), "{events}{error}");

    // Also by a program that is there, whatever the current folder.
    let mut program = installed(&within);
    program.args(["train-mnist", "--steps", "1", "--train-limit", "50", "--quiet"]).current_dir("/");
    let (code, text, error) = ended(program.output().unwrap());
    assert!(code == Some(0) && text.starts_with("test accuracy "), "{text}{error}");
}

#[test]
fn in_the_repository_mnist_is_found_from_any_folder() {
    for folder in ["crates/cli/src/train_mnist", "."] {
        let mut program = program();
        program.args(["train-mnist", "--steps", "1", "--train-limit", "50", "--quiet"]);
        let folder = Path::new(REPOSITORY).join(folder);
        let (code, text, error) = ended(program.current_dir(&folder).output().unwrap());
        assert!(code == Some(0) && text.starts_with("test accuracy "), "{}: {text}{error}", folder.display());
    }
}

/// Paths may be any bytes.
#[cfg(unix)]
#[test]
fn arguments_that_are_not_unicode_are_taken_as_they_are() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let folder = Folder::new();
    let [page, checkpoint] =
        [&b"p\xff.html"[..], b"c\xff.ckpt"].map(|name| folder.path().join(OsStr::from_bytes(name)));
    let mut program = program();
    program.args(["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--quiet", "--report"]);
    let (code, text, error) =
        ended(program.arg(&page).arg("--checkpoint").arg(&checkpoint).output().unwrap());
    assert_eq!(code, Some(0), "{text}{error}");
    assert!(page.exists() && checkpoint.exists());
    let output = crate::common::program().arg(OsStr::from_bytes(b"\xff")).output().unwrap();
    let (code, _, error) = ended(output);
    assert!(code == Some(2) && error.lines().count() == 1, "{error}");
}
