//! `torture`, with few kills.

use serde_json::Value;

use crate::common::succeeds;

#[test]
fn torture_in_short() {
    let text = succeeds(&["torture", "--kills", "10", "--json"]);
    let done: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&done["event"], &done["kills"]), (&"torture".into(), &10.into()));
    assert!(done["loaded"].as_u64() > Some(0), "{text}");
}
