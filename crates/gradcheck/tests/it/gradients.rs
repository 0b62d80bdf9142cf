//! Whole gradients: right ones pass, and every usual mistake is refused.

use chainrule_gradcheck::{Check, Step, central_difference};

/// *f = uᵀ·W·v* for a 2×2 matrix `w`, column after column; its gradient is *u·vᵀ*.
fn bilinear(w: &[f64]) -> f64 {
    let (u, v) = ([1.0, 2.0], [3.0, 5.0]);
    u[0] * (w[0] * v[0] + w[2] * v[1]) + u[1] * (w[1] * v[0] + w[3] * v[1])
}

const W: [f64; 4] = [0.3, -0.7, 1.1, 0.2];
const GRADIENT: [f64; 4] = [3.0, 6.0, 5.0, 10.0];

#[test]
fn the_right_gradient_passes() {
    let report = Check::new().run(bilinear, &W, &GRADIENT);
    report.assert_passed();
    assert_eq!((report.n_checked(), report.n_agreeing(), report.n_total()), (4, 4, 4));
    assert_eq!(report.refusal(), None);
    assert!(report.worst().unwrap().relative_error <= report.tolerance());
}

#[test]
fn a_sign_error_is_refused() {
    let report = Check::new().run(bilinear, &W, &GRADIENT.map(|g| -g));
    report.assert_refused();
    assert_eq!(report.n_agreeing(), 0);
    assert!((report.relative_error() - 2.0).abs() < 1e-9);
}

#[test]
fn a_factor_of_two_is_refused() {
    let report = Check::new().run(bilinear, &W, &GRADIENT.map(|g| 2.0 * g));
    report.assert_refused();
    assert!((report.relative_error() - 0.5).abs() < 1e-9);
}

#[test]
fn one_wrong_entry_is_refused_wherever_it_is() {
    for i in 0..4 {
        let mut wrong = GRADIENT;
        wrong[i] *= 1.0 + 1e-6;
        let report = Check::new().run(bilinear, &W, &wrong);
        report.assert_refused();
        assert_eq!((report.worst().unwrap().index, report.n_agreeing()), (i, 3));
    }
}

#[test]
fn a_transposed_gradient_is_refused() {
    let report = Check::new().run(bilinear, &W, &[3.0, 5.0, 6.0, 10.0]);
    report.assert_refused();
    assert_eq!(report.n_agreeing(), 2);
    let worst = report.worst().unwrap();
    assert_eq!((worst.index, worst.analytic), (1, 5.0));
    assert!((worst.numeric - 6.0).abs() < 1e-8);
}

#[test]
fn zero_everywhere_agrees_with_zero() {
    let report = Check::new().run(|_: &[f64]| 4.0, &[1.0, 2.0], &[0.0, 0.0]);
    report.assert_passed();
    assert_eq!(report.relative_error(), 0.0);
    Check::new().run(|_: &[f64]| 4.0, &[1.0, 2.0], &[0.0, 1e-300]).assert_refused();
}

#[test]
fn the_floor_forgives_the_rounding_of_a_derivative_that_is_zero() {
    // x³ − 3x has the derivative 0 at 1, and h² = 10⁻⁸ is what the central difference gives.
    let f = |x: &[f64]| 30.0 * x[0] + x[1].powi(3) - 3.0 * x[1];
    let check = Check::new().step(Step::Fixed(1e-4)).tolerance(1e-6);
    // 10⁻⁸ / (10⁻³ · 30) is 3·10⁻⁷.
    check.run(f, &[2.0, 1.0], &[30.0, 0.0]).assert_passed();
    let report = check.floor(0.0).run(f, &[2.0, 1.0], &[30.0, 0.0]);
    report.assert_refused();
    assert_eq!((report.relative_error(), report.worst().unwrap().index), (1.0, 1));
}

#[test]
fn the_scaled_step_suits_large_coordinates() {
    // d(x³) = 3x²; x³ rounds to 10², which beside a step of 10⁻⁶ is 10⁸ of 3·10¹².
    let cube = |x: &[f64]| x[0].powi(3);
    Check::new().run(cube, &[1e6], &[3e12]).assert_passed();
    Check::new().step(Step::Fixed(1e-6)).run(cube, &[1e6], &[3e12]).assert_refused();
}

#[test]
fn the_scaled_step_suits_small_coordinates() {
    // Were the step scaled by 10⁻⁶ too, 1 + sin x would round to 10⁻¹⁶ beside 6·10⁻¹².
    let f = |x: &[f64]| 1.0 + x[0].sin();
    let gradient = [1e-6_f64.cos()];
    Check::new().run(f, &[1e-6], &gradient).assert_passed();
    Check::new().step(Step::Fixed(6e-12)).run(f, &[1e-6], &gradient).assert_refused();
}

#[test]
fn a_subset_is_chosen_by_the_seed_and_really_checked() {
    let f = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let (x, gradient) = (vec![1.0; 200], vec![2.0; 200]);
    let check = Check::new().subset(20).seed(3);
    let indices = check.indices(200);
    assert_eq!(indices, check.clone().indices(200));
    assert_ne!(indices, check.clone().seed(4).indices(200));
    assert_eq!(check.run(f, &x, &gradient).n_checked(), 20);

    // A wrong entry is found exactly if it is among those that are checked.
    for i in 0..200 {
        let mut wrong = gradient.clone();
        wrong[i] = 2.5;
        assert_eq!(check.run(f, &x, &wrong).passed(), !indices.contains(&i));
    }
}

#[test]
fn given_numerical_derivatives_are_compared_as_computed_ones() {
    let check = Check::new().subset(2).seed(1);
    let all = central_difference(bilinear, &W, Step::Auto);
    Check::new().compare(&GRADIENT, &all).assert_passed();
    assert_eq!(Check::new().compare(&GRADIENT, &all), Check::new().run(bilinear, &W, &GRADIENT));
    let indices = check.indices(4);
    let some: Vec<f64> = indices.iter().map(|&i| all[i]).collect();
    assert_eq!(check.compare_at(&indices, &GRADIENT, &some), check.run(bilinear, &W, &GRADIENT));
}

#[test]
fn single_precision_works_where_the_step_is_exact() {
    let f = |x: &[f32]| x[0] * x[0] + x[1] * x[1];
    let check = Check::new().step(Step::Fixed(0.5));
    check.run(f, &[3.0, 4.0], &[6.0, 8.0]).assert_passed();
    check.run(f, &[3.0, 4.0], &[6.0, 8.000001]).assert_refused();
}
