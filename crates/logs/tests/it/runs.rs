//! Runs that are killed, go on, or begin where another was; and files that are broken.

use std::{fs, path::Path};

use chainrule_logs::{LogWriter, Record, read_scalars};

use crate::common::{events, scalars};

fn record(step: u64, epoch: u64, value: f64) -> Record {
    Record::new(step, epoch).with_scalar("loss/train", value).with_scalar("learning_rate", 0.5)
}

/// The losses of both files, which must be equal: epoch by epoch.
fn losses(folder: &Path) -> Vec<(u64, f64)> {
    let lines = read_scalars(folder).unwrap().into_iter().filter(|line| line.tag == "loss/train");
    let of_lines: Vec<_> = lines.map(|line| (line.step, line.value.unwrap())).collect();
    let of_events = scalars(&events(folder)).into_iter().filter(|(_, tag, _)| tag == "loss/train");
    let of_events: Vec<_> = of_events.map(|(step, _, value)| (step, f64::from(value))).collect();
    assert_eq!(of_lines, of_events);
    of_lines
}

#[test]
fn a_run_that_goes_on_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = LogWriter::create(folder.path().join("a/b")).unwrap();
    let folder = logs.folder().to_path_buf();
    for (epoch, value) in [(1, 3.0), (2, 2.0), (3, 1.0)] {
        logs.write(&record(10 * epoch, epoch, value)).unwrap();
    }
    drop(logs);

    // From a checkpoint of epoch 1: the others are trained again.
    let mut logs = LogWriter::append(&folder).unwrap();
    // Killed before its first record, it changes nothing.
    assert_eq!(losses(&folder), [(10, 3.0), (20, 2.0), (30, 1.0)]);
    logs.write(&record(20, 2, 2.5)).unwrap();
    assert_eq!(losses(&folder), [(10, 3.0), (20, 2.5)]);
    logs.write(&record(30, 3, 1.5)).unwrap();
    assert_eq!(losses(&folder), [(10, 3.0), (20, 2.5), (30, 1.5)]);

    // A run that ended within an epoch, and is made longer.
    logs.write(&record(34, 4, 1.25)).unwrap();
    let mut logs = LogWriter::append(&folder).unwrap();
    logs.write(&record(40, 4, 1.0)).unwrap();
    assert_eq!(losses(&folder), [(10, 3.0), (20, 2.5), (30, 1.5), (40, 1.0)]);
    let n_others = fs::read_dir(&folder).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name != "scalars.jsonl" && !name.starts_with("events.out.tfevents.")
    });
    assert_eq!(n_others.count(), 0);
}

#[test]
fn a_run_may_be_killed_at_any_byte() {
    let whole = tempfile::tempdir().unwrap();
    let mut logs = LogWriter::create(whole.path()).unwrap();
    logs.write(&record(10, 1, 3.0)).unwrap();
    logs.write(&record(20, 2, 2.0)).unwrap();
    let contents: Vec<(String, Vec<u8>)> = fs::read_dir(whole.path())
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap())
        })
        .collect();
    for (cut, _) in &contents {
        let length = contents.iter().find(|(name, _)| name == cut).unwrap().1.len();
        for keep in 0..length {
            let folder = tempfile::tempdir().unwrap();
            for (name, bytes) in &contents {
                let keep = if name == cut { keep } else { bytes.len() };
                fs::write(folder.path().join(name), &bytes[..keep]).unwrap();
            }
            assert!(read_scalars(folder.path()).unwrap().len() <= 4);
            let mut logs = LogWriter::append(folder.path()).unwrap();
            logs.write(&record(10, 1, 4.0)).unwrap();
            logs.write(&record(20, 2, 5.0)).unwrap();
            let lines = read_scalars(folder.path()).unwrap();
            let values: Vec<_> = lines.iter().map(|line| (line.epoch, line.value.unwrap())).collect();
            assert_eq!(values, [(1, 4.0), (1, 0.5), (2, 5.0), (2, 0.5)], "{cut} cut to {keep} bytes");
        }
    }
}

#[test]
fn the_files_of_runs_sort_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    // The clock was ahead once.
    fs::write(folder.path().join("events.out.tfevents.9999999999.chainrule.0000"), "").unwrap();
    for _ in 0..3 {
        LogWriter::append(folder.path()).unwrap();
    }
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected: Vec<String> =
        (0..4).map(|i| format!("events.out.tfevents.9999999999.chainrule.000{i}")).collect();
    let names: Vec<_> = names.iter().map(|name| name.to_str().unwrap()).collect();
    assert_eq!(names[..4], expected[..]);
}

#[test]
fn a_new_run_is_not_mixed_with_another() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    // A run that ended before it had anything to log is no obstacle.
    drop(LogWriter::create(folder.path()).unwrap());
    LogWriter::create(folder.path()).unwrap().write(&record(1, 1, 0.5)).unwrap();
    let error = LogWriter::create(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds the logs of a run already (\"scalars.jsonl\")"), "{error}");
    // Nor are logs of other programs written into.
    fs::remove_file(folder.path().join("scalars.jsonl")).unwrap();
    let error = LogWriter::create(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds the logs of a run already (\"events.out.tfevents."), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_said_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        for error in [LogWriter::create(&path).unwrap_err(), LogWriter::append(&path).unwrap_err()] {
            let text = error.to_string();
            assert!(text.starts_with(&path.display().to_string()) && text.contains("cannot be"), "{text}");
            assert!(!text.contains('\n'));
        }
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scalars.jsonl");
    let good = r#"{"step":1,"epoch":1,"tag":"a","value":0.5,"wall_time":2.5,"more":[1]}"#;
    for (bad, problem) in [
        ("nonsense", "expected ident"),
        (r#"{"step":1,"epoch":1,"value":0.5,"wall_time":2.5}"#, "missing field `tag`"),
        (r#"{"step":-1,"epoch":1,"tag":"a","value":0.5,"wall_time":2.5}"#, "invalid value: integer `-1`"),
        (r#"{"step":1,"epoch":1,"tag":"a","value":"b","wall_time":2.5}"#, "invalid type: string \"b\""),
    ] {
        fs::write(&path, format!("{good}\n\n{bad}\n{good}\n")).unwrap();
        let text = read_scalars(&path).unwrap_err().to_string();
        let expected = format!("{}, line 3: {problem}", path.display());
        assert!(text.starts_with(&expected) && text.contains(", expected an object such as {"), "{text}");
        assert_eq!(LogWriter::append(folder.path()).unwrap_err().to_string(), text);
    }
    fs::write(&path, [good.as_bytes(), b"\n\xff\xfe\n"].concat()).unwrap();
    assert!(read_scalars(&path).unwrap_err().to_string().contains("line 2"));
    fs::write(&path, format!("{good}\n{{\"st")).unwrap();
    assert_eq!(read_scalars(&path).unwrap().len(), 1);
    let text = read_scalars(folder.path().join("none")).unwrap_err().to_string();
    assert!(text.contains("none: cannot be read: "), "{text}");
}

#[test]
fn numbers_that_are_not_finite_are_null() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = LogWriter::create(folder.path()).unwrap();
    // The last is finite in f64 alone.
    for (step, value) in [(1, f64::NAN), (2, f64::NEG_INFINITY), (3, 1e300)] {
        logs.write(&Record::new(step, 1).with_scalar("a", value)).unwrap();
    }
    let text = fs::read_to_string(folder.path().join("scalars.jsonl")).unwrap();
    assert_eq!(text.matches(r#","tag":"a","value":null,"wall_time":"#).count(), 3);
    assert!(read_scalars(folder.path()).unwrap().iter().all(|scalar| scalar.value.is_none()));
}
