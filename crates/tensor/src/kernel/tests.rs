//! The vectors against the plain loops: every number of rows up to several tiles, densities, and guards around results.

use super::*;
use crate::{
    Matrix, SparseBuffer,
    random::{Purpose, generator, index, uniform},
};

/// Every set of loops that can run here.
fn all<F: Float>() -> Vec<Kernels<F>> {
    vec![Kernels::SCALAR, F::kernels()]
}

/// Small integers: every order of summation gives the same bits.
fn integers<F: Float>(n: usize, salt: usize) -> Vec<F> {
    (0..n).map(|i| F::of(((i * 7 + salt * 13) % 9) as f64 - 4.0)).collect()
}

/// Integers of which a share is not 0.
fn sparse<F: Float>(
    n_rows: usize,
    n_columns: usize,
    density: f64,
    seed: u64,
) -> (Matrix<F>, SparseBuffer<F>) {
    let mut rng = generator(seed, Purpose::Draw, 0, 0);
    let dense = Matrix::from_fn(n_rows, n_columns, |_, _| {
        if uniform(&mut rng) < density { F::of(index(&mut rng, 7) as f64 + 1.0) } else { F::zero() }
    });
    let mut buffer = SparseBuffer::new();
    buffer.clear(n_rows);
    for column in dense.column_iter() {
        buffer.push_dense(column.into_owned().as_slice(), |x| x == F::zero());
    }
    (dense, buffer)
}

/// A result between guards: what is outside of it has to stay NaN.
fn guarded<F: Float>(start: &[F], run: impl Fn(&mut [F])) -> Vec<F> {
    let mut memory = vec![F::nan(); start.len() + 17];
    memory[9..9 + start.len()].copy_from_slice(start);
    run(&mut memory[9..9 + start.len()]);
    assert!(
        memory[..9].iter().chain(&memory[9 + start.len()..]).all(|guard| guard.is_nan()),
        "a guard was written"
    );
    memory[9..9 + start.len()].to_vec()
}

fn by_loops<F: Float>(y: &[F], a: &Matrix<F>, b: &Matrix<F>) -> Vec<F> {
    let product = Matrix::from_fn(a.nrows(), b.ncols(), |i, j| {
        (0..a.ncols()).fold(F::zero(), |sum, p| sum + a[(i, p)] * b[(p, j)])
    });
    y.iter().zip(product.iter()).map(|(&y, &product)| y + product).collect()
}

fn sparse_products<F: Float>() {
    for m in (1..=40).chain([50, 63, 64, 65, 71, 100, 129]) {
        for (k, n, density) in
            [(1, 1, 1.0), (63, 3, 0.2), (64, 2, 0.0), (65, 4, 0.19), (130, 5, 0.5), (200, 2, 1.0)]
        {
            let (dense, buffer) = sparse::<F>(k, n, density, m as u64);
            let w = Matrix::from_vec(m, k, integers(m * k, 1));
            let y = integers(m * n, 2);
            let expected = by_loops(&y, &w, &dense);
            for kernels in all::<F>() {
                let found = guarded(&y, |y| {
                    kernels.sparse_product_add(MatrixViewMut::new(y, m, n), (&w).into(), buffer.as_view());
                });
                assert_eq!(found, expected, "{m}×{k} · {k}×{n}, density {density}");
            }
            let dy = Matrix::from_vec(m, n, integers(m * n, 3));
            for rows in [0..k, 0..k / 2, k / 3..k, k / 2..k / 2, k - 1..k] {
                let dw = integers(m * rows.len(), 4);
                let x = dense.rows(rows.start, rows.len()).transpose();
                let expected = by_loops(&dw, &dy, &x);
                for kernels in all::<F>() {
                    let found = guarded(&dw, |dw| {
                        let dw = MatrixViewMut::new(dw, m, rows.len());
                        kernels.sparse_outer_add(dw, (&dy).into(), buffer.as_view(), rows.clone());
                    });
                    assert_eq!(found, expected, "dw {m}×{rows:?} of {k}, {n} samples, density {density}");
                }
            }
        }
    }
}

fn dense_products<F: Float>() {
    for m in (1..=35).chain([50, 64, 97]) {
        for (k, n) in [(1, 1), (2, 3), (7, 4), (9, 5), (64, 6), (65, 8), (131, 2)] {
            let shape = (m, k, n);
            let (a, b) =
                (Matrix::from_vec(m, k, integers(m * k, 1)), Matrix::from_vec(k, n, integers(k * n, 2)));
            let y = integers(m * n, 3);
            let expected = by_loops(&y, &a, &b);
            let (a_t, b_t) = (a.transpose(), b.transpose());
            for kernels in all::<F>() {
                for b in [Operand::from(&b), Operand::from(&b_t).t()] {
                    let found = guarded(&y, |y| kernels.product_add(y, a.as_slice(), m, b));
                    assert_eq!(found, expected, "{shape:?}");
                    let found = guarded(&y, |y| kernels.transposed_product_add(y, a_t.as_slice(), m, b));
                    assert_eq!(found, expected, "{shape:?} from the transpose");
                }
            }
        }
    }
}

#[test]
fn sparse_products_are_those_of_three_loops() {
    sparse_products::<f32>();
    sparse_products::<f64>();
}

#[test]
fn dense_products_are_those_of_three_loops() {
    dense_products::<f32>();
    dense_products::<f64>();
}

#[test]
fn bytes_that_are_not_0_are_found() {
    assert_eq!(nonzero::nonzero_bytes(&[0; 64]), 0);
    assert_eq!(nonzero::nonzero_bytes(&[255; 64]), u64::MAX);
    for i in 0..64 {
        let mut block = [0; 64];
        block[i] = 1 << (i % 8);
        assert_eq!(nonzero::nonzero_bytes(&block), 1 << i);
        block[i * 7 % 64] = 128;
        assert_eq!(nonzero::nonzero_bytes(&block), nonzero::plain(&block));
    }
}

/// Who watches over the memory that vectors touch (`cargo xtask valgrind`) has to know that it is vectors that run.
#[test]
fn vectors_run_where_they_are_expected() {
    if std::env::var_os("CHAINRULE_EXPECT_VECTORS").is_some() {
        let [found, plain] = [f32::kernels(), Kernels::SCALAR].map(|kernels| format!("{kernels:?}"));
        assert_ne!(found, plain, "the addresses of the loops");
    }
}
