//! Programs in Python that chainrule is compared with, and their virtual environments.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::{Result, output};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// The Python of the virtual environment in the folder `venv`, which is made anew where its packages are not those that
/// the file `requirements` asks for: that takes minutes, and `talk` says so.
pub(crate) fn environment(venv: &Path, requirements: &Path, what: &str, talk: bool) -> Result<PathBuf> {
    let (python, installed) = (venv.join("bin/python"), venv.join("installed.txt"));
    let wanted = fs::read(requirements)?;
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    if talk {
        output::line(format_args!("installing {what}"));
    }
    for command in [
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv),
        Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements),
    ] {
        let name = Path::new(command.get_program()).display().to_string();
        let output = command.output().map_err(|cause| format!("{name} does not start: {cause}"))?;
        succeeded(&output, "the virtual environment cannot be made")?;
    }
    // Last, so that an installation that was interrupted is not taken for a whole one.
    fs::write(&installed, wanted)?;
    Ok(python)
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

/// Why a program has failed: the last that it said.
pub(crate) fn last_line(text: &str) -> Option<&str> {
    text.lines().rfind(|line| !line.trim().is_empty())
}
