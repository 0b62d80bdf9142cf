//! Pictures from files: PNG, JPEG and PGM as grey values. How large one is, is known before memory is taken for it.

mod grey;
mod jpeg;
mod orientation;
mod pgm;
mod png;

use std::{io::Read, path::Path};

pub(crate) use grey::Picture;
use grey::{MOST_PIXELS, check_size};

/// The largest file that is read: 16 bits for each of three colours of the largest picture.
const MOST_BYTES: u64 = 6 * MOST_PIXELS;

/// Reading takes at most this much memory for every pixel that the header announces, and so much more besides.
#[allow(dead_code, reason = "tests and the fuzzer hold it to that")]
pub(crate) const MEMORY_PER_PIXEL: usize = 16;
#[allow(dead_code, reason = "as above")]
pub(crate) const MEMORY_MORE: usize = 20 << 20;

/// Reads a picture; what is wrong with it is one sentence that begins with the path.
pub(crate) fn read(path: &Path) -> Result<Picture, String> {
    bytes_of(path)
        .and_then(|bytes| decode(&bytes))
        .map_err(|problem| format!("{}: {problem}", path.display()))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    if path.is_dir() {
        return Err("this is a folder, expected a picture".into());
    }
    let mut bytes = Vec::new();
    let file = chainrule_files::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    file.map_err(|cause| format!("cannot be read: {cause}"))?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(format!("more than {} MB, expected a picture", MOST_BYTES / 1_000_000)),
        false => Ok(bytes),
    }
}

/// The width and the height that the header of a PNG or JPEG announces. A PGM takes memory for what is there alone.
pub(crate) fn size(bytes: &[u8]) -> Option<(u64, u64)> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => png::size(bytes),
        [0xff, 0xd8, 0xff, ..] => jpeg::size(bytes),
        _ => None,
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    if let Some((n_columns, n_rows)) = size(bytes) {
        check_size(n_columns, n_rows)?;
    }
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => png::decode(bytes),
        [0xff, 0xd8, 0xff, ..] => jpeg::decode(bytes),
        [b'P', b'2' | b'5', ..] => pgm::decode(bytes),
        [] => Err("the file is empty, expected a picture as PNG, JPEG or PGM".into()),
        _ => {
            let start = &bytes[..bytes.len().min(8)];
            Err(format!(
                "not a picture as PNG, JPEG or PGM (P2, P5): it begins with \"{}\"",
                start.escape_ascii()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{grey::brightness, *};

    #[test]
    fn colours_are_as_bright_as_they_look() {
        assert_eq!([brightness(0, 0, 0), brightness(255, 255, 255), brightness(77, 77, 77)], [0, 255, 77]);
        assert_eq!([brightness(255, 0, 0), brightness(0, 255, 0), brightness(0, 0, 255)], [76, 150, 29]);
    }

    #[test]
    fn other_files_and_wrong_sizes_are_one_sentence() {
        assert_eq!(
            decode(b"GIF89a\x01\x00\x01").unwrap_err(),
            "not a picture as PNG, JPEG or PGM (P2, P5): it begins with \"GIF89a\\x01\\x00\""
        );
        assert!(decode(b"").unwrap_err().starts_with("the file is empty"));
        assert!(check_size(0, 5).unwrap_err().contains("0×5 pixels, expected at least 1×1"));
        assert!(
            check_size(20_000, 20_000).unwrap_err().contains("20000×20000 pixels, expected at most 16384")
        );
        assert!(check_size(16_384, 3_906).is_ok() && check_size(16_384, 3_907).is_err());
        assert!(check_size(u64::MAX, u64::MAX).is_err());
    }
}
