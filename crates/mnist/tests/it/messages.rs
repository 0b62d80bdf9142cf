//! What a user is told about each thing that can be wrong with a folder or a file.

use std::fs;

use chainrule_mnist::{FILE_NAMES, ImageSet, Images, Mnist};

use crate::common::{good_folder, gzip, idx, two_images, two_labels, write};

const TRAIN_IMAGES: &str = FILE_NAMES[0];
const TRAIN_LABELS: &str = FILE_NAMES[1];
const TEST_IMAGES: &str = FILE_NAMES[2];

/// Puts `bytes` under `name` into a folder that loads otherwise. Gives what loading says, with the path of the
/// folder left out.
fn message(name: &str, bytes: &[u8]) -> String {
    let folder = good_folder();
    fs::remove_file(folder.path().join(name.trim_end_matches(".gz"))).unwrap();
    write(folder.path(), name, bytes);
    let message = Mnist::load(&folder).expect_err("these bytes are wrong").to_string();
    message.replace(&folder.path().join("").display().to_string(), "")
}

#[test]
fn the_folder_without_a_fault_loads() {
    let mnist = Mnist::load(good_folder()).unwrap();
    assert_eq!((mnist.train.len(), mnist.test.len()), (2, 2));
    assert_eq!(mnist.test.image(1), [7, 8, 9, 10, 11, 12]);
    assert_eq!(mnist.train.labels(), [7, 4]);
    assert!(!mnist.is_mnist());
}

#[test]
fn missing_folder() {
    let folder = good_folder().path().join("nothing");
    let message = Mnist::load(&folder).unwrap_err().to_string();
    assert_eq!(message, format!("{}: there is no folder of this name", folder.display()));
}

#[test]
fn a_file_instead_of_a_folder() {
    let folder = good_folder();
    let file = folder.path().join(TRAIN_LABELS);
    let message = Mnist::load(&file).unwrap_err().to_string();
    assert_eq!(message, format!("{}: this is a file, expected a folder", file.display()));
}

#[test]
fn missing_file() {
    let folder = good_folder();
    fs::remove_file(folder.path().join(TEST_IMAGES)).unwrap();
    let message = Mnist::load(&folder).unwrap_err().to_string();
    let names = "t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz";
    assert_eq!(message, format!("{}: found neither {names} in this folder", folder.path().display()));
}

#[test]
fn a_folder_instead_of_a_file() {
    let folder = good_folder();
    fs::remove_file(folder.path().join(TRAIN_IMAGES)).unwrap();
    fs::create_dir(folder.path().join(TRAIN_IMAGES)).unwrap();
    let message = Mnist::load(&folder).unwrap_err().to_string();
    // The operating system says the rest.
    assert!(message.contains("train-images-idx3-ubyte: cannot be read: "), "{message}");
}

#[test]
fn gz_that_is_not_gzip() {
    let rest = "the name ends in .gz, but this is not gzip: starts with";
    let name = "train-images-idx3-ubyte.gz";
    assert_eq!(message(name, &two_images()), format!("{name}: {rest} [00, 00], expected [1f, 8b]"));
    assert_eq!(message(name, &[]), format!("{name}: {rest} [], expected [1f, 8b]"));
}

#[test]
fn html_pages() {
    let rest = "looks like an HTML page, not IDX data; was the download redirected?";
    for page in ["<!DOCTYPE html>\n<p>Moved", "\n  <html>", "\u{feff}<html>", "<"] {
        assert_eq!(message(TRAIN_IMAGES, page.as_bytes()), format!("train-images-idx3-ubyte: {rest}"));
        assert_eq!(
            message("train-labels-idx1-ubyte.gz", page.as_bytes()),
            format!("train-labels-idx1-ubyte.gz: {rest}")
        );
    }
    assert_eq!(message(TRAIN_IMAGES, &gzip(b"<html>")), format!("train-images-idx3-ubyte: {rest}"));
}

#[test]
fn wrong_magic() {
    assert_eq!(
        message(TRAIN_LABELS, &two_images()),
        "train-labels-idx1-ubyte: found the magic number 0x00000803 of IDX images, expected 0x00000801 of IDX labels"
    );
    assert_eq!(
        message(TRAIN_IMAGES, &two_labels()),
        "train-images-idx3-ubyte: found the magic number 0x00000801 of IDX labels, expected 0x00000803 of IDX images"
    );
    assert_eq!(
        message(TRAIN_IMAGES, b"\x89PNG"),
        "train-images-idx3-ubyte: found the magic number 0x89504e47, expected 0x00000803 of IDX images"
    );
}

#[test]
fn short_header() {
    let rest = "too few for the header of";
    assert_eq!(
        message(TRAIN_IMAGES, &[]),
        format!("train-images-idx3-ubyte: found 0 bytes, {rest} 16 bytes")
    );
    assert_eq!(
        message(TRAIN_IMAGES, &two_images()[..15]),
        format!("train-images-idx3-ubyte: found 15 bytes, {rest} 16 bytes")
    );
    assert_eq!(
        message(TRAIN_LABELS, &gzip(&two_labels()[..5])),
        format!("train-labels-idx1-ubyte: found 5 bytes, {rest} 8 bytes")
    );
}

#[test]
fn empty() {
    assert_eq!(
        message(TRAIN_IMAGES, &idx(0x803, &[0, 28, 28], &[])),
        "train-images-idx3-ubyte: the header announces the dimensions [0, 28, 28], expected none to be 0"
    );
    assert_eq!(
        message(TRAIN_IMAGES, &idx(0x803, &[2, 0, 0], &[])),
        "train-images-idx3-ubyte: the header announces the dimensions [2, 0, 0], expected none to be 0"
    );
    assert_eq!(
        message(TRAIN_LABELS, &idx(0x801, &[0], &[])),
        "train-labels-idx1-ubyte: the header announces the dimensions [0], expected none to be 0"
    );
}

#[test]
fn too_large() {
    assert_eq!(
        message(TRAIN_IMAGES, &idx(0x803, &[u32::MAX; 3], &[0; 1000])),
        "train-images-idx3-ubyte: the header announces the dimensions [4294967295, 4294967295, 4294967295], \
         more than fits in memory"
    );
}

#[test]
fn truncated() {
    assert_eq!(
        message(TRAIN_IMAGES, &two_images()[..20]),
        "train-images-idx3-ubyte: breaks off after 20 bytes, expected 28 by its header"
    );
    // A complete gzip stream of an incomplete file.
    assert_eq!(
        message("train-images-idx3-ubyte.gz", &gzip(&two_images()[..20])),
        "train-images-idx3-ubyte.gz: breaks off after 20 bytes, expected 28 by its header"
    );
    // A file that says 2 images of 28×28, whose 1568 pixels do not compress, and half of its gzip stream.
    let noise: Vec<u8> = (0..1568_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let stream = gzip(&idx(0x803, &[2, 28, 28], &noise));
    let message = message("train-images-idx3-ubyte.gz", &stream[..stream.len() / 2]);
    assert!(
        message.contains(": breaks off after ") && message.ends_with(", expected 1584 by its header"),
        "{message}"
    );
}

#[test]
fn damaged_gzip() {
    let name = "train-images-idx3-ubyte.gz";
    let stream = gzip(&two_images());
    // All data, but not the checksum (four bytes) and the length (four bytes) at the end.
    let said = message(name, &stream[..stream.len() - 8]);
    assert!(
        said.starts_with(&format!("{name}: the gzip stream is damaged after 28 inflated bytes: ")),
        "{said}"
    );

    let mut wrong_checksum = stream.clone();
    wrong_checksum[stream.len() - 8] ^= 1;
    let said = message(name, &wrong_checksum);
    assert!(
        said.starts_with(&format!("{name}: the gzip stream is damaged after 28 inflated bytes: ")),
        "{said}"
    );

    let mut unknown_method = stream;
    unknown_method[2] = 7;
    let said = message(name, &unknown_method);
    assert!(
        said.starts_with(&format!("{name}: the gzip stream is damaged after 0 inflated bytes: ")),
        "{said}"
    );
}

#[test]
fn trailing_bytes() {
    let longer = [two_images(), vec![0]].concat();
    let plain = "train-images-idx3-ubyte: more bytes follow the 28 that the header announces";
    let compressed = "train-images-idx3-ubyte.gz: more bytes follow the 28 that the header announces";
    assert_eq!(message(TRAIN_IMAGES, &longer), plain);
    assert_eq!(message("train-images-idx3-ubyte.gz", &gzip(&longer)), compressed);
    // Behind the stream: a byte that is no padding, padding before it, then another stream with data.
    let stream = gzip(&two_images());
    for more in [&[1][..], &[0, 0, 7], &stream] {
        assert_eq!(message("train-images-idx3-ubyte.gz", &[&stream[..], more].concat()), compressed);
    }
}

#[test]
fn members_that_are_not_whole() {
    let name = "train-images-idx3-ubyte.gz";
    let idx = two_images();
    let (first, second) = (gzip(&idx[..20]), gzip(&idx[20..]));
    let damaged = |n| format!("{name}: the gzip stream is damaged after {n} inflated bytes: ");
    // All data, but not the end of the second member; then an empty member of which the end is missing.
    let said = message(name, &[&first[..], &second[..second.len() - 8]].concat());
    assert!(said.starts_with(&damaged(28)), "{said}");
    let said = message(name, &[&gzip(&idx)[..], &gzip(&[])[..12]].concat());
    assert!(said.starts_with(&damaged(28)), "{said}");
    let mut wrong = [&first[..], &second[..]].concat();
    wrong[first.len() - 8] ^= 1;
    let said = message(name, &wrong);
    assert!(said.starts_with(&damaged(20)), "{said}");
    assert_eq!(
        message(name, &first),
        format!("{name}: breaks off after 20 bytes, expected 28 by its header")
    );
}

#[test]
fn labels_above_nine() {
    assert_eq!(
        message(TRAIN_LABELS, &idx(0x801, &[5], &[0, 9, 1, 10, 11])),
        "train-labels-idx1-ubyte: label 10 at index 3, expected 0 to 9"
    );
}

#[test]
fn counts_that_differ() {
    assert_eq!(
        message(TRAIN_LABELS, &idx(0x801, &[3], &[0, 1, 2])),
        "train-images-idx3-ubyte: 2 images, but train-labels-idx1-ubyte has 3 labels"
    );
}

#[test]
fn sizes_that_differ() {
    assert_eq!(
        message(TEST_IMAGES, &idx(0x803, &[2, 3, 2], &[0; 12])),
        "train-images-idx3-ubyte: images of 2×3 pixels, but t10k-images-idx3-ubyte has 3×2"
    );
}

#[test]
fn wrong_digest() {
    let folder = good_folder();
    let message = Mnist::load_verified(&folder).unwrap_err().to_string();
    // printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\3\1\2\3\4\5\6\7\10\11\12\13\14' | sha256sum
    let found = "f7169b91c01c82a1c0c44aee0f6db5b5a609be8d0ba16e2ded674fe748c45dfe";
    let expected = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db";
    let path = folder.path().join(TRAIN_IMAGES);
    assert_eq!(
        message,
        format!(
            "{}: the SHA-256 of the uncompressed bytes is {found}, expected {expected} of MNIST",
            path.display()
        )
    );
}

#[test]
fn writing_into_nowhere() {
    let folder = good_folder();
    let images = folder.path().join("nothing").join("images");
    let set = ImageSet::new(Images::new(1, 1, 1, vec![3]), vec![3]);
    let message = set.save(&images, folder.path().join("labels")).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}: cannot be written: ", images.display())), "{message}");
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let folder = good_folder();
    let path = folder.path().join(TRAIN_IMAGES);
    let empty = ImageSet::new(Images::new(0, 2, 3, vec![]), vec![]);
    let message = empty.save(&path, folder.path().join(TRAIN_LABELS)).unwrap_err().to_string();
    let rest = "cannot be written: an IDX dimension is 1 to 4294967295, found 0";
    assert_eq!(message, format!("{}: {rest}", path.display()));
    assert_eq!(fs::read(path).unwrap(), two_images());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}
