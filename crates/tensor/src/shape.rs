//! The shape of one sample.

/// Channels × height × width of one sample, in this order in memory: width runs fastest.
///
/// # Examples
/// ```
/// use chainrule_tensor::Shape;
/// let image = Shape { channels: 1, height: 28, width: 28 };
/// assert_eq!((image.size(), Shape::flat(3).size()), (784, 3));
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
