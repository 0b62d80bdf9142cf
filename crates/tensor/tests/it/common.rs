//! Matrices for tests, and the readable twin of a product.

use chainrule_tensor::{
    Float, Init, Matrix, SparseBuffer,
    random::{Purpose, generator, uniform},
};

/// Around the lengths of vectors (4 and 8 values), of tiles and of blocks of inputs (64).
pub(crate) const SIZES: [usize; 9] = [1, 7, 8, 9, 50, 63, 64, 65, 129];

/// Standard normal values, a function of `salt`.
pub(crate) fn random<F: Float>(n_rows: usize, n_columns: usize, salt: u64) -> Matrix<F> {
    Init::Normal { std: 1.0 }.matrix(n_rows, n_columns, 1, salt)
}

/// Normal values of which about this share is not 0.
pub(crate) fn sparse<F: Float>(n_rows: usize, n_columns: usize, density: f64, salt: u64) -> Matrix<F> {
    let mut rng = generator(salt, Purpose::Draw, 0, 0);
    random::<F>(n_rows, n_columns, salt).map(|x| if uniform(&mut rng) < density { x } else { F::zero() })
}

/// The values that are not 0, listed.
pub(crate) fn listed<F: Float>(dense: &Matrix<F>) -> SparseBuffer<F> {
    let mut buffer = SparseBuffer::new();
    buffer.clear(dense.nrows());
    for column in dense.as_slice().chunks_exact(dense.nrows()) {
        buffer.push_dense(column, |x| x == F::zero());
    }
    buffer
}

/// A product by three loops in `f64`.
#[derive(Clone)]
pub(crate) struct Twin {
    value: Matrix<f64>,
    /// The sum of the sizes of all terms: what rounding is relative to.
    size: Matrix<f64>,
    n_terms: usize,
}

impl Twin {
    /// a · b.
    pub(crate) fn product<F: Float>(a: &Matrix<F>, b: &Matrix<F>) -> Twin {
        Twin::product_where(a, b, |_, _| true)
    }

    /// a · b of the terms with row p and column j of b for which `counts(p, j)`.
    pub(crate) fn product_where<F: Float>(
        a: &Matrix<F>,
        b: &Matrix<F>,
        counts: impl Fn(usize, usize) -> bool,
    ) -> Twin {
        let (m, k, n) = (a.nrows(), a.ncols(), b.ncols());
        let (mut value, mut size) = (Matrix::zeros(m, n), Matrix::zeros(m, n));
        for i in 0..m {
            for j in 0..n {
                for p in (0..k).filter(|&p| counts(p, j)) {
                    let term = a[(i, p)].as_f64() * b[(p, j)].as_f64();
                    value[(i, j)] += term;
                    size[(i, j)] += term.abs();
                }
            }
        }
        Twin { value, size, n_terms: k }
    }

    /// y + a · b.
    pub(crate) fn plus<F: Float>(mut self, y: &Matrix<F>) -> Twin {
        self.value += y.map(F::as_f64);
        self.size += y.map(|y| y.as_f64().abs());
        self
    }

    /// Holds `found` to what summation in any order can be off by, n·u of the sum of all sizes (Higham, *Accuracy and
    /// Stability of Numerical Algorithms*, section 4.2), and as much again for the twin itself. What is not finite has to be
    /// the same.
    #[track_caller]
    pub(crate) fn assert_rounds_to<F: Float>(&self, found: &Matrix<F>, what: &str) {
        assert_eq!(found.shape(), self.value.shape(), "{what}");
        let unit = F::epsilon().as_f64() / 2.0;
        // Each term that is no normal number is off by half of the smallest one.
        let smallest = F::epsilon().as_f64() * F::min_positive_value().as_f64();
        let n = self.n_terms as f64 + 1.0;
        for ((&found, &value), &size) in found.iter().zip(self.value.iter()).zip(self.size.iter()) {
            let found = found.as_f64();
            let same = match value.is_finite() {
                true => (found - value).abs() <= 2.0 * n * unit * size + 0.5 * n * smallest,
                false => found == value || (found.is_nan() && value.is_nan()),
            };
            assert!(same, "{what}: {found:e}, expected {value:e}");
        }
    }
}
