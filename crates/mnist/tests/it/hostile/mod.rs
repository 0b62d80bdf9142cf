//! Whatever the bytes: images or an error, within the memory that is promised; a short run of what the fuzzer does.

mod targets;

use std::{io::Write, path::Path};

use chainrule_fuzzing::{peak_of, run, write};
use chainrule_mnist::{Error, Images, MEMORY_FACTOR, MEMORY_MORE, Problem, read_images};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder},
};

use crate::common::{gzip, idx, two_images, two_labels};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");

/// Plain files.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("images", two_images()),
        ("labels", two_labels()),
        ("blank", idx(0x803, &[3, 5, 7], &[0; 105])),
        ("noise", idx(0x803, &[1, 8, 8], &std::array::from_fn::<u8, 64, _>(|i| (i * i * 37 % 251) as u8))),
    ]
}

/// `cargo test -p chainrule-mnist --test it -- --ignored write_seeds`: no test, but what makes the committed seeds. It writes into the
/// sources, so that it runs by name alone.
#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    let deflated = |bytes: Vec<u8>| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap()
    };
    let mut any = seeds();
    any.extend([("images.gz", gzip(&two_images())), ("labels.gz", gzip(&two_labels()))]);
    write(Path::new(SEEDS).join("idx"), any);
    let mut streams: Vec<_> = seeds().into_iter().map(|(name, bytes)| (name, deflated(bytes))).collect();
    streams.push(("stored", targets::stored(&two_images())));
    write(Path::new(SEEDS).join("idx_deflate"), streams);
}

#[test]
fn any_bytes_are_images_or_an_error() {
    run(Path::new(SEEDS).join("idx"), 1500, targets::idx);
    run(Path::new(SEEDS).join("idx_deflate"), 1500, targets::idx_deflate);
}

/// A hundred million bytes in a file of a hundred thousand, behind the header of two small images: no more is inflated
/// than it allows.
#[test]
fn a_bomb_is_refused_at_the_size_of_its_header() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&two_images()).unwrap();
    let megabyte = vec![0; 1_000_000];
    (0..100).for_each(|_| encoder.write_all(&megabyte).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1_000_000, "{}", bomb.len());
    let (result, peak) = peak_of(|| read_images(&bomb[..], "bomb"));
    assert!(
        matches!(result, Err(Error { problem: Problem::TrailingBytes { expected: 28 }, .. })),
        "{result:?}"
    );
    assert!(peak <= MEMORY_MORE, "{peak}");

    // Ten million bytes that a header of a thousand times as many does allow: six times what came.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&idx(0x803, &[12_000_000, 28, 28], &[])).unwrap();
    (0..10).for_each(|_| encoder.write_all(&megabyte).unwrap());
    let bomb = encoder.finish().unwrap();
    let (result, peak) = peak_of(|| read_images(&bomb[..], "bomb"));
    assert!(
        matches!(result, Err(Error { problem: Problem::Truncated { found: 10_000_016, .. }, .. })),
        "{result:?}"
    );
    assert!(peak <= MEMORY_FACTOR * 10_000_016 + MEMORY_MORE, "{peak}");
}

/// Opening a pipe would wait for somebody to write.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [Path::new("/dev/zero"), &pipe] {
        let error = Images::load(path).unwrap_err().to_string();
        assert_eq!(error, format!("{}: cannot be read: it is not a file", path.display()));
    }
}
