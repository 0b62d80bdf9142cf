//! What reports print, and what the assertions say.

use chainrule_gradcheck::{Check, Step};

#[test]
fn ok() {
    // 1 − (1 − 2⁻³⁰), which is 9.3132·10⁻¹⁰.
    let report = Check::new().compare(&[-2.0, 1.0], &[-2.0, 1.0 - 2.0_f64.powi(-30)]);
    assert_eq!(
        report.to_string(),
        "ok: 2 of 2 derivatives agree; worst relative error 9.31e-10 at [1]: \
         given 1.0, numerical 0.9999999990686774",
    );
}

#[test]
fn ok_in_a_subset() {
    let report = Check::new().compare_at(&[1, 4], &[1.5; 10], &[1.5, 1.5]).named("layer1.weight");
    assert_eq!(
        report.to_string(),
        "layer1.weight: ok: 2 of 2 checked derivatives (10 in all) agree; \
         worst relative error 0.00e0 at [1]: given 1.5, numerical 1.5",
    );
}

#[test]
fn wrong_in_a_subset() {
    let report = Check::new().tolerance(0.25).compare_at(&[1, 4], &[1.5; 10], &[1.5, 3.0]);
    assert_eq!(
        report.to_string(),
        "wrong: 1 of 2 checked derivatives (10 in all) disagree; \
         worst relative error 5.00e-1 at [4], tolerance 2.5e-1: given 1.5, numerical 3.0",
    );
}

#[test]
fn kinks_are_listed() {
    let f = |x: &[f64]| x.iter().map(|x| x.abs()).sum::<f64>();
    let text = |x: &[f64], g: &[f64]| Check::new().step(Step::Fixed(0.25)).run(f, x, g).to_string();
    assert_eq!(
        text(&[1.0, 0.0, 1.0, 0.0], &[1.0; 4]),
        "ok: 2 of 4 derivatives agree, 2 kinks at [1], [3]; \
         worst relative error 0.00e0 at [0]: given 1.0, numerical 1.0",
    );
    assert_eq!(
        text(&[1.0, 0.0], &[2.0, 0.0]),
        "wrong: 1 of 2 derivatives disagree, 1 kink at [1]; \
         worst relative error 5.00e-1 at [0], tolerance 1e-7: given 2.0, numerical 1.0",
    );
    assert_eq!(text(&[0.0, 0.0], &[0.0, 0.0]), "undecided: 0 of 2 derivatives agree, 2 kinks at [0], [1]");
    assert_eq!(
        text(&[0.0; 9], &[0.0; 9]),
        "undecided: 0 of 9 derivatives agree, 9 kinks at [0], [1], [2], [3], [4], [5], [6], [7], …",
    );
}

#[test]
fn the_absolute_tolerance_is_named_where_it_did_not_help() {
    let check = Check::new().absolute_tolerance(0.5);
    let report = check.compare(&[1.0], &[2.0]);
    assert_eq!(
        report.to_string(),
        "wrong: 1 of 1 derivatives disagree; worst relative error 5.00e-1 at [0], \
         tolerance 1e-7 or 5e-1 absolute: given 1.0, numerical 2.0",
    );
    assert_eq!((report.tolerance(), report.absolute_tolerance()), (1e-7, 0.5));
    check.compare(&[1.0], &[1.5]).assert_passed();
}

#[test]
fn single_precision_is_warned_about() {
    let f = |x: &[f32]| x[0] * x[0];
    let report = Check::new().step(Step::Fixed(0.5)).run(f, &[3.0], &[6.0]);
    assert_eq!(
        report.to_string(),
        "ok: 1 of 1 derivatives agree; worst relative error 0.00e0 at [0]: given 6.0, numerical 6.0; \
         evaluated in f32: below 1e-3 its differences are noise, the tolerance is 1e-7",
    );
    assert_eq!(report.too_coarse(), Some("f32"));
    // Not with a tolerance that it can keep, and not in f64.
    let report = Check::new().step(Step::Fixed(0.5)).tolerance(1e-3).run(f, &[3.0], &[6.0]);
    assert_eq!(report.too_coarse(), None);
    assert!(!report.to_string().contains("f32"));
    let double = Check::new().step(Step::Fixed(0.5)).run(|x: &[f64]| x[0] * x[0], &[3.0], &[6.0]);
    assert_eq!(double.too_coarse(), None);
}

#[test]
fn every_form_warns_of_single_precision() {
    let check = Check::new();
    let f = |x: &[f32], y: &mut [f32]| y[0] = x[0];
    let reports = [
        check.compare(&[1.0_f32], &[1.0]),
        check.vjp(f, &[1.0], &[1.0], &[1.0]),
        check.jvp(f, &[1.0], &[1.0], &[1.0]),
    ];
    assert!(reports.iter().all(|report| report.too_coarse() == Some("f32")));
    let reports = check.run_inputs(|x: &[&[f32]]| x[0][0], &[("x", &[1.0], &[1.0])]);
    assert!(reports.iter().all(|report| report.to_string().contains("evaluated in f32")));
}

#[test]
#[should_panic(expected = "b: wrong: 1 of 1 derivatives disagree; worst relative error 2.00e0 at [0], \
                           tolerance 1e-7: given 1.0, numerical -1.0")]
fn assert_passed_panics_with_the_report() {
    Check::new().compare(&[1.0], &[-1.0]).named("b").assert_passed();
}

#[test]
#[should_panic(expected = "this gradient was to be refused, but ok: 1 of 1 derivatives agree")]
fn assert_refused_panics_with_the_report() {
    Check::new().compare(&[1.0], &[1.0]).assert_refused();
}

#[test]
#[should_panic(expected = "refused: the given derivative at [0] is NaN")]
fn assert_passed_panics_for_nan() {
    Check::new().compare(&[f64::NAN], &[1.0]).assert_passed();
}
