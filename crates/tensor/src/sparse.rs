//! Sparse columns: only the values that are not 0 are stored, each with its row. Most images are sparse.
//!
//! The values of a column come in the order of their rows, each with its row in two bytes. Rows are counted in
//! blocks of 64, and of every block of every column it is known where its values start. So a kernel can walk through all
//! columns some blocks at a time, which is what keeps the weights it needs in the first-level cache, and a run of blocks
//! can be handled by itself.

use std::ops::Range;

use crate::kernel::nonzero::nonzero_bytes;

/// How many rows make a block.
pub(crate) const BLOCK: usize = 64;

/// The most rows that a sparse column can have.
pub const MAX_SPARSE_ROWS: usize = 1 << 16;

/// A sparse matrix, column after column: only the values that are not 0 are stored.
///
/// # Examples
/// ```
/// use chainrule_tensor::SparseBuffer;
/// let mut buffer = SparseBuffer::new();
/// buffer.clear(100);
/// buffer.push_column(&[(3, 0.5_f32), (64, 0.25), (99, 1.0)]);
/// let x = buffer.as_view();
/// assert_eq!((x.n_rows(), x.n_columns(), x.n_stored()), (100, 1, 3));
/// assert_eq!(x.column(0).collect::<Vec<_>>(), [(3, 0.5), (64, 0.25), (99, 1.0)]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SparseView<'a, F> {
    n_rows: usize,
    n_columns: usize,
    /// Where the values of each block of each column start; one more, where the last ends.
    starts: &'a [u32],
    /// The row of each value.
    rows: &'a [u16],
    values: &'a [F],
}

impl<'a, F: Copy> SparseView<'a, F> {
    /// Rows, whether their values are stored or not.
    #[inline]
    pub fn n_rows(self) -> usize {
        self.n_rows
    }

    /// Columns.
    #[inline]
    pub fn n_columns(self) -> usize {
        self.n_columns
    }

    /// How many values are stored.
    #[inline]
    pub fn n_stored(self) -> usize {
        (self.starts[self.n_columns * self.n_blocks()] - self.starts[0]) as usize
    }

    /// How many blocks a column has.
    #[inline]
    pub(crate) fn n_blocks(self) -> usize {
        self.n_rows.div_ceil(BLOCK)
    }

    /// The stored rows and values of the blocks `blocks` in column `j`.
    #[inline]
    pub(crate) fn blocks(self, blocks: &Range<usize>, j: usize) -> (&'a [u16], &'a [F]) {
        let first = j * self.n_blocks();
        let range = self.starts[first + blocks.start] as usize..self.starts[first + blocks.end] as usize;
        (&self.rows[range.clone()], &self.values[range])
    }

    /// The columns from `first` on.
    pub(crate) fn columns_from(self, first: usize) -> Self {
        let starts = &self.starts[first * self.n_blocks()..];
        SparseView { n_columns: self.n_columns - first, starts, ..self }
    }

    /// The stored rows and values of column `j`, in the order of the rows.
    ///
    /// # Panics
    /// Unless `j < n_columns`.
    pub fn column(self, j: usize) -> impl Iterator<Item = (usize, F)> + 'a {
        assert!(j < self.n_columns, "column {j} of {}", self.n_columns);
        let (rows, values) = self.blocks(&(0..self.n_blocks()), j);
        rows.iter().zip(values).map(|(&row, &value)| (usize::from(row), value))
    }
}

/// A sparse matrix that columns are added to: the memory of a [`SparseView`].
#[derive(Clone, Debug, PartialEq)]
pub struct SparseBuffer<F> {
    pub(crate) n_rows: usize,
    pub(crate) starts: Vec<u32>,
    pub(crate) rows: Vec<u16>,
    pub(crate) values: Vec<F>,
}

impl<F> Default for SparseBuffer<F> {
    fn default() -> Self {
        SparseBuffer { n_rows: 0, starts: vec![0], rows: Vec::new(), values: Vec::new() }
    }
}

impl<F: Copy> SparseBuffer<F> {
    /// An empty buffer.
    pub fn new() -> Self {
        SparseBuffer::default()
    }

    /// Forgets all columns; those to come have `n_rows` rows.
    ///
    /// # Panics
    /// Unless `n_rows` is at most [`MAX_SPARSE_ROWS`].
    #[track_caller]
    pub fn clear(&mut self, n_rows: usize) {
        assert!(n_rows <= MAX_SPARSE_ROWS, "columns of {n_rows} rows, expected at most {MAX_SPARSE_ROWS}");
        self.n_rows = n_rows;
        self.starts.clear();
        self.starts.push(0);
        self.rows.clear();
        self.values.clear();
    }

    /// Forgets all columns but the first `n`.
    #[track_caller]
    pub(crate) fn truncate(&mut self, n_rows: usize, n: usize) {
        assert_eq!(self.n_rows, n_rows, "rows of the columns to come, and of those that are kept");
        self.starts.truncate(n * n_rows.div_ceil(BLOCK) + 1);
        let n_stored = self.starts[self.starts.len() - 1] as usize;
        self.rows.truncate(n_stored);
        self.values.truncate(n_stored);
    }

    /// Adds a column by its rows and values that are not 0, in the order of the rows.
    ///
    /// # Panics
    /// Unless the rows increase and are below the number of rows.
    #[track_caller]
    pub fn push_column(&mut self, listed: &[(usize, F)]) {
        assert!(listed.is_sorted_by(|a, b| a.0 < b.0), "rows that do not increase");
        assert!(listed.last().is_none_or(|last| last.0 < self.n_rows), "a row beyond {}", self.n_rows);
        self.push_in_order(listed.iter().copied());
    }

    /// Adds a column given by all its values, and stores those that are not zero.
    ///
    /// # Panics
    /// Unless there is a value for every row.
    #[track_caller]
    pub fn push_dense(&mut self, column: &[F], is_zero: impl Fn(F) -> bool) {
        assert_eq!(column.len(), self.n_rows, "values of a column, and rows");
        self.push_in_order((0..).zip(column.iter().copied()).filter(|(_, value)| !is_zero(*value)));
    }

    /// Adds a column of these rows and values, whose rows increase.
    fn push_in_order(&mut self, column: impl Iterator<Item = (usize, F)>) {
        let mut column = column.peekable();
        for block in 1..=self.n_rows.div_ceil(BLOCK) {
            while let Some((row, value)) = column.next_if(|(row, _)| *row < block * BLOCK) {
                self.rows.push(row as u16);
                self.values.push(value);
            }
            self.end_block();
        }
    }

    /// Adds a column of bytes, and stores those that are not 0 as `change` makes them.
    ///
    /// # Panics
    /// Unless there is a byte for every row.
    ///
    /// # Examples
    /// ```
    /// use chainrule_tensor::SparseBuffer;
    /// let mut x = SparseBuffer::new();
    /// x.clear(4);
    /// x.push_bytes(&[0, 51, 0, 255], |byte| f64::from(byte) / 255.0);
    /// assert_eq!(x.as_view().column(0).collect::<Vec<_>>(), [(1, 0.2), (3, 1.0)]);
    /// ```
    #[track_caller]
    pub fn push_bytes(&mut self, column: &[u8], change: impl Fn(u8) -> F) {
        assert_eq!(column.len(), self.n_rows, "bytes of a column, and rows");
        let (mut rows, mut bytes) = ([0; BLOCK], [0; BLOCK]);
        for (first, block) in (0..).step_by(BLOCK).zip(column.chunks(BLOCK)) {
            let n = list_bytes(&mut rows, &mut bytes, block, first);
            self.rows.extend_from_slice(&rows[..n]);
            self.values.extend(bytes[..n].iter().map(|&byte| change(byte)));
            self.end_block();
        }
    }

    /// Ends a block of the column that is being added.
    pub(crate) fn end_block(&mut self) {
        let end = u32::try_from(self.values.len()).expect("fewer than 2³² values that are not 0");
        self.starts.push(end);
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
            rows: &self.rows,
            values: &self.values,
        }
    }
}

/// Writes the bytes of a block that are not 0 and their rows, counted from `first`, to `bytes` and `rows`, and returns how
/// many there are.
#[inline]
fn list_bytes(rows: &mut [u16; BLOCK], bytes: &mut [u8; BLOCK], block: &[u8], first: usize) -> usize {
    let mut padded = [0; BLOCK];
    let block = block.try_into().unwrap_or_else(|_| {
        padded[..block.len()].copy_from_slice(block);
        &padded
    });
    let (mut n, mut listed) = (0, nonzero_bytes(block));
    while listed != 0 {
        let i = listed.trailing_zeros() as usize % BLOCK;
        (rows[n % BLOCK], bytes[n % BLOCK]) = ((first + i) as u16, block[i]);
        n += 1;
        listed &= listed - 1;
    }
    n
}

/// The rows of the blocks that `rows` touches.
pub(crate) fn blocks_of(rows: &Range<usize>) -> Range<usize> {
    rows.start / BLOCK..rows.end.div_ceil(BLOCK)
}
