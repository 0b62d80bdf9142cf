//! Hand-made IDX files. Not every test file needs every helper.
#![allow(dead_code)]

use std::fs;
use std::io::Write;
use std::path::Path;

use chainrule_mnist::FILE_NAMES;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// Magic number and dimensions, big-endian, then the data, whether they agree or not.
pub(crate) fn idx(magic: u32, dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    bytes.extend(dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// Two images of 2×3 pixels.
pub(crate) fn two_images() -> Vec<u8> {
    idx(0x803, &[2, 2, 3], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
}

/// Their labels.
pub(crate) fn two_labels() -> Vec<u8> {
    idx(0x801, &[2], &[7, 4])
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder that loads: training and test set are both two images of 2×3 pixels.
pub(crate) fn good_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in FILE_NAMES.into_iter().zip([two_images(), two_labels(), two_images(), two_labels()])
    {
        write(folder.path(), name, &bytes);
    }
    folder
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).unwrap();
}
