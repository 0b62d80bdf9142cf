//! The number types that a field can be parsed as.

use std::str::FromStr;

/// `f32` and `f64`: what [`Table::column`](crate::Table::column) and [`Table::rows`](crate::Table::rows) return.
///
/// It cannot be implemented for other types.
///
/// # Examples
/// ```
/// let table = chainrule_csv::Table::from_reader("x\n0.1\n".as_bytes())?;
/// let single: Vec<f32> = table.column("x")?;
/// assert_eq!(single, [0.1_f32]);
/// assert_eq!(table.column::<f64>("x")?, [0.1_f64]);
/// # Ok::<(), chainrule_csv::Error>(())
/// ```
pub trait Number: sealed::Finite {}

impl Number for f32 {}
impl Number for f64 {}

/// The number that `field` says, if it is one and finite.
pub(crate) fn parse<F: Number>(field: &str) -> Option<F> {
    field.parse().ok().filter(|number: &F| number.is_finite())
}

mod sealed {
    use super::FromStr;

    pub trait Finite: FromStr {
        /// What a message says was expected.
        const EXPECTED: &'static str;

        fn is_finite(&self) -> bool;
    }

    impl Finite for f32 {
        const EXPECTED: &'static str = "a finite number of at most 3.4e38";

        fn is_finite(&self) -> bool {
            f32::is_finite(*self)
        }
    }

    impl Finite for f64 {
        const EXPECTED: &'static str = "a finite number";

        fn is_finite(&self) -> bool {
            f64::is_finite(*self)
        }
    }
}
