//! `cargo xtask valgrind`: the tests of the kernels and a small training run, checked for invalid memory accesses,
//! uninitialised memory and leaks.
//!
//! By valgrind, which runs any program, or by the compiler's AddressSanitizer, which is faster and sees other mistakes
//! (beyond the ends of arrays on the stack). The stable compiler has it, behind a flag that wants a nightly one or
//! `RUSTC_BOOTSTRAP`.

use std::{
    io,
    path::{Path, PathBuf},
    process::{self, Command},
    time::Instant,
};

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{
    Result, output,
    python::{found, root},
    torture,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask valgrind\n  \
    cargo xtask valgrind --tool address-sanitizer --json")]
pub(crate) struct Valgrind {
    /// The checker to run under
    #[arg(long, value_name = "NAME", value_enum, default_value = "memcheck")]
    tool: Tool,
    /// Print one JSON object per program and one at the end on standard output, all else on standard error
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Tool {
    /// valgrind's memory checker
    Memcheck,
    /// The compiler's AddressSanitizer
    AddressSanitizer,
}

/// Reads of what was never written and leaks are errors, and so is the end then. Threads that are still there at the end
/// have their stacks; these are no leaks.
const MEMCHECK: &str = "--quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
                        --show-leak-kinds=definite";

/// A run on two threads with everything that has memory of its own.
const TRAINING: &str = "train-mnist --quiet --hidden 24,16 --activation sigmoid,relu --batch-norm --dropout 0.1 \
                        --optimizer adam --ema 0.9 --validation 0.1 --batch-size 40 --epochs 2 --threads 2 --data-dir";

pub(crate) fn run(options: &Valgrind) -> Result<()> {
    if options.tool == Tool::Memcheck && found("valgrind").is_none() {
        return Err("there is no valgrind: apt-get install valgrind".into());
    }
    let begun = Instant::now();
    let (tests, train_mnist) = (
        build(options.tool, &["test", "-p", "chainrule-tensor", "--lib", "--tests", "--no-run"])?,
        build(options.tool, &["build", "-p", "chainrule-cli"])?,
    );
    for test in &tests {
        watch(options, test, &["--test-threads=1"])?;
    }
    let data = torture::data_set()?;
    let folder = data.path().display().to_string();
    let training: Vec<&str> = TRAINING.split_whitespace().chain([&*folder]).collect();
    for program in &train_mnist {
        watch(options, program, &training)?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let programs = ("programs", (tests.len() + train_mnist.len()).into());
    let members = [programs, ("vectors", has_vectors().into()), ("seconds", seconds.into())];
    let with = if has_vectors() { "with AVX2 and FMA" } else { "without AVX2, which this processor has not" };
    let text =
        format!("{} test programs and a training run, {with}: no error in {seconds:.0} s", tests.len());
    output::tell(options.json, "done", &members, text);
    Ok(())
}

/// Builds programs to be watched, and returns where they are.
fn build(tool: Tool, arguments: &[&str]) -> Result<Vec<PathBuf>> {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).args(["--message-format", "json-render-diagnostics"]).current_dir(root());
    if tool == Tool::AddressSanitizer {
        // With a target of its own, programs that run while others are built are not watched.
        command.args(["--target", &host()?, "--target-dir"]).arg(root().join("target/address-sanitizer"));
        command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    }
    let output = command.stderr(process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo {} has failed", arguments.join(" ")).into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    Ok(programs.collect())
}

/// Runs a program; what is wrong with it is printed by who watches.
fn watch(options: &Valgrind, program: &Path, arguments: &[&str]) -> Result<()> {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !options.json {
        output::line(format_args!("==> {name} {}", arguments.join(" ")));
    }
    let begun = Instant::now();
    let mut command = match options.tool {
        Tool::Memcheck => {
            let mut command = Command::new("valgrind");
            command.args(MEMCHECK.split_whitespace()).arg(program);
            command
        }
        Tool::AddressSanitizer => Command::new(program),
    };
    if has_vectors() {
        // A test in the crate then asks whether they are what runs.
        command.env("CHAINRULE_EXPECT_VECTORS", "1");
    }
    if options.json {
        command.stdout(io::stderr());
    }
    let status = command.args(arguments).current_dir(root().join("crates/tensor")).status()?;
    if !status.success() {
        return Err(format!("{name} {} ended with {status}", arguments.join(" ")).into());
    }
    if options.json {
        let program = [("program", name.into()), ("arguments", arguments.into())];
        let seconds = ("seconds", begun.elapsed().as_secs_f64().into());
        output::event("program", &[&program[..], &[seconds]].concat());
    }
    Ok(())
}

fn has_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// This machine as the compiler calls it.
fn host() -> Result<String> {
    let text = String::from_utf8(Command::new("rustc").arg("-vV").output()?.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not tell its host")?.to_string())
}
