//! Virtual environments of Python, for commands that compare chainrule with programs written in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Result;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// The Python of the virtual environment in the folder `venv`, which is made anew where its packages are not those that
/// the file `requirements` asks for; `announce` is called before that, since it takes minutes.
pub(crate) fn environment(venv: &Path, requirements: &Path, announce: impl FnOnce()) -> Result<PathBuf> {
    let (python, installed) = (venv.join("bin/python"), venv.join("installed.txt"));
    let wanted = fs::read(requirements)?;
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    announce();
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements))?;
    // Last, so that an installation that was interrupted is not taken for a whole one.
    fs::write(&installed, wanted)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command.output().map_err(|cause| format!("{name} does not start: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let why = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason was given");
    Err(format!("the virtual environment cannot be made: {why}").into())
}
