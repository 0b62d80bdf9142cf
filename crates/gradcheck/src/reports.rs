//! `Reports`: the results for several tensors, such as the parameters of a layer.

use std::fmt;

use crate::Report;

/// One [`Report`] per tensor, in the order in which they were collected.
///
/// It prints one line per tensor.
///
/// # Examples
/// ```
/// use chainrule_gradcheck::{Check, Reports};
/// let check = Check::new();
/// let reports = Reports::from_iter([
///     check.compare(&[6.0, 8.0], &[6.0, 8.0]).named("w"),
///     check.compare(&[1.0], &[2.0]).named("b"),
/// ]);
/// assert!(!reports.passed());
/// assert!(reports.get("w").unwrap().passed());
/// assert_eq!(
///     reports.to_string(),
///     "w: ok: 2 of 2 derivatives agree; worst relative error 0.00e0 at [0]: given 6.0, numerical 6.0\n\
///      b: wrong: 1 of 1 derivatives disagree; worst relative error 5.00e-1 at [0], tolerance 1e-7: \
///      given 1.0, numerical 2.0",
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a report that nobody reads checks nothing"]
pub struct Reports {
    reports: Vec<Report>,
}

impl Reports {
    /// Whether every tensor passed, and there was one.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.reports.is_empty() && self.reports.iter().all(Report::passed)
    }

    /// The first report under this name.
    pub fn get(&self, name: &str) -> Option<&Report> {
        self.reports.iter().find(|report| report.name() == name)
    }

    /// The reports in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Report> {
        self.reports.iter()
    }

    /// For tests: demands that every gradient is right.
    ///
    /// # Panics
    /// Unless every tensor [passed](Reports::passed), with all reports.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.passed(), "{self}");
    }
}

impl FromIterator<Report> for Reports {
    fn from_iter<I: IntoIterator<Item = Report>>(reports: I) -> Self {
        Reports { reports: reports.into_iter().collect() }
    }
}

impl<'a> IntoIterator for &'a Reports {
    type Item = &'a Report;
    type IntoIter = std::slice::Iter<'a, Report>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reports.is_empty() {
            return write!(f, "refused: no tensor was checked");
        }
        for (i, report) in self.reports.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{report}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Check;

    #[test]
    fn all_must_pass() {
        let right = Check::new().compare(&[1.0], &[1.0]).named("w");
        let wrong = Check::new().compare(&[1.0], &[-1.0]).named("b");
        Reports::from_iter([right.clone(), right.clone()]).assert_passed();
        assert!(!Reports::from_iter([right.clone(), wrong.clone()]).passed());
        assert!(!Reports::from_iter([wrong, right]).passed());
    }

    #[test]
    fn reports_are_found_by_name_and_in_order() {
        let names = ["w1", "b1", "w2"];
        let reports: Reports =
            names.iter().map(|&name| Check::new().compare(&[1.0], &[1.0]).named(name)).collect();
        assert!(reports.iter().map(Report::name).eq(names));
        assert_eq!(reports.get("b1").unwrap().name(), "b1");
        assert_eq!(reports.get("b2"), None);
    }

    #[test]
    #[should_panic(expected = "refused: no tensor was checked")]
    fn no_tensor_at_all_does_not_pass() {
        Reports::default().assert_passed();
    }
}
