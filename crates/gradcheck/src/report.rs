//! `Report`: the result of checking one tensor, and its text.

use std::fmt;

use crate::comparison::{Comparison, Tolerance, Worst};
use crate::{Real, Refusal};

/// What a type coarser than `f64` is taken to resolve: `f32`, whose best central differences are right to
/// 2·10⁻⁵ of the derivative for a function that suits the step, seldom does better than this.
const COARSE_RESOLUTION: f64 = 1e-3;

/// Places that are printed before a list of them breaks off.
const N_PRINTED: usize = 8;

/// The result of checking the gradient of one tensor.
///
/// It prints as one line that begins, after the tensor's name if it has one, with
/// - `ok`: every derivative that was compared agrees, and there was one,
/// - `wrong`: a derivative disagrees,
/// - `cannot tell at this step`: no derivative disagrees, but of some this cannot be told, see [`Report::unclear`],
/// - `undecided`: there were only kinks, so that nothing was shown,
/// - `refused`: nothing could be compared, see [`Refusal`].
///
/// # Examples
/// ```
/// use chainrule_gradcheck::Check;
/// let report = Check::new().compare(&[6.0, 8.0], &[6.0, -8.0]).named("w");
/// assert!(!report.passed());
/// assert_eq!(
///     report.to_string(),
///     "w: wrong: 1 of 2 derivatives disagree; worst relative error 2.00e0 at [1], tolerance 1e-7: \
///      given 8.0, numerical -8.0",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a report that nobody reads checks nothing"]
pub struct Report {
    name: String,
    n_total: usize,
    tolerance: Tolerance,
    /// The name of the element type, if it is coarser than `f64`.
    coarse_type: Option<&'static str>,
    outcome: Result<Comparison, Refusal>,
}

impl Report {
    /// Of a tensor with `n_total` elements of the type `F`.
    pub(crate) fn new<F: Real>(
        n_total: usize,
        tolerance: Tolerance,
        outcome: Result<Comparison, Refusal>,
    ) -> Self {
        let is_coarse = F::epsilon().to_f64().is_none_or(|epsilon| epsilon > f64::EPSILON);
        let coarse_type = is_coarse.then(std::any::type_name::<F>);
        Report { name: String::new(), n_total, tolerance, coarse_type, outcome }
    }

    /// The same report under the name of its tensor.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name of the tensor, empty if it was given none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether every derivative that was looked at agrees within the tolerance, but for kinks, and there was one.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.n_agreeing() > 0 && self.n_wrong() == 0 && self.unclear().is_empty()
    }

    /// The largest relative error, NaN if nothing could be compared. If a derivative disagrees, the largest of
    /// those that do.
    pub fn relative_error(&self) -> f64 {
        self.worst().map_or(f64::NAN, |worst| worst.relative_error)
    }

    /// The derivative with the largest relative error, `None` if nothing could be compared. If a derivative
    /// disagrees, the worst of those that do.
    pub fn worst(&self) -> Option<Worst> {
        self.outcome.as_ref().ok().and_then(|comparison| comparison.worst)
    }

    /// Why nothing could be compared, `None` if it could.
    pub fn refusal(&self) -> Option<Refusal> {
        self.outcome.as_ref().err().copied()
    }

    /// How many derivatives were looked at, kinks and [unclear](Report::unclear) ones among them.
    pub fn n_checked(&self) -> usize {
        self.outcome.as_ref().map_or(0, |comparison| comparison.n_checked)
    }

    /// How many of those agree within the tolerance.
    pub fn n_agreeing(&self) -> usize {
        self.outcome.as_ref().map_or(0, |comparison| comparison.n_agreeing)
    }

    /// How many of those disagree.
    pub fn n_wrong(&self) -> usize {
        self.outcome.as_ref().map_or(0, Comparison::n_wrong)
    }

    /// How many of those are kinks, which neither agree nor disagree.
    pub fn n_kinks(&self) -> usize {
        self.kinks().len()
    }

    /// The indices of the kinks, in increasing order.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // |x0| + |x1| at (2, 0), with the derivative that many programs give to |x| at 0.
    /// let f = |x: &[f64]| x[0].abs() + x[1].abs();
    /// let report = Check::new().run(f, &[2.0, 0.0], &[1.0, 0.0]);
    /// report.assert_passed();
    /// assert_eq!(report.kinks(), [1]);
    /// // The kink alone shows nothing.
    /// assert!(!Check::new().run(|x: &[f64]| x[0].abs(), &[0.0], &[0.0]).passed());
    /// ```
    pub fn kinks(&self) -> &[usize] {
        self.outcome.as_ref().map_or(&[], |comparison| &comparison.kinks)
    }

    /// The indices of the derivatives of which this step cannot tell whether they are right, in increasing order: halving
    /// it does not bring the central difference to rest, and the given derivative is within what it still changes. They
    /// neither agree nor disagree, and the check does not pass. Another [`Step`](crate::Step) or tolerance decides.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // The automatic step is too long for sin 1000x, and a shorter one for the constant beside it, which leaves six
    /// // digits of the derivative.
    /// let f = |x: &[f64]| 3e6 + (1000.0 * x[0]).sin();
    /// let check = Check::new();
    /// assert_eq!(check.run(f, &[0.0], &[1000.0]).unclear(), [0]);
    /// assert_eq!(check.run(f, &[0.0], &[1001.0]).n_wrong(), 1);
    /// check.tolerance(1e-5).run(f, &[0.0], &[1000.0]).assert_passed();
    /// ```
    pub fn unclear(&self) -> &[usize] {
        self.outcome.as_ref().map_or(&[], |comparison| &comparison.unclear)
    }

    /// How many elements the tensor has.
    pub fn n_total(&self) -> usize {
        self.n_total
    }

    /// The largest relative error that passes.
    pub fn tolerance(&self) -> f64 {
        self.tolerance.relative
    }

    /// The difference that passes whatever its relative error; 0 if there is none.
    pub fn absolute_tolerance(&self) -> f64 {
        self.tolerance.absolute
    }

    /// The name of the type in which `f` was evaluated, if the tolerance asks more of it than it can give: a type
    /// coarser than `f64` with a relative tolerance below 10⁻³. The report prints it, too.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// let check = Check::new();
    /// assert_eq!(check.run(|x: &[f32]| 3.0 * x[0], &[1.0], &[3.0]).too_coarse(), Some("f32"));
    /// assert_eq!(check.run(|x: &[f64]| 3.0 * x[0], &[1.0], &[3.0]).too_coarse(), None);
    /// let check = check.tolerance(0.01);
    /// assert_eq!(check.run(|x: &[f32]| 3.0 * x[0], &[1.0], &[3.0]).too_coarse(), None);
    /// ```
    pub fn too_coarse(&self) -> Option<&'static str> {
        self.coarse_type.filter(|_| self.tolerance.relative < COARSE_RESOLUTION)
    }

    /// For tests: demands that the gradient is right.
    ///
    /// # Panics
    /// Unless the check [passed](Report::passed), with the report.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.passed(), "{self}");
    }

    /// For negative controls: demands that the gradient, which is wrong on purpose, is found wrong or refused.
    ///
    /// Keep [`assert_passed`](Report::assert_passed) for the right gradient of the same `f` and `x`
    /// beside it: then a refusal cannot be due to a NaN in those. [`Check::must_fail`](crate::Check::must_fail)
    /// asks for both.
    ///
    /// # Panics
    /// If the check [passed](Report::passed), or no derivative disagrees and some are kinks or unclear, with the report.
    #[track_caller]
    pub fn assert_refused(&self) {
        assert!(
            self.n_wrong() > 0 || self.refusal().is_some(),
            "this gradient was to be refused, but {self}"
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        if let Some(refusal) = self.refusal() {
            return write!(f, "refused: {refusal}");
        }
        let (verdict, n, verb) = match (self.n_wrong(), self.n_agreeing()) {
            (0, n_agreeing) if !self.unclear().is_empty() => {
                ("cannot tell at this step", n_agreeing, "agree")
            }
            (0, 0) => ("undecided", 0, "agree"),
            (0, n_agreeing) => ("ok", n_agreeing, "agree"),
            (n_wrong, _) => ("wrong", n_wrong, "disagree"),
        };
        write!(f, "{verdict}: {n} of {} ", self.n_checked())?;
        match self.n_checked() < self.n_total {
            true => write!(f, "checked derivatives ({} in all) {verb}", self.n_total)?,
            false => write!(f, "derivatives {verb}")?,
        }
        for (places, one, several) in
            [(self.kinks(), "kink", "kinks"), (self.unclear(), "unclear", "unclear")]
        {
            if !places.is_empty() {
                let noun = if places.len() == 1 { one } else { several };
                let mut shown: Vec<String> =
                    places.iter().take(N_PRINTED).map(|index| format!("[{index}]")).collect();
                if places.len() > N_PRINTED {
                    shown.push("…".to_string());
                }
                write!(f, ", {} {noun} at {}", places.len(), shown.join(", "))?;
            }
        }
        if let Some(worst) = self.worst() {
            write!(f, "; worst relative error {:.2e} at [{}]", worst.relative_error, worst.index)?;
            if !self.passed() {
                write!(f, ", tolerance {:e}", self.tolerance.relative)?;
                if self.tolerance.absolute > 0.0 {
                    write!(f, " or {:e} absolute", self.tolerance.absolute)?;
                }
            }
            // All digits: the first that differ are the ones to look at.
            write!(
                f,
                ": given {given:?}, numerical {right:?}",
                given = worst.analytic,
                right = worst.numeric
            )?;
        }
        if let Some(name) = self.too_coarse() {
            write!(f, "; evaluated in {name}: below {COARSE_RESOLUTION:e} its differences are noise, ")?;
            write!(f, "the tolerance is {:e}", self.tolerance.relative)?;
        }
        Ok(())
    }
}
