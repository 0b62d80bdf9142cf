//! The vectors against the plain loops: every number of rows up to several tiles, densities, and guards around results.

use super::*;
use crate::{
    Matrix, SparseBuffer,
    random::{Purpose, generator, index, uniform},
};

/// Every set of loops that can run here.
fn all<F: Float>() -> [Kernels<F>; 2] {
    [Kernels::SCALAR, F::kernels()]
}

/// Numbers of which a share is not 0.
fn sparse<F: Float>(
    n_rows: usize,
    n_columns: usize,
    density: f64,
    seed: u64,
) -> (Matrix<F>, SparseBuffer<F>) {
    let mut rng = generator(seed, Purpose::Draw, 0, 0);
    let mut dense =
        Matrix::from_vec(n_rows, n_columns, numbers(n_rows * n_columns, seed, seed.is_multiple_of(3)));
    dense.iter_mut().for_each(|x| *x = if uniform(&mut rng) < density { *x } else { F::zero() });
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

/// y + a · b as one chain of fused multiply-adds for each value, without the terms for which b is 0 if it `skips` them.
fn by_chains<F: Float>(y: &[F], a: &Matrix<F>, b: &Matrix<F>, skips: bool) -> Vec<F> {
    let (m, k) = a.shape();
    let chain = |(at, &start)| {
        let terms = (0..k).map(|p| (a[(at % m, p)], b[(p, at / m)])).filter(|(_, b)| !(skips && b.is_zero()));
        terms.fold(start, |sum: F, (a, b)| a.mul_add(b, sum))
    };
    y.iter().enumerate().map(chain).collect()
}

fn sparse_products<F: Float>() {
    for m in (1..=40).chain([50, 63, 64, 65, 71, 100, 129]) {
        for (k, n, density) in
            [(1, 1, 1.0), (63, 3, 0.2), (64, 2, 0.0), (65, 4, 0.19), (130, 5, 0.5), (200, 2, 1.0)]
        {
            let wild = m % 5 == 0;
            let (dense, buffer) = sparse::<F>(k, n, density, m as u64);
            let w = Matrix::from_vec(m, k, numbers(m * k, 1, wild));
            let y = numbers(m * n, 2, wild);
            let expected = by_chains(&y, &w, &dense, true);
            for kernels in all::<F>() {
                let found = guarded(&y, |y| {
                    kernels.sparse_product_add(MatrixViewMut::new(y, m, n), (&w).into(), buffer.as_view());
                });
                assert!(bits(&found) == bits(&expected), "{m}×{k} · {k}×{n}, density {density}");
            }
            let dy = Matrix::from_vec(m, n, numbers(m * n, 3, wild));
            for rows in [0..k, 0..k / 2, k / 3..k, k / 2..k / 2, k - 1..k] {
                let dw = numbers(m * rows.len(), 4, wild);
                let x = dense.rows(rows.start, rows.len()).transpose();
                let expected = by_chains(&dw, &dy, &x, true);
                for kernels in all::<F>() {
                    let found = guarded(&dw, |dw| {
                        let dw = MatrixViewMut::new(dw, m, rows.len());
                        kernels.sparse_outer_add(dw, (&dy).into(), buffer.as_view(), rows.clone());
                    });
                    let what = format_args!("dw {m}×{rows:?} of {k}, {n} samples, density {density}");
                    assert!(bits(&found) == bits(&expected), "{what}");
                }
            }
        }
    }
}

fn exponentials<F: Float>() {
    let mut rng = generator(5, Purpose::Draw, 0, 3);
    for n in (0..=40).chain([50_000]) {
        let mut x: Vec<F> = (0..n).map(|_| F::of(240.0 * uniform(&mut rng) - 120.0)).collect();
        x.iter_mut().zip(numbers(n / 2, n as u64, true)).for_each(|(x, odd)| *x = odd);
        for shift in [F::zero(), F::of(0.3)] {
            let [plain, found] = all::<F>().map(|kernels| {
                guarded(&vec![F::nan(); 3 * n], |results| {
                    let (exp, rest) = results.split_at_mut(n);
                    let (y, complement) = rest.split_at_mut(n);
                    // SAFETY: the instructions were chosen for this processor.
                    unsafe {
                        (kernels.exp_to)(exp, &x, shift);
                        (kernels.sigmoid_to)(y, complement, &x);
                    }
                })
            });
            assert!(bits(&found) == bits(&plain), "{n} of {}", F::NAME);
        }
    }
}

/// Numbers of all sizes and signs, with zeros of both, subnormal ones, infinities and NaN among them if they are `wild`.
fn numbers<F: Float>(n: usize, seed: u64, wild: bool) -> Vec<F> {
    let mut rng = generator(seed, Purpose::Draw, 0, 1);
    let odd = [F::zero(), -F::zero(), F::min_positive_value() / F::of(3.0), F::infinity(), F::nan()];
    let mut number = || match index(&mut rng, 40) {
        i if i < 3 => odd[i],
        i if i < odd.len() && wild => odd[i],
        i => F::of((uniform(&mut rng) - 0.5) * 2.0_f64.powi(i as i32 % 9)),
    };
    (0..n).map(|_| number()).collect()
}

/// The bits, in which all NaN are equal.
fn bits<F: Float>(values: &[F]) -> Vec<(u64, i16, i8)> {
    values.iter().map(|x| if x.is_nan() { (0, 0, 0) } else { x.integer_decode() }).collect()
}

fn dense_products_of<F: Float>((m, k, n): (usize, usize, usize), wild: bool) {
    let [a, b, y] = [(m * k, 1), (k * n, 2), (m * n, 3)].map(|(len, seed)| numbers::<F>(len, seed, wild));
    let (a, b) = (Matrix::from_vec(m, k, a), Matrix::from_vec(k, n, b));
    let expected = [&vec![F::zero(); m * n], &y].map(|start| by_chains(start, &a, &b, false));
    let (a_t, b_t) = (a.transpose(), b.transpose());
    for kernels in all::<F>() {
        for a in [Operand::from(&a), Operand::from(&a_t).t()] {
            for b in [Operand::from(&b), Operand::from(&b_t).t()] {
                for adds in [false, true] {
                    let found = guarded(&y, |y| kernels.product(MatrixViewMut::new(y, m, n), adds, a, b));
                    assert!(
                        bits(&found) == bits(&expected[usize::from(adds)]),
                        "{m}×{k} · {k}×{n} of {}",
                        F::NAME
                    );
                }
            }
        }
    }
}

fn dense_products<F: Float>() {
    for m in (1..=35).chain([50, 64, 97]) {
        for (k, n) in [(1, 1), (2, 3), (7, 4), (9, 5), (64, 6), (65, 8), (10, 13), (13, 25), (131, 2)] {
            dense_products_of::<F>((m, k, n), m % 3 == 0);
        }
    }
    for n in 1..=40 {
        for (m, k) in [(1, 20), (3, 9), (7, 1), (9, 33), (73, 17)] {
            dense_products_of::<F>((m, k, n), n % 3 == 0);
        }
    }
    // Several blocks of rows, terms and columns, and a few more.
    for shape in [
        (129, 257, 25),
        (143, 515, 37),
        (521, 30, 26),
        (3, 700, 1030),
        (40, 3, 2045),
        (272, 258, 1),
        (5, 300, 3),
    ] {
        dense_products_of::<F>(shape, false);
    }
}

#[test]
fn sparse_products_are_one_chain_for_each_value() {
    sparse_products::<f32>();
    sparse_products::<f64>();
}

#[test]
fn exponentials_have_the_same_bits_with_and_without_vectors() {
    exponentials::<f32>();
    exponentials::<f64>();
}

#[test]
fn dense_products_are_one_chain_for_each_value() {
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
