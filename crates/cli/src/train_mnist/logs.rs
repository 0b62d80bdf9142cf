//! `--log-dir` and `--report`: what is recorded of the network after every epoch, and the logs.

use std::path::{Path, PathBuf};

use chainrule_logs::{LogWriter, Record, SCALARS, Scalar, read_scalars};
use chainrule_mnist::ImageSet;
use chainrule_tensor::ARITHMETIC;
use chainrule_trainer::{
    Checkpoint, Checkpoints, EpochReport, Mlp,
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

/// Diagnoses the network after every epoch, for the page of `--report` and for the logs, if either is wanted. This is done
/// between two epochs, and is not part of the times that are printed.
pub(super) struct Recorder {
    /// What the page shows, if one is wanted.
    pub(super) for_page: Option<Vec<Scalar>>,
    folder: Option<PathBuf>,
    /// None without logs, and after a record could not be written.
    writer: Option<LogWriter>,
    /// Rows and columns of an image.
    image: (usize, usize),
    json: bool,
}

/// Whether the logs in a folder are those of a run with this history, as far as it goes.
fn check_same_run(folder: &Path, history: &[EpochReport]) -> Result<()> {
    let logged = read_scalars(folder)?;
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
                "{}: holds the logs of another run, whose training loss in epoch {} was {:?}, expected {:?} (another --log-dir)",
                folder.display(),
                found.epoch,
                found.value.unwrap_or(f64::NAN),
                expected.value.unwrap_or(f64::NAN),
            )
            .into());
        }
    }
    Ok(())
}

impl Recorder {
    /// Makes the folder of logs, before training. A resumed run appends to the logs that are there.
    pub(super) fn open(
        options: &TrainMnist,
        checkpoints: &Checkpoints,
        n_rows: usize,
        n_columns: usize,
    ) -> Result<Recorder> {
        if let (Some(folder), Some(_)) = (&options.log_dir, &options.keeping.resume)
            && folder.join(SCALARS).exists()
            && let Some((_, checkpoint)) = checkpoints.newest()?
        {
            check_same_run(folder, &checkpoint.training.history)?;
        }
        let open = |folder: &PathBuf| match options.keeping.resume {
            None => LogWriter::create(folder).map_err(|error| {
                let remedy = match error {
                    chainrule_logs::Error::NotEmpty { .. } => " (--resume, or another --log-dir)",
                    _ => "",
                };
                format!("{error}{remedy}")
            }),
            Some(_) => LogWriter::append(folder).map_err(|error| error.to_string()),
        };
        let writer = options.log_dir.as_ref().map(open).transpose()?;
        Ok(Recorder {
            for_page: options.report.as_ref().map(|_| Vec::new()),
            folder: options.log_dir.clone(),
            writer,
            image: (n_rows, n_columns),
            json: options.json,
        })
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
        // After every epoch, since a run may be resumed by a program of another arithmetic.
        let record = Record::of_epoch(epoch, net, &found, Some(self.image))
            .with_scalar("arithmetic", f64::from(ARITHMETIC));
        if let Err(error) = writer.write(&record) {
            self.writer = None;
            bar.warn(&format!("{error}; training continues without logs"));
            self.tell(&error);
        }
    }

    /// Saves the trained network beside the logs; a warning says where it cannot.
    pub(super) fn save_network(&self, checkpoint: impl FnOnce() -> Checkpoint) {
        let Some(folder) = &self.folder else { return };
        if let Err(error) = checkpoint().save(folder.join(LOGGED_NETWORK)) {
            eprintln!("warning: {error}");
            self.tell(&error);
        }
    }

    fn tell(&self, error: &dyn std::error::Error) {
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
        let same = |history: &[EpochReport]| check_same_run(folder.path(), history).is_ok();
        assert!(same(&[]) && same(&[report(1, 10, 1.5), report(2, 20, 0.5), report(3, 30, 0.25)]));
        assert!(same(&[report(1, 10, 1.5), report(2, 14, 0.75)]), "a part of the second epoch");
        assert!(!same(&[report(1, 10, 1.25)]) && !same(&[report(1, 5, 1.5), report(2, 10, 0.5)]));
    }
}
