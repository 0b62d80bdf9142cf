//! `cargo xtask ci`: everything that has to pass before a change is accepted, cheapest first.

use std::{fs, io, path::Path, process::Command, time::Instant};

use clap::Args;
use serde_json::Value;

use crate::{Result, output, python};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask ci\n  cargo xtask ci --json 2> log")]
pub(crate) struct Ci {
    /// Print one JSON object per step and one at the end on standard output, everything else on standard error
    #[arg(long)]
    json: bool,
}

/// Packages are verified from what was packed now: all but `xtask`, which needs what is never published.
const PACKAGES: &str = "packages";

/// A step's name, cargo's arguments, and what it adds to the environment.
type Step = (&'static str, &'static str, Option<(&'static str, &'static str)>);

const STEPS: [Step; 9] = [
    ("format", "fmt --all -- --check", None),
    ("lints", "clippy --workspace --all-targets -- -D warnings", None),
    (
        "lints without features",
        "clippy -p chainrule-trainer -p chainrule --no-default-features --all-targets -- -D warnings",
        None,
    ),
    ("the README's test command", "test --workspace", None),
    ("tests without threads", "test -p chainrule-trainer --no-default-features", None),
    ("documentation", "doc --workspace --no-deps", Some(("RUSTDOCFLAGS", "-D warnings"))),
    ("benchmarks run", "bench --workspace -- --test", None),
    (PACKAGES, "package --workspace --exclude xtask --allow-dirty", None),
    ("every derivative on real digits", "xtask gradcheck", None),
];

pub(crate) fn run(options: &Ci) -> Result<()> {
    let root = python::root();
    let begun = Instant::now();
    // Packages to be verified are unpacked at a place that follows from the path of the target folder, and cargo takes what is
    // there from an earlier call for the same, if the version is. So every call has a folder of its own.
    let target = root.join("target");
    fs::create_dir_all(&target)?;
    let for_packages = tempfile::Builder::new().prefix("packages-").tempdir_in(target)?;
    for (name, arguments, environment) in STEPS {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments.split(' ')).envs(environment).current_dir(root);
        if name == PACKAGES {
            command.env("CARGO_TARGET_DIR", for_packages.path());
        }
        match options.json {
            true => drop(command.stdout(io::stderr())),
            false => output::line(format_args!("==> {name}: cargo {arguments}")),
        }
        let step = Instant::now();
        let status = command.status().map_err(|error| format!("{name}: cannot start cargo: {error}"))?;
        if !status.success() {
            return Err(format!("{name} failed ({status}); run it alone: cargo {arguments}").into());
        }
        let seconds = step.elapsed().as_secs_f64();
        let command: Vec<&str> = arguments.split(' ').collect();
        let members = [("name", name.into()), ("command", command.into()), ("seconds", seconds.into())];
        output::tell(options.json, "step", &members, format_args!("    {seconds:.1} s"));
    }
    check_accuracies(root, options)?;
    let seconds = begun.elapsed().as_secs_f64();
    let text = format!("everything passed in {seconds:.0} s");
    output::tell(options.json, "done", &[("seconds", seconds.into())], text);
    Ok(())
}

/// The tutorial's recipe against what it gave with NumPy and JAX and three seeds, and a better rate.
fn check_accuracies(root: &Path, options: &Ci) -> Result<()> {
    /// After an epoch, the accuracy must be between these.
    type Reference = (usize, f64, f64);
    let recipes: [(&str, &[Reference]); 3] = [
        ("", &[(1, 0.78, 0.81), (5, 0.91, 0.925), (10, 0.93, 0.945), (16, 0.94, 0.955)]),
        ("--learning-rate 0.5", &[(16, 0.96, 0.98)]),
        // scikit-learn's MLP: 0.972.
        ("--hidden 100 --activation relu --optimizer adam --epochs 20", &[(20, 0.972, 0.985)]),
    ];
    for (given, references) in recipes {
        let arguments = format!("xtask train-mnist --json {given}");
        if !options.json {
            output::line(format_args!("==> accuracy: cargo {arguments}"));
        }
        let given: Vec<&str> = given.split_whitespace().collect();
        let output =
            Command::new(env!("CARGO")).args(arguments.split_whitespace()).current_dir(root).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let epochs =
            text.lines().map(serde_json::from_str).collect::<std::result::Result<Vec<Value>, _>>()?;
        for &(epoch, least, most) in references {
            let accuracy = epochs.get(epoch - 1).and_then(|report| report["test_accuracy"].as_f64());
            let accuracy = accuracy.ok_or_else(|| format!("no accuracy after epoch {epoch}: {text}"))?;
            if !(least..=most).contains(&accuracy) {
                let expected = format!("expected {least} to {most}");
                return Err(format!("accuracy {accuracy} after epoch {epoch}, {expected}").into());
            }
            let of = [("options", given.clone().into()), ("epoch", epoch.into())];
            let members = [&of[..], &[("test_accuracy", accuracy.into())]].concat();
            let text = format!("    {:.2} % after epoch {epoch}", 100.0 * accuracy);
            output::tell(options.json, "accuracy", &members, text);
        }
    }
    Ok(())
}
