//! Calls of the command line, and folders of data for it.

pub(crate) mod json;
#[cfg(unix)]
pub(crate) mod terminal;

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use chainrule_mnist::{ImageSet, Images, Mnist};
use tempfile::TempDir;

use crate::PROGRAM;

/// What a program keeps of the environment of the tests: where programs and temporary files are, and where coverage is written.
const KEPT: [&str; 6] = ["PATH", "TMPDIR", "TMP", "TEMP", "SystemRoot", "LLVM_PROFILE_FILE"];

/// A program with an empty environment and no standard input. What the tests were started from (`cargo xtask ci`, a hook of git,
/// a shell that sets colours, columns, or a number of threads) must not change what it prints.
pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
    command.stdin(Stdio::null());
    command
}

/// The command line, [`clean`].
pub(crate) fn program() -> Command {
    clean(PROGRAM)
}

/// Runs the command line with these arguments.
pub(crate) fn called(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the command line starts")
}

/// Runs a call that must succeed, and returns its standard output.
#[track_caller]
pub(crate) fn succeeds(arguments: &[&str]) -> String {
    let output = called(arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {}\n{stdout}{stderr}", output.status);
    assert_eq!(stderr, "", "{arguments:?}");
    stdout
}

/// Runs a call that must fail with exit code `code`, nothing on standard output that looks like a result, and one
/// line on standard error, which is returned.
#[track_caller]
pub(crate) fn fails(code: i32, arguments: &[&str]) -> String {
    let output = called(arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}{stderr}");
    assert!(!stdout.contains("accuracy"), "{arguments:?}: {stdout}");
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{arguments:?}: {stderr}");
    stderr.trim_end().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the command line writes UTF-8")
}

/// A data set of images of `side × side`, whose classes differ in which pixels are bright.
pub(crate) fn data_set(side: usize) -> Mnist {
    let set = |n: usize| {
        let pixel = |i: usize| {
            let (sample, pixel) = (i / (side * side), i % (side * side));
            if pixel % 10 == sample % 10 { 250 } else { (i * 7 % 40) as u8 }
        };
        let pixels = (0..n * side * side).map(pixel).collect();
        ImageSet::new(Images::new(n, side, side, pixels), (0..n).map(|i| (i % 10) as u8).collect())
    };
    Mnist::new(set(200), set(50))
}

/// A folder with a small data set.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder::of(&data_set(8))
    }

    pub(crate) fn of(mnist: &Mnist) -> Folder {
        let folder = tempfile::tempdir().expect("a temporary folder");
        mnist.save(folder.path()).expect("the data set is written");
        Folder { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path as an argument.
    pub(crate) fn arg(&self) -> &str {
        self.path().to_str().expect("temporary folders have UTF-8 names")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}
