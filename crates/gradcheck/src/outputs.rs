//! Functions with several outputs: vector-Jacobian products (backward) and Jacobian-vector products (forward).

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::comparison::first_not_finite;
use crate::derivative::assert_step;
use crate::real::from_f64;
use crate::stencil::{Point, Stencil};
use crate::{Check, Real, Refusal, Report, Reports};

impl Check {
    /// Checks a vector–Jacobian product, which is what a backward pass gives: *vⱼ = Σᵢ vᵢ·∂yᵢ/∂xⱼ* for the
    /// outputs *y = f(x)* and a cotangent *v*, which neural networks call *dy*.
    ///
    /// `f` writes the outputs, as many as `v` has elements. It is evaluated as often as in [`run`](Check::run) and
    /// once more. What is differentiated is *Σᵢ vᵢ·(yᵢ − yᵢ(x))*, so that an output which does not change adds no
    /// rounding. [`direction`](Check::direction) makes a random `v`.
    ///
    /// # Panics
    /// Unless `vjp.len() == x.len()`, or if the step is not above 0.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // y = (x0·x1, x0 + x1), whose Jacobian is [[x1, x0], [1, 1]].
    /// let f = |x: &[f64], y: &mut [f64]| (y[0], y[1]) = (x[0] * x[1], x[0] + x[1]);
    /// let backward = |x: &[f64], dy: &[f64]| [dy[0] * x[1] + dy[1], dy[0] * x[0] + dy[1]];
    /// let (x, check) = ([3.0, 5.0], Check::new());
    /// check.vjp(f, &x, &[1.0, 2.0], &[7.0, 5.0]).assert_passed();
    /// let v = check.direction(2);
    /// check.vjp(f, &x, &v, &backward(&x, &v)).assert_passed();
    /// // The transposed Jacobian.
    /// check.vjp(f, &x, &v, &[v[0] * x[1] + v[1] * x[0], v[0] + v[1]]).assert_refused();
    /// ```
    #[track_caller]
    pub fn vjp<F: Real>(&self, mut f: impl FnMut(&[F], &mut [F]), x: &[F], v: &[F], vjp: &[F]) -> Report {
        let start = match outputs_at(&mut f, x, v, v.len()) {
            Ok(start) => start,
            Err(refusal) => return self.refuse(x, refusal),
        };
        let change = |x: &[F]| {
            let y = outputs(&mut f, x, v.len());
            let changes = v.iter().zip(y).zip(&start).map(|((&v, y), &start)| v * (y - start));
            changes.fold(F::zero(), |sum, change| sum + change)
        };
        self.run(change, x, vjp)
    }

    /// Checks the whole Jacobian row by row: `backward` is given every unit cotangent in turn and returns that row,
    /// as [`vjp`](Check::vjp) checks it. For few outputs.
    ///
    /// The reports are named `row 0`, `row 1`, …
    ///
    /// # Panics
    /// Unless every row is as long as `x`, or if the step is not above 0.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// let f = |x: &[f64], y: &mut [f64]| (y[0], y[1]) = (x[0] * x[1], x[0] + x[1]);
    /// let x = [3.0, 5.0];
    /// let backward = |dy: &[f64]| vec![dy[0] * x[1] + dy[1], dy[0] * x[0] + dy[1]];
    /// Check::new().vjp_rows(f, &x, 2, backward).assert_passed();
    /// // A mistake in the second row alone.
    /// let wrong = |dy: &[f64]| vec![dy[0] * x[1] + dy[1], dy[0] * x[0] - dy[1]];
    /// let reports = Check::new().vjp_rows(f, &x, 2, wrong);
    /// reports.get("row 0").unwrap().assert_passed();
    /// reports.get("row 1").unwrap().assert_refused();
    /// ```
    #[track_caller]
    pub fn vjp_rows<F: Real>(
        &self,
        mut f: impl FnMut(&[F], &mut [F]),
        x: &[F],
        n_outputs: usize,
        mut backward: impl FnMut(&[F]) -> Vec<F>,
    ) -> Reports {
        let mut reports = Vec::with_capacity(n_outputs);
        for i in 0..n_outputs {
            let mut v = vec![F::zero(); n_outputs];
            v[i] = F::one();
            let row = backward(&v);
            reports.push(self.vjp(&mut f, x, &v, &row).named(format!("row {i}")));
        }
        Reports::from_iter(reports)
    }

    /// Checks a Jacobian–vector product, which is what forward-mode differentiation gives: *Σⱼ ∂yᵢ/∂xⱼ·uⱼ*, the
    /// derivative of every output of *y = f(x)* in the direction *u*.
    ///
    /// `f` writes the outputs, as many as `jvp` has elements. It is evaluated three times, whatever their number, at
    /// *x* and *x ± h·u*, and more often where there may be a kink. The step *h* is that of the largest coordinate,
    /// divided by the largest element of *u*. All outputs are checked: `subset` plays no part.
    ///
    /// # Panics
    /// Unless `u.len() == x.len()`, or if the step is not above 0.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// // y = (x0·x1, x0 + x1) at (3, 5): (5·u0 + 3·u1, u0 + u1).
    /// let f = |x: &[f64], y: &mut [f64]| (y[0], y[1]) = (x[0] * x[1], x[0] + x[1]);
    /// Check::new().jvp(f, &[3.0, 5.0], &[1.0, 2.0], &[11.0, 3.0]).assert_passed();
    /// Check::new().jvp(f, &[3.0, 5.0], &[1.0, 2.0], &[13.0, 3.0]).assert_refused();
    /// ```
    #[track_caller]
    pub fn jvp<F: Real>(&self, mut f: impl FnMut(&[F], &mut [F]), x: &[F], u: &[F], jvp: &[F]) -> Report {
        let (n, found) = (x.len(), u.len());
        assert!(found == n, "a direction has as many elements as x, expected {n}, found {found}");
        let middle = match outputs_at(&mut f, x, u, jvp.len()) {
            Ok(middle) => middle,
            Err(refusal) => return self.refuse(jvp, refusal),
        };
        let mut along = |t: F| {
            let point: Vec<F> = x.iter().zip(u).map(|(&x, &u)| x + t * u).collect();
            outputs(&mut f, &point, jvp.len())
        };
        let h = self.step.at(largest(x)) / largest(u);
        assert_step(h);
        let (right, left) = (along(h), along(-h));
        let stencil = |i| Stencil {
            left: Point { x: -h, y: left[i] },
            middle: Point { x: F::zero(), y: middle[i] },
            right: Point { x: h, y: right[i] },
        };
        let indices: Vec<usize> = (0..jvp.len()).collect();
        let stencils: Vec<Stencil<F>> = indices.iter().map(|&i| stencil(i)).collect();
        self.judge(&indices, jvp, &stencils, |i, t| along(t)[i])
    }

    /// A random cotangent for [`vjp`](Check::vjp) or direction for [`jvp`](Check::jvp), a function of `n` and the
    /// [seed](Check::seed).
    ///
    /// Its elements have random signs, and absolute values between ½ and 1, so that none hides what it multiplies.
    ///
    /// # Examples
    /// ```
    /// use chainrule_gradcheck::Check;
    /// let v: Vec<f64> = Check::new().seed(3).direction(100);
    /// assert!(v.iter().all(|v| (0.5..1.0).contains(&v.abs())));
    /// assert_eq!(v, Check::new().seed(3).direction::<f64>(100));
    /// assert_ne!(v, Check::new().seed(4).direction::<f64>(100));
    /// ```
    pub fn direction<F: Real>(&self, n: usize) -> Vec<F> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut element = || {
            let bits = rng.next_u64();
            // 53 bits for a number in 0..1, and the lowest for the sign.
            let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
            let sign = if bits & 1 == 0 { 1.0 } else { -1.0 };
            from_f64(sign * (0.5 + 0.5 * unit))
        };
        (0..n).map(|_| element()).collect()
    }
}

/// The outputs at `point`: NaN before `f` writes them, so that one it forgets is not taken for one it wrote before.
fn outputs<F: Real>(f: &mut impl FnMut(&[F], &mut [F]), point: &[F], n_outputs: usize) -> Vec<F> {
    let mut y = vec![F::nan(); n_outputs];
    f(point, &mut y);
    y
}

/// The outputs at `x`, unless these, `x` or the direction forbid a check.
fn outputs_at<F: Real>(
    f: &mut impl FnMut(&[F], &mut [F]),
    x: &[F],
    direction: &[F],
    n_outputs: usize,
) -> Result<Vec<F>, Refusal> {
    if x.is_empty() || n_outputs == 0 {
        return Err(Refusal::Empty);
    }
    if let Some((index, value)) = first_not_finite(x) {
        return Err(Refusal::Input { index, value });
    }
    if let Some((index, value)) = first_not_finite(direction) {
        return Err(Refusal::Direction { index, value });
    }
    if direction.iter().all(|v| v.is_zero()) {
        return Err(Refusal::ZeroDirection);
    }
    let y = outputs(f, x, n_outputs);
    match first_not_finite(&y) {
        Some((index, value)) => Err(Refusal::Output { index, value }),
        None => Ok(y),
    }
}

/// The largest absolute value.
fn largest<F: Real>(values: &[F]) -> F {
    values.iter().fold(F::zero(), |largest, value| largest.max(value.abs()))
}
