//! What holds whatever the bytes: shared with the fuzzer.

use chainrule_fuzzing::within;
use chainrule_logs::{Error, MEMORY_FACTOR, scalars_from_bytes};

/// Any bytes as scalars: those that are read come back when they are written.
pub(crate) fn scalars(bytes: &[u8]) {
    let most = MEMORY_FACTOR * bytes.len() + (4 << 10);
    let scalars = match within(most, || scalars_from_bytes(bytes, "scalars.jsonl")) {
        Ok(scalars) => scalars,
        Err(Error::Line { line, problem, .. }) => {
            let n_lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            assert!((1..=n_lines).contains(&line) && !problem.contains('\n'), "line {line}: {problem}");
            return;
        }
        Err(error) => panic!("nothing but lines can be wrong: {error}"),
    };
    let mut written = String::new();
    for scalar in &scalars {
        written += &serde_json::to_string(scalar).expect("a scalar has a JSON form");
        written.push('\n');
    }
    let again = scalars_from_bytes(written.as_bytes(), "again").expect("what is written can be read");
    assert_eq!(again, scalars);
}
