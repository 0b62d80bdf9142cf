//! `cargo xtask logs-check`: TensorBoard's own reader reads what `train-mnist --log-dir` wrote, and all is compared.
//!
//! The Python side is `crates/logs/tests/tensorboard/check.py`. Everything lands in `target/logs-check`.

use std::{
    ffi::OsStr,
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
    /// Python with the packages already installed, instead of a new virtual environment
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
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
    let python = match &options.python {
        Some(python) => python.clone(),
        None => {
            let (venv, requirements) = (folder.join("venv"), tests.join("requirements.txt"));
            let what = "TensorBoard into target/logs-check/venv: once";
            python::environment(&venv, &requirements, what, !options.json)?
        }
    };
    whole(&runs.join("whole"), options)?;
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

/// A run with everything that has a tag: two hidden layers, a validation set.
fn whole(folder: &Path, options: &LogsCheck) -> Result<()> {
    train(folder, "--hidden 20,16 --activation sigmoid,relu --validation 0.2 --epochs 3", None, options)
}

/// A run that went on twice from its second epoch.
fn resumed(folder: &Path, options: &LogsCheck) -> Result<()> {
    let checkpoint = folder.with_extension("ckpt");
    train(folder, "--epochs 2 --checkpoint", Some(&checkpoint), options)?;
    for epochs in [4, 3] {
        train(folder, &format!("--epochs {epochs} --resume"), Some(&checkpoint), options)?;
    }
    Ok(fs::remove_file(checkpoint)?)
}

/// The same, and what was written last before it went on was cut off in both files.
fn killed(folder: &Path, options: &LogsCheck) -> Result<()> {
    let checkpoint = folder.with_extension("ckpt");
    train(folder, "--epochs 2 --checkpoint", Some(&checkpoint), options)?;
    train(folder, "--epochs 4 --resume", Some(&checkpoint), options)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| !file.ends_with(LOGGED_NETWORK));
    files.sort();
    // The newest events, and the scalars, which sort behind them.
    for file in files.iter().rev().take(2) {
        let file = fs::OpenOptions::new().write(true).open(file)?;
        file.set_len(file.metadata()?.len() - 100)?;
    }
    train(folder, "--epochs 5 --resume", Some(&checkpoint), options)?;
    Ok(fs::remove_file(checkpoint)?)
}

/// Trains with these settings, the last of which is perhaps about a checkpoint.
fn train(folder: &Path, settings: &str, checkpoint: Option<&Path>, options: &LogsCheck) -> Result<()> {
    let mut arguments: Vec<&OsStr> =
        ["train-mnist", "--quiet", "--train-limit", "2000", "--log-dir"].map(OsStr::new).into();
    arguments.push(folder.as_os_str());
    if let Some(folder) = &options.data.folder {
        arguments.extend([OsStr::new("--data-dir"), folder.as_os_str()]);
    }
    arguments.extend(settings.split(' ').map(OsStr::new).chain(checkpoint.map(Path::as_os_str)));
    own::call(&arguments).map(drop)
}
