//! Which samples are held out for validation, against `reference/split.json`, which an independent Python program made
//! (`tests/reference/random.py` of `chainrule-tensor`).

use chainrule_trainer::{Dataset, split};
use serde_json::Value;

fn integers(value: &Value) -> Vec<usize> {
    serde_json::from_value(value.clone()).expect("a list of integers")
}

#[test]
fn splits_are_those_of_an_independent_program() {
    let file: Value = serde_json::from_str(include_str!("../reference/split.json")).expect("JSON");
    let classes = integers(&file["classes"]);
    let rows = vec![0.5; classes.len()];
    let samples = Dataset::from_rows(&rows, 1).unwrap();
    let with_classes = samples.clone().with_classes(&classes).unwrap();
    let without_classes = samples.with_values(&rows, 1).unwrap();

    let splits = file["splits"].as_array().expect("a list");
    assert_eq!(splits.len(), 6);
    for expected in splits {
        let (fraction, seed) = (expected["fraction"].as_f64().unwrap(), expected["seed"].as_u64().unwrap());
        let stratified = split(&with_classes, fraction, seed).unwrap();
        let plain = split(&without_classes, fraction, seed).unwrap();
        for ((train, held_out), key) in [(stratified, "held_out"), (plain, "held_out_without_classes")] {
            assert_eq!(held_out, integers(&expected[key]), "{key}: {fraction} with seed {seed}");
            let rest: Vec<usize> = (0..classes.len()).filter(|i| !held_out.contains(i)).collect();
            assert_eq!(train, rest);
        }
    }
}
