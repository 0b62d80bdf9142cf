//! Functions of several inputs, such as the parameters of a layer.

use crate::{Check, Real, Reports};

impl Check {
    /// Checks the gradients of a function of several inputs: a name, the values and the given gradient of each.
    ///
    /// `f` is given all inputs in the order of `inputs`. Every input has its own report, because every input has
    /// its own scale; the settings hold for each. Inputs that are not to be checked belong into `f` itself. For a
    /// function with several outputs, let `f` return their sum weighted with a [cotangent](Check::vjp).
    ///
    /// # Panics
    /// Unless every gradient is as long as its input, or if the step is not above 0.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // (w·x + b)² with x = (1, 2), w = (3, 4), b = 5: w·x + b = 16.
    /// let f = |inputs: &[&[f64]]| {
    ///     let [w, b] = [inputs[0], inputs[1]];
    ///     (w[0] + 2.0 * w[1] + b[0]).powi(2)
    /// };
    /// let (w, b) = ([3.0, 4.0], [5.0]);
    /// let check = Check::new();
    /// check.run_inputs(f, &[("w", &w, &[32.0, 64.0]), ("b", &b, &[32.0])]).assert_passed();
    /// // The negative control: b forgotten.
    /// let reports = check.run_inputs(f, &[("w", &w, &[32.0, 64.0]), ("b", &b, &[0.0])]);
    /// reports.get("w").unwrap().assert_passed();
    /// reports.get("b").unwrap().assert_refused();
    /// ```
    #[track_caller]
    pub fn run_inputs<F: Real>(
        &self,
        mut f: impl FnMut(&[&[F]]) -> F,
        inputs: &[(&str, &[F], &[F])],
    ) -> Reports {
        let mut reports = Vec::with_capacity(inputs.len());
        for (i, &(name, x, gradient)) in inputs.iter().enumerate() {
            let of_this = |x: &[F]| {
                let mut all: Vec<&[F]> = inputs.iter().map(|&(_, x, _)| x).collect();
                all[i] = x;
                f(&all)
            };
            reports.push(self.run(of_this, x, gradient).named(name));
        }
        Reports::from_iter(reports)
    }
}
