//! What reports print, and what the assertions say.

use chainrule_gradcheck::Check;

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
