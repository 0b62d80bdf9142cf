//! Whole processes, timed from outside: from the start to 97 % of the test images recognised.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    peer::{Peer, on_processors},
    prepare::Programs,
    results::Entry,
};
use crate::Result;

/// What has to be recognised of the test images.
const ENOUGH: f64 = 0.97;

/// Runs the process of a peer once and adds its seconds to `entry`.
pub(super) fn add(entry: &mut Entry, programs: &Programs) {
    let result = command(entry.peer, programs, entry.threads).and_then(run);
    match result {
        Ok((seconds, memory, accuracy)) => {
            entry.values.push(seconds);
            entry.memory = entry.memory.max(memory);
            entry.add_accuracy(accuracy);
        }
        Err(error) => {
            entry.problem.get_or_insert(error.to_string());
        }
    }
}

fn command(peer: Peer, programs: &Programs, threads: usize) -> Result<Command> {
    if peer != Peer::Chainrule {
        let mut command = peer.command(programs, threads);
        command.arg("--whole");
        return Ok(command);
    }
    let program = std::env::current_exe()?;
    if !has_preset(&program)? {
        return Err("train-mnist has no --preset fast".into());
    }
    let mut command = on_processors(threads, &program);
    command.args(["train-mnist", "--preset", "fast", "--json", "--threads", &threads.to_string()]);
    Ok(command)
}

fn has_preset(program: &Path) -> Result<bool> {
    let help = Command::new(program).args(["train-mnist", "--help"]).output()?;
    Ok(String::from_utf8_lossy(&help.stdout).contains("--preset"))
}

/// The seconds, the most memory in use and the accuracy.
fn run(mut command: Command) -> Result<(f64, Option<u64>, f64)> {
    let begun = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    // The kernel keeps the most that was in use: what is read last is all but the whole.
    let memory = thread::spawn(move || {
        let mut most = None;
        while let Some(now) = fs::read_to_string(&status).ok().as_deref().and_then(peak) {
            most = Some(now);
            thread::sleep(Duration::from_millis(10));
        }
        most
    });
    let output = child.wait_with_output()?;
    let seconds = begun.elapsed().as_secs_f64();
    let memory = memory.join().unwrap_or(None);
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let why = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason was given");
        return Err(why.to_string().into());
    }
    let accuracy = accuracy(&String::from_utf8_lossy(&output.stdout))?;
    Ok((seconds, memory, accuracy))
}

/// The peak of the resident memory in bytes, from a process's status; a process that has ended has none.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}

/// The accuracy in the last line that a process printed, which has to be enough.
fn accuracy(output: &str) -> Result<f64> {
    let last: Value = serde_json::from_str(output.lines().last().unwrap_or_default())
        .map_err(|_| "it prints no JSON".to_string())?;
    if let Some(error) = last["error"].as_str() {
        return Err(error.into());
    }
    let accuracy = last["test_accuracy"].as_f64().or(last["accuracy"].as_f64());
    match accuracy {
        Some(accuracy) if accuracy >= ENOUGH => Ok(accuracy),
        Some(accuracy) => Err(format!("it recognises {:.2} %, too little", 100.0 * accuracy).into()),
        None => Err("it prints no accuracy".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accuracy_has_to_be_enough() {
        assert_eq!(accuracy("{\"event\":\"epoch\"}\n{\"test_accuracy\":0.9712}\n").unwrap(), 0.9712);
        assert_eq!(accuracy("{\"accuracy\":0.97}").unwrap(), 0.97);
        for (output, expected) in [
            ("", "it prints no JSON"),
            ("{}", "it prints no accuracy"),
            ("{\"accuracy\":0.9651}", "it recognises 96.51 %, too little"),
            ("{\"error\":\"no data\"}", "no data"),
        ] {
            assert_eq!(accuracy(output).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn memory_is_read_from_the_status() {
        assert_eq!(peak("Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t 10 kB\n"), Some(2_048_000));
        assert_eq!(peak("Name:\tx\nState:\tZ (zombie)\n"), None);
    }
}
