//! Kinks are reported as kinks: not as failures, not as passes, and not as an excuse for a wrong derivative.

use chainrule_gradcheck::{Check, Report, Step};

fn relu(x: f64) -> f64 {
    x.max(0.0)
}

/// Checks `slope` as the derivative of a function of one number.
fn check(f: impl Fn(f64) -> f64, x: f64, slope: f64) -> Report {
    Check::new().run(|x: &[f64]| f(x[0]), &[x], &[slope])
}

#[track_caller]
fn assert_kink(report: &Report) {
    assert_eq!((report.n_checked(), report.n_agreeing(), report.n_wrong()), (1, 0, 0), "{report}");
    assert_eq!((report.n_kinks(), report.kinks()), (1, &[0][..]), "{report}");
    assert!(!report.passed() && report.worst().is_none() && report.refusal().is_none(), "{report}");
}

#[track_caller]
fn assert_wrong(report: &Report) {
    assert_eq!((report.n_wrong(), report.n_kinks()), (1, 0), "{report}");
    report.assert_refused();
}

#[test]
fn a_kink_at_x_whatever_convention_the_derivative_follows() {
    // 0 is the central difference of |x|: agreement shows nothing here.
    for slope in [0.0, 1.0, -1.0, 0.3] {
        assert_kink(&check(f64::abs, 0.0, slope));
    }
    for slope in [0.0, 0.5, 1.0] {
        assert_kink(&check(relu, 0.0, slope));
        assert_kink(&check(|x| 1e8 * relu(x), 0.0, 1e8 * slope));
        assert_kink(&check(|x| 1e-8 * relu(x), 0.0, 1e-8 * slope));
        assert_kink(&check(|x| relu(x - 1e8), 1e8, slope));
        assert_kink(&check(|x| relu(x - 1e-8), 1e-8, slope));
        // Beside other terms, with curvature on both sides.
        assert_kink(&check(|x| 7.0 + 3.0 * relu(x) * (5.0 * x).exp() + x.sin(), 0.0, 1.0 + 3.0 * slope));
    }
    for slope in [0.01, 1.0] {
        assert_kink(&check(|x| if x > 0.0 { x } else { 0.01 * x }, 0.0, slope));
    }
    // elu with α = 0.5: slopes 0.5 and 1.
    for slope in [0.5, 0.75, 1.0] {
        assert_kink(&check(|x| if x > 0.0 { x } else { 0.5 * x.exp_m1() }, 0.0, slope));
    }
}

#[test]
fn at_a_kink_a_derivative_beyond_both_slopes_is_wrong() {
    for slope in [1.5, -1.5, 2.0, 1e6, -1e6] {
        assert_wrong(&check(f64::abs, 0.0, slope));
    }
    for slope in [-1.0, -0.2, 1.2, 2.0] {
        assert_wrong(&check(relu, 0.0, slope));
    }
}

#[test]
fn a_second_derivative_that_jumps_is_no_kink() {
    let huber = |x: f64| if x.abs() <= 1.0 { 0.5 * x * x } else { x.abs() - 0.5 };
    for x in [1.0_f64, -1.0, 1.0 + 3e-6, 1.0 - 3e-6] {
        // Within a step of the bend in the slope, the central difference is off by h/4 of the slope's own slope.
        let check = Check::new().tolerance(1e-5);
        let run = |slope| check.run(|x: &[f64]| huber(x[0]), &[x], &[slope]);
        run(x.clamp(-1.0, 1.0)).assert_passed();
        assert_eq!(run(x.clamp(-1.0, 1.0)).n_kinks(), 0);
        assert_wrong(&run(-x));
        assert_wrong(&run(0.999 * x));
    }
    let elu = |x: f64| if x > 0.0 { x } else { x.exp_m1() };
    let check = Check::new().tolerance(1e-5);
    check.run(|x: &[f64]| elu(x[0]), &[0.0], &[1.0]).assert_passed();
    assert_wrong(&check.run(|x: &[f64]| elu(x[0]), &[0.0], &[0.999]));
}

#[test]
fn a_kink_within_the_step_of_x() {
    let h = Step::Auto.at(1.0);
    for i in -19..=19 {
        // From 0.95 steps to the left of x to as many to the right, a twentieth at a time.
        let c = 1.0 + h * f64::from(i) / 20.0;
        let f = |x: f64| 3.0 * x + (x - c).abs();
        let (right, wrong) = if i < 0 { (4.0, 2.0) } else { (2.0, 4.0) };
        assert_kink(&check(f, 1.0, right));
        if i != 0 {
            // The slope of the other side, the mean of both, and the sign of the right one.
            for wrong in [wrong, 3.0, -right, 1.001 * right] {
                assert_wrong(&check(f, 1.0, wrong));
            }
        }
    }
    // A kink further away plays no part.
    for c in [1.0 - 1.1 * h, 1.0 + 1.1 * h] {
        let f = |x: f64| (x - c).abs();
        let slope = (1.0 - c).signum();
        check(f, 1.0, slope).assert_passed();
        assert_wrong(&check(f, 1.0, -slope));
        assert_wrong(&check(f, 1.0, 0.0));
    }
}

#[test]
fn however_near_to_a_kink_the_derivative_of_the_other_side_is_wrong() {
    for distance in [1e-6_f64, 1e-7, 3e-8, 1e-8, 1e-9, 1e-11] {
        for x in [distance, -distance] {
            // Those of the other side, of the mean of both, and the central difference itself.
            for wrong in [-x.signum(), 0.0, x / Step::Auto.at(1.0)] {
                assert_wrong(&check(f64::abs, x, wrong));
            }
            assert_kink(&check(f64::abs, x, x.signum()));
            let (right, wrong) = if x > 0.0 { (1.0, 0.0) } else { (0.0, 1.0) };
            assert_wrong(&check(relu, x, wrong));
            assert_kink(&check(relu, x, right));
            // Elsewhere, beside other terms, as far as the numbers there are fine enough.
            if distance >= 1e-9 {
                let f = |x: f64| 0.5 * (x - 3.0).abs() + relu(x - 3.0) + 2.0 * x;
                let (right, wrong) = if x > 0.0 { (3.5, 1.5) } else { (1.5, 3.5) };
                assert_wrong(&check(f, 3.0 + x, wrong));
                assert_kink(&check(f, 3.0 + x, right));
            }
        }
    }
}

#[test]
fn a_kink_beside_x_that_the_tolerance_allows_changes_nothing() {
    // The slope at x is 0.9; the central difference, 0.95, is within a tenth of it.
    let h = Step::Auto.at(1.0);
    let f = |x: &[f64]| x[0] + 0.1 * (x[0] - 1.0 - 0.5 * h).abs();
    let report = Check::new().tolerance(0.1).run(f, &[1.0], &[0.9]);
    report.assert_passed();
    assert_eq!(report.n_kinks(), 0);
    assert!((report.relative_error() - 0.05 / 0.95).abs() < 1e-6, "{report}");
}

#[test]
fn several_kinks_within_a_step() {
    // At 0.06 and −0.03 from x, with the step 0.1: 2 − 1 + 0.5 between them. The stronger one is further away.
    let f = |x: f64| 2.0 * x + (x - 0.06).abs() + 0.5 * (x + 0.03).abs();
    let check = Check::new().step(Step::Fixed(0.1));
    let run = |slope| check.run(|x: &[f64]| f(x[0]), &[0.0], &[slope]);
    assert_kink(&run(1.5));
    for wrong in [-1.5, 0.5, 2.0, 2.5, 3.5] {
        assert_wrong(&run(wrong));
    }
}

#[test]
fn the_greater_of_two_at_a_tie() {
    let f = |x: &[f64]| x[0].max(x[1]) + x[2] * x[2];
    let x = [2.0, 2.0, 3.0];
    // The first wins, the second wins, they share.
    for [a, b] in [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]] {
        let report = Check::new().run(f, &x, &[a, b, 6.0]);
        report.assert_passed();
        assert_eq!((report.kinks(), report.n_agreeing(), report.n_checked()), (&[0, 1][..], 1, 3));
    }
    // A mistake at the point without a kink is still one, and so is one beyond both slopes.
    let report = Check::new().run(f, &x, &[1.0, 0.0, -6.0]);
    assert_eq!((report.n_kinks(), report.n_wrong(), report.worst().unwrap().index), (2, 1, 2));
    report.assert_refused();
    let report = Check::new().run(f, &x, &[1.0, -1.0, 6.0]);
    assert_eq!((report.kinks(), report.n_wrong(), report.worst().unwrap().index), (&[0][..], 1, 1));
    report.assert_refused();
}

#[test]
fn kinks_alone_neither_pass_nor_are_refused() {
    let f = |x: &[f64]| x.iter().map(|x| x.abs()).sum::<f64>();
    let report = Check::new().run(f, &[0.0, 0.0], &[0.0, 1.0]);
    assert_eq!((report.n_kinks(), report.n_checked(), report.refusal()), (2, 2, None));
    assert!(!report.passed());
    assert!(std::panic::catch_unwind(|| report.assert_passed()).is_err());
    assert!(std::panic::catch_unwind(|| report.assert_refused()).is_err());
    assert!(report.relative_error().is_nan());
}

#[test]
fn jumps_and_cusps_are_no_kinks() {
    let step = |x: f64| if x < 0.0 { 0.0 } else { 1.0 };
    let cusp = |x: f64| x.abs().sqrt();
    for x in [0.0, 1e-6, -1e-6] {
        assert_wrong(&check(step, x, 0.0));
        assert_wrong(&check(cusp, x, 1.0));
    }
}

#[test]
fn in_single_precision() {
    for x in [0.0_f32, 1.0, 3.7, -250.0] {
        let f = |v: &[f32]| (v[0] - x).abs() + v[1];
        let check = Check::new().tolerance(1e-2);
        let report = check.run(f, &[x, 2.0], &[1.0, 1.0]);
        report.assert_passed();
        assert_eq!(report.kinks(), [0]);
        check.run(f, &[x, 2.0], &[2.0, 1.0]).assert_refused();
    }
}

#[test]
fn a_layer_of_relus() {
    // Σ relu(x) over 50 numbers of which every fifth is 0: those are kinks, the others are checked.
    let x: Vec<f64> = (0..50).map(|i| f64::from(i % 5) * if i % 2 == 0 { 0.1 } else { -0.1 }).collect();
    let gradient: Vec<f64> = x.iter().map(|&x| if x > 0.0 { 1.0 } else { 0.0 }).collect();
    let f = |x: &[f64]| x.iter().map(|&x| relu(x)).sum::<f64>();
    let report = Check::new().run(f, &x, &gradient);
    report.assert_passed();
    assert!(report.kinks().iter().eq([0, 5, 10, 15, 20, 25, 30, 35, 40, 45].iter()), "{report}");
    assert_eq!(report.n_agreeing(), 40);
    // The mask turned round is found at every other point.
    let turned: Vec<f64> = gradient.iter().map(|g| 1.0 - g).collect();
    let report = Check::new().run(f, &x, &turned);
    assert_eq!((report.n_kinks(), report.n_wrong(), report.n_agreeing()), (10, 40, 0));
}
