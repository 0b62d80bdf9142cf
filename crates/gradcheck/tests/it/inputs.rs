//! Functions of several inputs: every one is checked, under its name, at its own scale.

use chainrule_gradcheck::{Check, Refusal, Reports};

const W: [f64; 4] = [0.3, -0.7, 1.1, 0.2];
const B: [f64; 2] = [0.05, -0.4];
const X: [f64; 2] = [1.5, -2.5];

/// *Σ sin(W·x + b)*, `w` 2×2 column after column.
fn f(inputs: &[&[f64]]) -> f64 {
    let [w, x, b] = inputs else { panic!("three inputs, found {}", inputs.len()) };
    (0..2).map(|i| (w[i] * x[0] + w[i + 2] * x[1] + b[i]).sin()).sum()
}

/// The gradients with respect to `w`, `x` and `b`.
fn gradients() -> ([f64; 4], [f64; 2], [f64; 2]) {
    let dz = [0, 1].map(|i| (W[i] * X[0] + W[i + 2] * X[1] + B[i]).cos());
    let dw = [dz[0] * X[0], dz[1] * X[0], dz[0] * X[1], dz[1] * X[1]];
    let dx = [W[0] * dz[0] + W[1] * dz[1], W[2] * dz[0] + W[3] * dz[1]];
    (dw, dx, dz)
}

fn run(check: &Check, dw: &[f64], dx: &[f64], db: &[f64]) -> Reports {
    check.run_inputs(f, &[("w", &W, dw), ("x", &X, dx), ("b", &B, db)])
}

#[test]
fn the_right_gradients_pass() {
    let (dw, dx, db) = gradients();
    let reports = run(&Check::new(), &dw, &dx, &db);
    reports.assert_passed();
    let found: Vec<_> = reports.iter().map(|report| (report.name(), report.n_agreeing())).collect();
    assert_eq!(found, [("w", 4), ("x", 2), ("b", 2)]);
}

#[test]
fn a_mistake_is_found_in_the_input_that_has_it() {
    let (dw, dx, db) = gradients();
    let transposed = [dw[0], dw[2], dw[1], dw[3]];
    let untransposed = [W[0] * db[0] + W[2] * db[1], W[1] * db[0] + W[3] * db[1]];
    let cases: [(&str, Reports); 4] = [
        ("w", run(&Check::new(), &transposed, &dx, &db)),
        ("w", run(&Check::new(), &dw.map(|g| -g), &dx, &db)),
        ("x", run(&Check::new(), &dw, &untransposed, &db)),
        ("b", run(&Check::new(), &dw, &dx, &db.map(|g| g * (1.0 + 1e-6)))),
    ];
    for (name, reports) in cases {
        assert!(!reports.passed());
        for report in &reports {
            match report.name() == name {
                true => report.assert_refused(),
                false => report.assert_passed(),
            }
        }
    }
}

#[test]
fn the_other_inputs_stay_where_they_are() {
    let mut seen = Vec::new();
    let f = |inputs: &[&[f64]]| {
        seen.push([inputs[0][0], inputs[1][0]]);
        inputs[0][0] + inputs[1][0]
    };
    let check = Check::new().step(chainrule_gradcheck::Step::Fixed(0.5));
    check.run_inputs(f, &[("a", &[1.0], &[1.0]), ("b", &[2.0], &[1.0])]).assert_passed();
    assert_eq!(seen, [[1.0, 2.0], [1.5, 2.0], [0.5, 2.0], [1.0, 2.0], [1.0, 2.5], [1.0, 1.5]]);
}

#[test]
fn settings_hold_for_every_input() {
    let (dw, dx, db) = gradients();
    let reports = run(&Check::new().subset(1).seed(2), &dw, &dx, &db);
    assert!(reports.passed() && reports.iter().all(|report| report.n_checked() == 1));
}

#[test]
fn a_kink_in_one_input_is_none_in_another() {
    let f = |inputs: &[&[f64]]| inputs[0][0].abs() + inputs[1][0];
    let reports = Check::new().run_inputs(f, &[("a", &[0.0], &[0.0]), ("b", &[0.0], &[1.0])]);
    assert_eq!(reports.get("a").unwrap().n_kinks(), 1);
    reports.get("b").unwrap().assert_passed();
    // Nothing was shown of a.
    assert!(!reports.passed());
}

#[test]
fn what_is_not_finite_is_refused_in_its_input() {
    let (dw, dx, db) = gradients();
    let reports = run(&Check::new(), &dw, &[dx[0], f64::NAN], &db);
    assert!(matches!(reports.get("x").unwrap().refusal(), Some(Refusal::Analytic { index: 1, .. })));
    assert!(!reports.passed() && reports.get("w").unwrap().passed());
    let bad = [0.0, f64::INFINITY];
    let reports = Check::new().run_inputs(f, &[("w", &W, &dw), ("x", &X, &dx), ("b", &bad, &db)]);
    assert!(matches!(reports.get("b").unwrap().refusal(), Some(Refusal::Input { index: 1, .. })));
    assert!(matches!(reports.get("w").unwrap().refusal(), Some(Refusal::Value { .. })));
    assert!(!Check::new().run_inputs(|_: &[&[f64]]| 1.0, &[]).passed());
}
