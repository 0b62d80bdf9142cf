//! The settings that rules, clipping and schedules share: their good ranges, checked when set and when read.

use crate::Error;

/// `found` if it is in the good range.
fn check(name: &'static str, found: f64, is_good: bool, expected: &'static str) -> Result<f64, Error> {
    if is_good { Ok(found) } else { Err(Error::Setting { name, found, expected }) }
}

pub(crate) fn above_0(name: &'static str, found: f64) -> Result<f64, Error> {
    check(name, found, found > 0.0 && found.is_finite(), "a finite number above 0")
}

pub(crate) fn not_below_0(name: &'static str, found: f64) -> Result<f64, Error> {
    check(name, found, found >= 0.0 && found.is_finite(), "a finite number not below 0")
}

pub(crate) fn below_1(name: &'static str, found: f64) -> Result<f64, Error> {
    check(name, found, (0.0..1.0).contains(&found), "a number from 0 to below 1")
}

pub(crate) fn above_0_to_1(name: &'static str, found: f64) -> Result<f64, Error> {
    check(name, found, found > 0.0 && found <= 1.0, "a number above 0 and not above 1")
}

/// A number of steps.
pub(crate) fn steps(name: &'static str, found: u64) -> Result<u64, Error> {
    check(name, found as f64, found > 0, "at least 1").map(|_| found)
}

/// One function per setting to check it, and one in `read` for `serde(deserialize_with = …)` to read and check it.
macro_rules! settings {
    ($($setting:ident, $name:literal, $check:ident;)*) => {
        $(pub(crate) fn $setting(found: f64) -> Result<f64, Error> {
            $check($name, found)
        })*

        #[cfg(feature = "serde")]
        pub(crate) mod read {
            use serde::{Deserialize, Deserializer, de::Error};

            $(pub(crate) fn $setting<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
                super::$setting(f64::deserialize(from)?).map_err(D::Error::custom)
            })*
        }
    };
}

settings! {
    learning_rate, "learning rate", above_0;
    weight_decay, "weight decay", not_below_0;
    momentum, "momentum", below_1;
    alpha, "alpha", below_1;
    beta1, "beta1", below_1;
    beta2, "beta2", below_1;
    eps, "eps", above_0;
    limit, "clipping limit", above_0;
    max_norm, "largest norm", above_0;
}
