//! Grey pictures of floats: downscaling, resizing, cropping.

/// The longer side of a picture that is worked on: a digit that fills a tenth of it still has twice MNIST's pixels.
const LONGER_SIDE: usize = 280;

/// A picture, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grey {
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    pub(super) values: Vec<f32>,
}

impl Grey {
    pub(super) fn new(n_rows: usize, n_columns: usize, values: Vec<f32>) -> Grey {
        debug_assert_eq!(values.len(), n_rows * n_columns);
        Grey { n_rows, n_columns, values }
    }

    /// The means of square blocks that are just large enough; those at the right and the bottom may be cut.
    pub(super) fn reduced(pixels: &[u8], n_columns: usize) -> Grey {
        let n_rows = pixels.len() / n_columns;
        let block = n_rows.max(n_columns).div_ceil(LONGER_SIDE);
        let (rows, columns) = (n_rows.div_ceil(block), n_columns.div_ceil(block));
        let mut values = Vec::with_capacity(rows * columns);
        for band in pixels.chunks(block * n_columns) {
            for left in (0..n_columns).step_by(block) {
                let right = (left + block).min(n_columns);
                let sum: u32 =
                    band.chunks(n_columns).flat_map(|row| &row[left..right]).map(|&v| u32::from(v)).sum();
                let n = (right - left) * (band.len() / n_columns);
                values.push(sum as f32 / n as f32);
            }
        }
        Grey::new(rows, columns, values)
    }

    /// The part that holds all values above 0; `None` if there are none.
    pub(super) fn cropped(&self) -> Option<Grey> {
        let inked =
            |row: &usize| self.values[row * self.n_columns..][..self.n_columns].iter().any(|v| *v > 0.0);
        let (top, bottom) = ((0..self.n_rows).find(&inked)?, (0..self.n_rows).rfind(&inked)?);
        let inked =
            |column: &usize| (top..=bottom).any(|row| self.values[row * self.n_columns + column] > 0.0);
        let (left, right) = ((0..self.n_columns).find(&inked)?, (0..self.n_columns).rfind(&inked)?);
        let row = |row: usize| self.values[row * self.n_columns..][left..=right].iter().copied();
        let values = (top..=bottom).flat_map(row).collect();
        Some(Grey::new(bottom + 1 - top, right + 1 - left, values))
    }

    /// The picture at another size: rows, then columns.
    pub(super) fn resized(&self, n_rows: usize, n_columns: usize) -> Grey {
        self.with_columns(n_columns).transposed().with_columns(n_rows).transposed()
    }

    pub(super) fn transposed(&self) -> Grey {
        let column = |column: usize| self.values[column..].iter().step_by(self.n_columns).copied();
        Grey::new(self.n_columns, self.n_rows, (0..self.n_columns).flat_map(column).collect())
    }

    /// Whether it is as narrow as a stroke.
    pub(super) fn is_strip(&self) -> bool {
        let (short, long) = (self.n_rows.min(self.n_columns), self.n_rows.max(self.n_columns));
        short < 5 || 4 * short < long
    }

    /// Turned by 90° clockwise: the left side is the top.
    pub(super) fn turned(&self) -> Grey {
        let mut turned = self.transposed();
        turned.values.chunks_mut(self.n_rows).for_each(<[f32]>::reverse);
        turned
    }

    /// The difference of each pixel.
    pub(super) fn minus(&self, other: &Grey) -> Grey {
        let values = self.values.iter().zip(&other.values).map(|(value, other)| value - other).collect();
        Grey { values, ..self.clone() }
    }

    /// The pixels of every piece of values above 0; corners connect.
    pub(super) fn pieces(&self) -> Vec<Vec<usize>> {
        let mut seen: Vec<bool> = self.values.iter().map(|value| *value <= 0.0).collect();
        let mut pieces = Vec::new();
        for start in 0..seen.len() {
            if std::mem::replace(&mut seen[start], true) {
                continue;
            }
            let mut piece = vec![start];
            let mut next = 0;
            while next < piece.len() {
                let (row, column) = (piece[next] / self.n_columns, piece[next] % self.n_columns);
                next += 1;
                for row in row.saturating_sub(1)..(row + 2).min(self.n_rows) {
                    for column in column.saturating_sub(1)..(column + 2).min(self.n_columns) {
                        let i = row * self.n_columns + column;
                        if !std::mem::replace(&mut seen[i], true) {
                            piece.push(i);
                        }
                    }
                }
            }
            pieces.push(piece);
        }
        pieces
    }

    /// Every row at another width: each value is the mean of what it covers, or between its neighbours where it covers
    /// less than one (a triangle as wide as the coarser of both spacings).
    fn with_columns(&self, n_columns: usize) -> Grey {
        let spacing = self.n_columns as f64 / n_columns as f64;
        let reach = spacing.max(1.0);
        let mut values = vec![0.0; self.n_rows * n_columns];
        for column in 0..n_columns {
            let centre = (column as f64 + 0.5) * spacing - 0.5;
            let first = (centre - reach).ceil().max(0.0) as usize;
            let last = ((centre + reach).floor() as usize).min(self.n_columns - 1);
            let weights: Vec<f64> = (first..=last).map(|i| 1.0 - (i as f64 - centre).abs() / reach).collect();
            let all: f64 = weights.iter().sum();
            for row in 0..self.n_rows {
                let of_row = &self.values[row * self.n_columns..][first..=last];
                let sum: f64 = weights.iter().zip(of_row).map(|(w, v)| w * f64::from(*v)).sum();
                values[row * n_columns + column] = (sum / all) as f32;
            }
        }
        Grey::new(self.n_rows, n_columns, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_become_means_of_blocks() {
        // 281 columns: blocks of two, the last cut to one.
        let pixels: Vec<u8> =
            (0..3 * 281).map(|i| if i / 281 == 2 { 90 } else { (i % 2 * 10) as u8 }).collect();
        let reduced = Grey::reduced(&pixels, 281);
        assert_eq!((reduced.n_rows, reduced.n_columns), (2, 141));
        // Rows begin with 0 and 10 by turns, since they have an odd number of pixels.
        assert_eq!((reduced.values[0], reduced.values[140], reduced.values[141]), (5.0, 5.0, 90.0));
        assert_eq!(Grey::reduced(&pixels[..280], 280).values[..3], [0.0, 10.0, 0.0]);
    }

    #[test]
    fn resizing_by_hand() {
        let row = Grey::new(1, 4, vec![0.0, 8.0, 16.0, 24.0]);
        assert_eq!(row.resized(1, 4), row);
        // Half as many: triangles of weights 1/4, 3/4, 3/4, 1/4, of which the edge cuts one off.
        let (first, second) =
            ((0.75 * 0.0 + 0.75 * 8.0 + 0.25 * 16.0) / 1.75, (0.25 * 8.0 + 0.75 * 40.0) / 1.75);
        let half = row.resized(1, 2).values;
        assert!((half[0] - first).abs() <= 1e-6 && (half[1] - second).abs() <= 1e-5, "{half:?}");
        // Twice as many: a quarter of the way to one neighbour or the other, and beyond the edge nothing new.
        let pair = Grey::new(2, 1, vec![4.0, 8.0]);
        assert_eq!(pair.resized(4, 1).values, [4.0, 5.0, 7.0, 8.0]);
    }

    #[test]
    fn what_is_cut_out_holds_all_ink() {
        let mut values = vec![0.0; 5 * 6];
        assert_eq!(Grey::new(5, 6, values.clone()).cropped(), None);
        (values[6 + 2], values[3 * 6 + 4]) = (1.0, 2.0);
        let cut = Grey::new(5, 6, values).cropped().unwrap();
        assert_eq!(cut, Grey::new(3, 3, vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]));
    }
}
