//! `chainrule history`: loss and accuracy of every epoch of a saved run.

use std::path::{Path, PathBuf};

use chainrule_trainer::{Checkpoint, Checkpoints, EpochReport, Resume, TrainState};
use clap::Args;
use serde::Serialize;

use crate::{
    Result, output,
    table::{Table, percent},
    train_mnist::LOGGED_NETWORK,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule history net.ckpt\n  \
    chainrule history run          the newest checkpoint in a folder\n  \
    chainrule history run --json   one object for each epoch")]
pub struct History {
    /// A checkpoint, or a folder of --checkpoint-dir or --log-dir
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Print one JSON object for each epoch and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &History) -> Result<()> {
    let (path, checkpoint) = load(&options.run)?;
    let epochs = &checkpoint.training.history;
    if options.json {
        epochs.iter().for_each(|report| output::json(&Epoch { event: "epoch", report }));
        return Ok(());
    }
    if epochs.is_empty() {
        output::line(format_args!("{}: not trained for an epoch yet", path.display()));
        return Ok(());
    }
    table(epochs).print();
    Ok(())
}

/// The checkpoint of a run: the file itself, or in a folder the one with most steps. Of those with as many, the trained network
/// goes first. This is the rule of all commands.
pub(crate) fn load(path: &Path) -> Result<(PathBuf, Checkpoint)> {
    if !path.is_dir() {
        return Ok((path.to_path_buf(), Checkpoint::load(path)?));
    }
    let mut found: Vec<(PathBuf, Checkpoint)> = Vec::new();
    let mut problems = Vec::new();
    for file in networks(path) {
        match Checkpoint::load(&file) {
            Ok(checkpoint) => found.push((file, checkpoint)),
            Err(problem) => problems.push(problem),
        }
    }
    match Checkpoints::new(path).with_resume(Resume::Auto).newest_and_skipped(&mut problems) {
        Ok(newest) => found.extend(newest),
        Err(problem) => problems.push(problem),
    }
    // Of equals, `max_by_key` takes the last.
    match found.into_iter().rev().max_by_key(|(_, checkpoint)| steps(checkpoint)) {
        Some(newest) => {
            for problem in problems {
                output::complain(format_args!("warning: {problem}; it is passed over"));
            }
            Ok(newest)
        }
        None if problems.is_empty() => {
            let expected = "expected one that --log-dir or --checkpoint-dir wrote";
            Err(format!("{}: found no good checkpoint in this folder, {expected}", path.display()).into())
        }
        None => Err(problems.remove(0).into()),
    }
}

/// The files of trained networks in a folder, that of a run that has ended before those of runs that were interrupted.
fn networks(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_network = |name: &str| {
        name.strip_prefix(LOGGED_NETWORK)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(".interrupted"))
    };
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_network))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// How many steps the network of a checkpoint was trained for.
fn steps(checkpoint: &Checkpoint) -> u64 {
    let of_history = checkpoint.training.history.last().map_or(0, |report| report.step);
    checkpoint.state.as_ref().map_or(of_history, TrainState::step)
}

/// `{"event":"epoch",…}` with everything that was recorded.
#[derive(Serialize)]
struct Epoch<'a> {
    event: &'static str,
    #[serde(flatten)]
    report: &'a EpochReport,
}

/// A row for each epoch, and a column for each value that any of them has.
fn table(epochs: &[EpochReport]) -> Table {
    type Column = (&'static str, fn(&EpochReport) -> Option<String>);
    fn loss(value: Option<f64>) -> Option<String> {
        value.map(|value| format!("{value:.4}"))
    }
    let columns: [Column; 9] = [
        ("step", |report| Some(report.step.to_string())),
        ("loss", |report| loss(Some(report.train_loss))),
        ("train %", |report| percent(report.train_accuracy)),
        ("val loss", |report| loss(report.validation_loss)),
        ("val %", |report| percent(report.validation_accuracy)),
        ("test loss", |report| loss(report.test_loss)),
        ("test %", |report| percent(report.test_accuracy)),
        ("lr", |report| Some(short(report.learning_rate))),
        ("seconds", |report| Some(format!("{:.2}", report.seconds))),
    ];
    let columns = columns.iter().filter(|(_, value)| epochs.iter().any(|report| value(report).is_some()));
    let columns: Vec<&Column> = columns.collect();
    let mut table = Table::new("epoch", columns.iter().map(|(name, _)| name.to_string()));
    for report in epochs {
        table.add(report.epoch, columns.iter().map(|(_, value)| value(report)));
    }
    table
}

/// A number with three digits, or fewer.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.2e}").parse().unwrap_or(number);
    match rounded.abs() {
        size if size == 0.0 || (1e-4..1e6).contains(&size) => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.1, 0.0123456, 1234.5, 0.0].map(short), ["0.1", "0.0123", "1230", "0"]);
        assert_eq!([1.23456e-7, 5e7].map(short), ["1.23e-7", "5e7"]);
    }
}
