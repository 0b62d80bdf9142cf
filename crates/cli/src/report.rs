//! `chainrule report`: an HTML page about runs; and `train-mnist --report`.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use chainrule_logs::{SCALARS, Scalar, read_scalars};
use chainrule_mnist::Mnist;
use chainrule_report::{Error, Report, Run};
use chainrule_trainer::{Checkpoint, Summary, check_file_path};
use clap::Args;

use crate::{
    Result, Usage, call,
    data::{self, Data, Known},
    history, output, places, program,
    run_file::RunConfig,
    train_mnist::TrainMnist,
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule report net.ckpt\n  \
    chainrule report a.ckpt b.ckpt runs/c --output compared.html")]
pub struct ReportOptions {
    /// Checkpoints, or folders of --checkpoint-dir or --log-dir; several runs are compared
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The page to write
    #[arg(long, value_name = "PATH", default_value = "report.html")]
    output: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Names of the classes in order, for data other than digits
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    class_names: Vec<String>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &ReportOptions) -> Result<()> {
    if options.runs.iter().any(|run| places::are_same(run, &options.output)) {
        return Usage::error(format!("--output {} is one of the runs", options.output.display()));
    }
    let output = [("--output", options.output.clone())];
    let runs: Vec<places::Named> = options.runs.iter().map(|run| ("RUN", run.clone())).collect();
    places::check_beside(&output, &runs, |_, file| places::is_of_run(file))?;
    places::check_distinct(&output, &options.data.files())?;
    if let Some(twice) = (1..options.runs.len()).find(|i| options.runs[..*i].contains(&options.runs[*i])) {
        return Usage::error(format!("{} is given twice", options.runs[twice].display()));
    }
    let mut loaded = Vec::new();
    for (path, name) in options.runs.iter().zip(names(&options.runs)) {
        loaded.push(load(path, name)?);
    }
    let (n_names, n_outputs) = (options.class_names.len(), loaded[0].0.net.layers().n_outputs());
    if n_names > 0 && n_names != n_outputs {
        return Usage::error(format!(
            "--class-names has {n_names} names, expected {n_outputs}: one for each output of the network"
        ));
    }
    check_path(&options.output)?;
    program::start_threads()?;
    let (mnist, folder) = options.data.load_for(loaded.iter().map(|(_, known)| known))?;
    let (mut runs, mut others) = (Vec::new(), Vec::new());
    for (path, (mut run, known)) in options.runs.iter().zip(loaded) {
        let other = data::other_data(&known, &mnist);
        let folder = if other.is_some() { &known.folder } else { &folder };
        // A network that was imported has no run to be repeated.
        let settings = run.settings.as_ref().filter(|_| !run.scalars.is_empty());
        run.command = settings.map(|settings| command_with_file(settings, folder.as_deref(), None));
        if let Some(other) = other {
            run.name.push_str(" (evaluated on other data)");
            run.warning = Some(format!(
                "{}: evaluated on other data than the network's own, so the figures here are not those of its run, whose curves \
                 are of its own data: {other}.",
                run.name
            ));
            others.push(format!("{}: {other}", path.display()));
        }
        runs.push(run);
    }
    let (n_runs, title) = (runs.len(), format!("Training report: {}", runs[0].name));
    let mut page = page(runs, &mnist).with_classes(options.class_names.clone());
    if n_runs == 1 && !others.is_empty() {
        // A page of one run says its name nowhere else.
        page = page.with_title(title);
    }
    output::spin(!options.json, WRITING, || page.save(&mnist.test, &options.output))?;
    let path = text(&options.output);
    let mut members = vec![("runs", n_runs.into()), ("path", path.into())];
    let found = folder.filter(|_| options.data.folder.is_none());
    if let Some(found) = &found {
        members.push(("data_dir", text(found).into()));
    }
    if !others.is_empty() {
        members.push(("other_data", others.clone().into()));
    }
    for other in others.iter().filter(|_| !options.json) {
        output::line(format_args!("warning: other data than the network's own: {other}"));
    }
    if let (Some(found), false) = (found, options.json) {
        output::line(format_args!("evaluated on data that were found in {}", found.display()));
    }
    output::tell(options.json, "report", &members, format_args!("wrote {}", options.output.display()));
    Ok(())
}

const WRITING: &str = "evaluating and writing the page";

/// Whether the page can be written, before long work.
pub(crate) fn check_path(path: &Path) -> Result<()> {
    Ok(check_file_path(path).map_err(|cause| format!("cannot write the page {}: {cause}", path.display()))?)
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
    let short = |path: &PathBuf| {
        let name = path.file_name()?.to_string_lossy();
        Some(name.strip_suffix(".ckpt").unwrap_or(&name).to_string())
    };
    let distinct: BTreeSet<_> = paths.iter().map(short).collect();
    let name = |path| short(path).filter(|_| distinct.len() == paths.len()).unwrap_or_else(|| text(path));
    paths.iter().map(name).collect()
}

/// The run that a checkpoint, a folder of logs or a folder of checkpoints tells of.
fn load(path: &Path, name: String) -> Result<(Run, Known)> {
    let scalars = match path.join(SCALARS).exists() {
        true => Some(read_scalars(path)?),
        false => None,
    };
    let checkpoint = history::load(path)?.1;
    let known = Known::of(&checkpoint);
    let settings = RunConfig::saved(&checkpoint).map(|config| config.to_toml()).transpose()?;
    let mut run = Run::of_checkpoint(name, checkpoint);
    run.settings = settings;
    let run = match scalars {
        Some(scalars) => run.with_scalars(scalars),
        None => run,
    };
    Ok((run, known))
}

/// A run by its settings alone: whatever they are, a file can say them.
fn command_with_file(settings: &str, data_dir: Option<&Path>, train_limit: Option<usize>) -> String {
    let mut arguments = ["train-mnist", "--config", "run.toml"].map(OsString::from).to_vec();
    if let Some(folder) = data_dir {
        arguments.extend(["--data-dir".into(), folder.into()]);
    }
    if let Some(limit) = train_limit {
        arguments.extend(["--train-limit".into(), limit.to_string().into()]);
    }
    format!("cat > run.toml <<'END'\n{}\nEND\n{}", settings.trim_end(), call::words(arguments))
}

/// The page at the end of `train-mnist`, with the diagnostics of every epoch, which `write` writes to `path` or beside it.
pub(crate) fn write_at_end(
    path: &Path,
    options: &TrainMnist,
    checkpoint: Checkpoint,
    summary: &Summary,
    diagnostics: Vec<Scalar>,
    mnist: &Mnist,
    write: impl FnOnce(String) -> io::Result<PathBuf>,
) -> Result<PathBuf> {
    let settings = RunConfig::saved(&checkpoint).expect("a network that options describe").to_toml()?;
    // A call that resumes does not say how the run began, and a file is not where the page is read.
    let command = match options.keeping.resume.is_some() || options.config.is_some() {
        true => command_with_file(&settings, options.data.folder.as_deref(), options.train_limit),
        false => call_again(),
    };
    let name = path.file_stem().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned());
    let scalars: Vec<Scalar> = summary.history.iter().flat_map(Scalar::of_epoch).chain(diagnostics).collect();
    let run = Run::of_checkpoint(name, checkpoint).with_scalars(scalars).with_settings(settings);
    // One that was stopped is not repeated by a call that goes to the end.
    let run = if summary.stopped { run } else { run.with_command(command) };
    let (page, talk) = (page(vec![run], mnist), !options.json && !options.quiet);
    let html = output::spin(talk, WRITING, || page.to_html(&mnist.test))?;
    Ok(write(html).map_err(|cause| Error::Io { path: path.to_path_buf(), cause })?)
}

/// The call that was made, without what only says where results go and when.
fn call_again() -> String {
    const PLACES: &[&str] = &[
        "--report",
        "--checkpoint",
        "--checkpoint-dir",
        "--checkpoint-every",
        "--keep",
        "--on-checkpoint-error",
        "--log-dir",
    ];
    call::words(call::without(call::arguments(), PLACES, &["--json", "--quiet"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_called_by_what_tells_them_apart() {
        let names = |paths: &[&str]| super::names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names(&["runs/a.ckpt", "runs/lr-0.1"]), ["a", "lr-0.1"]);
        assert_eq!(names(&["1/net.ckpt", "2/net.ckpt"]), ["1/net.ckpt", "2/net.ckpt"]);
        assert_eq!(names(&[".."]), [".."]);
    }
}
