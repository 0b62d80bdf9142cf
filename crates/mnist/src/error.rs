//! The errors of this crate, one sentence each.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Digest, IMAGES_MAGIC, LABELS_MAGIC};

/// Why a data set could not be read or written: the path, what was found and what was expected.
#[derive(thiserror::Error)]
#[error("{}: {problem}", path.display())]
#[non_exhaustive]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file or folder.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The folder of a data set does not exist, or is a file.
    #[error("{}", if *is_file { "this is a file, expected a folder" } else { "there is no folder of this name" })]
    NoFolder {
        /// Whether something else has the name.
        is_file: bool,
    },

    /// One of the four files is in the folder neither plain nor compressed.
    #[error("found neither {name} nor {name}.gz in this folder")]
    NoFile {
        /// The plain name.
        name: &'static str,
    },

    /// The operating system refused to open or read a file.
    #[error("cannot be read: {cause}")]
    Read {
        /// What the operating system said.
        cause: io::Error,
    },

    /// A file could not be written; what was there before is untouched.
    #[error("cannot be written: {cause}")]
    Write {
        /// What the operating system said, or why these data have no IDX form.
        cause: io::Error,
    },

    /// A web page was saved in place of the data.
    #[error("looks like an HTML page, not IDX data; was the download redirected?")]
    Html,

    /// A name that ends in `.gz` promises gzip.
    #[error("the name ends in .gz, but this is not gzip: starts with {found:02x?}, expected [1f, 8b]")]
    NotGzip {
        /// Its first two bytes, or fewer if it has fewer.
        found: Vec<u8>,
    },

    /// The gzip stream cannot be inflated, or its checksum is not that of the data.
    #[error("the gzip stream is damaged after {found} inflated bytes: {cause}")]
    DamagedGzip {
        /// Bytes that could be inflated.
        found: u64,
        /// What the decompressor said.
        cause: io::Error,
    },

    /// The first four bytes are not those of this kind of file.
    #[error(
        "found the magic number 0x{found:08x}{}, expected 0x{expected:08x}{}",
        of_what(*found),
        of_what(*expected)
    )]
    WrongMagic {
        /// The first four bytes, big-endian.
        found: u32,
        /// The magic number of images or of labels.
        expected: u32,
    },

    /// The file ends within the header.
    #[error("found {found} bytes, too few for the header of {expected} bytes")]
    ShortHeader {
        /// Bytes in the file, uncompressed.
        found: u64,
        /// Bytes of an IDX header of this kind.
        expected: u64,
    },

    /// The header announces no images, no labels, or images without pixels.
    #[error("the header announces the dimensions {dimensions:?}, expected none to be 0")]
    Empty {
        /// Images, rows, columns; or labels.
        dimensions: Vec<u32>,
    },

    /// The header announces more than this machine can address or allocate.
    #[error("the header announces the dimensions {dimensions:?}, more than fits in memory")]
    TooLarge {
        /// Images, rows, columns; or labels.
        dimensions: Vec<u32>,
    },

    /// The file ends before the data that its header announces.
    #[error("breaks off after {found} bytes, expected {expected} by its header")]
    Truncated {
        /// Bytes in the file, uncompressed, header included.
        found: u64,
        /// Bytes announced, header included.
        expected: u64,
    },

    /// The file goes on after the data that its header announces, or after its gzip stream.
    #[error("more bytes follow the {expected} that the header announces")]
    TrailingBytes {
        /// Bytes announced, uncompressed, header included.
        expected: u64,
    },

    /// A label is not a class.
    #[error("label {found} at index {index}, expected 0 to 9")]
    BadLabel {
        /// Which label, from 0.
        index: usize,
        /// Its value.
        found: u8,
    },

    /// Two files that belong together have different counts; the path is that of the images.
    #[error("{n_images} images, but {labels} has {n_labels} labels")]
    CountMismatch {
        /// The count of images.
        n_images: usize,
        /// The file of labels.
        labels: PathBuf,
        /// Its count.
        n_labels: usize,
    },

    /// The test images have another size than the training images, whose path is given.
    #[error("images of {}×{} pixels, but {test} has {}×{}", train_size.0, train_size.1, test_size.0, test_size.1)]
    SizeMismatch {
        /// Rows and columns of a training image.
        train_size: (usize, usize),
        /// The file of test images.
        test: PathBuf,
        /// Rows and columns of a test image.
        test_size: (usize, usize),
    },

    /// The data are well-formed, but not MNIST.
    #[error("the SHA-256 of the uncompressed bytes is {found}, expected {expected} of MNIST")]
    WrongDigest {
        /// What its bytes give.
        found: Digest,
        /// What those of MNIST give.
        expected: &'static str,
    },
}

chainrule_tensor::debug_is_display!(Error, Problem);

impl Problem {
    /// The error about the file or folder at `path`.
    pub(crate) fn at(self, path: &Path) -> Error {
        Error { path: path.to_owned(), problem: self }
    }
}

fn of_what(magic: u32) -> &'static str {
    match magic {
        IMAGES_MAGIC => " of IDX images",
        LABELS_MAGIC => " of IDX labels",
        _ => "",
    }
}
