//! `cargo xtask report`: runs as one HTML page; and that page at the end of `train-mnist`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use chainrule_logs::{SCALARS, Scalar, read_scalars};
use chainrule_mnist::Mnist;
use chainrule_report::{Report, Run};
use chainrule_trainer::{
    Checkpoint, Checkpoints, Mlp, Resume, Summary, TrainConfig, TrainingRecord, check_file_path,
};
use clap::Args;
use serde::Serialize;

use crate::{
    Result,
    args::Usage,
    data, output,
    run_config::RunConfig,
    train_mnist::{LOGGED_NETWORK, TrainMnist},
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask report net.ckpt\n  \
    cargo xtask report a.ckpt b.ckpt runs/c --output compared.html")]
pub(crate) struct ReportOptions {
    /// A checkpoint, or a folder of logs (--log-dir) or of checkpoints (--checkpoint-dir); several are compared
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The page to write
    #[arg(long, value_name = "PATH", default_value = "report.html")]
    output: PathBuf,
    /// A folder with the four files in MNIST's format, gzip or plain [default: the bundled MNIST]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The names of the classes in order, for other data than digits
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    class_names: Vec<String>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &ReportOptions) -> Result<()> {
    if options.runs.contains(&options.output) {
        let sentence = format!("--output {} is one of the runs", options.output.display());
        return Err(Usage(sentence).into());
    }
    let mut runs = Vec::new();
    for (path, name) in options.runs.iter().zip(names(&options.runs)) {
        runs.push(load(path, name, options)?);
    }
    check_path(&options.output)?;
    let mnist = data::load(options.data_dir.as_deref())?;
    let n_runs = runs.len();
    page(runs, &mnist).with_classes(options.class_names.clone()).save(&mnist.test, &options.output)?;
    match options.json {
        true => output::json(&Written { event: "report", runs: n_runs, path: text(&options.output) }),
        false => output::line(format_args!("wrote {}", options.output.display())),
    }
    Ok(())
}

/// Whether the page can be written, before long work.
pub(crate) fn check_path(path: &Path) -> Result<()> {
    Ok(check_file_path(path).map_err(|cause| format!("cannot write the page {}: {cause}", path.display()))?)
}

/// `{"event":"report",…}`
#[derive(Serialize)]
struct Written {
    event: &'static str,
    runs: usize,
    path: String,
}

/// A page on these runs, with the images of the data set.
fn page(runs: Vec<Run>, mnist: &Mnist) -> Report {
    let images = mnist.test.images();
    Report::new(runs).with_images(images.n_rows(), images.n_columns())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What runs are called: the name of the file or folder, as long as that tells them apart.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let short = |path: &PathBuf| path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let distinct: BTreeSet<_> = paths.iter().map(short).collect();
    let name = |path| short(path).filter(|_| distinct.len() == paths.len()).unwrap_or_else(|| text(path));
    paths.iter().map(name).collect()
}

/// The run that a checkpoint, a folder of logs or a folder of checkpoints tells of.
fn load(path: &Path, name: String, options: &ReportOptions) -> Result<Run> {
    let (checkpoint, scalars) = match path.is_dir() {
        false => (Checkpoint::load(path)?, None),
        true if path.join(SCALARS).exists() => {
            let scalars = read_scalars(path)?;
            (Checkpoint::load(path.join(LOGGED_NETWORK))?, Some(scalars))
        }
        true => {
            let newest = Checkpoints::new(path).with_resume(Resume::Auto).newest()?;
            let found = newest.ok_or_else(|| {
                format!(
                    "{}: found neither scalars.jsonl nor a checkpoint, expected a folder of --log-dir or --checkpoint-dir",
                    path.display()
                )
            })?;
            (found.1, None)
        }
    };
    let settings = RunConfig::saved(&checkpoint).to_toml()?;
    let command = command_with_file(&settings, options.data_dir.as_deref());
    let run = Run::of_checkpoint(name, checkpoint).with_settings(settings).with_command(command);
    Ok(match scalars {
        Some(scalars) => run.with_scalars(scalars),
        None => run,
    })
}

/// A run by its settings alone: whatever they are, a file can say them.
fn command_with_file(settings: &str, data_dir: Option<&Path>) -> String {
    let mut command = "cargo xtask train-mnist --config run.toml".to_string();
    if let Some(folder) = data_dir {
        command.push_str(&format!(" --data-dir {}", quoted(&text(folder))));
    }
    format!("cat > run.toml <<'END'\n{}\nEND\n{command}", settings.trim_end())
}

/// The page at the end of `train-mnist`; `inside` is what was seen of the network after every epoch.
pub(crate) fn write_at_end(
    path: &Path,
    options: &TrainMnist,
    net: &Mlp,
    training: &TrainConfig,
    summary: &Summary,
    inside: Vec<Scalar>,
    mnist: &Mnist,
) -> Result<()> {
    let record = TrainingRecord::new(training.clone(), summary.history.clone());
    let checkpoint = Checkpoint::new(net.clone(), record);
    let settings = RunConfig::saved(&checkpoint).to_toml()?;
    let command = match options.keeping.resume {
        // A call that resumes does not say how the run began.
        Some(_) => command_with_file(&settings, options.data_dir.as_deref()),
        None => call(std::env::args().skip(1)),
    };
    let name = path.file_stem().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned());
    let scalars: Vec<Scalar> = summary.history.iter().flat_map(Scalar::of_epoch).chain(inside).collect();
    let run = Run::of_checkpoint(name, checkpoint).with_scalars(scalars);
    let run = run.with_settings(settings).with_command(command);
    Ok(page(vec![run], mnist).save(&mnist.test, path)?)
}

/// The call that was made, without what only says where results go.
fn call(arguments: impl Iterator<Item = String>) -> String {
    const PLACES: [&str; 4] = ["--report", "--checkpoint", "--checkpoint-dir", "--log-dir"];
    let mut words = vec!["cargo".to_string(), "xtask".to_string()];
    let mut arguments = arguments.peekable();
    while let Some(word) = arguments.next() {
        let name = word.split('=').next().unwrap_or_default();
        if PLACES.contains(&name) {
            if !word.contains('=') {
                arguments.next();
            }
        } else if !matches!(name, "--json" | "--quiet") {
            words.push(quoted(&word));
        }
    }
    words.join(" ")
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_repeated_without_the_places_of_its_results() {
        let given = ["train-mnist", "--epochs", "5", "--report", "out.html", "--checkpoint=a.ckpt", "--json"];
        let given = given.iter().chain(&["--data-dir", "my data"]).map(ToString::to_string);
        assert_eq!(call(given), "cargo xtask train-mnist --epochs 5 --data-dir 'my data'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }

    #[test]
    fn runs_are_called_by_what_tells_them_apart() {
        let names = |paths: &[&str]| super::names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names(&["runs/a.ckpt", "runs/b"]), ["a", "b"]);
        assert_eq!(names(&["1/net.ckpt", "2/net.ckpt"]), ["1/net.ckpt", "2/net.ckpt"]);
        assert_eq!(names(&[".."]), [".."]);
    }
}
