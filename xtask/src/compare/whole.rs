//! Whole processes, started for every round: chainrule's command, and everybody from the start to 97 % of the test images.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    contestant::Answer,
    peer::{Peer, on_processors},
    prepare::Programs,
    results::Entry,
    work::Work,
};
use crate::{Result, python::last_line};

/// Runs a process once, if the peer has one for this work, and adds what it was to `entry`.
pub(super) fn add(entry: &mut Entry, programs: &Programs) {
    let Some(command) = command(entry, programs) else { return entry.add(Answer::Missing, false) };
    match command.and_then(run).and_then(|ended| Ok((value(entry.work, &ended)?, ended))) {
        Ok((value, Ended { memory, last, .. })) => {
            entry.memory = entry.memory.max(memory);
            let accuracy = accuracy(&last);
            entry.add(Answer::Value { value, loss: None, accuracy, note: None }, false);
        }
        Err(error) => entry.add(Answer::Problem(error.to_string()), false),
    }
}

fn command(entry: &Entry, programs: &Programs) -> Option<Result<Command>> {
    let threads = entry.threads.to_string();
    let ours = |options: &[&str]| {
        let mut command = on_processors(entry.threads, &std::env::current_exe()?);
        command.args(["train-mnist", "--json", "--threads", &threads]).args(options);
        Ok(command)
    };
    match (entry.peer, entry.work) {
        (Peer::Chainrule, Work::Whole) => Some(ours(&["--preset", "fast"])),
        (Peer::Chainrule, _) => Some(ours(&[])),
        (Peer::Onnxruntime, _) | (_, Work::TrainMnist) => None,
        (peer, _) => {
            let mut command = programs.command(peer, entry.threads);
            command.arg("--whole");
            Some(Ok(command))
        }
    }
}

/// What a process was when it had ended: its seconds, the most memory in use in bytes, and the last line that it printed.
#[derive(Debug)]
struct Ended {
    seconds: f64,
    memory: Option<u64>,
    last: Value,
}

fn run(mut command: Command) -> Result<Ended> {
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
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(last_line(&said).unwrap_or("no reason was given").into());
    }
    let last = last_object(&String::from_utf8_lossy(&output.stdout))?;
    Ok(Ended { seconds, memory, last })
}

fn last_object(output: &str) -> Result<Value> {
    let last = serde_json::from_str(output.lines().last().unwrap_or_default());
    Ok(last.map_err(|_| "it prints no JSON".to_string())?)
}

/// The peak of the resident memory in bytes, from a process's status; a process that has ended has none.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}

/// The value of the work, of a process that recognises as many of the test images as it is to.
fn value(work: Work, ended: &Ended) -> Result<f64> {
    // The tutorial's recipe has 94.5 % after its 16 epochs.
    let enough = if work == Work::Whole { 0.97 } else { 0.94 };
    if let Some(error) = ended.last["error"].as_str() {
        return Err(error.into());
    }
    match accuracy(&ended.last) {
        Some(accuracy) if accuracy >= enough => {}
        Some(accuracy) => {
            return Err(format!("it recognises {:.2} %, too little", 100.0 * accuracy).into());
        }
        None => return Err("it prints no accuracy".into()),
    }
    match work {
        Work::Whole => Ok(ended.seconds),
        _ => Ok(ended.last["samples_per_second"].as_f64().ok_or("it prints no speed")?),
    }
}

fn accuracy(last: &Value) -> Option<f64> {
    last["test_accuracy"].as_f64().or(last["accuracy"].as_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(work: Work, output: &str) -> Result<f64> {
        value(work, &Ended { seconds: 0.5, memory: None, last: last_object(output)? })
    }

    #[test]
    fn the_accuracy_has_to_be_enough() {
        let output = "{\"event\":\"epoch\"}\n{\"test_accuracy\":0.9712,\"samples_per_second\":1e6}\n";
        assert_eq!(value_of(Work::Whole, output).unwrap(), 0.5);
        assert_eq!(value_of(Work::TrainMnist, output).unwrap(), 1e6);
        assert_eq!(value_of(Work::Whole, "{\"accuracy\":0.97}").unwrap(), 0.5);
        for (output, expected) in [
            ("", "it prints no JSON"),
            ("{}", "it prints no accuracy"),
            ("{\"accuracy\":0.9651}", "it recognises 96.51 %, too little"),
            ("{\"error\":\"no data\"}", "no data"),
        ] {
            assert_eq!(value_of(Work::Whole, output).unwrap_err().to_string(), expected);
        }
        assert!(value_of(Work::TrainMnist, "{\"accuracy\":0.97}").is_err(), "no speed");
    }

    #[test]
    fn memory_is_read_from_the_status() {
        assert_eq!(peak("Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t 10 kB\n"), Some(2_048_000));
        assert_eq!(peak("Name:\tx\nState:\tZ (zombie)\n"), None);
    }
}
