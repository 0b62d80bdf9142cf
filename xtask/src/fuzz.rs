//! `cargo xtask fuzz`: every reader of files gets bytes that a coverage-guided fuzzer makes up.
//!
//! The targets are in `crates/*/fuzz`, and are run by cargo-fuzz. It wants a nightly compiler for one
//! flag alone (where a program has been); a stable one takes it as well if `RUSTC_BOOTSTRAP` says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::Instant,
};

use clap::{Args, builder::PossibleValuesParser};
use serde::Serialize;

use crate::{
    Result,
    args::at_least_one,
    machine, output,
    python::{found, root, succeeded},
};

/// The folders with targets, and these.
const TARGETS: &[(&str, &[&str])] = &[
    ("crates/csv/fuzz", &["table"]),
    ("crates/formats/fuzz", &["inspect", "safetensors", "description", "npz", "onnx"]),
    ("crates/logs/fuzz", &["scalars"]),
    ("crates/mnist/fuzz", &["idx", "idx_deflate"]),
    ("crates/trainer/fuzz", &["checkpoint", "checkpoint_sealed", "resume"]),
    ("crates/cli/fuzz", &["picture", "run_config"]),
];

/// The version of cargo-fuzz that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// A process may have this much memory, in MiB; what each reading may take is asserted in the targets.
const MEMORY: usize = 512;

/// An input that takes longer is a hang, in seconds.
const TIMEOUT: usize = 5;

/// The longest input, in bytes.
const MAX_LENGTH: usize = 4096;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cargo xtask fuzz --seconds 60\n  cargo xtask fuzz --target npz,onnx --runs 1000000"
)]
pub(crate) struct Fuzz {
    /// Seconds that each target runs
    #[arg(long, value_name = "N", default_value = "10", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    seconds: usize,
    /// Number of inputs that each target gets, however long that takes
    #[arg(long, value_name = "N", value_parser = at_least_one::<usize>, allow_negative_numbers = true, conflicts_with = "seconds")]
    runs: Option<usize>,
    /// The targets, several separated by commas [default: all]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(targets().map(|(_, name)| name)))]
    target: Vec<String>,
    /// Sanitizer: address also finds invalid memory accesses, at about half the speed
    #[arg(long, value_name = "NAME", value_parser = ["none", "address"], default_value = "none")]
    sanitizer: String,
    /// Number of targets that run at the same time [default: one per processor]
    #[arg(long, value_name = "N", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Print one JSON object per target and one at the end, and nothing else
    #[arg(long)]
    json: bool,
}

/// What became of a target: `{"event":"target",…}`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "target")]
struct Outcome {
    target: &'static str,
    executions: u64,
    seconds: f64,
    /// Places in the program that were reached.
    coverage: u64,
    peak_memory_mb: u64,
    /// Where the input is that made it panic, hang or take too much memory.
    crash: Option<String>,
}

/// The folder and the name of every target.
fn targets() -> impl Iterator<Item = (&'static str, &'static str)> {
    TARGETS.iter().flat_map(|(folder, names)| names.iter().map(|name| (*folder, *name)))
}

pub(crate) fn run(options: &Fuzz) -> Result<()> {
    let is_wanted =
        |name: &str| options.target.is_empty() || options.target.iter().any(|wanted| wanted == name);
    let targets: Vec<_> = targets().filter(|(_, name)| is_wanted(name)).collect();
    let tool = Tool::new(options)?;
    for (folder, _) in TARGETS.iter().filter(|(folder, _)| targets.iter().any(|(of, _)| of == folder)) {
        tool.build(folder)?;
    }
    let (targets, outcomes) = (Mutex::new(targets.into_iter()), Mutex::new(Vec::new()));
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..options.jobs.unwrap_or_else(machine::n_processors) {
            scope.spawn(|| {
                let next = || targets.lock().expect("no thread panics").next();
                while let Some((folder, target)) = next() {
                    let outcome = tool.fuzz(folder, target);
                    if let Ok(outcome) = &outcome {
                        report(options, outcome);
                    }
                    let outcome = outcome.map_err(|error| error.to_string());
                    outcomes.lock().expect("no thread panics").push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner()?.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
    let executions: u64 = outcomes.iter().map(|outcome| outcome.executions).sum();
    let n_crashes = outcomes.iter().filter(|outcome| outcome.crash.is_some()).count();
    let seconds = begun.elapsed().as_secs_f64();
    let n_targets = outcomes.len();
    let members = [
        ("targets", n_targets.into()),
        ("executions", executions.into()),
        ("crashes", n_crashes.into()),
        ("seconds", seconds.into()),
    ];
    let text =
        format!("{executions} executions over {n_targets} targets in {seconds:.0} s, {n_crashes} crashes");
    output::tell(options.json, "done", &members, text);
    match n_crashes {
        0 => Ok(()),
        _ => {
            Err(format!("{n_crashes} targets have crashed; their inputs and output are in target/fuzz")
                .into())
        }
    }
}

fn report(options: &Fuzz, outcome: &Outcome) {
    if options.json {
        return output::json(outcome);
    }
    let Outcome { target, executions, seconds, coverage, peak_memory_mb, crash, .. } = outcome;
    let crash = crash.as_ref().map_or(String::new(), |crash| format!("; CRASH: {crash}"));
    output::line(format_args!(
        "{target:<18} {executions:>10} executions  {seconds:>5.0} s  {coverage:>6} places  {peak_memory_mb:>4} MB{crash}"
    ));
}

/// cargo-fuzz, and where it works.
struct Tool {
    /// Arguments of the fuzzer.
    arguments: String,
    folder: PathBuf,
    /// Where it was installed, unless the machine has it.
    path: Option<PathBuf>,
    sanitizer: String,
}

impl Tool {
    fn new(options: &Fuzz) -> Result<Tool> {
        found("c++")
            .ok_or("the fuzzer is built by a C++ compiler, and there is none: apt-get install g++")?;
        let folder = root().join("target/fuzz");
        let mut path = None;
        if found("cargo-fuzz").is_none() {
            let tool = folder.join("tool");
            if !tool.join("bin/cargo-fuzz").exists() {
                if !options.json {
                    output::line(format_args!(
                        "installing cargo-fuzz {CARGO_FUZZ} into target/fuzz/tool: a minute, once"
                    ));
                }
                install(&tool)?;
            }
            path = Some(tool.join("bin"));
        }
        let length = match options.runs {
            Some(runs) => format!("-runs={runs}"),
            None => format!("-max_total_time={}", options.seconds),
        };
        let limits = format!("-rss_limit_mb={MEMORY} -malloc_limit_mb={MEMORY} -timeout={TIMEOUT}");
        let arguments = format!("{length} -max_len={MAX_LENGTH} {limits} -print_final_stats=1 -verbosity=1");
        Ok(Tool { arguments, folder, path, sanitizer: options.sanitizer.clone() })
    }

    fn command(&self, verb: &str, folder: &str) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command.args(["fuzz", verb, "--fuzz-dir", folder, "--sanitizer", &self.sanitizer, "--target-dir"]);
        command.arg(self.folder.join(&self.sanitizer)).current_dir(root());
        // Only the flag that tells where the program has been needs it; the language is the stable one.
        command.env("RUSTC_BOOTSTRAP", "1").stdin(Stdio::null());
        if let Some(path) = &self.path {
            let mut all = std::ffi::OsString::from(path);
            all.push(":");
            all.push(std::env::var_os("PATH").unwrap_or_default());
            command.env("PATH", all);
        }
        command
    }

    fn build(&self, folder: &str) -> Result<()> {
        let output = self.command("build", folder).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{folder} cannot be built:\n{}", String::from_utf8_lossy(&output.stderr)).into())
    }

    /// Runs a target; the inputs that it found worth keeping stay, and the next run begins with them.
    fn fuzz(&self, folder: &str, target: &'static str) -> Result<Outcome> {
        let (corpus, crashes) =
            (self.folder.join("corpus").join(target), self.folder.join("crashes").join(target));
        for folder in [&corpus, &crashes] {
            fs::create_dir_all(folder)?;
        }
        let begun = Instant::now();
        let output = self
            .command("run", folder)
            .arg(target)
            .arg(&corpus)
            .arg(Path::new(folder).join("seeds").join(target))
            .arg("--")
            .args(self.arguments.split(' '))
            .arg(format!("-artifact_prefix={}/", crashes.display()))
            .output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        let number =
            |name: &str| text.lines().rev().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        let coverage =
            text.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next()?.parse().ok());
        let crash = (!output.status.success()).then(|| {
            let said = self.folder.join("crashes").join(format!("{target}.txt"));
            let written =
                text.lines().find_map(|line| line.split_once("Test unit written to ").map(|(_, path)| path));
            // Where even that cannot be written, the input is still there.
            let _ = fs::write(&said, text.as_bytes());
            written.map_or_else(|| said.display().to_string(), str::to_string)
        });
        let executions = number("stat::number_of_executed_units:");
        if executions.is_none() && crash.is_none() {
            return Err(format!("{target} did not say how often it was run").into());
        }
        Ok(Outcome {
            target,
            executions: executions.unwrap_or(0),
            seconds: begun.elapsed().as_secs_f64(),
            coverage: coverage.unwrap_or(0),
            peak_memory_mb: number("stat::peak_rss_mb:").unwrap_or(0),
            crash,
        })
    }
}

fn install(folder: &Path) -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"])
        .arg(folder)
        .output()?;
    succeeded(&output, "cargo-fuzz is missing and cannot be installed: cargo install cargo-fuzz --locked")
}
