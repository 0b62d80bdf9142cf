#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod digest;
mod error;
mod images;
mod mnist;
mod prepare;
mod read;
mod set;
mod source;
mod sparse;
mod write;

pub use chainrule_data::scaled;
pub use digest::Digest;
pub use error::{Error, Problem};
pub use images::Images;
pub use mnist::{FILE_NAMES, Mnist};
pub use prepare::{Digit, prepare_digit};
pub use read::{INFLATION, MEMORY_FACTOR, MEMORY_MORE, read_images, read_labels};
pub use set::ImageSet;
pub use write::{write_images, write_labels};

/// Labels are 0 to 9.
pub const N_CLASSES: usize = 10;

/// The magic number of images: two zero bytes, 8 for unsigned bytes, 3 dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;

/// The magic number of labels: two zero bytes, 8 for unsigned bytes, 1 dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;
