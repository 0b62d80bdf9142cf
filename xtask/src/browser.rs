//! Chromium, driven by the scripts in `xtask/browser` through Node: for commands that look at pages.
//!
//! Chromium and Node are those of the system, which `.ci/run` installs; the driver (playwright-core) and axe-core come by
//! npm into `target/browser`, in the versions that `package-lock.json` names.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    Result,
    python::{self, found},
};

/// What every script is run with.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    /// The scripts, with what they import beside them.
    scripts: PathBuf,
}

/// Where pages, pictures and the driver may lie.
pub(crate) fn folder() -> PathBuf {
    python::root().join("target/browser")
}

impl Browser {
    /// The browser, its driver installed, which takes some seconds: `talk` says so.
    pub(crate) fn new(talk: bool) -> Result<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"];
        let chromium = match env::var_os("CHROMIUM") {
            Some(path) => PathBuf::from(path),
            None => chromium.iter().find_map(|name| found(name)).ok_or(MISSING)?,
        };
        for program in ["node", "npm"] {
            found(program).ok_or(MISSING)?;
        }
        let scripts = folder().join("scripts");
        install(&scripts, talk)?;
        Ok(Browser { chromium, scripts })
    }

    /// Runs a script and hands every line of JSON that it prints to `heed`, as it comes.
    pub(crate) fn run(&self, script: &str, argument: &Path, mut heed: impl FnMut(Value)) -> Result<()> {
        let mut node = Command::new("node")
            .arg(self.scripts.join(script))
            .arg(argument)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| format!("node does not start: {cause}"))?;
        for line in node.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines) {
            let line = line?;
            heed(serde_json::from_str(&line).map_err(|_| format!("{script} says {line:?}, expected JSON"))?);
        }
        match node.wait()? {
            status if status.success() => Ok(()),
            status => Err(format!("{script} has failed ({status}); its reason is above").into()),
        }
    }
}

const MISSING: &str = "the browser test needs chromium, node and npm, and not all are on the PATH; on Debian: apt-get \
                       install chromium nodejs npm, or name another Chromium by the variable CHROMIUM";

/// Copies the scripts to where npm may install beside them, and lets it, unless it has.
fn install(scripts: &Path, talk: bool) -> Result<()> {
    fs::create_dir_all(scripts)?;
    for file in fs::read_dir(python::root().join("xtask/browser"))? {
        let file = file?;
        fs::copy(file.path(), scripts.join(file.file_name()))?;
    }
    let what = "playwright-core and axe-core into target/browser, once";
    python::install(&scripts.join("package-lock.json"), scripts, what, talk, || {
        let npm =
            Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(scripts).output()?;
        if npm.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&npm.stderr).into_owned();
        // The first lines say what is wrong, the others where npm has written more about it.
        let lines = text
            .lines()
            .map(|line| line.trim_start_matches("npm ERR!").trim_start_matches("npm error").trim());
        let why: Vec<&str> = lines.filter(|line| !line.is_empty()).take(4).collect();
        Err(format!("npm cannot install the driver: {}", why.join("; ")).into())
    })
}
