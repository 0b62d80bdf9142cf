//! `Scalar`: a metric at a step, one JSON object per line of `scalars.jsonl`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use chainrule_trainer::{EpochReport, diagnostics::Diagnostics, tensor::in_words};
use serde::{Deserialize, Serialize};

use crate::{Error, SCALARS, tags};

/// Reading scalars takes at most this many times the memory of their text, besides the text itself, and 4 KiB more: a line that is
/// refused may stand in the message with six characters for one.
pub const MEMORY_FACTOR: usize = 40;

/// A scalar that was measured after a step: a line of `scalars.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scalar {
    /// Steps that had been taken.
    pub step: u64,
    /// The epoch of the last of them, from 1.
    pub epoch: u64,
    /// What was measured: `loss/train`, `weight_norm/W1`, …
    pub tag: String,
    /// The number, which is an `f32` as in TensorBoard's files; `None`, `null` in the file, if it was not finite.
    pub value: Option<f64>,
    /// When: seconds since 1970.
    pub wall_time: f64,
}

impl Scalar {
    /// A scalar with the current time; its value is rounded to `f32`.
    ///
    /// # Examples
    /// ```
    /// use chainrule_logs::Scalar;
    /// let scalar = Scalar::new(600, 1, "loss/train", 1.5);
    /// assert_eq!((&*scalar.tag, scalar.value), ("loss/train", Some(1.5)));
    /// assert_eq!(Scalar::new(600, 1, "loss/train", f64::NAN).value, None);
    /// ```
    pub fn new(step: u64, epoch: u64, tag: impl Into<String>, value: f64) -> Self {
        let value = value as f32;
        let value = value.is_finite().then_some(f64::from(value));
        Scalar { step, epoch, tag: tag.into(), value, wall_time: now() }
    }

    /// The metrics of an epoch, as [`Record::of_epoch`](crate::Record::of_epoch) lists it.
    ///
    /// # Examples
    /// ```
    /// use chainrule_logs::Scalar;
    /// use chainrule_trainer::{Dataset, Mlp, MlpConfig, TrainConfig, train};
    /// let set = Dataset::from_rows(&[0.0, 1.0, 1.0, 0.0], 2)?.with_classes(&[0, 1])?;
    /// let mut net = Mlp::new(&MlpConfig::new([2, 3, 2]))?;
    /// let config = TrainConfig::new().with_epochs(1);
    /// let report = &train(&mut net, &set).config(&config).run()?.history[0];
    /// let tags: Vec<String> = Scalar::of_epoch(report).into_iter().map(|scalar| scalar.tag).collect();
    /// assert_eq!(tags, ["loss/train", "accuracy/train", "learning_rate", "samples_per_second"]);
    /// # Ok::<(), chainrule_trainer::Error>(())
    /// ```
    pub fn of_epoch(report: &EpochReport) -> Vec<Self> {
        tags::of_epoch(report)
            .map(|(tag, value)| Scalar::new(report.step, report.epoch, tag, value))
            .collect()
    }

    /// The diagnostics of the network after an epoch: norms, dead and saturated units.
    ///
    /// # Examples
    /// ```
    /// use chainrule_logs::Scalar;
    /// use chainrule_trainer::{Dataset, Mlp, MlpConfig, TrainConfig, diagnostics::diagnose, train};
    /// let set = Dataset::from_rows(&[0.0, 1.0, 1.0, 0.0], 2)?.with_classes(&[0, 1])?;
    /// let mut net = Mlp::new(&MlpConfig::new([2, 3, 2]))?;
    /// let config = TrainConfig::new().with_epochs(1);
    /// let report = &train(&mut net, &set).config(&config).run()?.history[0];
    /// let scalars = Scalar::of_diagnostics(report, &diagnose(&net, &set, &[0, 1])?);
    /// assert_eq!(scalars.first().map(|scalar| &*scalar.tag), Some("weight_norm/W1"));
    /// assert_eq!(scalars.last().map(|scalar| &*scalar.tag), Some("saturated_units/layer2"));
    /// # Ok::<(), chainrule_trainer::Error>(())
    /// ```
    pub fn of_diagnostics(report: &EpochReport, found: &Diagnostics) -> Vec<Self> {
        tags::of_diagnostics(found)
            .map(|(tag, value)| Scalar::new(report.step, report.epoch, tag, value))
            .collect()
    }

    /// As a line of the file, with its end.
    pub(crate) fn to_line(&self) -> String {
        serde_json::to_string(self).expect("numbers and a text") + "\n"
    }
}

/// The scalars of a run, in the order in which they were written: `path` is the file, or the folder of the logs.
///
/// What follows the last end of a line is left out: there a run was killed while it wrote. So are blank lines, and keys that
/// are not known.
///
/// # Errors
/// - [`Error::Io`] if there is no such file, or it cannot be read;
/// - [`Error::Line`] if a line is no scalar.
///
/// # Examples
/// ```
/// use chainrule_logs::read_scalars;
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("scalars.jsonl");
/// std::fs::write(&path, concat!(
///     r#"{"step":600,"epoch":1,"tag":"loss/train","value":1.5,"wall_time":1764082800.5}"#, "\n",
///     r#"{"step":600,"epoch":1,"tag":"loss/test","value":null,"wall_time":1764082800.5}"#, "\n",
///     r#"{"step":1200,"epoch":2,"tag":"lo"#, // cut off
/// ))?;
/// let scalars = read_scalars(&path)?;
/// assert_eq!(scalars.len(), 2);
/// assert_eq!((scalars[0].step, scalars[0].value), (600, Some(1.5)));
/// assert_eq!(read_scalars(folder.path())?, scalars);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_scalars(path: impl AsRef<Path>) -> Result<Vec<Scalar>, Error> {
    let mut path = PathBuf::from(path.as_ref());
    if path.is_dir() {
        path.push(SCALARS);
    }
    let read = |path: &Path| match fs::metadata(path)?.is_file() {
        true => fs::read(path),
        // A pipe would be waited for, and a device has no end.
        false => Err(io::Error::other("it is not a file")),
    };
    let bytes = read(&path).map_err(|cause| Error::io("read", &path, cause))?;
    scalars_from_bytes(&bytes, path)
}

/// The scalars in the bytes of such a file; `path` is its name in errors.
///
/// # Errors
/// [`Error::Line`] if a line is no scalar.
///
/// # Examples
/// ```
/// use chainrule_logs::scalars_from_bytes;
/// let error = scalars_from_bytes(b"{}\n", "scalars.jsonl").unwrap_err().to_string();
/// assert!(error.starts_with("scalars.jsonl, line 1: missing field"));
/// ```
pub fn scalars_from_bytes(bytes: &[u8], path: impl Into<PathBuf>) -> Result<Vec<Scalar>, Error> {
    let path = path.into();
    let whole_lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut scalars = Vec::new();
    for (i, line) in bytes[..whole_lines].split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(scalar) => scalars.push(scalar),
            Err(error) => return Err(Error::Line { path, line: i + 1, problem: problem(&error) }),
        }
    }
    Ok(scalars)
}

/// The message without its "at line 1": every line is parsed by itself.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    in_words(text.split(" at line ").next().unwrap_or(&text))
}

/// Seconds since 1970, to the millisecond.
pub(crate) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1000.0
}
