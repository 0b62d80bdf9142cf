//! The shape of one sample.

use std::fmt::{self, Display};

/// Channels × height × width of one sample, in this order in memory: width runs fastest.
///
/// # Examples
/// ```
/// use chainrule_tensor::Shape;
/// let image = Shape { channels: 1, height: 28, width: 28 };
/// assert_eq!((image.size(), image.to_string()), (784, "1×28×28".to_string()));
/// assert_eq!((Shape::flat(3).size(), Shape::flat(3).to_string()), (3, "3".to_string()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shape {
    /// Values of one place: colours of a pixel, say.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// `n` values without places.
    pub const fn flat(n: usize) -> Shape {
        Shape { channels: n, height: 1, width: 1 }
    }

    /// How many values a sample has.
    ///
    /// # Panics
    /// If they are more than a `usize` counts, in a build that checks for overflow.
    pub const fn size(self) -> usize {
        self.channels * self.height * self.width
    }
}

/// `channels×height×width`, or the number of values where these have no places.
impl Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Shape { channels, height: 1, width: 1 } => write!(f, "{channels}"),
            Shape { channels, height, width } => write!(f, "{channels}×{height}×{width}"),
        }
    }
}
