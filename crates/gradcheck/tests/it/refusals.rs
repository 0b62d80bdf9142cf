//! NaN and infinity never pass, wherever they are, and the report says where.

use chainrule_gradcheck::{Check, Refusal, Report};

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn sum(x: &[f64]) -> f64 {
    x.iter().sum()
}

fn assert_refusal(report: &Report, text: &str) {
    report.assert_refused();
    assert_eq!(report.to_string(), text);
    assert_eq!((report.worst(), report.n_checked(), report.n_agreeing()), (None, 0, 0));
    assert!(report.relative_error().is_nan());
}

#[test]
fn in_x() {
    for bad in BAD {
        let report = Check::new().run(sum, &[0.0, 0.0, bad], &[1.0; 3]);
        assert_refusal(&report, &format!("refused: x[2] is {bad}"));
        assert!(matches!(report.refusal(), Some(Refusal::Input { index: 2, .. })));
    }
}

#[test]
fn in_the_given_gradient() {
    for bad in BAD {
        let text = format!("refused: the given derivative at [1] is {bad}");
        assert_refusal(&Check::new().run(sum, &[0.0; 3], &[1.0, bad, 1.0]), &text);
        assert_refusal(&Check::new().compare(&[1.0, bad, 1.0], &[1.0; 3]), &text);
        // Not only where the subset looks: the floor is taken from the whole gradient.
        assert_refusal(&Check::new().compare_at(&[2], &[1.0, bad, 1.0], &[1.0]), &text);
    }
}

#[test]
fn in_the_numerical_gradient() {
    for bad in BAD {
        let text = format!("refused: the numerical derivative at [2] is {bad}");
        assert_refusal(&Check::new().compare(&[1.0; 3], &[1.0, 1.0, bad]), &text);
        assert_refusal(&Check::new().compare_at(&[0, 2], &[1.0; 3], &[1.0, bad]), &text);
    }
}

#[test]
fn in_f_at_x() {
    for bad in BAD {
        // Finite on both sides of x, with the slope 1.
        let f = |x: &[f64]| if x[0] == 0.0 { bad } else { x[0] };
        let report = Check::new().run(f, &[0.0], &[1.0]);
        assert_refusal(&report, &format!("refused: f(x) is {bad}"));
    }
}

#[test]
fn in_f_beside_x() {
    for bad in BAD {
        let right = |x: &[f64]| if x[1] > 0.0 { bad } else { sum(x) };
        let left = |x: &[f64]| if x[1] < 0.0 { bad } else { sum(x) };
        for report in
            [Check::new().run(right, &[0.0; 3], &[1.0; 3]), Check::new().run(left, &[0.0; 3], &[1.0; 3])]
        {
            report.assert_refused();
            assert!(matches!(report.refusal(), Some(Refusal::Numeric { index: 1, .. })), "{report}");
        }
    }
}

#[test]
fn an_empty_tensor() {
    let text = "refused: the tensor is empty, nothing was checked";
    assert_refusal(&Check::new().run(sum, &[], &[]), text);
    assert_refusal(&Check::new().compare::<f64>(&[], &[]), text);
    assert_eq!(Check::new().compare::<f64>(&[], &[]).refusal(), Some(Refusal::Empty));
    // Nor does a choice of nothing pass.
    Check::new().compare_at(&[], &[1.0], &[]).assert_refused();
}
