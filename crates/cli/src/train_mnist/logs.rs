//! `--log-dir` and `--report`: what is recorded of the network after every epoch, and the logs.

use std::{ffi::OsStr, fs::File, path::Path};

use chainrule_files::{lock, make_folder, remove_temporaries};
use chainrule_logs::{LogWriter, Record, SCALARS, Scalar, read_scalars};
use chainrule_mnist::ImageSet;
use chainrule_tensor::ARITHMETIC;
use chainrule_trainer::{
    Checkpoints, EpochReport, Mlp,
    diagnostics::{diagnose, spread},
};

use super::TrainMnist;
use crate::{
    Result,
    output::{self, Bar},
};

/// The file name of the trained network in the folder of logs.
pub const LOGGED_NETWORK: &str = "network.ckpt";

/// How many training images an epoch's diagnostics look at: a fraction of dead units is known to a percent.
const N_DIAGNOSED: usize = 1000;

/// Locked by the run that writes logs into the folder. Another name than in a folder of checkpoints, which may be the same folder.
pub(super) const LOCK: &str = ".logs.lock";

/// Diagnoses the network after every epoch, for the page of `--report` and for the logs, if either is wanted. This is done
/// between two epochs, and is not part of the times that are printed.
pub(super) struct Recorder {
    /// What the page shows, if one is wanted.
    pub(super) for_page: Option<Vec<Scalar>>,
    /// The run must end: the logs in the folder turned out to be of another one.
    pub(super) refused: Option<String>,
    /// None without logs, and after a record could not be written.
    writer: Option<LogWriter>,
    /// Logs that no checkpoint tells of: a run that was killed before its first left them, or another run.
    unproven: Option<Vec<Scalar>>,
    _lock: Option<File>,
    /// Rows and columns of an image.
    image: (usize, usize),
    json: bool,
}

/// Refuses logs of another run than one with this history, as far as it goes. Whether an epoch proves that they are of this run.
fn check_same_run(folder: &Path, logged: &[Scalar], history: &[EpochReport]) -> Result<bool> {
    let mut is_proven = false;
    let losses = history.iter().flat_map(Scalar::of_epoch).filter(|scalar| scalar.tag == "loss/train");
    for (i, expected) in losses.enumerate() {
        let Some(found) =
            logged.iter().find(|found| found.tag == expected.tag && found.epoch == expected.epoch)
        else {
            continue;
        };
        // A run that was stopped within an epoch tells of a part of it; the logs may know the whole from another time.
        let is_part = i + 1 == history.len() && found.step > expected.step;
        if !is_part && (found.step, found.value) != (expected.step, expected.value) {
            return Err(format!(
                "{}: holds the logs of another run, whose training loss in epoch {} was {found:?}, expected {right:?} (another --log-dir)",
                folder.display(),
                found.epoch,
                found = found.value.unwrap_or(f64::NAN),
                right = expected.value.unwrap_or(f64::NAN),
            )
            .into());
        }
        is_proven |= !is_part;
    }
    Ok(is_proven)
}

impl Recorder {
    /// Makes the folder of logs, and locks it, before training. A resumed run appends to the logs that are there, if they are
    /// its own.
    pub(super) fn open(
        options: &TrainMnist,
        checkpoints: &Checkpoints,
        n_rows: usize,
        n_columns: usize,
    ) -> Result<Recorder> {
        let mut recorder = Recorder {
            for_page: options.report.as_ref().map(|_| Vec::new()),
            refused: None,
            writer: None,
            unproven: None,
            _lock: None,
            image: (n_rows, n_columns),
            json: options.json,
        };
        let Some(folder) = &options.log_dir else { return Ok(recorder) };
        let cannot = |doing| move |cause| format!("{}: cannot be {doing}: {cause}", folder.display());
        make_folder(folder).map_err(cannot("made"))?;
        recorder._lock = lock(folder.join(LOCK)).map_err(cannot("written"))?;
        if recorder._lock.is_none() {
            let expected = "expected a folder that no other run is writing to (another --log-dir)";
            return Err(
                format!("{}: another run is writing its logs here, {expected}", folder.display()).into()
            );
        }
        // What runs that were killed here have left.
        let is_ours = |name: &OsStr| {
            name.to_str().is_some_and(|name| name == SCALARS || name.starts_with(LOGGED_NETWORK))
        };
        remove_temporaries(folder, is_ours).map_err(cannot("cleared"))?;
        if options.keeping.resume.is_none() {
            let created = LogWriter::create(folder).map_err(|error| {
                let remedy = match error {
                    chainrule_logs::Error::NotEmpty { .. } => " (--resume, or another --log-dir)",
                    _ => "",
                };
                format!("{error}{remedy}")
            });
            recorder.writer = Some(created?);
            return Ok(recorder);
        }
        let logged = if folder.join(SCALARS).exists() { read_scalars(folder)? } else { Vec::new() };
        match checkpoints.newest()? {
            Some((_, checkpoint)) => {
                let history = &checkpoint.training.history;
                // A checkpoint within the first epoch says nothing of whose logs these are.
                if !check_same_run(folder, &logged, history)? {
                    recorder.unproven = (!logged.is_empty()).then(|| logged.clone());
                }
                let mut writer = LogWriter::append(folder)?;
                writer.fill(history)?;
                // There may be nothing left to train.
                writer.flush()?;
                recorder.writer = Some(writer);
                if let Some(shown) = &mut recorder.for_page {
                    let of_epochs: Vec<Scalar> = history.iter().flat_map(Scalar::of_epoch).collect();
                    let is_known =
                        |scalar: &Scalar| of_epochs.iter().any(|of_epoch| of_epoch.tag == scalar.tag);
                    let before = logged.into_iter().filter(|scalar| scalar.epoch <= history.len() as u64);
                    shown.extend(before.filter(|scalar| !is_known(scalar)));
                }
            }
            // A run that has ended is nobody's beginning.
            None if folder.join(LOGGED_NETWORK).exists() => {
                return Err(format!(
                    "{}: holds the logs and the network of another run, expected those of a run that has no checkpoint yet \
                     (another --log-dir)",
                    folder.display()
                )
                .into());
            }
            None => {
                recorder.writer = Some(LogWriter::append(folder)?);
                recorder.unproven = (!logged.is_empty()).then_some(logged);
            }
        }
        Ok(recorder)
    }

    /// Records an epoch. Training is worth more than its logs: where they cannot be written, it continues without, and one
    /// warning says so.
    pub(super) fn inside(&mut self, epoch: &EpochReport, net: &Mlp, train: &ImageSet, bar: &Bar) {
        if self.for_page.is_none() && self.writer.is_none() {
            return;
        }
        // It fails for no samples that can be trained on.
        let Ok(found) = diagnose(net, train, &spread(train.len(), N_DIAGNOSED)) else { return };
        if let Some(scalars) = &mut self.for_page {
            scalars.extend(Scalar::of_diagnostics(epoch, &found));
        }
        let Some(writer) = &mut self.writer else { return };
        if let Some(logged) = self.unproven.take()
            && let Err(problem) = check_same_run(writer.folder(), &logged, std::slice::from_ref(epoch))
        {
            (self.refused, self.writer) = (Some(problem.to_string()), None);
            return;
        }
        // After every epoch, since a run may be resumed by a program of another arithmetic.
        let record = Record::of_epoch(epoch, net, &found, Some(self.image))
            .with_scalar("arithmetic", f64::from(ARITHMETIC));
        // On the disk before the epoch's checkpoint is: a run that goes on from it finds no hole.
        if let Err(error) = writer.write(&record).and_then(|()| writer.flush()) {
            self.writer = None;
            bar.warn(&format!("{error}; training continues without logs"));
            self.tell(&error);
        }
    }

    pub(super) fn tell(&self, error: &dyn std::error::Error) {
        if self.json {
            output::event("log_error", &[("message", error.to_string().into())]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_those_of_the_run_also_where_it_stopped_within_an_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let line = |epoch: u64, loss: f64| {
            let step = 10 * epoch;
            format!(r#"{{"step":{step},"epoch":{epoch},"tag":"loss/train","value":{loss},"wall_time":1.5}}"#)
        };
        let text = format!("{}\n{}\n", line(1, 1.5), line(2, 0.5));
        std::fs::write(folder.path().join(SCALARS), text).unwrap();
        let report = |epoch: u64, step: u64, loss: f64| -> EpochReport {
            let report = serde_json::json!({
                "epoch": epoch, "step": step, "train_loss": loss, "train_accuracy": null, "validation_loss": null,
                "validation_accuracy": null, "test_loss": null, "test_accuracy": null, "learning_rate": 0.1,
                "seconds": 1.0, "samples_per_second": 1.0,
            });
            serde_json::from_value(report).unwrap()
        };
        let logged = read_scalars(folder.path()).unwrap();
        let same = |history: &[EpochReport]| check_same_run(folder.path(), &logged, history).is_ok();
        assert!(same(&[]) && same(&[report(1, 10, 1.5), report(2, 20, 0.5), report(3, 30, 0.25)]));
        assert!(same(&[report(1, 10, 1.5), report(2, 14, 0.75)]), "a part of the second epoch");
        assert!(!same(&[report(1, 10, 1.25)]) && !same(&[report(1, 5, 1.5), report(2, 10, 0.5)]));
    }
}
