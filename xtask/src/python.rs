//! Scripts in Python, their virtual environments, and other programs that are called.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use clap::Args;
use serde_json::Value;

use crate::{Result, output};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// The option for the Python that runs a script.
#[derive(Args, Debug)]
pub(crate) struct Program {
    /// Python with the packages already installed, instead of a new virtual environment
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
}

impl Program {
    /// The Python that was given, or that of an environment in `folder` with what the requirements in `tests` ask for.
    pub(crate) fn program(&self, folder: &Path, tests: &Path, what: &str, talk: bool) -> Result<PathBuf> {
        match &self.python {
            Some(python) => Ok(python.clone()),
            None => environment(&folder.join("venv"), &tests.join("requirements.txt"), what, talk),
        }
    }
}

/// The Python of the virtual environment in the folder `venv`, which is made anew where its packages are not those that
/// the file `requirements` asks for.
pub(crate) fn environment(venv: &Path, requirements: &Path, what: &str, talk: bool) -> Result<PathBuf> {
    let python = venv.join("bin/python");
    install(requirements, venv, what, talk, || {
        for command in [
            Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv),
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .arg(requirements),
        ] {
            let name = Path::new(command.get_program()).display().to_string();
            let output = command.output().map_err(|cause| format!("{name} does not start: {cause}"))?;
            succeeded(&output, "the virtual environment cannot be made")?;
        }
        Ok(())
    })?;
    Ok(python)
}

/// Installs what the file `wanted` lists into `folder`, unless that was done before. It takes a while, and `talk` says so.
pub(crate) fn install(
    wanted: &Path,
    folder: &Path,
    what: &str,
    talk: bool,
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let (wanted, installed) = (fs::read(wanted)?, folder.join("installed.txt"));
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if talk {
        output::line(format_args!("installing {what}"));
    }
    install()?;
    // Last, so that an installation that was interrupted is not taken for a whole one.
    Ok(fs::write(installed, wanted)?)
}

/// Hands over what a script prints about a folder, an object on every line.
pub(crate) fn run(python: &Path, script: &Path, folder: &Path, mut heed: impl FnMut(&Value)) -> Result<()> {
    let output = Command::new(python).arg(script).arg(folder).env("PYTHONDONTWRITEBYTECODE", "1").output();
    let output = output.map_err(|cause| format!("{} does not start: {cause}", python.display()))?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        heed(&serde_json::from_str(line)?);
    }
    succeeded(&output, "the Python side has failed")
}

/// An error that begins with `problem`, unless a program has done its work.
pub(crate) fn succeeded(output: &Output, problem: &str) -> Result<()> {
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("{problem}: {}", last_line(&said).unwrap_or("no reason was given")).into())
        }
    }
}

/// Where a program is that the `PATH` leads to.
pub(crate) fn found(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Why a program has failed: the last line that it printed.
pub(crate) fn last_line(text: &str) -> Option<&str> {
    text.lines().rfind(|line| !line.trim().is_empty())
}
