//! Whatever the bytes: a table or an error, within the memory that is promised; a short run of what the fuzzer does.

mod targets;

use std::path::Path;

use chainrule_csv::{MEMORY_FACTOR, Table};
use chainrule_fuzzing::{peak_of, run, write};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    [
        ("numbers", "gre,gpa,rank\n380,3.61,3\n660,3.67,3\n-0.5,1e3,+2\n"),
        ("quoted", "\"a, b\",t\r\n1,\"x, y\"\r\n2,\"two\nlines\"\r\n3,\"a \"\"quote\"\"\"\r\n"),
        ("spaces", "\u{feff} x , class \n\n 1 ,\tα \n\n 2, β\r\r3,\"\"\n"),
        ("one-column", "x\n\"\"\nend\nend"),
        ("not-finite", "x,y\nnan,inf\n1e999,-1e-999\n"),
    ]
    .map(|(name, text)| (name, text.into()))
    .to_vec()
}

/// `cargo test -p chainrule-csv --test it -- --ignored write_seeds`: no test, but what makes the committed seeds. It writes into the
/// sources, so that it runs by name alone.
#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    write(Path::new(SEEDS).join("table"), seeds());
}

#[test]
fn any_bytes_are_a_table_or_an_error() {
    let seeds = run(Path::new(SEEDS).join("table"), 3000, targets::table);
    assert!(seeds.iter().all(|seed| Table::from_reader(&seed[..]).is_ok()));
}

/// Texts that are nothing but what takes memory.
#[test]
fn memory_follows_the_length_of_the_text() {
    const N: usize = 100_000;
    let names: Vec<String> = (0..N).map(|i| i.to_string()).collect();
    let labels = format!("x\n{}", names.join("\n"));
    for (what, text) in [
        ("lines", "\n".repeat(N)),
        ("commas", ",".repeat(N)),
        ("short fields", format!("x\n{}", "1\n".repeat(N))),
        (
            "empty fields",
            format!("{}{}", names[..100].join(","), format!("\n{}", ",".repeat(99)).repeat(1000)),
        ),
        ("ragged", format!("x\n{}", ",".repeat(N))),
        ("many columns", names.join(",")),
        ("many labels", labels.clone()),
        ("one long field", format!("x\n\"{}\"", "a".repeat(N))),
        ("an open quote", format!("x\n\"{}", ",".repeat(N))),
    ] {
        let (_, peak) = peak_of(|| Table::from_reader(text.as_bytes()));
        println!("{what}: {:.1} times {} bytes", peak as f64 / text.len() as f64, text.len());
        assert!(peak <= MEMORY_FACTOR * text.len() + (64 << 10), "{what}: {peak} for {} bytes", text.len());
    }
    // As many labels as records: found one by one, this would take minutes.
    let table = Table::from_reader(labels.as_bytes()).unwrap();
    let (classes, labels) = table.classes("x").unwrap();
    assert!(labels.len() == N && classes.iter().zip(&names).all(|(class, name)| labels[*class] == *name));
}

/// Reading such a thing to its end would fill the memory, or wait for ever.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [Path::new("/dev/zero"), folder.path(), &pipe] {
        let error = Table::read(path).unwrap_err().to_string();
        assert_eq!(error, format!("{}: cannot be read: it is not a file", path.display()));
    }
}
