//! What the settings of all optimizers share: their valid ranges, checked wherever settings are read or used, and their
//! `with_…` methods.

use chainrule_tensor::unmet;

use crate::Error;

fn check(name: &'static str, found: f64, is_good: bool, expected: &'static str) -> Result<(), Error> {
    unmet(found, is_good, expected).map_or(Ok(()), |expected| Err(Error::Setting { name, found, expected }))
}

pub(crate) fn above_0(name: &'static str, found: f64) -> Result<(), Error> {
    check(name, found, found > 0.0 && found.is_finite(), "a finite number above 0")
}

pub(crate) fn not_below_0(name: &'static str, found: f64) -> Result<(), Error> {
    check(name, found, found >= 0.0 && found.is_finite(), "a finite number not below 0")
}

pub(crate) fn below_1(name: &'static str, found: f64) -> Result<(), Error> {
    check(name, found, (0.0..1.0).contains(&found), "a number from 0 to below 1")
}

pub(crate) fn above_0_to_1(name: &'static str, found: f64) -> Result<(), Error> {
    check(name, found, found > 0.0 && found <= 1.0, "a number above 0 and not above 1")
}

/// A number of steps.
pub(crate) fn steps(name: &'static str, found: u64) -> Result<(), Error> {
    check(name, found as f64, found > 0, "at least 1")
}

/// One function per setting to check it, and one in `read` for `serde(deserialize_with = …)`, so that an error in a file
/// has the line of the setting.
macro_rules! settings {
    ($($setting:ident, $name:literal, $check:ident;)*) => {
        $(pub(crate) fn $setting(found: f64) -> Result<(), Error> {
            $check($name, found)
        })*

        #[cfg(feature = "serde")]
        pub(crate) mod read {
            use serde::{Deserialize, Deserializer, de::Error};

            $(pub(crate) fn $setting<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
                let found = f64::deserialize(from)?;
                super::$setting(found).map_err(D::Error::custom).map(|()| found)
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
    max_norm, "maximum norm", above_0;
}

/// Methods `with_…` that replace settings. They take any value: `check` knows the ranges.
macro_rules! setters {
    ($type:ident: $($with:ident($($setting:ident: $kind:ty),+)),+) => {
        impl $type {
            $(
                #[doc = concat!("The same with another", $(" `", stringify!($setting), "`",)+ ".")]
                pub fn $with(self, $($setting: $kind),+) -> Self {
                    $type { $($setting,)+ ..self }
                }
            )+
        }
    };
}
pub(crate) use setters;

/// The methods that every rule has, and those that set what it alone has.
macro_rules! rule_settings {
    ($rule:ident $(, $with:ident($($setting:ident),+))*) => {
        $crate::settings::setters! {
            $rule: with_learning_rate(learning_rate: f64), $($with($($setting: f64),+),)*
            with_weight_decay(weight_decay: f64), with_decay_biases(decay_biases: bool)
        }

        impl $rule {
            /// The rule with this learning rate and the defaults for the rest.
            pub fn new(learning_rate: f64) -> Self {
                $rule { learning_rate, ..$rule::default() }
            }

            /// Refuses settings out of range. Training calls it first.
            ///
            /// # Errors
            /// [`Error::Setting`] for the first of them.
            pub fn check(&self) -> Result<(), Error> {
                settings::learning_rate(self.learning_rate)?;
                $($(settings::$setting(self.$setting)?;)+)*
                settings::weight_decay(self.weight_decay)
            }
        }
    };
}
pub(crate) use rule_settings;
