//! What the options of commands have in common: how values are read, and the names that the libraries know.

use std::fmt;

use chainrule_trainer::MAX_THREADS;

/// The names that the libraries know.
pub(crate) mod names {
    use chainrule_losses::LossConfig;
    use chainrule_optimizers::OptimizerConfig;
    use chainrule_trainer::Activation;

    pub(crate) fn activations() -> Vec<String> {
        Activation::ALL.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn losses() -> Vec<&'static str> {
        LossConfig::all().iter().map(LossConfig::name).collect()
    }

    pub(crate) fn optimizers() -> Vec<&'static str> {
        OptimizerConfig::all().iter().map(OptimizerConfig::name).collect()
    }
}

pub fn at_least_one(text: &str) -> Result<usize, String> {
    in_range(text, |n: &usize| *n >= 1, "a whole number from 1")
}

pub(crate) fn at_least_one_u64(text: &str) -> Result<u64, String> {
    in_range(text, |n: &u64| *n >= 1, "a whole number from 1")
}

pub(crate) fn seed(text: &str) -> Result<u64, String> {
    in_range(text, |_| true, "a whole number from 0 to 18446744073709551615")
}

pub fn threads(text: &str) -> Result<usize, String> {
    in_range(
        text,
        |n: &usize| (1..=MAX_THREADS).contains(n),
        format_args!("a whole number from 1 to {MAX_THREADS}"),
    )
}

pub(crate) fn above_zero(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| x.is_finite() && *x > 0.0, "a finite number above 0")
}

pub(crate) fn not_below_zero(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| x.is_finite() && *x >= 0.0, "a finite number not below 0")
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
    in_range(text, |x: &f64| (0.0..1.0).contains(x), "a number from 0 and below 1")
}

fn in_range<T: std::str::FromStr>(
    text: &str,
    good: impl Fn(&T) -> bool,
    expected: impl fmt::Display,
) -> Result<T, String> {
    text.parse().ok().filter(good).ok_or_else(|| format!("expected {expected}"))
}
