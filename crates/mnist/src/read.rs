//! Reads IDX files; memory grows with the bytes that arrive, not with what the header announces.

use std::io::Read;
use std::path::Path;

use crate::source::{Source, looks_like_html};
use crate::{Digest, Error, IMAGES_MAGIC, Images, LABELS_MAGIC, N_CLASSES};

/// Reading takes at most this many times the memory of the data that came, inflated if they are gzip, and
/// [`MEMORY_MORE`]; of a whole file, a third of that. No more is inflated than the header allows.
pub const MEMORY_FACTOR: usize = 6;

/// Bytes that reading takes besides, in buffers of fixed size.
pub const MEMORY_MORE: usize = 600_000;

/// A byte of deflated data stands for this many at most, by the rules of the format.
pub const INFLATION: usize = 1032;

/// Reads IDX images, plain or gzip (told by the first two bytes), from any reader; `path` is its name in messages.
///
/// A `path` that ends in `.gz` promises gzip. The size of the images comes from the header. Memory grows with what
/// arrives, not with what the header announces: at most twice the data of a whole file, or six times ([`MEMORY_FACTOR`])
/// what came of a file that breaks off, and 0.6 MB. A gzip file that has more than its header allows is refused there.
///
/// # Errors
/// - [`Error::Read`] if the reader fails;
/// - [`Error::Html`], [`Error::NotGzip`] or [`Error::WrongMagic`] if this is something else;
/// - [`Error::ShortHeader`], [`Error::Empty`] or [`Error::TooLarge`] if the header is not usable;
/// - [`Error::Truncated`], [`Error::TrailingBytes`] or [`Error::DamagedGzip`] if the data do not agree with it.
///
/// # Examples
/// ```
/// use chainrule_mnist::read_images;
/// // Magic number, one image, two rows, one column, and its two pixels.
/// let idx = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9];
/// assert_eq!(read_images(&idx[..], "example")?.image(0), [7, 9]);
///
/// let message = read_images(&idx[..17], "example").unwrap_err().to_string();
/// assert_eq!(message, "example: breaks off after 17 bytes, expected 18 by its header");
/// # Ok::<(), chainrule_mnist::Error>(())
/// ```
pub fn read_images(reader: impl Read, path: impl AsRef<Path>) -> Result<Images, Error> {
    Ok(images_from(Source::new(reader, path.as_ref())?)?.0)
}

/// Reads IDX labels 0 to 9, plain or gzip, from any reader; as [`read_images`] otherwise.
///
/// # Errors
/// [`Error::BadLabel`] if a label is above 9, and those of [`read_images`].
///
/// # Examples
/// ```
/// use chainrule_mnist::read_labels;
/// // Magic number, three labels.
/// let idx = [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4];
/// assert_eq!(read_labels(&idx[..], "example")?, [5, 0, 4]);
/// # Ok::<(), chainrule_mnist::Error>(())
/// ```
pub fn read_labels(reader: impl Read, path: impl AsRef<Path>) -> Result<Vec<u8>, Error> {
    Ok(labels_from(Source::new(reader, path.as_ref())?)?.0)
}

impl Images {
    /// Reads an IDX file of images, plain or gzip.
    ///
    /// Memory is bounded as [`read_images`](crate::read_images) says, whatever the header announces.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be opened, and those of [`read_images`](crate::read_images).
    pub fn load(path: impl AsRef<Path>) -> Result<Images, Error> {
        Ok(images_from(Source::open(path.as_ref())?)?.0)
    }
}

pub(crate) fn images_from(mut source: Source<impl Read>) -> Result<(Images, Digest), Error> {
    let dimensions = read_header::<3>(&mut source, IMAGES_MAGIC)?;
    let pixels = read_data(&mut source, dimensions)?;
    // Each fits, because their product did and none is zero.
    let [n_images, n_rows, n_columns] = dimensions.map(|dimension| dimension as usize);
    Ok((Images::new(n_images, n_rows, n_columns, pixels), source.finish()?))
}

pub(crate) fn labels_from(mut source: Source<impl Read>) -> Result<(Vec<u8>, Digest), Error> {
    let dimensions = read_header::<1>(&mut source, LABELS_MAGIC)?;
    let labels = read_data(&mut source, dimensions)?;
    let path = source.path();
    let digest = source.finish()?;
    match labels.iter().position(|&label| usize::from(label) >= N_CLASSES) {
        Some(index) => Err(Error::BadLabel { path, index, found: labels[index] }),
        None => Ok((labels, digest)),
    }
}

/// Reads the magic number and `N` dimensions, all big-endian, four bytes each.
fn read_header<const N: usize>(source: &mut Source<impl Read>, magic: u32) -> Result<[u32; N], Error> {
    let mut header = Vec::new();
    source.read_up_to(4, &mut header)?;
    if let Some(&start) = header.first_chunk() {
        let found = u32::from_be_bytes(start);
        // A page that was compressed on its way gets here.
        if looks_like_html(&start) {
            return Err(Error::Html { path: source.path() });
        }
        if found != magic {
            return Err(Error::WrongMagic { path: source.path(), found, expected: magic });
        }
    }
    source.read_up_to(4 * N as u64, &mut header)?;
    let (words, _) = header.as_chunks::<4>();
    if words.len() < 1 + N {
        let (found, expected) = (source.n_read(), 4 + 4 * N as u64);
        return Err(Error::ShortHeader { path: source.path(), found, expected });
    }
    Ok(std::array::from_fn(|i| u32::from_be_bytes(words[1 + i])))
}

/// Reads a byte for every element of an array of these dimensions.
fn read_data<const N: usize>(source: &mut Source<impl Read>, dimensions: [u32; N]) -> Result<Vec<u8>, Error> {
    if dimensions.contains(&0) {
        return Err(Error::Empty { path: source.path(), dimensions: dimensions.to_vec() });
    }
    let too_large = || Error::TooLarge { path: source.path(), dimensions: dimensions.to_vec() };
    let n_bytes = dimensions
        .iter()
        .try_fold(1_u64, |product, &dimension| product.checked_mul(dimension.into()))
        // The largest allocation there can be.
        .filter(|&n_bytes| isize::try_from(n_bytes).is_ok())
        .ok_or_else(too_large)?;
    let mut data = Vec::new();
    let expected = source.n_read() + n_bytes;
    source.read_up_to(n_bytes, &mut data)?;
    match source.n_read() {
        found if found < expected => Err(Error::Truncated { path: source.path(), found, expected }),
        _ => Ok(data),
    }
}
