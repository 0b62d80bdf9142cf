//! Writing IDX, plain or gzip.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use chainrule_files::write_file;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::source::has_gzip_name;
use crate::{Error, IMAGES_MAGIC, Images, LABELS_MAGIC, N_CLASSES, Problem};

/// Writes images as IDX, uncompressed: 16 bytes of header and a byte per pixel.
///
/// # Errors
/// Those of the writer, and [`ErrorKind::InvalidInput`] if there are no images or more than a header can count.
///
/// # Examples
/// ```
/// use chainrule_mnist::{Images, write_images};
/// let mut idx = Vec::new();
/// write_images(&mut idx, &Images::new(1, 2, 1, vec![7, 9]))?;
/// assert_eq!(idx, [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_images(writer: impl Write, images: &Images) -> io::Result<()> {
    let dimensions = [images.n_images(), images.n_rows(), images.n_columns()];
    write_idx(writer, IMAGES_MAGIC, &dimensions, images.pixels())
}

/// Writes labels 0 to 9 as IDX, uncompressed: 8 bytes of header and a byte per label.
///
/// # Errors
/// Those of the writer, and [`ErrorKind::InvalidInput`] if there are no labels, more than a header can count, or one
/// above 9.
///
/// # Examples
/// ```
/// let mut idx = Vec::new();
/// chainrule_mnist::write_labels(&mut idx, &[5, 0, 4])?;
/// assert_eq!(idx, [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_labels(writer: impl Write, labels: &[u8]) -> io::Result<()> {
    if let Some(i) = labels.iter().position(|&label| usize::from(label) >= N_CLASSES) {
        return Err(invalid(format!("label {} at index {i}, expected 0 to 9", labels[i])));
    }
    write_idx(writer, LABELS_MAGIC, &[labels.len()], labels)
}

fn write_idx(mut writer: impl Write, magic: u32, dimensions: &[usize], data: &[u8]) -> io::Result<()> {
    let mut header = magic.to_be_bytes().to_vec();
    for &dimension in dimensions {
        match u32::try_from(dimension) {
            Ok(dimension) if dimension > 0 => header.extend(dimension.to_be_bytes()),
            _ => return Err(invalid(format!("an IDX dimension is 1 to {}, found {dimension}", u32::MAX))),
        }
    }
    writer.write_all(&header)?;
    writer.write_all(data)
}

fn invalid(message: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message)
}

/// Writes a file, gzip if its name ends in `.gz`; it appears complete or not at all.
pub(crate) fn save(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut bytes = Vec::new();
    let written = if has_gzip_name(path) {
        let mut encoder = GzEncoder::new(&mut bytes, Compression::default());
        write(&mut encoder).and_then(|()| encoder.finish().map(drop))
    } else {
        write(&mut bytes)
    };
    written.and_then(|()| write_file(path, &bytes)).map_err(|cause| Problem::Write { cause }.at(path))
}
