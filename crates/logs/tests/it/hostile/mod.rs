//! Whatever the bytes: scalars or an error, within the memory that is promised; a short run of what the fuzzer does.

mod targets;

use std::path::Path;

use chainrule_fuzzing::{peak_of, run, write};
use chainrule_logs::{MEMORY_FACTOR, read_scalars, scalars_from_bytes};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/scalars");

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let line =
        r#"{"step":600,"epoch":1,"tag":"loss/train","value":1.6790000200271606,"wall_time":1764082800.123}"#;
    [
        ("one", format!("{line}\n")),
        ("null", format!("{line}\n\n  \n{}\n", line.replace("1.6790000200271606", "null"))),
        ("more", format!("{}\n", line.replace('}', r#","more":[1,{"a":"\u00e9\n"}]}"#))),
        ("cut", format!("{line}\n{}", &line[..40])),
        (
            "extreme",
            format!(
                "{}\n",
                line.replace("1.6790000200271606", "-1e-320").replace("600", "18446744073709551615")
            ),
        ),
    ]
    .map(|(name, text)| (name, text.into()))
    .to_vec()
}

/// `cargo test -p chainrule-logs --test it -- --ignored write_seeds`: no test, but what makes the committed seeds. It writes
/// into the sources, so that it runs by name alone.
#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    write(SEEDS, seeds());
}

#[test]
fn any_bytes_are_scalars_or_an_error() {
    let seeds = run(SEEDS, 3000, targets::scalars);
    assert!(seeds.iter().all(|seed| scalars_from_bytes(seed, "seed").is_ok()));
}

/// Texts that are nothing but what takes memory.
#[test]
fn memory_follows_the_length_of_the_text() {
    const N: usize = 100_000;
    let lines = |line: &str| format!("{line}\n").repeat(N);
    let with = |tag: &str| format!(r#"{{"step":1,"epoch":1,"tag":"{tag}","value":1,"wall_time":1}}"#);
    for (what, text) in [
        ("short lines", lines(&with(""))),
        ("tags of a letter", lines(&with("a"))),
        ("one long tag", format!("{}\n", with(&"a".repeat(N)))),
        ("a long tag of escapes", format!("{}\n", with(&"\\u00e9".repeat(N)))),
        ("a long key", format!("{{\"{}\":1}}\n", "\\n".repeat(N))),
        ("brackets", format!("{}\n", "[".repeat(N))),
        ("blank lines", "\n".repeat(N)),
        ("a wrong value that is long", format!("{{\"step\":\"{}\"}}\n", "a".repeat(N))),
        // Each takes six characters in the message.
        ("a wrong value of control characters", format!("\"{}\"\n", "\u{7f}".repeat(N))),
        ("a few of them", format!("\"{}\"\n", "\u{7f}".repeat(250))),
    ] {
        let (_, peak) = peak_of(|| scalars_from_bytes(text.as_bytes(), "text"));
        println!("{what}: {:.1} times {} bytes", peak as f64 / text.len() as f64, text.len());
        assert!(peak <= MEMORY_FACTOR * text.len() + (4 << 10), "{what}: {peak} for {} bytes", text.len());
    }
}

/// Reading such a thing to its end would fill the memory, or wait for ever.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [Path::new("/dev/zero"), &pipe] {
        let error = read_scalars(path).unwrap_err().to_string();
        assert_eq!(error, format!("{}: cannot be read: it is not a file", path.display()));
    }
}
