//! `LogWriter`: writes the log files of a run, and appends to them when it is resumed.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use chainrule_files::{Disk, System, make_folder, write_file};
use chainrule_trainer::EpochReport;

use crate::{Error, Record, SCALARS, Scalar, event, read_scalars, scalar::now, tags};

/// What TensorBoard looks for in the name of a file.
const EVENTS: &str = "events.out.tfevents.";

/// Writes logs into a folder: `scalars.jsonl`, and `events.out.tfevents.…` for TensorBoard, with the same scalars in both.
///
/// Records are appended, each with two writes, and are with the operating system when [`write`](LogWriter::write) returns, and on
/// the disk when [`flush`](LogWriter::flush) does. A run
/// that is killed leaves files that can be read; the last record may be missing from one of them, or be cut off, which readers of
/// both formats pass over. If a write fails, both files are cut back to the last whole record.
#[derive(Debug)]
pub struct LogWriter {
    folder: PathBuf,
    scalars: LogFile,
    events: LogFile,
    /// The scalars of earlier runs in the folder, until the first record shows which of them are trained again.
    earlier: Vec<Scalar>,
    /// Whether a line was cut off when an earlier run was killed.
    was_cut: bool,
    /// Whether the names of the files outlive a loss of power.
    has_names_on_disk: bool,
}

impl LogWriter {
    /// Starts the logs of a new run; makes the folder if there is none.
    ///
    /// # Errors
    /// - [`Error::NotEmpty`] if there are logs in the folder; files in which nothing was logged yet are none;
    /// - [`Error::Io`] if the folder or a file cannot be made.
    ///
    /// # Examples
    /// ```
    /// use chainrule_logs::{LogWriter, Record, read_scalars};
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let mut logs = LogWriter::create(folder)?;
    /// logs.write(&Record::new(600, 1).with_scalar("loss/train", 0.1))?;
    /// let scalars = read_scalars(folder)?;
    /// assert_eq!((scalars[0].step, &*scalars[0].tag), (600, "loss/train"));
    /// assert_eq!(scalars[0].value, Some(f64::from(0.1_f32))); // as TensorBoard has it
    ///
    /// let error = LogWriter::create(folder).unwrap_err();
    /// assert!(error.to_string().contains("holds the logs of a run already"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let has_begun_alone = fs::metadata(folder.join(SCALARS)).is_ok_and(|scalars| scalars.len() == 0);
        match names_of_logs(folder)?.pop_last() {
            Some(found) if !has_begun_alone => Err(Error::NotEmpty { path: folder.into(), found }),
            _ => LogWriter::append(folder),
        }
    }

    /// Continues the logs of a run that is resumed, in a folder that may hold those of its earlier parts.
    ///
    /// What they say of the epoch of the first record that is written, and of later ones, is dropped: those epochs are
    /// trained again. TensorBoard does the same by an event of its own, in a new file.
    ///
    /// # Errors
    /// - [`Error::Line`] if a line of the earlier scalars is none;
    /// - [`Error::Io`] if the folder or a file cannot be made or read.
    pub fn append(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref().to_path_buf();
        make_folder(&folder).map_err(|cause| Error::io("made", &folder, cause))?;
        let path = folder.join(SCALARS);
        let earlier = match read_scalars(&path) {
            Err(Error::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => Vec::new(),
            earlier => earlier?,
        };
        let scalars = LogFile::open(path, false)?;
        let lines: usize = earlier.iter().map(|scalar| scalar.to_line().len()).sum();
        let was_cut = scalars.length != lines as u64;
        let mut events = new_events(&folder)?;
        events.append(&event::file_version(now()))?;
        Ok(LogWriter { folder, scalars, events, earlier, was_cut, has_names_on_disk: false })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a record to both files.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let events = self.events.length;
        self.drop_from(record.epoch).inspect_err(|_| self.events.cut_back(events))?;
        // Scalars first: a run that goes on finds in them from which step on the events are to be forgotten.
        let (scalars, events) = (self.scalars.length, self.events.length);
        let written = self.scalars.append(record.to_lines().as_bytes());
        written.and_then(|()| self.events.append(&event::summary(record))).inspect_err(|_| {
            self.scalars.cut_back(scalars);
            self.events.cut_back(events);
        })
    }

    /// Writes what the logs should know of these epochs and don't: of a run that is resumed, after a loss of power, say. What a
    /// checkpoint's history says of an epoch is less than what was logged of it.
    ///
    /// # Errors
    /// [`Error::Io`] if the files cannot be written.
    ///
    /// # Examples
    /// ```
    /// use chainrule_logs::{LogWriter, read_scalars};
    /// use chainrule_trainer::{Dataset, Mlp, MlpConfig, TrainConfig, train};
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let set = Dataset::from_rows(&[0.0, 1.0, 1.0, 0.0], 2)?.with_classes(&[0, 1])?;
    /// let mut net = Mlp::new(&MlpConfig::new([2, 3, 2]))?;
    /// let history = train(&mut net, &set).config(&TrainConfig::new().with_epochs(2)).run()?.history;
    /// let mut logs = LogWriter::append(folder)?;
    /// logs.fill(&history)?;
    /// let epochs: Vec<u64> = read_scalars(folder)?.iter().filter(|s| s.tag == "loss/train").map(|s| s.epoch).collect();
    /// assert_eq!(epochs, [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill(&mut self, history: &[EpochReport]) -> Result<(), Error> {
        let (n_lines, length) = (self.earlier.len(), self.events.length);
        let known = self.earlier.iter().map(|scalar| (scalar.epoch, scalar.tag.clone()));
        let known: BTreeSet<(u64, String)> = known.collect();
        for report in history {
            let is_missing = |tag: &String| !known.contains(&(report.epoch, tag.clone()));
            let mut record = Record::new(report.step, report.epoch);
            let missing = tags::of_epoch(report).filter(|(tag, _)| is_missing(tag));
            record.scalars = missing.map(|(tag, value)| (tag, value as f32)).collect();
            if record.scalars.is_empty() {
                continue;
            }
            let place = self.earlier.iter().position(|scalar| scalar.epoch > report.epoch);
            let place = place.unwrap_or(self.earlier.len());
            let missing = Scalar::of_epoch(report).into_iter().filter(|scalar| is_missing(&scalar.tag));
            self.earlier.splice(place..place, missing);
            self.events.append(&event::summary(&record))?;
        }
        if self.earlier.len() > n_lines {
            let lines: String = self.earlier.iter().map(Scalar::to_line).collect();
            self.scalars.replace(lines.as_bytes()).inspect_err(|_| self.events.cut_back(length))?;
            self.was_cut = false;
        }
        Ok(())
    }

    /// Waits until everything that was written is on the disk, where it outlives a loss of power.
    ///
    /// # Errors
    /// [`Error::Io`] if that cannot be done.
    pub fn flush(&mut self) -> Result<(), Error> {
        for LogFile { path, file, .. } in [&self.scalars, &self.events] {
            file.sync_all().map_err(|cause| Error::io("written", path, cause))?;
        }
        if !self.has_names_on_disk {
            System.sync_folder(&self.folder).map_err(|cause| Error::io("written", &self.folder, cause))?;
            self.has_names_on_disk = true;
        }
        Ok(())
    }

    /// Drops what earlier runs say of the epoch `epoch` and of later ones.
    fn drop_from(&mut self, epoch: u64) -> Result<(), Error> {
        let (kept, dropped): (Vec<&Scalar>, Vec<&Scalar>) =
            self.earlier.iter().partition(|scalar| scalar.epoch < epoch);
        if let Some(step) = dropped.iter().map(|scalar| scalar.step).min() {
            // Before the lines are gone from which a run that is killed here and goes on knows what to drop.
            self.events.append(&event::start(now(), step))?;
        }
        if !dropped.is_empty() || self.was_cut {
            let lines: String = kept.into_iter().map(Scalar::to_line).collect();
            self.scalars.replace(lines.as_bytes())?;
        }
        (self.earlier, self.was_cut) = (Vec::new(), false);
        Ok(())
    }
}

/// The names of the logs in a folder, sorted; none if there is no folder.
fn names_of_logs(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let mut names = match fs::read_dir(folder).and_then(|entries| entries.map(name).collect()) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => BTreeSet::new(),
        names => names.map_err(|cause| Error::io("read", folder, cause))?,
    };
    names.retain(|name| name == SCALARS || name.starts_with(EVENTS));
    Ok(names)
}

/// A new file of events, whose name sorts behind those of all others: that is the order in which TensorBoard reads them.
fn new_events(folder: &Path) -> Result<LogFile, Error> {
    let seconds = |name: &String| name.strip_prefix(EVENTS)?.split('.').next()?.parse::<u64>().ok();
    let latest = names_of_logs(folder)?.iter().filter_map(seconds).max().unwrap_or(0);
    // The clock may have been set back since.
    let seconds = latest.max(now() as u64);
    let mut number = 0;
    loop {
        let path = folder.join(format!("{EVENTS}{seconds:010}.chainrule.{number:04}"));
        match LogFile::open(path, true) {
            Err(Error::Io { cause, .. }) if cause.kind() == ErrorKind::AlreadyExists => number += 1,
            file => return file,
        }
    }
}

/// A file that grows at its end.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl LogFile {
    fn open(path: PathBuf, is_new: bool) -> Result<Self, Error> {
        let made = |cause| Error::io("made", &path, cause);
        let file = OpenOptions::new().append(true).create(true).create_new(is_new).open(&path);
        let file = file.map_err(made)?;
        let length = file.metadata().map_err(made)?.len();
        Ok(LogFile { path, file, length })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|cause| Error::io("written", &self.path, cause))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// As far as possible: the error that led here is reported already.
    fn cut_back(&mut self, length: u64) {
        if self.file.set_len(length).is_ok() {
            self.length = length;
        }
    }

    /// Replaces the content, whole or not at all.
    fn replace(&mut self, bytes: &[u8]) -> Result<(), Error> {
        write_file(&self.path, bytes).map_err(|cause| Error::io("written", &self.path, cause))?;
        *self = LogFile::open(self.path.clone(), false)?;
        Ok(())
    }
}
