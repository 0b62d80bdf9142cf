//! Calls of this program's own commands, as a user makes them.

use std::{env, path::Path, process::Command};

use crate::Result;

/// Runs a command, given as words that are each followed by a path, and returns what it prints.
pub(crate) fn call(parts: &[(&str, &Path)]) -> Result<String> {
    let mut command = Command::new(env::current_exe()?);
    for (words, path) in parts {
        command.args(words.split_whitespace()).arg(path);
    }
    let output = command.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let words: Vec<&str> = parts.iter().map(|(words, _)| *words).collect();
            Err(format!("{} has failed: {}", words.join(" … "), String::from_utf8_lossy(&output.stderr))
                .into())
        }
    }
}
