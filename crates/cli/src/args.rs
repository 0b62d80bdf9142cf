//! What the options of commands have in common: how values are read.

use std::{fmt, str::FromStr};

use chainrule_losses::LossConfig;
use chainrule_optimizers::OptimizerConfig;
use chainrule_trainer::{Activation, MAX_THREADS};
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde::de::DeserializeOwned;

/// How far compressed files may unpack.
#[derive(Args, Debug)]
pub(crate) struct Unpacking {
    /// The most bytes that the arrays of a compressed npz file may have together, if they are more than eight times the file
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub(crate) max_unpacked: u64,
}

/// Reads a value by the name that it has in files as well.
pub(crate) fn named<T>(names: impl Into<PossibleValuesParser>) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    names.into().try_map(|name| serde_json::from_value(name.into()))
}

pub(crate) fn activation() -> impl TypedValueParser<Value = Activation> {
    named(Activation::ALL.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// A loss with its published settings.
pub(crate) fn loss() -> impl TypedValueParser<Value = LossConfig> {
    let names = LossConfig::all();
    PossibleValuesParser::new(names.iter().map(LossConfig::name)).try_map(|name| LossConfig::by_name(&name))
}

/// An update rule with its published settings.
pub(crate) fn optimizer() -> impl TypedValueParser<Value = OptimizerConfig> {
    let names = OptimizerConfig::all();
    let names = PossibleValuesParser::new(names.iter().map(OptimizerConfig::name));
    names.try_map(|name| OptimizerConfig::by_name(&name))
}

pub fn at_least_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    in_range(text, |n: &T| *n >= T::from(1), "a whole number from 1")
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

fn in_range<T: FromStr>(
    text: &str,
    good: impl Fn(&T) -> bool,
    expected: impl fmt::Display,
) -> Result<T, String> {
    text.parse().ok().filter(good).ok_or_else(|| format!("expected {expected}"))
}
