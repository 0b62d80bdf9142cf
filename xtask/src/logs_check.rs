//! `cargo xtask logs-check`: TensorBoard's own reader reads what `train-mnist --log-dir` wrote, and all is compared.
//!
//! The Python side is `crates/logs/tests/tensorboard/check.py`. Everything lands in `target/logs-check`.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chainrule_formats::npz;
use chainrule_trainer::Checkpoint;
use clap::Args;

use crate::{Data, LOGGED_NETWORK, Result, output, own, python};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask logs-check\n  \
    cargo xtask logs-check --python venv/bin/python   with packages that are there")]
pub(crate) struct LogsCheck {
    #[command(flatten)]
    data: Data,
    /// A Python that has the packages already, instead of a virtual environment of its own
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
        None => python::environment(&folder.join("venv"), &tests.join("requirements.txt"), || {
            if !options.json {
                output::line("installing TensorBoard into target/logs-check/venv: once");
            }
        })?,
    };
    whole(&runs.join("whole"), options)?;
    resumed(&runs.join("resumed"), options)?;
    killed(&runs.join("killed"), options)?;
    let mut n_runs = 0;
    for entry in fs::read_dir(&runs)? {
        let run = entry?.path();
        // NumPy knows nothing of checkpoints.
        npz::save(&Checkpoint::load(run.join(LOGGED_NETWORK))?.net, run.join("network.npz"))?;
        n_runs += 1;
    }
    let said = Command::new(&python).arg(tests.join("check.py")).arg(&runs).output();
    let said = said.map_err(|cause| format!("{} does not start: {cause}", python.display()))?;
    for line in String::from_utf8_lossy(&said.stdout).lines() {
        let run: serde_json::Value = serde_json::from_str(line)?;
        match options.json {
            true => output::json(&run),
            false => output::line(format_args!(
                "{}: {} scalars equal to the JSON lines, {} histograms and {} images as they should be",
                run["run"].as_str().unwrap_or_default(),
                run["scalars"],
                run["histograms"],
                run["images"],
            )),
        }
    }
    if !said.status.success() {
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        let why = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason was given");
        return Err(format!("the Python side has failed: {why}").into());
    }
    match options.json {
        true => output::json(&serde_json::json!({"event": "done", "runs": n_runs, "failed": 0})),
        false => output::line(format_args!("TensorBoard reads what was written, in {n_runs} runs")),
    }
    Ok(())
}

/// A run with everything that has a tag: two hidden layers, a validation set.
fn whole(folder: &Path, options: &LogsCheck) -> Result<()> {
    let settings =
        ["--hidden", "20,16", "--activation", "sigmoid,relu", "--validation", "0.2", "--epochs", "3"];
    train(folder, &settings.map(OsString::from), options)
}

/// A run that went on twice from its second epoch.
fn resumed(folder: &Path, options: &LogsCheck) -> Result<()> {
    let checkpoint = folder.with_extension("ckpt");
    let to_file = ["--epochs".into(), "2".into(), "--checkpoint".into(), checkpoint.clone().into_os_string()];
    train(folder, &to_file, options)?;
    for epochs in ["4", "3"] {
        go_on(folder, &checkpoint, epochs, options)?;
    }
    Ok(fs::remove_file(checkpoint)?)
}

/// The same, and what was written last before it went on was cut off in both files.
fn killed(folder: &Path, options: &LogsCheck) -> Result<()> {
    let checkpoint = folder.with_extension("ckpt");
    let to_file = ["--epochs".into(), "2".into(), "--checkpoint".into(), checkpoint.clone().into_os_string()];
    train(folder, &to_file, options)?;
    go_on(folder, &checkpoint, "4", options)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| !file.ends_with(LOGGED_NETWORK));
    files.sort();
    // The newest events, and the scalars, which sort behind them.
    for file in files.iter().rev().take(2) {
        let file = fs::OpenOptions::new().write(true).open(file)?;
        file.set_len(file.metadata()?.len() - 100)?;
    }
    go_on(folder, &checkpoint, "5", options)?;
    Ok(fs::remove_file(checkpoint)?)
}

fn go_on(folder: &Path, checkpoint: &Path, epochs: &str, options: &LogsCheck) -> Result<()> {
    train(
        folder,
        &["--epochs".into(), epochs.into(), "--resume".into(), checkpoint.as_os_str().into()],
        options,
    )
}

fn train(folder: &Path, settings: &[OsString], options: &LogsCheck) -> Result<()> {
    let mut arguments: Vec<OsString> =
        ["train-mnist", "--quiet", "--train-limit", "2000"].map(Into::into).into();
    arguments.extend(["--log-dir".into(), folder.as_os_str().into()]);
    if let Some(data_dir) = &options.data.folder {
        arguments.extend(["--data-dir".into(), data_dir.into()]);
    }
    arguments.extend_from_slice(settings);
    own::call(&arguments)?;
    Ok(())
}
