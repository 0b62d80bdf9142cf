//! Columns of which only the values that are not 0 are listed: what most images are.
//!
//! Rows are counted in blocks of 64. Of every column, the listed values come in the order of their rows, each with its
//! position within its block in one byte, and of every block of every column it is known where its values start. So a
//! kernel can walk through all columns block by block, which is what keeps a block of weights in the first-level cache,
//! and a run of blocks can be handled by itself.

use std::ops::Range;

/// How many rows make a block.
pub(crate) const BLOCK: usize = 64;

/// Some columns of a matrix of `n_rows` rows, of which the values that are not 0 are listed.
///
/// # Examples
/// ```
/// use chainrule_tensor::SparseBuffer;
/// let mut buffer = SparseBuffer::new();
/// buffer.clear(100);
/// buffer.push_column(&[(3, 0.5_f32), (64, 0.25), (99, 1.0)]);
/// let x = buffer.as_view();
/// assert_eq!((x.n_rows(), x.n_columns(), x.n_listed()), (100, 1, 3));
/// assert_eq!(x.column(0).collect::<Vec<_>>(), [(3, 0.5), (64, 0.25), (99, 1.0)]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SparseView<'a, F> {
    n_rows: usize,
    n_columns: usize,
    /// Where the values of each block of each column start; one more, where the last ends.
    starts: &'a [u32],
    /// The position of each value within its block.
    positions: &'a [u8],
    values: &'a [F],
}

impl<'a, F: Copy> SparseView<'a, F> {
    /// Rows, listed or not.
    #[inline]
    pub fn n_rows(self) -> usize {
        self.n_rows
    }

    /// Columns.
    #[inline]
    pub fn n_columns(self) -> usize {
        self.n_columns
    }

    /// How many values are listed.
    #[inline]
    pub fn n_listed(self) -> usize {
        self.values.len()
    }

    /// How many blocks a column has.
    #[inline]
    pub(crate) fn n_blocks(self) -> usize {
        self.n_rows.div_ceil(BLOCK)
    }

    /// The positions and values of block `block` in column `j`.
    #[inline]
    pub(crate) fn block(self, block: usize, j: usize) -> (&'a [u8], &'a [F]) {
        let at = j * self.n_blocks() + block;
        let range = self.starts[at] as usize..self.starts[at + 1] as usize;
        (&self.positions[range.clone()], &self.values[range])
    }

    /// The rows and values that are listed of column `j`, in the order of the rows.
    ///
    /// # Panics
    /// Unless `j < n_columns`.
    pub fn column(self, j: usize) -> impl Iterator<Item = (usize, F)> + 'a {
        assert!(j < self.n_columns, "column {j} of {}", self.n_columns);
        (0..self.n_blocks()).flat_map(move |block| {
            let (positions, values) = self.block(block, j);
            positions
                .iter()
                .zip(values)
                .map(move |(&position, &value)| (block * BLOCK + usize::from(position), value))
        })
    }
}

/// The memory of a [`SparseView`].
///
/// With bytes as values it is also how a data set keeps its images: about 150 of MNIST's 784 pixels are not 0, and are
/// two bytes each.
#[derive(Clone, Debug)]
pub struct SparseBuffer<F> {
    n_rows: usize,
    starts: Vec<u32>,
    positions: Vec<u8>,
    values: Vec<F>,
}

impl<F> Default for SparseBuffer<F> {
    fn default() -> Self {
        SparseBuffer { n_rows: 0, starts: vec![0], positions: Vec::new(), values: Vec::new() }
    }
}

impl<F: Copy> SparseBuffer<F> {
    /// An empty buffer.
    pub fn new() -> Self {
        SparseBuffer::default()
    }

    /// Forgets all columns; those to come have `n_rows` rows.
    pub fn clear(&mut self, n_rows: usize) {
        self.n_rows = n_rows;
        self.starts.clear();
        self.starts.push(0);
        self.positions.clear();
        self.values.clear();
    }

    /// Adds a column of which these rows and values are listed, in the order of the rows.
    ///
    /// # Panics
    /// Unless the rows increase and are below the number of rows.
    #[track_caller]
    pub fn push_column(&mut self, listed: &[(usize, F)]) {
        assert!(listed.is_sorted_by(|a, b| a.0 < b.0), "rows that do not increase");
        assert!(listed.last().is_none_or(|last| last.0 < self.n_rows), "a row beyond {}", self.n_rows);
        let mut listed = listed.iter().peekable();
        for block in 1..=self.n_rows.div_ceil(BLOCK) {
            while let Some((row, value)) = listed.next_if(|(row, _)| *row < block * BLOCK) {
                self.positions.push((row % BLOCK) as u8);
                self.values.push(*value);
            }
            self.end_block();
        }
    }

    /// Adds a column given by all its values, and lists those that are not `zero`.
    ///
    /// # Panics
    /// Unless there is a value for every row.
    #[track_caller]
    pub fn push_dense(&mut self, column: &[F], is_zero: impl Fn(F) -> bool) {
        assert_eq!(column.len(), self.n_rows, "values of a column, and rows");
        for block in column.chunks(BLOCK) {
            for (position, &value) in block.iter().enumerate() {
                if !is_zero(value) {
                    self.positions.push(position as u8);
                    self.values.push(value);
                }
            }
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let end = u32::try_from(self.values.len()).expect("fewer than 2³² values that are not 0");
        self.starts.push(end);
    }

    /// Adds column `j` of `from`, its values changed by `change`.
    ///
    /// # Panics
    /// Unless `from` has such a column and as many rows.
    #[track_caller]
    pub fn push_changed<G: Copy>(&mut self, from: SparseView<'_, G>, j: usize, change: impl Fn(G) -> F) {
        assert_eq!(from.n_rows, self.n_rows, "rows of the columns to be added");
        let n_blocks = from.n_blocks();
        let starts = &from.starts[j * n_blocks..(j + 1) * n_blocks + 1];
        let all = starts[0] as usize..starts[n_blocks] as usize;
        let shift = self.values.len() as u32;
        self.starts.extend(starts[1..].iter().map(|start| start - starts[0] + shift));
        self.positions.extend_from_slice(&from.positions[all.clone()]);
        self.values.extend(from.values[all].iter().map(|&value| change(value)));
        assert!(self.values.len() <= u32::MAX as usize, "more than 2³² values that are not 0");
    }

    /// How many columns there are.
    pub fn n_columns(&self) -> usize {
        match self.n_rows.div_ceil(BLOCK) {
            0 => 0,
            n_blocks => (self.starts.len() - 1) / n_blocks,
        }
    }

    /// What was added since the last [`clear`](SparseBuffer::clear).
    pub fn as_view(&self) -> SparseView<'_, F> {
        SparseView {
            n_rows: self.n_rows,
            n_columns: self.n_columns(),
            starts: &self.starts,
            positions: &self.positions,
            values: &self.values,
        }
    }

    /// Keeps the first `n` columns.
    pub fn truncate(&mut self, n: usize) {
        let n = n.min(self.n_columns());
        self.starts.truncate(n * self.n_rows.div_ceil(BLOCK) + 1);
        let n_values = self.starts[self.starts.len() - 1] as usize;
        self.positions.truncate(n_values);
        self.values.truncate(n_values);
    }

    /// The share of values that are listed, 0…1.
    pub fn density(&self) -> f64 {
        self.values.len() as f64 / (self.n_rows * self.n_columns()).max(1) as f64
    }
}

/// The rows of the blocks that `rows` touches.
pub(crate) fn blocks_of(rows: &Range<usize>) -> Range<usize> {
    rows.start / BLOCK..rows.end.div_ceil(BLOCK)
}
