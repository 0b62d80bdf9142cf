//! How often a checkpoint is written.

use std::{fmt, str::FromStr, time::Duration};

use crate::Error;

/// How often a checkpoint is written, each at least 1: as text `50steps`, `1epochs`, `30s`.
///
/// # Examples
/// ```
/// use chainrule_trainer::Every;
/// assert_eq!("50steps".parse::<Every>()?, Every::Steps(50));
/// assert_eq!("1epoch".parse::<Every>()?, Every::default());
/// assert_eq!("30s".parse::<Every>()?.to_string(), "30s");
/// assert_eq!(
///     "0s".parse::<Every>().unwrap_err().to_string(),
///     "how often to write a checkpoint is \"0s\", expected a whole number from 1 and what it counts: 50steps, 1epochs, 30s"
/// );
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Every {
    /// After every so many steps.
    Steps(u64),
    /// After every so many epochs.
    Epochs(u64),
    /// After the first step that ends so long after the checkpoint before.
    Time(Duration),
}

/// After every epoch.
impl Default for Every {
    fn default() -> Self {
        Every::Epochs(1)
    }
}

impl Every {
    pub(crate) fn check(self) -> Result<(), Error> {
        let good = match self {
            Every::Steps(n) | Every::Epochs(n) => n > 0,
            Every::Time(time) => !time.is_zero(),
        };
        if good { Ok(()) } else { Err(refused(self)) }
    }
}

fn refused(found: impl fmt::Display) -> Error {
    let expected = "a whole number from 1 and what it counts: 50steps, 1epochs, 30s";
    Error::config("how often to write a checkpoint", format_args!("\"{found}\""), expected)
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Every::Steps(n) => write!(f, "{n}steps"),
            Every::Epochs(n) => write!(f, "{n}epochs"),
            Every::Time(time) => write!(f, "{}s", time.as_secs_f64()),
        }
    }
}

impl FromStr for Every {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = text[..text.len() - unit.len()].parse();
        let every = match (number, unit) {
            (Ok(n), "step" | "steps") => Every::Steps(n),
            (Ok(n), "epoch" | "epochs") => Every::Epochs(n),
            (Ok(n), "s") => Every::Time(Duration::from_secs(n)),
            _ => return Err(refused(text)),
        };
        every.check().map_err(|_| refused(text))?;
        Ok(every)
    }
}
