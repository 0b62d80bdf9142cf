//! No derivative of a smooth function, wrong or right, is ever taken for a kink, however the function curves, however
//! large it is, and however it is rounded.

use chainrule_gradcheck::{Check, Step, central_difference};

/// A function of one number and its derivative, stretched by a factor in both.
type Family = (&'static str, fn(f64) -> f64, fn(f64) -> f64);

const FAMILIES: [Family; 8] = [
    ("sin", f64::sin, f64::cos),
    ("exp", f64::exp, f64::exp),
    ("tanh", f64::tanh, |u| 1.0 / u.cosh().powi(2)),
    ("cube", |u| u * u * u, |u| 3.0 * u * u),
    ("fourth power", |u| u.powi(4), |u| 4.0 * u.powi(3)),
    ("bell", |u| (-u * u).exp(), |u| -2.0 * u * (-u * u).exp()),
    ("chirp", |u| (u * u).sin(), |u| 2.0 * u * (u * u).cos()),
    ("two waves", |u| u.sin() + 0.1 * (7.3 * u).sin(), |u| u.cos() + 0.73 * (7.3 * u).cos()),
];

/// Numbers in −½…½ that look random, a function of the bits of `x`.
fn noise(x: f64) -> f64 {
    // The finaliser of SplitMix64.
    let mut z = x.to_bits().wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
}

/// Asserts that no derivative is taken for one at a kink, with three steps: one that agrees with the central difference
/// agrees, and the judgement of others may only be better. Returns how often the right one passed.
fn assert_no_kink(name: &str, f: impl Fn(f64) -> f64, slope: f64, x: f64) -> usize {
    let wrong = [-slope, 2.0 * slope, 1.001 * slope, (1.0 + 1e-5) * slope, 0.0, slope + 1.0, 0.5 * slope];
    let f = |x: &[f64]| f(x[0]);
    let mut n_passed = 0;
    for step in [Step::Auto, Step::Fixed(1e-4), Step::Fixed(1e-2)] {
        let check = Check::new().step(step);
        let numeric = central_difference(f, &[x], step);
        for slope in std::iter::once(slope).chain(wrong) {
            let report = check.run(f, &[x], &[slope]);
            assert_eq!(report.n_kinks(), 0, "{name} at {x}: {report}");
            let by_difference = check.compare(&[slope], &numeric);
            if by_difference.passed() || by_difference.refusal().is_some() {
                assert_eq!(report.to_string(), by_difference.to_string(), "{name} at {x}");
            }
        }
        n_passed += usize::from(check.run(f, &[x], &[slope]).passed());
    }
    n_passed
}

/// Factors of 10^(1/8) from 10⁻² to 10⁹: from what a step cannot see to what it cannot resolve.
fn factors() -> impl Iterator<Item = f64> {
    (-16..=72).map(|i| 10_f64.powf(f64::from(i) / 8.0))
}

const PLACES: [f64; 6] = [0.0, 0.37, -1.9, 1e-6, 1e8, -1e-8];

#[test]
fn whatever_the_curvature() {
    let mut n_passed = 0;
    for (name, f, slope) in FAMILIES {
        for factor in factors() {
            for shift in [-2.3, -0.4, 0.0, 0.9] {
                let u = |x: f64| factor * x + shift;
                for x in PLACES {
                    let slope = factor * slope(u(x));
                    if slope.is_finite() && f(u(x)).is_finite() {
                        n_passed += assert_no_kink(name, |x| f(u(x)), slope, x);
                    }
                }
            }
        }
    }
    // The right ones do pass, where the step suits the function: else this would show nothing.
    assert!(n_passed > 15000, "{n_passed}");
}

#[test]
fn whatever_the_scale() {
    for scale in [1e8, 1e-8, 1e-300] {
        for factor in factors() {
            for x in PLACES {
                let slope = scale * factor * (factor * x + 0.4).cos();
                assert_no_kink("sin", |x| scale * (factor * x + 0.4).sin(), slope, x);
                // Beside a large constant, whose rounding is all that a step can see.
                let f = |x: f64| 1e8 + (factor * x + 0.4).sin();
                assert_no_kink("1e8 + sin", f, factor * (factor * x + 0.4).cos(), x);
            }
        }
    }
}

#[test]
fn whatever_the_noise() {
    for size in [1e-12, 1e-9, 1e-6, 1e-3] {
        for i in 0..200 {
            let x = 0.01 * f64::from(i) - 1.0;
            assert_no_kink("sin with noise", |x| x.sin() + size * noise(x), x.cos(), x);
            // Rounded to a grid, which makes small jumps of it.
            assert_no_kink("sin in steps", |x| (x.sin() / size).round() * size, x.cos(), x);
        }
    }
}

#[test]
fn steep_but_smooth() {
    // exp(50x), sin(100x), and a relu that is rounded off over a millionth of the step.
    let check = Check::new();
    for x in [-1.0_f64, 0.0, 0.1, 0.7] {
        for wrong in [1.0 + 1e-5, 0.5, -1.0, 0.0] {
            let exp = |x: &[f64]| (50.0 * x[0]).exp();
            let slope = 50.0 * (50.0 * x).exp();
            let report = check.run(exp, &[x], &[wrong * slope]);
            assert_eq!((report.n_wrong(), report.n_kinks()), (1, 0), "{report}");
            check.clone().tolerance(1e-6).run(exp, &[x], &[slope]).assert_passed();
            let sin = |x: &[f64]| (100.0 * x[0]).sin();
            let slope = 100.0 * (100.0 * x).cos();
            let report = check.run(sin, &[x], &[wrong * slope]);
            assert_eq!((report.n_wrong(), report.n_kinks()), (1, 0), "{report}");
            check.clone().tolerance(1e-6).run(sin, &[x], &[slope]).assert_passed();
        }
    }
    for sharpness in [1e5, 1e7, 1e9] {
        let softplus = |u: f64| u.max(0.0) + (-u.abs()).exp().ln_1p();
        let f = |x: &[f64]| softplus(sharpness * x[0]) / sharpness;
        for wrong in [0.2, 0.8, 1.0, 0.0] {
            let report = check.run(f, &[0.0], &[wrong]);
            assert_eq!((report.n_wrong(), report.n_kinks()), (1, 0), "{report}");
        }
    }
}

/// A function, a place, and its derivative there.
type Bending = (&'static str, fn(f64) -> f64, f64, f64);

/// Functions that bend much within a step.
const BENDING: [Bending; 19] = [
    // Of the slope 100, the step is off by 1.2 times the tolerance.
    ("tanh 100x", |x| (100.0 * x).tanh(), 0.0, 100.0),
    ("tanh 100x at 0.001", |x| (100.0 * x).tanh(), 1e-3, 99.00662908474398),
    ("cube far from 0", |x| x * x * x, 0.01, 3e-4),
    // What the step finds is 10⁹ times the slope, and sets no floor for it.
    ("cube nearest to 0", |x| x * x * x, 1e-10, 3e-20),
    ("fourth power", |x| x.powi(4), 1e-10, 4e-30),
    ("sin 1000x", |x| (1e3 * x).sin(), 0.3, -22.096619278683941),
    ("sin 1000x at 0", |x| (1e3 * x).sin(), 0.0, 1e3),
    ("ln", f64::ln, 1e-3, 1e3),
    ("ln nearer to 0", f64::ln, 1e-5, 1e5),
    ("tanh 10⁴x", |x| (1e4 * x).tanh(), 0.0, 1e4),
    ("tanh 10⁶x", |x| (1e6 * x).tanh(), 0.0, 1e6),
    ("tanh 10⁹x", |x| (1e9 * x).tanh(), 0.0, 1e9),
    ("cube", |x| x * x * x, 1e-8, 3e-16),
    ("cube further from 0", |x| x * x * x, 1e-5, 3e-10),
    ("fifth power", |x| x.powi(5), 1e-6, 5e-24),
    ("inverse", |x| 1.0 / x, 1e-4, -1e8),
    ("root", f64::sqrt, 1e-4, 50.0),
    ("exp 10⁴x", |x| (1e4 * x).exp(), 0.0, 1e4),
    ("inverse tangent", |x| (1e5 * x).atan(), 0.0, 1e5),
];

#[test]
fn a_step_that_is_too_long_is_not_an_error_of_the_derivative() {
    for (name, f, x, slope) in BENDING {
        let run = |slope: f64| Check::new().run(|x: &[f64]| f(x[0]), &[x], &[slope]);
        let report = run(slope);
        assert!(report.passed(), "{name}: {report}");
        for wrong in [-slope, 0.0, 2.0 * slope, 1.01 * slope] {
            let report = run(wrong);
            assert_eq!((report.n_wrong(), report.n_kinks()), (1, 0), "{name}, {wrong}: {report}");
        }
    }
}

#[test]
fn however_much_a_function_bends_within_a_step() {
    for (name, f, _) in FAMILIES.into_iter().filter(|(name, ..)| ["sin", "tanh"].contains(name)) {
        // From steps that suit the function to those that are some hundred times as long as it.
        for factor in (0..=280).map(|i| 10_f64.powf(f64::from(i) / 40.0)) {
            let run = |slope| Check::new().run(|x: &[f64]| f(factor * x[0]), &[0.0], &[slope]);
            let report = run(factor);
            assert!(report.passed(), "{name} of {factor}x: {report}");
            let report = run(factor * (1.0 + 1e-6));
            assert_eq!(report.n_wrong(), 1, "{name} of {factor}x: {report}");
        }
    }
}

#[test]
fn where_neither_a_long_nor_a_short_step_will_do_nothing_can_be_told() {
    // Of the slope 1000 of sin 1000x, the step is off by 6·10⁻³; beside 3·10⁶, half the step is off by 10⁻⁴.
    let f = |x: &[f64]| 3e6 + (1e3 * x[0]).sin();
    let report = Check::new().run(f, &[0.0], &[1e3]);
    assert_eq!(
        (report.n_checked(), report.n_agreeing(), report.n_wrong(), report.n_kinks()),
        (1, 0, 0, 0),
        "{report}"
    );
    assert_eq!(report.unclear(), [0]);
    assert_eq!(report.to_string(), "cannot tell at this step: 0 of 1 derivatives agree, 1 unclear at [0]");
    assert!(!report.passed() && report.refusal().is_none());
    assert!(std::panic::catch_unwind(|| report.assert_refused()).is_err());
    for wrong in [-1e3, 0.0, 999.0, 1e3 + 0.1] {
        Check::new().run(f, &[0.0], &[wrong]).assert_refused();
    }
    // Beside others that agree, it does not pass either; nor is it an excuse for one that is wrong.
    let two = |x: &[f64]| f(x) + 1e3 * x[1];
    let report = Check::new().run(two, &[0.0, 1.0], &[1e3, 1e3]);
    assert_eq!((report.n_agreeing(), report.n_wrong(), report.passed()), (1, 0, false), "{report}");
    Check::new().run(two, &[0.0, 1.0], &[1e3, 2e3]).assert_refused();
}
