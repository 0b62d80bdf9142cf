//! Functions with several outputs: vector–Jacobian products as backward passes give them, and Jacobian–vector
//! products as forward-mode differentiation does.

use chainrule_gradcheck::{Check, Refusal, Report};

/// *y = tanh(W·x)* with three outputs of two inputs, `W` row after row.
const W: [[f64; 2]; 3] = [[0.3, -0.7], [1.1, 0.2], [-0.5, 0.9]];
const X: [f64; 2] = [0.8, -0.3];

fn forward(x: &[f64], y: &mut [f64]) {
    for (y, w) in y.iter_mut().zip(W) {
        *y = (w[0] * x[0] + w[1] * x[1]).tanh();
    }
}

/// The Jacobian at `X`, row after row.
fn jacobian() -> [[f64; 2]; 3] {
    W.map(|w| {
        let slope = 1.0 - (w[0] * X[0] + w[1] * X[1]).tanh().powi(2);
        w.map(|w| slope * w)
    })
}

fn backward(v: &[f64]) -> Vec<f64> {
    (0..2).map(|j| jacobian().iter().zip(v).map(|(row, v)| v * row[j]).sum()).collect()
}

fn tangent(u: &[f64]) -> Vec<f64> {
    jacobian().iter().map(|row| row[0] * u[0] + row[1] * u[1]).collect()
}

fn assert_found(report: &Report) {
    assert!(report.n_wrong() > 0, "{report}");
    report.assert_refused();
}

#[test]
fn a_given_cotangent_and_random_ones() {
    for seed in 0..20 {
        let check = Check::new().seed(seed);
        let v = check.direction(3);
        let report = check.vjp(forward, &X, &v, &backward(&v));
        report.assert_passed();
        assert_eq!((report.n_checked(), report.n_total()), (2, 2));
        // Usual mistakes: sign, a factor, one row forgotten, two rows exchanged, the slope forgotten.
        let good = backward(&v);
        assert_found(&check.vjp(forward, &X, &v, &[-good[0], -good[1]]));
        assert_found(&check.vjp(forward, &X, &v, &[good[0], good[1] * (1.0 + 1e-6)]));
        assert_found(&check.vjp(forward, &X, &v, &backward(&[v[0], v[1], 0.0])));
        assert_found(&check.vjp(forward, &X, &v, &backward(&[v[1], v[0], v[2]])));
        let linear = [0, 1].map(|j| (0..3).map(|i| v[i] * W[i][j]).sum());
        assert_found(&check.vjp(forward, &X, &v, &linear));
    }
}

#[test]
fn every_row() {
    let check = Check::new();
    let reports = check.vjp_rows(forward, &X, 3, backward);
    reports.assert_passed();
    assert!(reports.iter().map(Report::name).eq(["row 0", "row 1", "row 2"]));
    // A mistake in the last row is found there and nowhere else.
    let wrong = |v: &[f64]| backward(&[v[0], v[1], -v[2]]);
    let reports = check.vjp_rows(forward, &X, 3, wrong);
    assert!(reports.get("row 0").unwrap().passed() && reports.get("row 1").unwrap().passed());
    assert_found(reports.get("row 2").unwrap());
    assert!(!reports.passed());
}

#[test]
fn a_direction() {
    for seed in 0..20 {
        let check = Check::new().seed(seed);
        let u = check.direction(2);
        let report = check.jvp(forward, &X, &u, &tangent(&u));
        report.assert_passed();
        assert_eq!((report.n_checked(), report.n_total()), (3, 3));
        for i in 0..3 {
            let mut wrong = tangent(&u);
            wrong[i] *= 1.0 + 1e-6;
            let report = check.jvp(forward, &X, &u, &wrong);
            assert_eq!((report.n_wrong(), report.worst().unwrap().index), (1, i));
        }
        assert_found(&check.jvp(forward, &X, &u, &tangent(&[u[1], u[0]])));
        assert_found(&check.jvp(forward, &X, &u, &tangent(&[u[0], 0.0])));
        // A subset of the outputs would save nothing.
        assert_eq!(check.subset(1).jvp(forward, &X, &u, &tangent(&u)).n_checked(), 3);
    }
}

#[test]
fn three_evaluations_for_any_number_of_outputs() {
    let mut n_calls = 0;
    let f = |x: &[f64], y: &mut [f64]| {
        n_calls += 1;
        y.fill(x[0] + 2.0 * x[1]);
    };
    Check::new().jvp(f, &[1.0, 2.0], &[3.0, 4.0], &[11.0; 500]).assert_passed();
    assert_eq!(n_calls, 3);
}

#[test]
fn directions_of_any_length_and_coordinates_of_any_size() {
    // y = (x0², x0·x1) at (10⁸, 10⁻³): (2·10⁸·u0, 10⁻³·u0 + 10⁸·u1).
    let f = |x: &[f64], y: &mut [f64]| (y[0], y[1]) = (x[0] * x[0], x[0] * x[1]);
    let x = [1e8, 1e-3];
    for length in [1e-12, 1.0, 1e12] {
        let u = [0.6 * length, -0.8 * length];
        let right = [2e8 * u[0], 1e-3 * u[0] + 1e8 * u[1]];
        Check::new().jvp(f, &x, &u, &right).assert_passed();
        assert_found(&Check::new().jvp(f, &x, &u, &[right[0], -right[1]]));
    }
}

#[test]
fn an_output_that_does_not_change_adds_no_rounding() {
    // Beside 10¹², a change of 10⁻⁵ is lost: it must not be summed with it.
    let f = |x: &[f64], y: &mut [f64]| (y[0], y[1]) = (1e12, x[0].sin());
    Check::new().vjp(f, &[0.5], &[1.0, 1.0], &[0.5_f64.cos()]).assert_passed();
    let sum = |x: &[f64]| 1e12 + x[0].sin();
    Check::new().run(sum, &[0.5], &[0.5_f64.cos()]).assert_refused();
}

#[test]
fn kinks_are_reported_in_their_place() {
    // relu of every coordinate, at 0 in the second.
    let f = |x: &[f64], y: &mut [f64]| {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x.max(0.0);
        }
    };
    let x = [1.0, 0.0, -1.0];
    let report = Check::new().vjp(f, &x, &[2.0, 3.0, 4.0], &[2.0, 0.0, 0.0]);
    report.assert_passed();
    assert_eq!((report.kinks(), report.n_agreeing()), (&[1][..], 2));
    let report = Check::new().jvp(f, &x, &[2.0, 3.0, 4.0], &[2.0, 0.0, 0.0]);
    report.assert_passed();
    assert_eq!((report.kinks(), report.n_agreeing()), (&[1][..], 2));
    assert_found(&Check::new().vjp(f, &x, &[2.0, 3.0, 4.0], &[2.0, -3.0, 0.0]));
    assert_found(&Check::new().jvp(f, &x, &[2.0, 3.0, 4.0], &[2.0, 6.0, 0.0]));
}

#[test]
fn what_is_not_finite_is_refused() {
    let check = Check::new();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let reports = |x: &[f64], direction: [&[f64]; 2], given: [&[f64]; 2]| {
            [check.vjp(forward, x, direction[0], given[0]), check.jvp(forward, x, direction[1], given[1])]
        };
        let (v, u) = ([1.0, 2.0, 3.0], [1.0, 2.0]);
        for report in reports(&[0.8, bad], [&v, &u], [&u, &v]) {
            assert_eq!(report.to_string(), format!("refused: x[1] is {bad}"));
        }
        for report in reports(&X, [&[1.0, bad, 3.0], &[1.0, bad]], [&u, &v]) {
            assert_eq!(report.to_string(), format!("refused: the direction at [1] is {bad}"));
        }
        for report in reports(&X, [&v, &u], [&[1.0, bad], &[1.0, bad, 3.0]]) {
            assert_eq!(report.to_string(), format!("refused: the given derivative at [1] is {bad}"));
        }
        // At x alone, and beside it alone.
        let at = |x: &[f64], y: &mut [f64]| y.fill(if x[0] == 0.8 { bad } else { x[0] });
        let beside = |x: &[f64], y: &mut [f64]| y.fill(if x[0] > 0.8 { bad } else { x[0] });
        for (report, n_given) in [(check.vjp(at, &X, &v, &u), 2), (check.jvp(at, &X, &u, &v), 3)] {
            assert_eq!(report.to_string(), format!("refused: f(x)[0] is {bad}"));
            assert_eq!(report.n_total(), n_given);
        }
        for report in [check.vjp(beside, &X, &v, &u), check.jvp(beside, &X, &u, &v)] {
            assert!(matches!(report.refusal(), Some(Refusal::Numeric { index: 0, .. })), "{report}");
            report.assert_refused();
        }
    }
}

#[test]
fn what_would_show_nothing_is_refused() {
    let check = Check::new();
    let zero = "refused: the direction is 0, nothing was checked";
    assert_eq!(check.vjp(forward, &X, &[0.0; 3], &[0.0; 2]).to_string(), zero);
    assert_eq!(check.jvp(forward, &X, &[0.0; 2], &[0.0; 3]).to_string(), zero);
    let empty = Some(Refusal::Empty);
    assert_eq!(check.vjp(forward, &X, &[], &[0.0; 2]).refusal(), empty);
    assert_eq!(check.vjp(forward, &[], &[1.0], &[]).refusal(), empty);
    assert_eq!(check.jvp(forward, &X, &[1.0; 2], &[]).refusal(), empty);
    assert!(!check.vjp_rows(forward, &X, 0, backward).passed());
    // An output that f does not write is not the one it wrote the time before.
    let forgets = |x: &[f64], y: &mut [f64]| y[0] = x[0];
    let report = check.vjp(forgets, &X, &[1.0, 1.0], &[1.0, 0.0]);
    assert_eq!(report.to_string(), "refused: f(x)[1] is NaN");
    let mut n_calls = 0;
    let forgets_later = |x: &[f64], y: &mut [f64]| {
        n_calls += 1;
        if n_calls == 1 {
            y[1] = x[1];
        }
        y[0] = x[0];
    };
    check.vjp(forgets_later, &X, &[1.0, 1.0], &[1.0, 0.0]).assert_refused();
}
