//! `cargo xtask logs-check`: TensorBoard's own reader reads what `train-mnist --log-dir` wrote, and all is compared.
//!
//! The Python side is `crates/logs/tests/tensorboard/check.py`. Everything lands in `target/logs-check`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chainrule_formats::npz;
use chainrule_trainer::Checkpoint;
use clap::Args;

use crate::{Data, LOGGED_NETWORK, Result, output, own, python};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask logs-check\n  \
    cargo xtask logs-check --python venv/bin/python   with the packages already installed")]
pub(crate) struct LogsCheck {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    python: python::Program,
    /// Print one JSON object per run and one at the end, and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &LogsCheck) -> Result<()> {
    let folder = python::root().join("target/logs-check");
    let runs = folder.join("runs");
    if runs.exists() {
        fs::remove_dir_all(&runs)?;
    }
    fs::create_dir_all(&runs)?;
    let tests = python::root().join("crates/logs/tests/tensorboard");
    let what = "TensorBoard into target/logs-check/venv: once";
    let python = options.python.program(&folder, &tests, what, !options.json)?;
    // Everything that has a tag: two hidden layers, a validation set.
    let everything = "--hidden 20,16 --activation sigmoid,relu --validation 0.2 --epochs 3";
    train(&runs.join("whole"), everything, None, options)?;
    resumed(&runs.join("resumed"), options)?;
    killed(&runs.join("killed"), options)?;
    let mut n_runs = 0_usize;
    for entry in fs::read_dir(&runs)? {
        let run = entry?.path();
        // NumPy knows nothing of checkpoints.
        npz::save(&Checkpoint::load(run.join(LOGGED_NETWORK))?.net, run.join("network.npz"))?;
        n_runs += 1;
    }
    python::run(&python, &tests.join("check.py"), &runs, |run| match options.json {
        true => output::json(run),
        false => output::line(format_args!(
            "{}: {} scalars equal to the JSON lines, {} histograms and {} images as they should be",
            run["run"].as_str().unwrap_or_default(),
            run["scalars"],
            run["histograms"],
            run["images"],
        )),
    })?;
    let members = [("runs", n_runs.into()), ("failed", 0.into())];
    output::tell(
        options.json,
        "done",
        &members,
        format_args!("TensorBoard reads what was written, in {n_runs} runs"),
    );
    Ok(())
}

/// A run that went on twice from its second epoch.
fn resumed(folder: &Path, options: &LogsCheck) -> Result<()> {
    let checkpoint = folder.with_extension("ckpt");
    train(folder, "--epochs 2", Some(("--checkpoint", &checkpoint)), options)?;
    for epochs in ["--epochs 4", "--epochs 3"] {
        train(folder, epochs, Some(("--resume", &checkpoint)), options)?;
    }
    Ok(fs::remove_file(checkpoint)?)
}

/// The same, and what was written last before it went on was cut off in both files.
fn killed(folder: &Path, options: &LogsCheck) -> Result<()> {
    let checkpoint = folder.with_extension("ckpt");
    train(folder, "--epochs 2", Some(("--checkpoint", &checkpoint)), options)?;
    train(folder, "--epochs 4", Some(("--resume", &checkpoint)), options)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| !file.ends_with(LOGGED_NETWORK));
    files.sort();
    // The newest events, and the scalars, which sort behind them.
    for file in files.iter().rev().take(2) {
        let file = fs::OpenOptions::new().write(true).open(file)?;
        file.set_len(file.metadata()?.len() - 100)?;
    }
    train(folder, "--epochs 5", Some(("--resume", &checkpoint)), options)?;
    Ok(fs::remove_file(checkpoint)?)
}

/// Trains with these settings, and perhaps an option for a checkpoint.
fn train(
    folder: &Path,
    settings: &str,
    checkpoint: Option<(&str, &Path)>,
    options: &LogsCheck,
) -> Result<()> {
    let train = format!("train-mnist --quiet --train-limit 2000 {settings} --log-dir");
    let data = options.data.folder.as_deref().map(|folder| ("--data-dir", folder));
    let parts: Vec<_> = [(&*train, folder)].into_iter().chain(data).chain(checkpoint).collect();
    own::call(&parts).map(drop)
}
