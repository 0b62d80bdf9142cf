//! `scaling` on a data set so small that nothing takes long: what is measured, and how it is printed.

use serde_json::Value;

use crate::common::{Folder, fails, json, succeeds};

/// A call of few rounds on 200 images of 8×8 pixels.
fn call<'a>(folder: &'a Folder, options: &[&'a str]) -> Vec<&'a str> {
    let short = ["scaling", "--rounds", "1", "--threads", "1,2,3", "--batch-size", "16,100,200"];
    [&short[..], &["--data-dir", folder.arg()], options].concat()
}

#[test]
fn a_table_has_a_time_for_every_mini_batch_and_number_of_threads() {
    let folder = Folder::new();
    let text = succeeds(&call(&folder, &[]));
    let first = text.lines().next().expect("a line");
    assert!(first.starts_with("The time of a step in µs on ") && first.contains("1 rounds"), "{text}");
    for work in ["W1", "W2"] {
        let head = format!("\n| {work}, samples in a mini-batch | 1 thread | 2 threads | 3 threads |\n");
        let (_, table) = text.split_once(&head).unwrap_or_else(|| panic!("{text}"));
        let rows: Vec<&str> = table.lines().skip(1).take(3).collect();
        for (row, batch_size) in rows.into_iter().zip(["16", "100", "200"]) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!((cells[0], cells.len()), (batch_size, 4), "{row}");
            assert!(cells[1].parse::<f64>().is_ok_and(|time| time > 0.0), "{row}");
            assert!(cells[2].ends_with(')') && cells[3].ends_with(')'), "{row}");
        }
    }
}

#[test]
fn json_has_every_time_and_its_ratio() {
    let folder = Folder::new();
    let text = succeeds(&call(&folder, &["--json"]));
    let objects = json::objects(&text);
    let times: Vec<&Value> = objects.iter().filter(|object| object["event"] == "time").collect();
    assert_eq!(times.len(), 2 * 3 * 3, "{text}");
    for time in times {
        let of = |key: &str| time[key].as_f64().unwrap_or_else(|| panic!("{key} in {time}"));
        assert!(of("seconds") > 0.0 && of("ratio") > 0.0, "{time}");
        assert!(of("threads") != 1.0 || of("ratio") == 1.0, "{time}");
    }
}

#[test]
fn wrong_options_are_refused() {
    for (option, expected) in [
        (["--threads", "0"], "expected a whole number from 1 to"),
        (["--batch-size", "none"], "expected a whole number from 1"),
        (["--rounds", "0"], "expected a whole number from 1"),
    ] {
        let error = fails(2, &[&["scaling"][..], &option].concat());
        assert!(error.contains(expected) && error.contains("cargo xtask scaling --help"), "{error}");
    }
}
