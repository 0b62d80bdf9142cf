//! The number types that a field can be parsed as.

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
pub trait Number: sealed::Parse {}

impl Number for f32 {}
impl Number for f64 {}

mod sealed {
    pub trait Parse: Sized {
        /// What a message says was expected.
        const EXPECTED: &'static str;

        /// The number that a field says, if it is one and finite.
        fn parse(field: &str) -> Option<Self>;
    }

    impl Parse for f32 {
        const EXPECTED: &'static str = "a finite number of at most 3.4e38";

        fn parse(field: &str) -> Option<f32> {
            field.parse().ok().filter(|number: &f32| number.is_finite())
        }
    }

    impl Parse for f64 {
        const EXPECTED: &'static str = "a finite number";

        fn parse(field: &str) -> Option<f64> {
            field.parse().ok().filter(|number: &f64| number.is_finite())
        }
    }
}
