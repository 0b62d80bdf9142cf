//! The table of a network's values: the name, kind, shape and place of every parameter and buffer.

use std::ops::Range;

use chainrule_tensor::{Float, Init, MatrixView, MatrixViewMut};

/// The role of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A parameter that weight decay is for.
    Weight,
    /// A parameter that usually does not decay: biases, and the scales and shifts of normalisations.
    Bias,
    /// Not trained by gradients, but needed in inference: running statistics.
    Buffer,
}

/// A parameter or buffer: its name, shape and initial values, and where its values lie in those of its network.
///
/// A layer says the first half, by [`constant`](Tensor::constant) or [`random`](Tensor::random); its network adds the second.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tensor {
    /// Within the layer, such as `W`; in a network with the number of the layer, counting from 1 those that have parameters:
    /// `W1`, `b1`, `W2`.
    pub name: String,
    /// Its role: weight, bias or buffer.
    pub kind: Kind,
    /// Values per column.
    pub n_rows: usize,
    /// Columns; 1 for a vector.
    pub n_columns: usize,
    /// The values at the start.
    pub init: Init,
    /// The gradient may be computed in parts whose columns are a multiple of this.
    pub grain: usize,
    /// The position of its layer in the network.
    pub layer: usize,
    /// Where it starts in the network's values.
    pub offset: usize,
    /// The distance from the start of a column to that of the next.
    pub stride: usize,
}

impl Tensor {
    /// A vector of `n` values that all start as `value`.
    pub fn constant(name: &str, kind: Kind, n: usize, value: f64) -> Self {
        Tensor::random(name, kind, n, 1, Init::Constant { value })
    }

    /// A matrix whose values start as `init` says, a pure function of the network's seed and of how many random tensors come
    /// before it.
    pub fn random(name: &str, kind: Kind, n_rows: usize, n_columns: usize, init: Init) -> Self {
        Tensor {
            name: name.to_string(),
            kind,
            n_rows,
            n_columns,
            init,
            grain: n_columns.max(1),
            layer: 0,
            offset: 0,
            stride: n_rows,
        }
    }

    /// Lets the gradient be computed in runs of `grain` columns, at least 1, which is how several threads share it. The
    /// default is all columns at once.
    pub fn with_grain(self, grain: usize) -> Self {
        Tensor { grain: grain.max(1), ..self }
    }

    /// Whether a gradient changes it.
    pub fn is_parameter(&self) -> bool {
        self.kind != Kind::Buffer
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.n_rows * self.n_columns
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name within its layer: without the number.
    pub fn short_name(&self) -> &str {
        self.name.trim_end_matches(|c: char| c.is_ascii_digit())
    }

    /// Where it lies in the network's values.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.stride * self.n_columns
    }

    /// Its values among those of its network.
    ///
    /// # Panics
    /// Unless `values` reach so far.
    #[inline]
    #[track_caller]
    pub fn view<'a, F: Float>(&self, values: &'a [F]) -> MatrixView<'a, F> {
        MatrixView::new(&values[self.range()], self.n_rows, self.n_columns)
    }

    /// The same for changing.
    ///
    /// # Panics
    /// Unless `values` reach so far.
    #[inline]
    #[track_caller]
    pub fn view_mut<'a, F: Float>(&self, values: &'a mut [F]) -> MatrixViewMut<'a, F> {
        MatrixViewMut::new(&mut values[self.range()], self.n_rows, self.n_columns)
    }
}

/// **The one place that decides how columns lie**: one right behind the other, as the kernels take them.
pub(crate) fn stride(n_rows: usize) -> usize {
    n_rows
}
