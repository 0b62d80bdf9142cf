//! Reads IDX files; memory grows with the bytes that arrive, not with what the header announces.

use std::io::Read;
use std::path::Path;

use crate::source::{Source, has_gzip_name, looks_like_html, open};
use crate::{Digest, Error, IMAGES_MAGIC, Images, LABELS_MAGIC, N_CLASSES, Problem};

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
/// - [`Problem::Read`] if the reader fails;
/// - [`Problem::Html`], [`Problem::NotGzip`] or [`Problem::WrongMagic`] if this is something else;
/// - [`Problem::ShortHeader`], [`Problem::Empty`] or [`Problem::TooLarge`] if the header is not usable;
/// - [`Problem::Truncated`], [`Problem::TrailingBytes`] or [`Problem::DamagedGzip`] if the data do not agree with it.
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
    Ok(images_from(reader, path.as_ref())?.0)
}

/// Reads IDX labels 0 to 9, plain or gzip, from any reader; as [`read_images`] otherwise.
///
/// # Errors
/// [`Problem::BadLabel`] if a label is above 9, and those of [`read_images`].
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
    Ok(labels_from(reader, path.as_ref())?.0)
}

impl Images {
    /// Reads an IDX file of images, plain or gzip.
    ///
    /// Memory is bounded as [`read_images`](crate::read_images) says, whatever the header announces.
    ///
    /// # Errors
    /// [`Problem::Read`] if the file cannot be opened, and those of [`read_images`](crate::read_images).
    pub fn load(path: impl AsRef<Path>) -> Result<Images, Error> {
        Ok(images_from(open(path.as_ref())?, path.as_ref())?.0)
    }
}

/// The images that `reader` gives, and the digest of their file; `path` is its name in messages.
pub(crate) fn images_from(reader: impl Read, path: &Path) -> Result<(Images, Digest), Error> {
    let ([n_images, n_rows, n_columns], pixels, digest) = read_array(reader, path, IMAGES_MAGIC)?;
    Ok((Images::new(n_images, n_rows, n_columns, pixels), digest))
}

/// The labels that `reader` gives, and the digest of their file.
pub(crate) fn labels_from(reader: impl Read, path: &Path) -> Result<(Vec<u8>, Digest), Error> {
    let ([_], labels, digest) = read_array(reader, path, LABELS_MAGIC)?;
    match labels.iter().position(|&label| usize::from(label) >= N_CLASSES) {
        Some(index) => Err(Problem::BadLabel { index, found: labels[index] }.at(path)),
        None => Ok((labels, digest)),
    }
}

/// Reads a whole file: the dimensions of its array, the data, and the digest.
fn read_array<const N: usize>(
    reader: impl Read,
    path: &Path,
    magic: u32,
) -> Result<([usize; N], Vec<u8>, Digest), Error> {
    let read = || {
        let mut source = Source::new(reader, has_gzip_name(path))?;
        let dimensions = read_header(&mut source, magic)?;
        let data = read_data(&mut source, dimensions)?;
        // Each dimension fits, because their product did and none is zero.
        Ok((dimensions.map(|dimension| dimension as usize), data, source.finish()?))
    };
    read().map_err(|problem: Problem| problem.at(path))
}

/// Reads the magic number and `N` dimensions, all big-endian, four bytes each.
fn read_header<const N: usize>(source: &mut Source<impl Read>, magic: u32) -> Result<[u32; N], Problem> {
    let mut header = Vec::new();
    source.read_up_to(4, &mut header)?;
    if let Some(&start) = header.first_chunk() {
        let found = u32::from_be_bytes(start);
        // A page that was compressed on its way gets here.
        if looks_like_html(&start) {
            return Err(Problem::Html);
        }
        if found != magic {
            return Err(Problem::WrongMagic { found, expected: magic });
        }
    }
    source.read_up_to(4 * N as u64, &mut header)?;
    let (words, _) = header.as_chunks::<4>();
    if words.len() < 1 + N {
        return Err(Problem::ShortHeader { found: source.n_read(), expected: 4 + 4 * N as u64 });
    }
    Ok(std::array::from_fn(|i| u32::from_be_bytes(words[1 + i])))
}

/// Reads a byte for every element of an array of these dimensions.
fn read_data<const N: usize>(
    source: &mut Source<impl Read>,
    dimensions: [u32; N],
) -> Result<Vec<u8>, Problem> {
    if dimensions.contains(&0) {
        return Err(Problem::Empty { dimensions: dimensions.to_vec() });
    }
    let n_bytes = dimensions
        .iter()
        .try_fold(1_u64, |product, &dimension| product.checked_mul(dimension.into()))
        // The largest allocation there can be.
        .filter(|&n_bytes| isize::try_from(n_bytes).is_ok())
        .ok_or_else(|| Problem::TooLarge { dimensions: dimensions.to_vec() })?;
    let mut data = Vec::new();
    let expected = source.n_read() + n_bytes;
    source.read_up_to(n_bytes, &mut data)?;
    match source.n_read() {
        found if found < expected => Err(Problem::Truncated { found, expected }),
        _ => Ok(data),
    }
}
