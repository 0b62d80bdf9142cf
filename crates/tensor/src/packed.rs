//! Sparse columns of bytes, packed: how a data set keeps its samples for the mini-batches to come.
//!
//! A mini-batch takes its columns from anywhere in the set, so each is one piece of memory:
//!
//! ```text
//! where each block of 64 rows but the last ends in the lists below      2 bytes each
//! the rows of the bytes that are not 0                                  2 bytes each
//! these bytes                                                           1 byte each
//! ```
//! A column of MNIST takes about 470 bytes, which are eight lines of a cache, where all of its pixels take 784.

use crate::{
    MAX_SPARSE_ROWS,
    kernel::prefetch,
    sparse::{BLOCK, SparseBuffer},
};

/// Sparse columns of bytes: only those that are not 0 are stored, each column in one piece of memory.
///
/// # Examples
/// ```
/// use chainrule_tensor::{PackedColumns, SparseBuffer};
/// let packed = PackedColumns::new(4, &[0, 51, 0, 255, 0, 0, 102, 0]);
/// let mut x = SparseBuffer::new();
/// x.clear(4);
/// x.push_packed(&packed, 1, |byte| f64::from(byte) / 255.0);
/// x.push_packed(&packed, 0, |byte| f64::from(byte) / 255.0);
/// assert_eq!(x.as_view().column(0).collect::<Vec<_>>(), [(2, 0.4)]);
/// assert_eq!(x.as_view().column(1).collect::<Vec<_>>(), [(1, 0.2), (3, 1.0)]);
/// ```
#[derive(Clone, Debug)]
pub struct PackedColumns {
    n_rows: usize,
    /// Where each column starts; one more, where the last ends.
    starts: Vec<usize>,
    bytes: Vec<u8>,
}

impl PackedColumns {
    /// Packs columns of `n_rows` rows that lie one behind the other.
    ///
    /// # Panics
    /// Unless `n_rows` is 1 to [`MAX_SPARSE_ROWS`], and the columns are whole.
    #[track_caller]
    pub fn new(n_rows: usize, columns: &[u8]) -> Self {
        assert!(
            (1..=MAX_SPARSE_ROWS).contains(&n_rows),
            "columns of {n_rows} rows, expected 1 to {MAX_SPARSE_ROWS}"
        );
        assert!(columns.len().is_multiple_of(n_rows), "{} bytes in columns of {n_rows}", columns.len());
        let mut packed = PackedColumns { n_rows, starts: vec![0], bytes: Vec::new() };
        let n_bytes = columns.iter().filter(|&&byte| byte != 0).count();
        packed.bytes.reserve(columns.len() / n_rows * packed.head() + 3 * n_bytes);
        let mut sparse = SparseBuffer::new();
        for column in columns.chunks_exact(n_rows) {
            sparse.clear(n_rows);
            sparse.push_bytes(column, |byte| byte);
            let ends = &sparse.starts[1..sparse.starts.len() - 1];
            packed.bytes.extend(ends.iter().flat_map(|&end| (end as u16).to_le_bytes()));
            packed.bytes.extend(sparse.rows.iter().flat_map(|row| row.to_le_bytes()));
            packed.bytes.extend_from_slice(&sparse.values);
            packed.starts.push(packed.bytes.len());
        }
        packed
    }

    /// Rows, kept or not.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns.
    pub fn n_columns(&self) -> usize {
        self.starts.len() - 1
    }

    /// Asks for the memory of column `j`, which will be wanted soon.
    #[inline]
    pub fn prefetch(&self, j: usize) {
        prefetch(self.column(j));
    }

    #[inline]
    fn column(&self, j: usize) -> &[u8] {
        &self.bytes[self.starts[j]..self.starts[j + 1]]
    }

    /// How many bytes say where blocks end.
    fn head(&self) -> usize {
        2 * (self.n_rows.div_ceil(BLOCK) - 1)
    }
}

impl<F: Copy> SparseBuffer<F> {
    /// Adds column `j` of `packed`, its bytes changed by `change`.
    ///
    /// # Panics
    /// Unless `packed` has such a column and as many rows.
    #[inline]
    #[track_caller]
    pub fn push_packed(&mut self, packed: &PackedColumns, j: usize, change: impl Fn(u8) -> F) {
        assert_eq!(packed.n_rows, self.n_rows, "rows of the column to be added");
        let (ends, lists) = packed.column(j).split_at(packed.head());
        let (rows, values) = lists.split_at(lists.len() / 3 * 2);
        let pair = |pair: &[u8; 2]| u16::from_le_bytes(*pair);
        let start = self.values.len() as u32;
        self.starts.extend(ends.as_chunks().0.iter().map(|end| start + u32::from(pair(end))));
        self.rows.extend(rows.as_chunks().0.iter().map(pair));
        self.values.extend(values.iter().map(|&value| change(value)));
        self.end_block();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_every_byte_that_is_not_0_in_its_place() {
        for n_rows in [1, 7, 63, 64, 65, 128, 784, MAX_SPARSE_ROWS] {
            for one_in in [1, 2, 5, usize::MAX] {
                let byte =
                    |i: usize| if (i * i + 3).is_multiple_of(one_in) { (i % 255 + 1) as u8 } else { 0 };
                let columns: Vec<u8> = (0..3 * n_rows).map(byte).collect();
                let packed = PackedColumns::new(n_rows, &columns);
                assert_eq!((packed.n_rows(), packed.n_columns()), (n_rows, 3));
                let (mut unpacked, mut plain) = (SparseBuffer::new(), SparseBuffer::new());
                unpacked.clear(n_rows);
                plain.clear(n_rows);
                for j in [2, 0, 1, 2] {
                    unpacked.push_packed(&packed, j, f32::from);
                    plain.push_bytes(&columns[j * n_rows..(j + 1) * n_rows], f32::from);
                }
                assert_eq!(unpacked, plain, "{n_rows} rows, one byte in {one_in}");
            }
        }
    }
}
