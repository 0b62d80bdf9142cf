//! The numbers, against NumPy's, and what is said about bad input.

use std::{
    env, fs,
    io::{self, Write},
    path::Path,
};

use serde::Deserialize;
use tempfile::TempDir;

use super::*;

#[path = "../tutorials/numbers.rs"]
mod numbers;

const SYNTHETIC: &str = include_str!("synthetic.json");

/// What a reference says that training gives.
#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "mean_squared_error_on_train_after_epochs_0_90_to_810")]
    mean: Vec<f64>,
    #[serde(rename = "loss_as_the_tutorial_prints_it_from_the_last_record_only")]
    of_last_output: Vec<f64>,
    w_input_hidden_after: [[f64; 2]; 6],
    w_hidden_output_after: [f64; 2],
    test_accuracy: f64,
}

/// What the script says of the run with the larger rate.
#[derive(Deserialize)]
struct WithLargerRate {
    with_rate_2: Expected,
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance, "{f}, expected {e}");
    }
}

/// Compares a training with what a reference says of it.
#[track_caller]
fn assert_reproduces(training: Training, expected: &Expected) {
    let (epochs, losses): (Vec<usize>, Vec<Losses>) = training.losses.into_iter().unzip();
    let (mean, of_last_output): (Vec<f64>, Vec<f64>) =
        losses.iter().map(|losses| (losses.mean, losses.of_last_output)).unzip();
    assert_eq!(epochs, [0, 90, 180, 270, 360, 450, 540, 630, 720, 810]);
    assert_near(&mean, &expected.mean, 1e-12);
    assert_near(&of_last_output, &expected.of_last_output, 1e-12);
    assert_near(training.net.w1.as_slice(), expected.w_input_hidden_after.as_flattened(), 1e-12);
    assert_near(training.net.w2.as_slice(), &expected.w_hidden_output_after, 1e-12);
    // Both are a whole number of records, divided by that of all.
    assert_near(&[training.test_accuracy], &[expected.test_accuracy], 1e-12);
}

#[test]
fn the_synthetic_table_is_the_scripts() {
    #[derive(Deserialize)]
    struct Script {
        table: Vec<(usize, f64, f64, usize)>,
        train_rows: Vec<usize>,
        w_input_hidden: [[f64; 2]; 6],
        w_hidden_output: [f64; 2],
    }
    let script: Script = serde_json::from_str(SYNTHETIC).unwrap();
    let applicants = Applicants::synthetic(N_ROWS);
    assert_eq!(script.table.len(), applicants.n_rows());
    for (row, expected) in script.table.into_iter().enumerate() {
        let Applicants { admit, gre, gpa, rank } = &applicants;
        assert_eq!((admit[row], gre[row], gpa[row], rank[row] + 1), expected, "row {row}");
    }

    let start = Start::random(N_ROWS);
    assert_eq!(start.train_rows, script.train_rows);
    // The last bits of ln, sin and cos are the mathematical library's.
    assert_near(start.net.w1.as_slice(), script.w_input_hidden.as_flattened(), 1e-14);
    assert_near(start.net.w2.as_slice(), &script.w_hidden_output, 1e-14);
}

#[test]
fn training_on_the_synthetic_table_is_the_scripts() {
    let outcome = run(&Options::default()).unwrap();
    assert_reproduces(outcome.as_in_the_tutorial, &serde_json::from_str(SYNTHETIC).unwrap());
    let WithLargerRate { with_rate_2 } = serde_json::from_str(SYNTHETIC).unwrap();
    assert_reproduces(outcome.with_larger_rate, &with_rate_2);
}

#[test]
fn the_larger_rate_learns_what_the_tutorials_does_not() {
    let outcome = run(&Options::default()).unwrap();
    // 24 of the 40 were not admitted, and the tutorial's run says no to all.
    assert_eq!((outcome.always_no, outcome.as_in_the_tutorial.test_accuracy), (0.6, 0.6));
    assert!(outcome.with_larger_rate.test_accuracy >= 0.7, "{}", outcome.with_larger_rate.test_accuracy);
    let last = |training: &Training| training.losses[9].1.mean;
    assert!(last(&outcome.with_larger_rate) < 0.17 && last(&outcome.as_in_the_tutorial) > 0.24);
}

#[test]
fn training_on_the_real_table_is_the_references() {
    let Some(folder) = env::var_os("ADMISSIONS_DIR").map(PathBuf::from) else {
        // Written around the capture of tests' output: nobody shall believe that the real table was there.
        let said =
            "SKIPPED: set ADMISSIONS_DIR to the folder of admissions.csv and reference.json to compare them";
        writeln!(io::stderr(), "{said}").unwrap();
        return;
    };
    let (csv, reference) = (folder.join("admissions.csv"), folder.join("reference.json"));
    let expected = fs::read_to_string(&reference).expect("ADMISSIONS_DIR has reference.json");
    let outcome = run(&Options { csv: Some(csv), reference: Some(reference) }).unwrap();
    numbers::assert_printed(&outcome.to_string(), "t4_admissions");
    numbers::assert_printed(&outcome.to_string(), "t4_admissions on the real table");
    // Always saying no is right for 26 of the 40.
    assert!(outcome.always_no == 0.65 && outcome.with_larger_rate.test_accuracy >= 0.7);
    assert_reproduces(outcome.as_in_the_tutorial, &serde_json::from_str(&expected).unwrap());
}

#[test]
fn the_synthetic_table_is_called_synthetic() {
    let out = run(&Options::default()).unwrap().to_string();
    assert!(out.starts_with("400 synthetic records"), "{out}");
    assert_eq!(out.lines().filter(|line| line.starts_with("epoch ")).count(), 20, "{out}");
    assert!(!out.contains("WARNING") && out.contains("from N(0, 1/√6)"), "{out}");
    numbers::assert_printed(&out, "t4_admissions");
}

#[test]
fn a_loss_that_rises_is_warned_about() {
    let mut outcome = run(&Options::default()).unwrap().as_in_the_tutorial;
    for (loss, mean) in outcome.losses.iter_mut().zip([0.25, 0.24, 0.26, 0.26, 0.25, f64::NAN]) {
        loss.1 = Losses { mean, of_last_output: 0.5 };
    }
    let out = outcome.to_string();
    let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("epoch ")).collect();
    assert_eq!(lines[1], "epoch  90: loss 0.240000 (as the tutorial computes it: 0.500000)");
    let warned: Vec<bool> =
        lines[..6].iter().map(|line| line.ends_with("  WARNING: the loss rises")).collect();
    assert_eq!(warned, [false, false, true, false, false, true]);
}

/// A folder with a table of two columns more and in another order, and a reference that fits it.
fn folder(table: &str, reference: &str) -> (TempDir, Options) {
    let folder = tempfile::tempdir().unwrap();
    let (csv, json) = (folder.path().join("table.csv"), folder.path().join("start.json"));
    fs::write(&csv, table).unwrap();
    fs::write(&json, reference).unwrap();
    (folder, Options { csv: Some(csv), reference: Some(json) })
}

const TABLE: &str = "id,rank,gpa,gre,admit,note\n1,4,3.5,600,1,\n2,1,2.5,400,0,\"a, b\"\n3,2,3.0,500,0,\n";

fn reference(train_rows: &str) -> String {
    let w_input_hidden = "[[1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [11, 12]]";
    format!(
        r#"{{"train_rows": {train_rows}, "w_input_hidden": {w_input_hidden}, "w_hidden_output": [0.5, -1e-1]}}"#
    )
}

#[test]
fn any_table_with_the_four_columns_trains() {
    let (_folder, options) = folder(TABLE, &reference("[2, 0]"));
    let start = Start::read(options.reference.as_deref().unwrap(), 3).unwrap();
    assert_eq!(others(&start.train_rows, 3), [1]);
    // The second hidden unit's weights from gre, gpa and the four ranks.
    assert_eq!(start.net.w1.row(1).iter().copied().collect::<Vec<f64>>(), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    run(&options).unwrap();

    let read = Applicants::read(options.csv.as_deref().unwrap()).unwrap();
    assert_eq!((read.admit, read.rank), (vec![1, 0, 0], vec![3, 0, 1]));
    assert_eq!((read.gre, read.gpa), (vec![600.0, 400.0, 500.0], vec![3.5, 2.5, 3.0]));
}

/// What is said about a table and a reference, with the path of the folder left out.
fn refused(table: &str, reference: &str) -> String {
    let (folder, options) = folder(table, reference);
    let error = run(&options).err().expect("this input is bad").to_string();
    error.replace(&folder.path().join("").display().to_string(), "")
}

#[test]
fn bad_tables() {
    let good = reference("[2, 0]");
    assert_eq!(
        refused(&TABLE.replace("gpa", "grade"), &good),
        r#"table.csv: there is no column "gpa", expected one of "id", "rank", "grade", "gre", "admit", "note""#
    );
    assert_eq!(
        refused(&TABLE.replace("\n2,1", "\n2,5"), &good),
        r#"table.csv: line 3, column "rank": found "5", expected one of "1", "2", "3", "4""#
    );
    assert_eq!(
        refused(&TABLE.replace("600,1", "600,yes"), &good),
        r#"table.csv: line 2, column "admit": found "yes", expected one of "0", "1""#
    );
    assert_eq!(
        refused(&TABLE.replace("500", "many"), &good),
        r#"table.csv: line 4, column "gre": found "many", expected a finite number"#
    );
    let (_folder, mut options) = folder(TABLE, &good);
    options.csv = Some(Path::new("no/such/table.csv").into());
    let error = run(&options).err().unwrap().to_string();
    assert!(error.starts_with("no/such/table.csv: cannot be read: "), "{error}");
}

#[test]
fn bad_references() {
    let found = |text: &str| refused(TABLE, text);
    assert_eq!(
        found(&reference("[0, 3]")),
        "start.json: training row 3, expected one of the table's 3, from 0"
    );
    assert_eq!(found(&reference("[0, 1, 0]")), "start.json: a training row is listed twice");
    let rest = "expected some of both";
    assert_eq!(found(&reference("[]")), format!("0 records to train on, 3 to test, {rest}"));
    assert_eq!(found(&reference("[2, 1, 0]")), format!("3 records to train on, 0 to test, {rest}"));
    // The JSON library says the rest.
    assert!(found("{}").starts_with("start.json: missing field `train_rows`"));
    assert!(found("train").starts_with("start.json: "));
    assert!(found(&reference("[-1]")).contains("invalid value: integer `-1`"));
    assert!(found(&reference("[0]").replace("[1, 2], ", "")).contains("invalid length 5"));
    assert!(found(&reference("[0]").replace("-1e-1", "1e999")).contains("number out of range"));
}
