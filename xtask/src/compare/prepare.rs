//! Builds the contestants: chainrule's with the workspace, candle's and burn's in a workspace of their own, Python's in a
//! virtual environment. All of it lands in `target`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    Compare,
    peer::{Peer, on_processors},
};
use crate::{
    Result, Usage, output,
    python::{self, root},
};

/// The programs by which contestants are started.
pub(super) struct Programs {
    of: Vec<(Peer, PathBuf)>,
}

impl Programs {
    /// The program of a peer, and its first arguments.
    fn of(&self, peer: Peer) -> (PathBuf, Vec<String>) {
        let (_, program) = self.of.iter().find(|(of, _)| *of == peer).expect("it was prepared");
        let mut arguments = Vec::new();
        if program.ends_with("python") {
            let script = root().join("benches/peers/python/contestant.py");
            arguments = vec![script.display().to_string(), "--peer".into(), peer.id()];
        }
        (program.clone(), arguments)
    }

    /// The command that makes a peer a contestant on so many threads.
    pub(super) fn command(&self, peer: Peer, threads: usize) -> Command {
        let (program, first) = self.of(peer);
        let mut command = on_processors(threads, &program);
        command.args(first);
        command.arg("--data").arg(root().join("datasets/mnist")).arg("--threads").arg(threads.to_string());
        command
    }

    pub(super) fn has(&self, peer: Peer) -> bool {
        self.of.iter().any(|(of, _)| *of == peer)
    }
}

/// Prepares all that are wanted. A peer that cannot be prepared is reported and left out; without chainrule there is no
/// comparison.
pub(super) fn prepare(
    options: &Compare,
    peers: &[Peer],
    failed: &mut Vec<(Peer, String)>,
) -> Result<Programs> {
    if !options.contestant.is_empty() {
        return given(&options.contestant);
    }
    let talk = options.talk();
    fs::create_dir_all(folder())
        .map_err(|cause| format!("{} cannot be made: {cause}", folder().display()))?;
    let mut of = vec![(Peer::Chainrule, chainrule()?)];
    let of_python = || peers.iter().copied().filter(|peer| peer.is_python());
    if of_python().next().is_some() {
        let requirements = root().join("benches/peers/python/requirements.txt");
        let what = "the Python peers into target/peers/venv: several gigabytes, once";
        match python::environment(&folder().join("venv"), &requirements, what, talk) {
            Ok(program) => of.extend(of_python().map(|peer| (peer, program.clone()))),
            Err(error) => failed.extend(of_python().map(|peer| (peer, error.to_string()))),
        }
    }
    for peer in peers.iter().copied().filter(|peer| peer.is_rust()) {
        match rust(peer, talk) {
            Ok(program) => of.push((peer, program)),
            Err(error) => failed.push((peer, error.to_string())),
        }
    }
    Ok(Programs { of })
}

/// Programs named on the command line.
fn given(contestants: &[String]) -> Result<Programs> {
    let parse = |text: &String| {
        let (name, program) = text.split_once('=')?;
        Some((<Peer as clap::ValueEnum>::from_str(name, false).ok()?, PathBuf::from(program)))
    };
    let of: Option<Vec<_>> = contestants.iter().map(parse).collect();
    let of = of.filter(|of| of.iter().any(|(peer, _)| *peer == Peer::Chainrule));
    match of {
        Some(of) => Ok(Programs { of }),
        None => Usage::error("--contestant wants NAME=PROGRAM, one of them chainrule"),
    }
}

/// Where everything lies that peers need.
pub(super) fn folder() -> PathBuf {
    root().join("target/peers")
}

fn chainrule() -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--package", "chainrule-benches", "--bin", "contestant"]);
    cargo.current_dir(root());
    built(cargo, "contestant")
}

fn rust(peer: Peer, talk: bool) -> Result<PathBuf> {
    let name = format!("peer-{}", peer.id());
    let target = folder().join("rust");
    if talk && !target.join("release").join(&name).exists() {
        output::line(format_args!("building {}: this takes minutes, once", peer.name()));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--package", &name, "--target-dir"]).arg(target);
    cargo.current_dir(root().join("benches/peers/rust"));
    // These peers choose their kernels when they are built, so that a portable build would be an unfair one. chainrule, which
    // chooses when it runs, is measured as it is shipped: no program of this workspace is built for one processor.
    cargo.env("RUSTFLAGS", "-C target-cpu=native");
    built(cargo, &name)
}

/// Runs a build and returns where cargo says that the executable `name` is.
fn built(mut cargo: Command, name: &str) -> Result<PathBuf> {
    cargo.args(["--quiet", "--message-format", "json-render-diagnostics"]).stderr(Stdio::piped());
    let output = cargo.output().map_err(|cause| format!("cargo does not start: {cause}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let why = text.lines().find(|line| line.starts_with("error")).unwrap_or("error: no reason was given");
        return Err(format!("{name} cannot be built: {}", why.trim_start_matches("error: ")).into());
    }
    executable(&String::from_utf8_lossy(&output.stdout), name)
        .ok_or_else(|| format!("cargo built no executable {name}").into())
}

/// The executable of the target `name` among cargo's messages.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut ours = messages.filter(|message| message["target"]["name"] == name);
    ours.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tells_where_the_executable_is() {
        let messages = "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"lib\"},\"executable\":null}\n\
                        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"contestant\"},\"executable\":\"/a/b\"}\n\
                        {\"reason\":\"build-finished\",\"success\":true}";
        assert_eq!(executable(messages, "contestant"), Some("/a/b".into()));
        assert_eq!(executable(messages, "lib"), None);
    }

    #[test]
    fn programs_can_be_given() {
        let programs = given(&["chainrule=/bin/a".into(), "numpy=/bin/b".into()]).unwrap();
        assert_eq!(programs.of(Peer::Numpy), ("/bin/b".into(), vec![]));
        assert!(!programs.has(Peer::Jax));
        for wrong in ["numpy=/bin/b", "chainrule", "nobody=/bin/b"] {
            assert!(given(&[wrong.into()]).is_err(), "{wrong}");
        }
    }
}
