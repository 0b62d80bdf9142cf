//! What holds whatever the bytes: shared with the fuzzer.

use std::io::Read;

use chainrule_fuzzing::within;
use chainrule_mnist::{
    INFLATION, Images, MEMORY_FACTOR, MEMORY_MORE, read_images, read_labels, write_images, write_labels,
};
use flate2::{Crc, read::DeflateDecoder};

/// The most memory for a file, plain or gzip.
fn most(bytes: &[u8]) -> usize {
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
    MEMORY_FACTOR * bytes.len() * if is_gzip { INFLATION } else { 1 } + MEMORY_MORE
}

fn images(bytes: &[u8]) -> Option<Images> {
    let images = within(most(bytes), || read_images(bytes, "images")).ok()?;
    assert_eq!(images.pixels().len(), images.n_images() * images.n_pixels());
    Some(images)
}

fn labels(bytes: &[u8]) -> Option<Vec<u8>> {
    let labels = within(most(bytes), || read_labels(bytes, "labels")).ok()?;
    assert!(!labels.is_empty() && labels.iter().all(|label| *label < 10));
    Some(labels)
}

/// Any bytes as images and as labels: a plain file that is read is what would be written, and reads the same as gzip.
pub(crate) fn idx(bytes: &[u8]) {
    let (images_found, labels_found) = (images(bytes), labels(bytes));
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    if let Some(images) = &images_found {
        let mut written = Vec::new();
        write_images(&mut written, images).expect("what was read can be written");
        assert_eq!(written, bytes);
    }
    if let Some(labels) = &labels_found {
        let mut written = Vec::new();
        write_labels(&mut written, labels).expect("what was read can be written");
        assert_eq!(written, bytes);
    }
    let file = gzip(&stored(bytes), bytes);
    assert!(images(&file) == images_found && labels(&file) == labels_found, "the same as gzip");
}

/// Any bytes as the deflated data of a gzip file whose header, checksum and length are right.
pub(crate) fn idx_deflate(bytes: &[u8]) {
    const MOST: u64 = 1 << 20;
    let (mut stream, mut content) = (bytes, Vec::new());
    let is_whole = DeflateDecoder::new(&mut stream).take(MOST).read_to_end(&mut content).is_ok();
    let file = gzip(bytes, &content);
    let (images_found, labels_found) = (images(&file), labels(&file));
    if !is_whole || content.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    // What follows the end of the data, or does not fit into the limit, may be refused.
    assert!(images_found.is_none() || images_found == images(&content));
    assert!(labels_found.is_none() || labels_found == labels(&content));
}

/// A gzip file of these data.
fn gzip(deflated: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(deflated);
    file.extend(crc.sum().to_le_bytes());
    file.extend((content.len() as u32).to_le_bytes());
    file
}

/// Bytes as deflate holds what it cannot make smaller: a byte, the length, the same with all bits flipped, and they.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    const MOST: usize = 0xffff;
    let mut deflated = Vec::new();
    for begin in (0..bytes.len().max(1)).step_by(MOST) {
        let block = &bytes[begin..bytes.len().min(begin + MOST)];
        let is_last = begin + MOST >= bytes.len();
        let length = block.len() as u16;
        deflated.push(u8::from(is_last));
        deflated.extend(length.to_le_bytes());
        deflated.extend((!length).to_le_bytes());
        deflated.extend(block);
    }
    deflated
}
