//! Negative controls: a check that lets a wrong gradient pass shows nothing.

use crate::{Check, Real, Worst};

impl Check {
    /// For tests: demands that the `right` gradient of `f` at `x` passes, and that it does not after `spoil` has
    /// made a mistake in it. Returns the derivative by which the mistake was found.
    ///
    /// The spoilt gradient has to be refused because it disagrees at a point that is no kink; a NaN in it, or in
    /// `f`, would be refused as well and show nothing.
    ///
    /// # Panics
    /// Unless the right gradient passes; if `spoil` changes nothing; unless the spoilt gradient is found wrong. Also
    /// where [`run`](Check::run) does.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // f = x0² + x1² at (3, 4), with a sign error in the second derivative.
    /// let f = |x: &[f64]| x[0] * x[0] + x[1] * x[1];
    /// let found = Check::new().must_fail(f, &[3.0, 4.0], &[6.0, 8.0], |g| g[1] = -g[1]);
    /// assert_eq!((found.index, found.analytic), (1, -8.0));
    /// ```
    #[track_caller]
    pub fn must_fail<F: Real>(
        &self,
        mut f: impl FnMut(&[F]) -> F,
        x: &[F],
        right: &[F],
        spoil: impl FnOnce(&mut [F]),
    ) -> Worst {
        let report = self.run(&mut f, x, right);
        assert!(
            report.passed(),
            "the right gradient has to pass before a wrong one shows anything, but {report}"
        );
        let mut wrong = right.to_vec();
        spoil(&mut wrong);
        assert!(wrong != right, "the mistake has to change the gradient, which is still {right:?}");
        let report = self.run(f, x, &wrong);
        match report.worst() {
            Some(worst) if report.n_wrong() > 0 => worst,
            _ => panic!("this gradient was to be found wrong, but {report}"),
        }
    }
}
