//! Calls of this program's own commands, as a user makes them.

use std::{env, ffi::OsStr, process::Command};

use crate::Result;

/// What a command prints.
pub(crate) fn call<S: AsRef<OsStr>>(arguments: &[S]) -> Result<String> {
    let output = Command::new(env::current_exe()?).args(arguments).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let (name, why) = (arguments[0].as_ref(), String::from_utf8_lossy(&output.stderr));
            Err(format!("{} has failed: {why}", name.display()).into())
        }
    }
}
