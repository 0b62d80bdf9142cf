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

/// Asserts that every derivative, right or wrong, is judged by its central difference alone, with three steps.
/// Returns how often the right one passed.
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
            assert_eq!(report.to_string(), check.compare(&[slope], &numeric).to_string(), "{name} at {x}");
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
