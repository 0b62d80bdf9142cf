//! `cargo xtask ci`: everything that has to pass before a change is accepted, cheapest first.

use std::{
    fs, io,
    path::Path,
    process::Command,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use serde_json::{Value, json};

use crate::{Result, output};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask ci\n  cargo xtask ci --json 2> log")]
pub(crate) struct Ci {
    /// Print one JSON object per step and one at the end on standard output, all else on standard error
    #[arg(long)]
    json: bool,
}

/// A step's name, its command, and what it adds to the environment.
type Step = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const PACKAGES: &str = "packages";

const STEPS: &[Step] = &[
    ("format", &["fmt", "--all", "--", "--check"], &[]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[]),
    (
        "lints without features",
        &[
            "clippy",
            "-p",
            "chainrule-trainer",
            "-p",
            "chainrule",
            "--no-default-features",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    ),
    ("the README's test command", &["test", "--workspace"], &[]),
    ("tests without threads", &["test", "-p", "chainrule-trainer", "--no-default-features"], &[]),
    ("documentation", &["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")]),
    ("benchmarks run", &["bench", "--workspace", "--", "--test"], &[]),
    (PACKAGES, &["package", "--workspace", "--allow-dirty"], &[]),
    ("every derivative on real digits", &["xtask", "gradcheck"], &[]),
];

pub(crate) fn run(options: &Ci) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let begun = Instant::now();
    // Packages to be verified are unpacked at a place that follows from the path of the target folder, and cargo takes what lies
    // there from an earlier call for the same, if the version is. So every call has a folder of its own.
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let for_packages = root.join("target").join(format!("packages-{}", moment.as_nanos()));
    for (name, arguments, environment) in STEPS {
        let mut command = Command::new(env!("CARGO"));
        command.args(*arguments).envs(environment.iter().copied()).current_dir(&root);
        if *name == PACKAGES {
            command.env("CARGO_TARGET_DIR", &for_packages);
        }
        match options.json {
            true => drop(command.stdout(io::stderr())),
            false => output::line(format_args!("==> {name}: cargo {}", arguments.join(" "))),
        }
        let step = Instant::now();
        let status = command.status().map_err(|error| format!("{name}: cannot start cargo: {error}"))?;
        if !status.success() {
            return Err(
                format!("{name} failed ({status}); run it alone: cargo {}", arguments.join(" ")).into()
            );
        }
        let seconds = step.elapsed().as_secs_f64();
        match options.json {
            true => output::json(
                &json!({"event": "step", "name": name, "command": arguments, "seconds": seconds}),
            ),
            false => output::line(format_args!("    {seconds:.1} s")),
        }
    }
    // There is nobody to tell, and it is in nobody's way.
    let _ = fs::remove_dir_all(for_packages);
    check_accuracies(&root, options)?;
    let seconds = begun.elapsed().as_secs_f64();
    match options.json {
        true => output::json(&json!({"event": "done", "seconds": seconds})),
        false => output::line(format_args!("everything passed in {seconds:.0} s")),
    }
    Ok(())
}

/// The tutorial's recipe against what it gave with NumPy and JAX and three seeds, and a better rate.
fn check_accuracies(root: &Path, options: &Ci) -> Result<()> {
    /// After an epoch, the accuracy must be between these.
    type Reference = (usize, f64, f64);
    let recipes: [(&[&str], &[Reference]); 3] = [
        (&[], &[(1, 0.78, 0.81), (5, 0.91, 0.925), (10, 0.93, 0.945), (16, 0.94, 0.955)]),
        (&["--learning-rate", "0.5"], &[(16, 0.96, 0.98)]),
        // scikit-learn's MLP: 0.972.
        (
            &["--hidden", "100", "--activation", "relu", "--optimizer", "adam", "--epochs", "20"],
            &[(20, 0.972, 0.985)],
        ),
    ];
    for (given, references) in recipes {
        let arguments = [&["xtask", "train-mnist", "--json"], given].concat();
        if !options.json {
            output::line(format_args!("==> accuracy: cargo {}", arguments.join(" ")));
        }
        let output = Command::new(env!("CARGO")).args(arguments).current_dir(root).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let epochs =
            text.lines().map(serde_json::from_str).collect::<std::result::Result<Vec<Value>, _>>()?;
        for &(epoch, least, most) in references {
            let accuracy = epochs.get(epoch - 1).and_then(|report| report["test_accuracy"].as_f64());
            let accuracy = accuracy.ok_or_else(|| format!("no accuracy after epoch {epoch}: {text}"))?;
            if !(least..=most).contains(&accuracy) {
                return Err(
                    format!("accuracy {accuracy} after epoch {epoch}, expected {least} to {most}").into()
                );
            }
            match options.json {
                true => output::json(
                    &json!({"event": "accuracy", "options": given, "epoch": epoch, "test_accuracy": accuracy}),
                ),
                false => output::line(format_args!("    {:.2} % after epoch {epoch}", 100.0 * accuracy)),
            }
        }
    }
    Ok(())
}
