//! Values that are no ordinary numbers, through the products and functions of the public interface: signed zeros,
//! subnormal numbers, infinities and NaN, and what becomes of them where inputs of 0 are not listed.

use chainrule_tensor::{
    Float, Input, Matrix, SparseBuffer, exp_to, input_outer_add_to, input_product_add_to, product_to,
    sigmoid_to, softmax_to,
};

use crate::common::{SIZES, Twin, listed, random, sparse};

/// What an input may be besides an ordinary number.
fn specials<F: Float>() -> [F; 8] {
    let smallest = F::min_positive_value() * F::epsilon();
    [
        F::zero(),
        -F::zero(),
        smallest,
        -smallest,
        F::min_positive_value() - smallest,
        F::infinity(),
        F::neg_infinity(),
        F::nan(),
    ]
}

/// Columns with one special value each, at the first, a middle or the last row, alone or among ordinary numbers.
fn inputs<F: Float>(k: usize) -> Matrix<F> {
    let specials = specials::<F>();
    let mut x = sparse(k, 6 * specials.len(), 0.19, 1);
    for (j, mut column) in x.column_iter_mut().enumerate() {
        let (special, place) = (specials[j / 6], [0, k / 2, k - 1][j % 3]);
        if j % 6 < 3 {
            column.fill(F::zero());
        }
        column[place] = special;
    }
    x
}

fn special_inputs<F: Float>() {
    for m in SIZES {
        for k in SIZES {
            let (w, x) = (random::<F>(m, k, 1), inputs::<F>(k));
            let what = format!("{m}×{k}");
            let run = |x: Input<'_, F>| {
                let mut y = Matrix::zeros(m, x.shape().1);
                input_product_add_to((&mut y).into(), (&w).into(), x);
                y
            };
            let all = Twin::product(&w, &x);
            all.assert_rounds_to(&run((&x).into()), &format!("{what}, dense"));
            // Both zeros are left out, and make no difference where weights are finite.
            let buffer = listed(&x);
            let is_zero = |x: F| x == F::zero();
            assert_eq!(buffer.as_view().n_stored(), x.iter().filter(|x| !is_zero(**x)).count());
            all.assert_rounds_to(&run(Input::Sparse(buffer.as_view())), &format!("{what}, listed"));
            // Zeros may be listed, too.
            let mut whole = SparseBuffer::new();
            whole.clear(k);
            x.as_slice().chunks_exact(k).for_each(|column| whole.push_dense(column, |_| false));
            all.assert_rounds_to(&run(Input::Sparse(whole.as_view())), &format!("{what}, all listed"));
        }
    }
}

#[test]
fn inputs_that_are_no_ordinary_numbers_count_as_what_they_are() {
    special_inputs::<f32>();
    special_inputs::<f64>();
}

/// One row or column of a factor is spoilt: the result is in the rows and columns that have to do with it, and in no
/// others, though vectors overlap and tiles share registers.
fn special_weights<F: Float>() {
    for m in SIZES {
        for (k, p) in [(1, 0), (9, 8), (65, 63), (65, 64), (129, 70)] {
            for spoilt in [0, m / 2, m - 1] {
                for special in [F::infinity(), F::neg_infinity(), F::nan()] {
                    let mut w = random::<F>(m, k, 1);
                    w[(spoilt, p)] = special;
                    // Input p is 0 in every other sample.
                    let mut x = sparse::<F>(k, 6, 0.5, 2);
                    (0..6).for_each(|j| x[(p, j)] = if j % 2 == 0 { F::zero() } else { F::of(2.0) });
                    let buffer = listed(&x);
                    let what = format!("{m}×{k}, {special:?} in row {spoilt} and column {p}");

                    let mut y = Matrix::zeros(m, 6);
                    input_product_add_to((&mut y).into(), (&w).into(), Input::Sparse(buffer.as_view()));
                    Twin::product_where(&w, &x, |p, j| x[(p, j)] != F::zero()).assert_rounds_to(&y, &what);
                    for (i, j) in (0..m).flat_map(|i| (0..6).map(move |j| (i, j))) {
                        let meets = i == spoilt && j % 2 == 1;
                        assert_eq!(y[(i, j)].is_finite(), !meets, "{what}: y[{i}, {j}] = {:?}", y[(i, j)]);
                    }

                    // ∞·0 is NaN, in every sample.
                    product_to((&mut y).into(), &w, &x);
                    Twin::product(&w, &x).assert_rounds_to(&y, &what);
                    for (i, j) in (0..m).flat_map(|i| (0..6).map(move |j| (i, j))) {
                        assert_eq!(
                            y[(i, j)].is_finite(),
                            i != spoilt,
                            "{what}: y[{i}, {j}] = {:?}",
                            y[(i, j)]
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_weight_that_is_not_finite_shows_where_its_input_is_listed_and_in_its_row_alone() {
    special_weights::<f32>();
    special_weights::<f64>();
}

/// The gradient of a sample that is not finite reaches the weights of its listed inputs, and no others.
fn special_gradients<F: Float>() {
    for m in SIZES {
        let (k, n) = (130, 5);
        for (spoilt, j) in [(0, 0), (m / 2, 3), (m - 1, 4)] {
            for special in [F::infinity(), F::nan()] {
                let mut dy = random::<F>(m, n, 1);
                dy[(spoilt, j)] = special;
                let x = sparse::<F>(k, n, 0.19, 2);
                let buffer = listed(&x);
                let what = format!("{m} units, {special:?} in unit {spoilt} and sample {j}");
                let mut dw = Matrix::zeros(m, k);
                input_outer_add_to((&mut dw).into(), (&dy).into(), Input::Sparse(buffer.as_view()), 0..k);
                for (i, p) in (0..m).flat_map(|i| (0..k).map(move |p| (i, p))) {
                    let meets = i == spoilt && x[(p, j)] != F::zero();
                    assert_eq!(dw[(i, p)].is_finite(), !meets, "{what}: dw[{i}, {p}] = {:?}", dw[(i, p)]);
                }
            }
        }
    }
}

#[test]
fn a_gradient_that_is_not_finite_shows_in_the_weights_of_listed_inputs() {
    special_gradients::<f32>();
    special_gradients::<f64>();
}

/// What is in the table below, and ordinary numbers around it, whose functions have to be as exact as documented.
fn functions<F: Float>(ulp: f64) {
    let smallest = F::min_positive_value() * F::epsilon();
    let (zero, one, half) = (F::zero(), F::one(), F::of(0.5));
    let table = [
        (F::infinity(), F::infinity(), one, zero),
        (F::neg_infinity(), zero, zero, one),
        (F::of(1e4), F::infinity(), one, zero),
        (F::of(-1e4), zero, zero, one),
        (zero, one, half, half),
        (-zero, one, half, half),
        (smallest, one, half, half),
        (-smallest, one, half, half),
        (F::nan(), F::nan(), F::nan(), F::nan()),
    ];
    let same = |a: F, b: F| a == b || (a.is_nan() && b.is_nan());
    for n in SIZES {
        let ordinary = random::<F>(n, 1, 5);
        for (place, (special, exp, sigmoid, complement)) in (0..n).zip(table.into_iter().cycle()) {
            let mut x = ordinary.clone();
            x[place] = special;
            let (mut e, mut y, mut c) = (vec![zero; n], vec![zero; n], vec![zero; n]);
            exp_to(&mut e, x.as_slice(), zero);
            sigmoid_to(&mut y, &mut c, x.as_slice());
            assert!(same(e[place], exp), "exp({special:?}) = {:?} at {place} of {n}", e[place]);
            assert!(
                same(y[place], sigmoid) && same(c[place], complement),
                "σ(±{special:?}) = {:?}, {:?} at {place} of {n}",
                y[place],
                c[place]
            );
            for i in (0..n).filter(|i| *i != place) {
                let x = x[i].as_f64();
                let near = |found: F, truth: f64, limit: f64| {
                    assert!((found.as_f64() - truth).abs() <= limit * ulp * truth, "{x}: {found:?}, {truth}");
                };
                near(e[i], x.exp(), 2.0);
                near(y[i], 1.0 / (1.0 + (-x).exp()), 4.0);
                near(c[i], 1.0 / (1.0 + x.exp()), 4.0);
            }
        }
    }
}

#[test]
fn exponentials_and_sigmoids_of_special_values_at_every_place() {
    functions::<f32>(f64::from(f32::EPSILON));
    functions::<f64>(f64::EPSILON);
}

#[test]
fn a_softmax_that_is_no_number_stays_in_its_column() {
    for n_classes in SIZES {
        let z = random::<f32>(n_classes, 3, 1);
        for special in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for place in [0, n_classes / 2, n_classes - 1] {
                let mut z = z.clone();
                z[(place, 1)] = special;
                let mut y = Matrix::zeros(n_classes, 3);
                softmax_to((&mut y).into(), (&z).into());
                for j in [0, 2] {
                    let sum: f64 = y.column(j).iter().map(|&y| f64::from(y)).sum();
                    assert!((sum - 1.0).abs() <= 1e-6, "{n_classes} classes, column {j}: {sum}");
                }
                let is_number = y.column(1).iter().all(|y| y.is_finite());
                // −∞ is a class that cannot be, if there is another.
                let expected = special == f32::NEG_INFINITY && n_classes > 1;
                assert_eq!(is_number, expected, "{special} at {place} of {n_classes}: {}", y.column(1));
            }
        }
    }
}
