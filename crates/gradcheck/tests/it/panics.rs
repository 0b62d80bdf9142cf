//! Wrong lengths and settings out of range are programming mistakes, and the panic shows them.

use chainrule_gradcheck::Check;

#[test]
#[should_panic(expected = "the gradient of 2 values needs 2 derivatives, found 3")]
fn a_gradient_of_another_length_panics() {
    let _ = Check::new().run(|x: &[f64]| x[0], &[1.0; 2], &[1.0; 3]);
}

#[test]
#[should_panic(expected = "two gradients of one tensor have the same length, found 3 and 2")]
fn two_gradients_of_different_length_panic() {
    let _ = Check::new().compare(&[1.0; 3], &[1.0; 2]);
}

#[test]
#[should_panic(expected = "2 indices need as many numerical derivatives, found 1")]
fn more_indices_than_derivatives_panic() {
    let _ = Check::new().compare_at(&[0, 1], &[1.0; 3], &[1.0]);
}

#[test]
#[should_panic(expected = "indices must be increasing and below 3, found [1, 1]")]
fn an_index_that_counts_twice_panics() {
    let _ = Check::new().compare_at(&[1, 1], &[1.0; 3], &[1.0; 2]);
}

#[test]
#[should_panic(expected = "indices must be increasing and below 3, found [1, 3]")]
fn an_index_past_the_end_panics() {
    let _ = Check::new().compare_at(&[1, 3], &[1.0; 3], &[1.0; 2]);
}

#[test]
#[should_panic(expected = "a tolerance must be in 0..1, found NaN")]
fn a_tolerance_that_is_nan_panics() {
    let _ = Check::new().tolerance(f64::NAN);
}

#[test]
#[should_panic(expected = "a floor must be in 0..1, found 1")]
fn a_floor_of_one_panics() {
    let _ = Check::new().floor(1.0);
}

#[test]
#[should_panic(expected = "a subset must have at least 1 element, found 0")]
fn an_empty_subset_panics() {
    let _ = Check::new().subset(0);
}

#[test]
#[should_panic(expected = "an absolute tolerance must be finite and at least 0, found NaN")]
fn an_absolute_tolerance_that_is_nan_panics() {
    let _ = Check::new().absolute_tolerance(f64::NAN);
}

#[test]
#[should_panic(expected = "an absolute tolerance must be finite and at least 0, found inf")]
fn an_infinite_absolute_tolerance_panics() {
    let _ = Check::new().absolute_tolerance(f64::INFINITY);
}

#[test]
#[should_panic(expected = "the gradient of 2 values needs 2 derivatives, found 1")]
fn a_gradient_of_another_length_than_its_input_panics() {
    let f = |x: &[&[f64]]| x[0][0] + x[1][0];
    let _ = Check::new().run_inputs(f, &[("a", &[1.0], &[1.0]), ("b", &[1.0, 2.0], &[1.0])]);
}

#[test]
#[should_panic(expected = "the gradient of 2 values needs 2 derivatives, found 3")]
fn a_product_of_another_length_panics() {
    let f = |x: &[f64], y: &mut [f64]| y.fill(x[0]);
    let _ = Check::new().vjp(f, &[1.0; 2], &[1.0; 3], &[1.0; 3]);
}

#[test]
#[should_panic(expected = "a direction has as many elements as x, expected 2, found 3")]
fn a_direction_of_another_length_panics() {
    let f = |x: &[f64], y: &mut [f64]| y.fill(x[0]);
    let _ = Check::new().jvp(f, &[1.0; 2], &[1.0; 3], &[1.0; 3]);
}
