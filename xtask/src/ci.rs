//! `cargo xtask ci`: everything that has to pass before a change is accepted, cheapest first.

use std::{path::Path, process::Command, time::Instant};

use crate::{Result, output};

/// A step's name, its command, and what it adds to the environment.
type Step = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

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
    ("packages", &["package", "--workspace", "--allow-dirty"], &[]),
    ("training", &["xtask", "train-mnist", "--epochs", "1", "--json"], &[]),
];

pub(crate) fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let begun = Instant::now();
    for (name, arguments, environment) in STEPS {
        output::line(format_args!("==> {name}: cargo {}", arguments.join(" ")));
        let step = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(*arguments)
            .envs(environment.iter().copied())
            .current_dir(&root)
            .status()
            .map_err(|error| format!("{name}: cannot start cargo: {error}"))?;
        if !status.success() {
            return Err(
                format!("{name} failed ({status}); run it alone: cargo {}", arguments.join(" ")).into()
            );
        }
        output::line(format_args!("    {:.1} s", step.elapsed().as_secs_f64()));
    }
    output::line(format_args!("everything passed in {:.0} s", begun.elapsed().as_secs_f64()));
    Ok(())
}
