//! Whatever the bytes and however they arrive: the right images or an error, never a panic.

use std::io::{self, Read};

use chainrule_mnist::{Error, Images, Problem, read_images, read_labels};

use crate::common::{gzip, idx, two_images, two_labels};

fn expected() -> Images {
    Images::new(2, 2, 3, (1..=12).collect())
}

#[test]
fn plain_and_gzip_are_told_by_their_bytes() {
    assert_eq!(read_images(&two_images()[..], "images").unwrap(), expected());
    assert_eq!(read_images(&gzip(&two_images())[..], "images").unwrap(), expected());
    assert_eq!(read_images(&gzip(&two_images())[..], "images.GZ").unwrap(), expected());
    assert_eq!(read_labels(&gzip(&two_labels())[..], "labels").unwrap(), [7, 4]);
}

#[test]
fn every_truncation_is_an_error() {
    for bytes in [two_images(), gzip(&two_images())] {
        for length in 0..bytes.len() {
            assert!(read_images(&bytes[..length], "images").is_err(), "{length} of {} bytes", bytes.len());
        }
    }
    for bytes in [two_labels(), gzip(&two_labels())] {
        for length in 0..bytes.len() {
            assert!(read_labels(&bytes[..length], "labels").is_err(), "{length} of {} bytes", bytes.len());
        }
    }
}

/// Another magic number is refused, and another single dimension is another number of bytes.
#[test]
fn every_other_header_byte_is_an_error() {
    for (i, byte) in (0..16).flat_map(|i| (0..=255).map(move |byte| (i, byte))) {
        let mut bytes = two_images();
        if bytes[i] != byte {
            bytes[i] = byte;
            assert!(read_images(&bytes[..], "images").is_err(), "byte {i} is {byte}");
        }
    }
}

/// A gzip header has bytes without meaning for the data (the time, the system); all else is under the checksum.
#[test]
fn no_flipped_bit_in_a_gzip_stream_changes_an_image() {
    let stream = gzip(&two_images());
    let mut n_errors = 0;
    for i in 0..8 * stream.len() {
        let mut bytes = stream.clone();
        bytes[i / 8] ^= 1 << (i % 8);
        match read_images(&bytes[..], "images") {
            Ok(images) => assert_eq!(images, expected(), "bit {i}"),
            Err(_) => n_errors += 1,
        }
    }
    // At least every bit of magic number, method, checksum and length.
    assert!(n_errors >= 8 * (2 + 1 + 4 + 4), "only {n_errors} errors");
}

/// Gives a byte at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(1);
        self.0.read(&mut buffer[..n])
    }
}

#[test]
fn a_slow_reader_gives_the_same() {
    assert_eq!(read_images(Trickle(&two_images()), "images").unwrap(), expected());
    assert_eq!(read_images(Trickle(&gzip(&two_images())), "images.gz").unwrap(), expected());
}

/// More than one chunk and one buffer, and a last piece of every small length.
#[test]
fn images_of_any_size_are_read() {
    for n_columns in (1..70).chain([262_143, 262_144, 262_145, 1_000_003]) {
        let pixels: Vec<u8> = (0..n_columns).map(|i| (i * 31 % 256) as u8).collect();
        let bytes = idx(0x803, &[1, 1, n_columns], &pixels);
        let expected = Images::new(1, 1, n_columns as usize, pixels);
        assert!(read_images(&bytes[..], "images").unwrap() == expected, "{n_columns} plain");
        assert!(read_images(&gzip(&bytes)[..], "images").unwrap() == expected, "{n_columns} compressed");
    }
}

#[test]
fn images_of_32_by_32_pixels_are_read() {
    let images = read_images(&idx(0x803, &[3, 32, 32], &[9; 3072])[..], "images").unwrap();
    assert_eq!(
        (images.n_images(), images.n_rows(), images.n_columns(), images.n_pixels()),
        (3, 32, 32, 1024)
    );
}

/// A disk that fails after the bytes it holds.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is gone")),
            n => Ok(n),
        }
    }
}

#[test]
fn a_failing_reader_is_not_taken_for_the_end() {
    let stream = gzip(&two_images());
    for bytes in [&two_images()[..20], &stream[..20], &stream, &two_images()] {
        match read_images(Failing(bytes), "images") {
            Err(error @ Error { problem: Problem::Read { .. }, .. }) => {
                assert_eq!(error.to_string(), "images: cannot be read: the disk is gone");
            }
            other => panic!("{other:?}"),
        }
    }
}
