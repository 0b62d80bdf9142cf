//! A contestant: a process that answers every request, one line on its standard input, by one line of JSON.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde::Deserialize;

use super::{peer::Peer, prepare};
use crate::{Result, python::last_line};

/// Longer than any request takes, compilation of a graph included.
const PATIENCE: Duration = Duration::from_secs(300);

/// After an answer, threads of some libraries spin for a while: the next contestant must not pay for it.
const REST: Duration = Duration::from_millis(100);

pub(super) struct Contestant {
    pub(super) peer: Peer,
    pub(super) info: Info,
    process: Child,
    /// Gone when the contestant is to end.
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
    log: std::path::PathBuf,
}

/// What a contestant says about itself.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Info {
    pub(super) version: String,
    pub(super) settings: String,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Value {
        value: f64,
        loss: Option<f64>,
        accuracy: Option<f64>,
        note: Option<String>,
    },
    /// The contestant does not do this work.
    Missing,
    Problem(String),
}

impl Contestant {
    /// Starts a contestant and waits until it has said who it is, when its data are loaded.
    pub(super) fn start(peer: Peer, mut command: Command, threads: usize) -> Result<Contestant> {
        fs::create_dir_all(prepare::folder())?;
        let log = prepare::folder().join(format!("{}-{threads}.log", peer.id()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut process = command.spawn().map_err(|cause| format!("it does not start: {cause}"))?;
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(std::result::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let requests = process.stdin.take();
        let mut contestant = Contestant { peer, info: Info::default(), process, requests, answers, log };
        let line = contestant.exchange("info")?;
        let info = serde_json::from_str(&line).map_err(|_| format!("it answers {line:?} to \"info\""))?;
        contestant.info = info;
        Ok(contestant)
    }

    /// Lets the contestant do a work once.
    pub(super) fn ask(&mut self, work: &str) -> Answer {
        let answer = self.exchange(work);
        thread::sleep(REST);
        match answer {
            Ok(line) => parse(work, &line),
            Err(error) => Answer::Problem(error.to_string()),
        }
    }

    fn exchange(&mut self, request: &str) -> Result<String> {
        let Some(requests) = &mut self.requests else { return Err("it has ended".into()) };
        // If it cannot be written, there will be no answer either.
        let _ = writeln!(requests, "{request}").and_then(|()| requests.flush());
        self.answers.recv_timeout(PATIENCE).map_err(|_| {
            self.requests = None;
            let _ = self.process.kill();
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            last_line(&log).unwrap_or("it gives no answer").to_string().into()
        })
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // Without requests it ends by itself.
        self.requests = None;
        let _ = self.process.wait();
    }
}

/// Reads an answer; one that has neither a value nor a reason is a problem.
fn parse(work: &str, line: &str) -> Answer {
    #[derive(Deserialize)]
    struct Line {
        work: String,
        value: Option<f64>,
        loss: Option<f64>,
        accuracy: Option<f64>,
        note: Option<String>,
        missing: Option<String>,
        error: Option<String>,
    }
    match serde_json::from_str::<Line>(line) {
        Ok(line) if line.work != work => {
            Answer::Problem(format!("it answers to {:?} instead of {work:?}", line.work))
        }
        Ok(Line { error: Some(error), .. }) => Answer::Problem(error),
        Ok(Line { missing: Some(_), .. }) => Answer::Missing,
        Ok(Line { value: Some(value), loss, accuracy, note, .. }) if value.is_finite() && value > 0.0 => {
            Answer::Value { value, loss, accuracy, note }
        }
        _ => Answer::Problem(format!("it answers {line:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let good = r#"{"work":"W1","value":12.5,"loss":0.5,"accuracy":0.9,"more":1}"#;
        let value = Answer::Value { value: 12.5, loss: Some(0.5), accuracy: Some(0.9), note: None };
        assert_eq!(parse("W1", good), value);
        assert_eq!(parse("W3b", r#"{"work":"W3b","missing":"why"}"#), Answer::Missing);
        assert_eq!(parse("W1", r#"{"work":"W1","error":"no memory"}"#), Answer::Problem("no memory".into()));
    }

    #[test]
    fn what_is_no_answer_is_a_problem() {
        for line in [
            "",
            "loading",
            "{}",
            r#"{"work":"W1"}"#,
            r#"{"work":"W2","value":1.0}"#,
            r#"{"work":"W1","value":0.0}"#,
            r#"{"work":"W1","value":NaN}"#,
        ] {
            assert!(matches!(parse("W1", line), Answer::Problem(_)), "{line}");
        }
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
    }

    #[test]
    fn a_process_obeys() {
        let script = r#"read r; echo '{"version":"1.2","settings":"none"}'
                        while read r; do echo "{\"work\":\"$r\",\"value\":3}"; done"#;
        let mut contestant = Contestant::start(Peer::Numpy, shell(script), 901).unwrap();
        assert_eq!(contestant.info.version, "1.2");
        let three = Answer::Value { value: 3.0, loss: None, accuracy: None, note: None };
        assert_eq!(contestant.ask("W1"), three);
        assert_eq!(contestant.ask("W2"), three);
    }

    #[test]
    fn a_process_that_fails_says_why() {
        let failed = Contestant::start(Peer::Numpy, shell("echo no such module >&2; exit 1"), 902);
        assert_eq!(failed.err().unwrap().to_string(), "no such module");
        let script = r#"read r; echo '{"version":"1.2","settings":"none"}'; read r; echo killed >&2"#;
        let mut contestant = Contestant::start(Peer::Numpy, shell(script), 903).unwrap();
        assert_eq!(contestant.ask("W1"), Answer::Problem("killed".into()));
        assert_eq!(contestant.ask("W1"), Answer::Problem("it has ended".into()));
    }
}
