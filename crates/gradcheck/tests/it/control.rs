//! `must_fail` can itself fail: whatever shows nothing makes it panic, and the message says why.

use chainrule_gradcheck::Check;

/// *x0² + |x1|* at (3, 2).
fn f(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1].abs()
}

const X: [f64; 2] = [3.0, 2.0];
const RIGHT: [f64; 2] = [6.0, 1.0];

#[test]
fn usual_mistakes_are_found_where_they_are() {
    type Mistake = fn(&mut [f64]);
    let mistakes: [(usize, Mistake); 5] = [
        (0, |g| g[0] = -g[0]),
        (1, |g| g[1] *= 1.0 + 1e-6),
        (1, |g| g[1] = 0.0),
        (0, |g| g.fill(1.0)),
        (0, |g| g[0] += 1e-5),
    ];
    for (index, mistake) in mistakes {
        let found = Check::new().must_fail(f, &X, &RIGHT, mistake);
        assert_eq!(found.index, index, "{found:?}");
        assert!(found.relative_error > 1e-7);
    }
}

#[test]
#[should_panic(
    expected = "the right gradient has to pass before a wrong one shows anything, but wrong: 1 of 2"
)]
fn the_right_gradient_must_be_right() {
    Check::new().must_fail(f, &X, &[6.0, -1.0], |g| g[0] = 0.0);
}

#[test]
#[should_panic(
    expected = "the right gradient has to pass before a wrong one shows anything, but refused: f(x) is NaN"
)]
fn nor_may_f_be_nan() {
    Check::new().must_fail(|_: &[f64]| f64::NAN, &X, &RIGHT, |g| g[0] = 0.0);
}

#[test]
#[should_panic(expected = "the mistake has to change the gradient, which is still [6.0, 1.0]")]
fn the_mistake_must_change_something() {
    Check::new().must_fail(f, &X, &RIGHT, |g| g[0] = 6.0);
}

#[test]
#[should_panic(expected = "this gradient was to be found wrong, but ok: 2 of 2 derivatives agree")]
fn the_mistake_must_be_large_enough() {
    Check::new().must_fail(f, &X, &RIGHT, |g| g[0] *= 1.0 + 1e-9);
}

#[test]
#[should_panic(
    expected = "this gradient was to be found wrong, but refused: the given derivative at [0] is NaN"
)]
fn a_nan_is_no_mistake() {
    Check::new().must_fail(f, &X, &RIGHT, |g| g[0] = f64::NAN);
}

#[test]
#[should_panic(
    expected = "this gradient was to be found wrong, but ok: 1 of 2 derivatives agree, 1 kink at [1]"
)]
fn a_mistake_at_a_kink_is_not_found() {
    Check::new().must_fail(f, &[3.0, 0.0], &[6.0, 0.0], |g| g[1] = 1.0);
}

#[test]
#[should_panic(
    expected = "this gradient was to be found wrong, but ok: 1 of 1 checked derivatives (2 in all)"
)]
fn nor_one_outside_of_the_subset() {
    let check = Check::new().subset(1);
    let unchecked = 1 - check.indices(2)[0];
    check.must_fail(f, &X, &RIGHT, |g| g[unchecked] = 0.0);
}
