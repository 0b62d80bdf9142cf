//! chainrule's contestant obeys, on a data set so small that nothing takes long.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use chainrule_mnist::{ImageSet, Images, Mnist};
use serde_json::Value;

/// Images of 8×8 pixels, whose classes differ in which pixels are bright.
fn data_set() -> Mnist {
    let set = |n: usize| {
        let pixel = |i: usize| if i % 64 % 10 == i / 64 % 10 { 250 } else { 0 };
        ImageSet::new(
            Images::new(n, 8, 8, (0..64 * n).map(pixel).collect()),
            (0..n).map(|i| (i % 10) as u8).collect(),
        )
    };
    Mnist::new(set(500), set(100))
}

/// The answers to these requests.
fn answers(requests: &str, threads: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    data_set().save(folder.path()).expect("the data set is written");
    let mut contestant = Command::new(env!("CARGO_BIN_EXE_contestant"));
    contestant.arg("--data").arg(folder.path()).args(["--threads", threads]);
    let mut process =
        contestant.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the contestant starts");
    let mut input = process.stdin.take().expect("it is piped");
    input.write_all(requests.as_bytes()).expect("it reads");
    drop(input);
    let output = process.wait_with_output().expect("it ends when there are no more requests");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("it answers in UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

#[test]
fn every_request_has_an_answer() {
    let answers = answers("info\nW1\nW3a\nW3b\nW3c\nload\nnonsense\n", "2");
    let works: Vec<&Value> = answers.iter().map(|answer| &answer["work"]).collect();
    assert_eq!(works, ["info", "W1", "W3a", "W3b", "W3c", "load", "nonsense"]);
    assert_eq!((&answers[0]["name"], &answers[0]["threads"]), (&"chainrule".into(), &2.into()));
    for answer in &answers[1..6] {
        assert!(answer["value"].as_f64().is_some_and(|value| value > 0.0), "{answer}");
    }
    assert!(answers[6]["missing"].is_string(), "{}", answers[6]);
}

#[test]
fn training_goes_on_from_request_to_request_and_learns() {
    let answers = answers("W1\nW1\nD1\nW1\n", "1");
    let loss = |i: usize| answers[i]["loss"].as_f64().expect("a loss");
    assert!(loss(0) > loss(1) && loss(1) > loss(3), "{answers:?}");
    assert_eq!(answers[3]["accuracy"], 1.0, "{answers:?}");
    assert!(loss(2) < 10_f64.ln(), "less than guessing, with standardised pixels: {answers:?}");
}
