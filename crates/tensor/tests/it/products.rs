//! The products of the public interface against three loops in `f64`, within the error that rounding may make: awkward
//! shapes, every density, both element types. Values that are no ordinary numbers are in `special_values.rs`.

use chainrule_tensor::{
    Float, Input, Matrix, MatrixViewMut, Operand, input_outer_add_to, input_product_add_to, product_add_to,
    product_to,
};

use crate::common::{SIZES, Twin, listed, random, sparse};

const DENSITIES: [f64; 5] = [0.0, 0.05, 0.19, 0.5, 1.0];

fn dense_products<F: Float>() {
    for m in SIZES {
        for k in SIZES {
            for n in [1, 7, 50] {
                let (a, b, y) = (random::<F>(m, k, 1), random::<F>(k, n, 2), random::<F>(m, n, 3));
                let (a_t, b_t) = (a.transpose(), b.transpose());
                let product = Twin::product(&a, &b);
                let sum = product.clone().plus(&y);
                for (way, a) in [("a", Operand::from(&a)), ("aᵀ", Operand::from(&a_t).t())] {
                    for (b, what) in [(Operand::from(&b), "b"), (Operand::from(&b_t).t(), "bᵀ")] {
                        let mut found = Matrix::from_element(m, n, F::nan());
                        product_to((&mut found).into(), a, b);
                        product.assert_rounds_to(&found, &format!("{way} · {what}"));
                        found.copy_from(&y);
                        product_add_to((&mut found).into(), a, b);
                        sum.assert_rounds_to(&found, &format!("y + {way} · {what}"));
                    }
                }
            }
        }
    }
}

#[test]
fn dense_products_round_like_three_loops() {
    dense_products::<f32>();
    dense_products::<f64>();
}

fn listed_products<F: Float>() {
    for (salt, density) in (0..).zip(DENSITIES) {
        for m in SIZES {
            for k in SIZES {
                let n = 1 + (m + k) % 9;
                let what = format!("{m}×{k} · {k}×{n}, density {density}");
                let (w, dy, y) = (random::<F>(m, k, 1), random::<F>(m, n, 2), random::<F>(m, n, 3));
                let dense = sparse::<F>(k, n, density, salt);
                let forward = Twin::product(&w, &dense).plus(&y);
                let backward = Twin::product(&dy, &dense.transpose());
                let buffer = listed(&dense);
                assert_eq!(Input::Sparse(buffer.as_view()).to_matrix(), dense);
                for x in [Input::from(&dense), Input::Sparse(buffer.as_view())] {
                    let mut found = y.clone();
                    input_product_add_to((&mut found).into(), (&w).into(), x);
                    forward.assert_rounds_to(&found, &what);

                    let mut dw = Matrix::zeros(m, k);
                    input_outer_add_to((&mut dw).into(), (&dy).into(), x, 0..k);
                    backward.assert_rounds_to(&dw, &what);

                    // Cut anywhere, rows give the same bits.
                    for cut in [0, 1, k / 2, k - 1, k] {
                        let mut parts = vec![F::zero(); m * k];
                        let (left, right) = parts.split_at_mut(m * cut);
                        let (left, right) =
                            (MatrixViewMut::new(left, m, cut), MatrixViewMut::new(right, m, k - cut));
                        input_outer_add_to(left, (&dy).into(), x, 0..cut);
                        input_outer_add_to(right, (&dy).into(), x, cut..k);
                        assert_eq!(parts, dw.as_slice(), "{what}, cut at {cut}");
                    }
                }
            }
        }
    }
}

#[test]
fn products_with_inputs_round_like_three_loops_whatever_their_form_and_density() {
    listed_products::<f32>();
    listed_products::<f64>();
}

/// Samples are cut into shards: a sample's result must not depend on which are beside it.
#[test]
fn a_column_of_a_product_has_the_same_bits_alone() {
    for m in SIZES {
        let (k, n) = (65, 13);
        let (w, y) = (random::<f32>(m, k, 1), random::<f32>(m, n, 3));
        let dense = sparse(k, n, 0.19, 4);
        let buffer = listed(&dense);
        for is_listed in [false, true] {
            let run = |y: MatrixViewMut<'_, f32>, x: Input<'_, f32>| {
                input_product_add_to(y, (&w).into(), x);
            };
            let mut whole = y.clone();
            run(
                (&mut whole).into(),
                if is_listed { Input::Sparse(buffer.as_view()) } else { (&dense).into() },
            );
            for j in 0..n {
                let mut alone = y.columns(j, 1).into_owned();
                let x = dense.columns(j, 1).into_owned();
                let buffer = listed(&x);
                let x = if is_listed { Input::Sparse(buffer.as_view()) } else { (&x).into() };
                run((&mut alone).into(), x);
                assert_eq!(
                    alone.as_slice(),
                    whole.columns(j, 1).into_owned().as_slice(),
                    "{m} rows, column {j}"
                );
            }
        }
    }
}
