//! What was measured while a run went on: one number at a time, by its tag.
//!
//! Tags: `loss/train`, `loss/validation`, `loss/test`, `accuracy/…` likewise, `learning_rate`, `samples_per_second`; per
//! parameter `weight_norm/W1`, `gradient_norm/W1` and so on; per layer `dead_units/layer2`, `saturated_units/layer2`, which
//! are shares 0…1. A folder of logs holds them in `scalars.jsonl`, one JSON object per line.

use std::{fs, path::Path};

use chainrule_trainer::{EpochReport, diagnostics::Diagnostics};
use serde::Deserialize;

use crate::Error;

/// One number that was measured in a run.
///
/// # Examples
/// ```
/// use chainrule_report::Scalar;
/// let scalar = Scalar::new(600, 1, "loss/train", 1.679);
/// assert_eq!(scalar.tag, "loss/train");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scalar {
    /// Steps since the run began.
    pub step: u64,
    /// The epoch, from 1.
    pub epoch: u64,
    /// What it is.
    pub tag: String,
    /// The number; NaN where the log has `null`, since it was not finite.
    pub value: f64,
}

impl Scalar {
    /// A measurement.
    pub fn new(step: u64, epoch: u64, tag: impl Into<String>, value: f64) -> Self {
        Scalar { step, epoch, tag: tag.into(), value }
    }

    /// What the reports of a run's epochs say.
    pub fn of_history(history: &[EpochReport]) -> Vec<Scalar> {
        let mut scalars = Vec::new();
        for report in history {
            for (tag, value) in [
                ("loss/train", Some(report.train_loss)),
                ("loss/validation", report.validation_loss),
                ("loss/test", report.test_loss),
                ("accuracy/train", report.train_accuracy),
                ("accuracy/validation", report.validation_accuracy),
                ("accuracy/test", report.test_accuracy),
                ("learning_rate", Some(report.learning_rate)),
                ("samples_per_second", Some(report.samples_per_second)),
            ] {
                scalars.extend(value.map(|value| Scalar::new(report.step, report.epoch, tag, value)));
            }
        }
        scalars
    }

    /// What a look inside of the network after an epoch says.
    pub fn of_diagnostics(epoch: &EpochReport, diagnostics: &Diagnostics) -> Vec<Scalar> {
        let mut scalars = Vec::new();
        let mut add = |tag: String, value| scalars.push(Scalar::new(epoch.step, epoch.epoch, tag, value));
        for parameter in &diagnostics.parameters {
            add(format!("weight_norm/{}", parameter.name), parameter.weight_norm);
            add(format!("gradient_norm/{}", parameter.name), parameter.gradient_norm);
        }
        for units in &diagnostics.hidden {
            add(format!("dead_units/layer{}", units.layer), units.dead);
            add(format!("saturated_units/layer{}", units.layer), units.saturated);
        }
        scalars
    }

    /// Reads a file of one JSON object per line, `scalars.jsonl`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Scalar`] for the first line that is not a record. A last line
    /// that was cut off, by a run that was killed, is passed over.
    ///
    /// # Examples
    /// ```
    /// use chainrule_report::Scalar;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("scalars.jsonl");
    /// std::fs::write(&path, r#"{"step":600,"epoch":1,"tag":"loss/test","value":0.5,"wall_time":1764082800.1}"#)?;
    /// assert_eq!(Scalar::read(&path)?, [Scalar::new(600, 1, "loss/test", 0.5)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Scalar>, Error> {
        let path = path.as_ref();
        let bytes =
            fs::read(path).map_err(|cause| Error::Io { doing: "read", path: path.to_path_buf(), cause })?;
        // What is not Unicode is no JSON either, and is found in its line.
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let mut scalars = Vec::new();
        for (i, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str::<Record>(line) {
                Ok(Record { step, epoch, tag, value }) => {
                    scalars.push(Scalar { step, epoch, tag, value: value.unwrap_or(f64::NAN) });
                }
                Err(cause) if cause.is_eof() && i + 1 == lines.len() && !text.ends_with('\n') => {}
                Err(cause) => {
                    let (path, problem) = (path.to_path_buf(), cause.to_string());
                    return Err(Error::Scalar { path, line: i + 1, problem });
                }
            }
        }
        Ok(scalars)
    }
}

/// A line of the file; what else it says is not needed here.
#[derive(Deserialize)]
struct Record {
    step: u64,
    epoch: u64,
    tag: String,
    value: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<Scalar>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scalars.jsonl");
        fs::write(&path, text).unwrap();
        Scalar::read(&path)
    }

    #[test]
    fn what_is_not_finite_is_null_and_a_line_that_was_cut_off_is_passed_over() {
        let scalars =
            read(b"{\"step\":1,\"epoch\":1,\"tag\":\"a\",\"value\":null}\n\n{\"step\":2,\"ep").unwrap();
        assert_eq!(scalars.len(), 1);
        assert!(scalars[0].value.is_nan());
    }

    #[test]
    fn a_wrong_line_is_named() {
        for wrong in [&b"{\"step\":1}\n"[..], b"\xff\xfe\n", b"[]\n", b"{\"step\":\n"] {
            let text = [b"{\"step\":1,\"epoch\":1,\"tag\":\"a\",\"value\":1}\n", wrong].concat();
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains("scalars.jsonl, line 2: ") && !error.contains('\n'), "{error}");
        }
    }
}
