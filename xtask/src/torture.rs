//! `cargo xtask torture`: a run that is killed again and again, and resumed each time, must end as one never killed.
//!
//! The library tests what happens to one file when a write breaks off at any point, on a disk that fails. Here real processes
//! are killed at random moments.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use chainrule_mnist::{ImageSet, Images, Mnist};
use chainrule_tensor::random::{Purpose, generator, uniform};
use chainrule_trainer::Checkpoint;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Result,
    args::at_least_one,
    output::{self, Bar},
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask torture --kills 20")]
pub(crate) struct Torture {
    /// Number of kills
    #[arg(long, value_name = "N", default_value = "200", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    kills: usize,
    /// Random seed of the moments
    #[arg(long, value_name = "SEED", default_value = "1")]
    seed: u64,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

/// All that a run can have, a checkpoint after every step, and from one process to the next another number of threads.
const RUN: &str = "train-mnist --json --hidden 24,16 --activation relu,tanh --batch-norm --dropout 0.1 --optimizer adam \
                   --schedule one-cycle --clip-norm 1 --ema 0.9 --validation 0.1 --early-stopping 1000000 --batch-size 8";

/// How long a run takes that nobody kills, about.
const RUN_TIME: Duration = Duration::from_millis(400);

pub(crate) fn run(options: &Torture) -> Result<()> {
    let begun = Instant::now();
    let work = Work { folder: data_set()? };
    let n_steps = work.n_steps()?;
    let parameters_crc32 = work.finish(work.start(n_steps, None, 1)?)?;
    let (mut count, mut folder) = (Count { parameters_crc32, ..Count::default() }, work.folder(0));
    let timing = Instant::now();
    let saved = work.finish(work.start(n_steps, Some(&folder), 1)?)?;
    let run_time = timing.elapsed();
    count.check_same(&saved)?;

    let mut rng = generator(options.seed, Purpose::Draw, 0, 0);
    let mut moment = || run_time.mul_f64(uniform(&mut rng));
    let bar = Bar::new(!options.json);
    count.runs = 1;
    folder = work.folder(count.runs);
    while count.kills < options.kills {
        let lifetime = moment();
        match work.kill_after(lifetime, work.start(n_steps, Some(&folder), 1 + count.kills % 3)?)? {
            None => {
                count.kills += 1;
                count.inside += usize::from(has_temporary(&folder)?);
                let n_loaded = load_all(&folder)?;
                count.loaded += n_loaded;
                count.resumes += usize::from(n_loaded > 0);
                bar.share(count.kills, options.kills);
            }
            Some(parameters_crc32) => {
                count.check_same(&parameters_crc32)?;
                count.runs += 1;
                folder = work.folder(count.runs);
            }
        }
    }
    count.check_same(&work.finish(work.start(n_steps, Some(&folder), 2)?)?)?;
    bar.finish();
    count.seconds = begun.elapsed().as_secs_f64();
    match options.json {
        true => output::json(&count),
        false => count.print(),
    }
    // Of a few kills, chance decides how many these are.
    if options.kills >= 100 && count.inside * 10 < options.kills {
        return Err(format!(
            "{} of {} kills came while a checkpoint was being written, expected a tenth at least: the disk is too fast \
             for this test to mean much; set TMPDIR to a folder on another one",
            count.inside, options.kills
        )
        .into());
    }
    Ok(())
}

/// `{"event":"torture",…}`
#[derive(Default, Serialize)]
#[serde(tag = "event", rename = "torture")]
struct Count {
    kills: usize,
    /// Kills while a checkpoint was being written.
    inside: usize,
    /// Kills after which the run went on from a checkpoint.
    resumes: usize,
    /// Checkpoints that were loaded after kills.
    loaded: usize,
    /// Runs that came to their end, the first of which was never killed.
    runs: usize,
    /// Of the run that was never killed.
    parameters_crc32: String,
    seconds: f64,
}

impl Count {
    fn check_same(&self, found: &str) -> Result<()> {
        let Count { kills, runs, parameters_crc32, .. } = self;
        match found == parameters_crc32 {
            true => Ok(()),
            false => Err(format!(
                "run {runs}, after {kills} kills in all, ended with parameters_crc32 {found}, expected {parameters_crc32}"
            )
            .into()),
        }
    }

    fn print(&self) {
        let Count { kills, inside, resumes, loaded, runs, parameters_crc32, seconds } = self;
        output::lines(format_args!(
            "{kills} kills, {inside} of them while a checkpoint was being written; {resumes} resumes; {seconds:.1} s\n\
             {loaded} checkpoints were on disk after a kill, and all could be loaded\n\
             {runs} runs ended with parameters_crc32 {parameters_crc32}, the same as the one never killed"
        ));
    }
}

/// A folder for data and checkpoints, removed at the end.
struct Work {
    folder: TempDir,
}

impl Work {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder for the checkpoints of run `number`; that of the run before is not needed any more.
    fn folder(&self, number: usize) -> PathBuf {
        if let Some(before) = number.checked_sub(1) {
            let _ = fs::remove_dir_all(self.path(&format!("run-{before}")));
        }
        self.path(&format!("run-{number}"))
    }

    /// How many steps a run needs to take long enough.
    fn n_steps(&self) -> Result<u64> {
        const FEW: u64 = 40;
        let time_of = |n_steps: u64| -> Result<Duration> {
            let (folder, begun) = (self.path(&format!("probe-{n_steps}")), Instant::now());
            self.finish(self.start(n_steps, Some(&folder), 1)?)?;
            Ok(begun.elapsed())
        };
        let per_step = time_of(FEW + 1)?.saturating_sub(time_of(1)?).as_secs_f64() / FEW as f64;
        Ok(((RUN_TIME.as_secs_f64() / per_step) as u64).clamp(FEW, 5000))
    }

    fn start(&self, n_steps: u64, folder: Option<&Path>, threads: usize) -> Result<Child> {
        let mut command = Command::new(env::current_exe()?);
        let run = format!("{RUN} --steps {n_steps} --threads {threads} --data-dir");
        command.args(run.split_whitespace()).arg(self.folder.path());
        if let Some(folder) = folder {
            command
                .args(["--checkpoint-every", "1steps", "--resume", "auto", "--checkpoint-dir"])
                .arg(folder);
        }
        let out = fs::File::create(self.path("out"))?;
        Ok(command.stdin(Stdio::null()).stdout(out).stderr(Stdio::inherit()).spawn()?)
    }

    /// Lets a process come to its end; returns the checksum it prints.
    fn finish(&self, mut child: Child) -> Result<String> {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("a run that nobody killed ended with {status}").into());
        }
        let text = fs::read_to_string(self.path("out"))?;
        let done: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
        Ok(done["parameters_crc32"].as_str().ok_or("a run printed no parameters_crc32")?.to_string())
    }

    /// Kills a process after `lifetime`, unless it has come to its end by then: what `finish` returns.
    fn kill_after(&self, lifetime: Duration, mut child: Child) -> Result<Option<String>> {
        thread::sleep(lifetime);
        child.kill()?;
        let status = child.wait()?;
        // One that ended by itself just before has an exit code; on Windows, one that was killed has one, too.
        let was_killed = if cfg!(unix) { status.code().is_none() } else { !status.success() };
        if was_killed { Ok(None) } else { self.finish(child).map(Some) }
    }
}

/// Whether a checkpoint is half-written: its temporary file is there from before its first byte until its renaming.
fn has_temporary(folder: &Path) -> Result<bool> {
    Ok(names(folder)?.iter().any(|name| name.ends_with(".tmp")))
}

/// Loads every checkpoint in the folder, which must all be good; returns how many these are.
fn load_all(folder: &Path) -> Result<usize> {
    let checkpoints: Vec<String> =
        names(folder)?.into_iter().filter(|name| name.ends_with(".ckpt")).collect();
    for name in &checkpoints {
        Checkpoint::load(folder.join(name))?;
    }
    Ok(checkpoints.len())
}

/// The files in a folder that may not have been made yet.
fn names(folder: &Path) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// A temporary folder with a small data set.
pub(crate) fn data_set() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    Mnist::new(images(200), images(50)).save(folder.path())?;
    Ok(folder)
}

/// Images of 8×8 whose classes differ in which pixels are bright.
fn images(n: usize) -> ImageSet {
    let pixel = |i: usize| if i % 64 % 10 == i / 64 % 10 { 250 } else { (i * 7 % 40) as u8 };
    let labels = (0..n).map(|i| (i % 10) as u8).collect();
    ImageSet::new(Images::new(n, 8, 8, (0..n * 64).map(pixel).collect()), labels)
}
