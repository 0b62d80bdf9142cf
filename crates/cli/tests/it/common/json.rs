//! What a `--json` call prints.

use serde_json::Value;

/// The objects of a `--json` call, every line one.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("every line is a JSON object")).collect()
}
