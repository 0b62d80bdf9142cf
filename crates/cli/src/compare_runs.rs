//! `chainrule compare-runs`: the settings in which saved runs differ, and their final results.

use std::{collections::BTreeMap, path::PathBuf};

use chainrule_trainer::Checkpoint;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Result, data, history,
    inspect::description,
    output,
    table::{Table, percent},
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule train-mnist --checkpoint a.ckpt\n  \
    chainrule train-mnist --learning-rate 0.5 --checkpoint b.ckpt\n  \
    chainrule compare-runs a.ckpt b.ckpt\n  \
    chainrule compare-runs a.ckpt b.ckpt --json")]
pub struct CompareRuns {
    /// Two or more checkpoints, or folders of --checkpoint-dir or --log-dir
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// Print one JSON object for each run and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &CompareRuns) -> Result<()> {
    let load = |path: &PathBuf| Ok(Run::new(path.display().to_string(), &history::load(path)?.1));
    let runs = options.runs.iter().map(load).collect::<Result<Vec<Run>>>()?;
    let names = differing(&runs);
    if options.json {
        for run in &runs {
            let of_run =
                |name: &String| (name.clone(), run.settings.get(name).cloned().unwrap_or(Value::Null));
            let differing = names.iter().map(of_run).collect();
            output::json(&Compared { event: "run", run: &run.path, differing, ended: &run.ended });
        }
        return Ok(());
    }
    print(&runs, &names);
    Ok(())
}

struct Run {
    path: String,
    /// Every setting of network and training by its name, as `training.optimizer.sgd.learning_rate`.
    settings: BTreeMap<String, Value>,
    ended: Ended,
}

/// The results of the last epoch, and of the whole run.
#[derive(Serialize)]
struct Ended {
    epochs: u64,
    steps: u64,
    train_loss: Option<f64>,
    validation_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    best_test_accuracy: Option<f64>,
    seconds: f64,
    n_parameters: usize,
    parameters_crc32: String,
}

/// `{"event":"run",…}`
#[derive(Serialize)]
struct Compared<'a> {
    event: &'static str,
    run: &'a str,
    /// The settings in which the runs differ; null where a run has none of this name.
    differing: BTreeMap<String, Value>,
    #[serde(flatten)]
    ended: &'a Ended,
}

impl Run {
    fn new(path: String, checkpoint: &Checkpoint) -> Run {
        let mut settings = BTreeMap::new();
        flatten("network", description(checkpoint.net.config()), &mut settings);
        flatten("training", json!(checkpoint.training.config), &mut settings);
        let known = data::Known::of(checkpoint);
        for (set, known) in [("test", known.test), ("train", known.training)] {
            if let Some(known) = known {
                let crc32 = format!("{:08x}-{:08x}", known.inputs_crc32, known.targets_crc32);
                settings.insert(format!("{DATA}{set}_crc32"), crc32.into());
            }
        }
        let history = &checkpoint.training.history;
        let last = history.last();
        let ended = Ended {
            epochs: last.map_or(0, |report| report.epoch),
            steps: last.map_or(0, |report| report.step),
            train_loss: last.map(|report| report.train_loss),
            validation_accuracy: last.and_then(|report| report.validation_accuracy),
            test_accuracy: last.and_then(|report| report.test_accuracy),
            best_test_accuracy: history.iter().filter_map(|report| report.test_accuracy).reduce(f64::max),
            // An empty sum is -0.
            seconds: history.iter().map(|report| report.seconds).sum::<f64>() + 0.0,
            n_parameters: checkpoint.net.n_parameters(),
            parameters_crc32: format!("{:08x}", checkpoint.net.parameters_crc32()),
        };
        Run { path, settings, ended }
    }
}

/// Every value of a tree by the way to it; a list of plain values is one value, others count from 1.
fn flatten(name: &str, value: Value, to: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.into_iter().for_each(|(field, value)| flatten(&format!("{name}.{field}"), value, to));
        }
        Value::Array(values) if values.iter().any(Value::is_object) => {
            (1..).zip(values).for_each(|(i, value)| flatten(&format!("{name}.{i}"), value, to));
        }
        value => drop(to.insert(name.to_string(), value)),
    }
}

/// How the names of what is known of a run's data begin.
const DATA: &str = "data.";

/// The names of the settings that are not the same in all runs. Data of which nothing is known are not said to be others.
fn differing(runs: &[Run]) -> Vec<String> {
    let mut names: Vec<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    names.sort();
    names.dedup();
    let differs = |name: &&String| {
        let counts = |value: &Option<&Value>| value.is_some() || !name.starts_with(DATA);
        let mut values = runs.iter().map(|run| run.settings.get(*name)).filter(counts);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    names.into_iter().filter(differs).cloned().collect()
}

/// A column for each run, or for as many as the width allows, and then the others below.
fn print(runs: &[Run], names: &[String]) {
    for (i, run) in runs.iter().enumerate() {
        output::line(format_args!("{:>3}  {}", i + 1, run.path));
    }
    if names.is_empty() {
        output::line("all settings are the same");
    }
    if names.iter().any(|name| name.starts_with(DATA)) {
        output::line("warning: the runs' data differ, so their figures are not of the same task");
    }
    for part in parts(runs, names) {
        output::line("");
        table(&part, names).print();
    }
}

fn parts<'a>(runs: &'a [Run], names: &[String]) -> Vec<Vec<(usize, &'a Run)>> {
    let mut parts: Vec<Vec<(usize, &Run)>> = Vec::new();
    for numbered in runs.iter().enumerate() {
        let fits = |part: &&mut Vec<(usize, &'a Run)>| {
            let wider: Vec<_> = part.iter().copied().chain([numbered]).collect();
            table(&wider, names).lines().iter().all(|line| line.chars().count() <= output::width())
        };
        match parts.last_mut().filter(fits) {
            Some(part) => part.push(numbered),
            None => parts.push(vec![numbered]),
        }
    }
    parts
}

fn table(runs: &[(usize, &Run)], names: &[String]) -> Table {
    let mut table = Table::new("", runs.iter().map(|(i, _)| (i + 1).to_string())).with_words_first();
    for name in names {
        table.add(name, runs.iter().map(|(_, run)| run.settings.get(name).map(plain)));
    }
    type Figure = (&'static str, fn(&Ended) -> Option<String>);
    let figures: [Figure; 9] = [
        ("last test accuracy %", |ended| percent(ended.test_accuracy)),
        ("best test accuracy %", |ended| percent(ended.best_test_accuracy)),
        ("last validation accuracy %", |ended| percent(ended.validation_accuracy)),
        ("last train loss", |ended| ended.train_loss.map(|loss| format!("{loss:.4}"))),
        ("epochs", |ended| Some(ended.epochs.to_string())),
        ("steps", |ended| Some(ended.steps.to_string())),
        ("parameters", |ended| Some(ended.n_parameters.to_string())),
        ("training seconds", |ended| Some(format!("{:.2}", ended.seconds))),
        ("parameters_crc32", |ended| Some(ended.parameters_crc32.clone())),
    ];
    for (name, figure) in figures {
        let values: Vec<Option<String>> = runs.iter().map(|(_, run)| figure(&run.ended)).collect();
        if values.iter().any(Option::is_some) {
            table.add(name, values);
        }
    }
    table
}

/// A setting as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".into(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_by_the_way_to_them() {
        let mut settings = BTreeMap::new();
        let tree = json!({"b": {"c": 1, "d": [1, 2]}, "e": null, "f": {}, "g": [{"h": 1}, 2]});
        flatten("a", tree, &mut settings);
        let names: Vec<&str> = settings.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.b.c", "a.b.d", "a.e", "a.f", "a.g.1.h", "a.g.2"]);
        let texts = [json!([784, 50, 10]), json!("sgd"), json!(0.12341), json!(true), json!(null)];
        assert_eq!(texts.map(|value| plain(&value)), ["784,50,10", "sgd", "0.12341", "true", "–"]);
    }
}
