//! Classifies given derivatives: correct, wrong, at a kink, or beyond what the step can tell.

use crate::comparison::{Comparison, Pair, Sort};
use crate::kink::{Kink, explains};
use crate::limit::limit;
use crate::real::to_f64;
use crate::stencil::Stencil;
use crate::{Check, Real, Refusal, Report};

/// The fraction of a derivative by which the slopes on both sides must differ for a derivative that agrees to be
/// looked at again. Smooth functions seldom bend as much within a step.
const SHARP: f64 = 1e-3;

/// The true derivative may be this many times as far from what the steps approach as their changes say.
const UNSURE: f64 = 4.0;

impl Check {
    /// Compares the given derivatives with those of `stencils`, and looks for kinks where that is called for.
    ///
    /// `along(i, x)` is the function whose derivative at the middle of its stencil is number `i`.
    pub(crate) fn judge<F: Real>(
        &self,
        indices: &[usize],
        analytic: &[F],
        stencils: &[Stencil<F>],
        mut along: impl FnMut(usize, F) -> F,
    ) -> Report {
        let numeric: Vec<F> = stencils.iter().map(Stencil::central_difference).collect();
        let outcome = Pair::all(indices, analytic, &numeric, self.tolerance).map(|mut pairs| {
            let largest = analytic.iter().fold(0.0_f64, |largest, &g| largest.max(to_f64(g).abs()));
            for (pair, stencil) in pairs.iter_mut().zip(stencils) {
                let given = (analytic[pair.index], largest);
                *pair = self.seen(*pair, stencil, given, &mut |x| along(pair.index, x));
            }
            Comparison::new(&pairs, self.tolerance)
        });
        Report::new::<F>(analytic.len(), self.tolerance, outcome)
    }

    /// The pair with what a second look shows: a kink, or a better numerical derivative, or that it cannot be told. `largest` is
    /// that of all given derivatives.
    fn seen<F: Real>(
        &self,
        pair: Pair,
        stencil: &Stencil<F>,
        (given, largest): (F, f64),
        f: &mut impl FnMut(F) -> F,
    ) -> Pair {
        let x = stencil.middle;
        let h = stencil.right.x - x.x;
        let tolerance = self.tolerance;
        let agrees = |numeric, leeway| pair.with_numeric(to_f64(numeric)).agrees(tolerance, leeway);
        if pair.agrees(tolerance, 1.0) {
            // |x| at 0 agrees with the derivative 0, and that shows nothing. Nor does a mixture of both slopes beside a
            // kink.
            let is_sharp = stencil.bend() > SHARP * pair.scale();
            let kink = if is_sharp { Kink::find(f, x, h) } else { None };
            let Some(kink) = kink.filter(|kink| kink.distance(x.x) < h) else { return pair };
            return match (explains(f, x, h, given, agrees), kink.slope_at(x.x)) {
                (false, Some(slope)) => pair.with_numeric(slope),
                _ if kink.distance(x.x) == F::zero() => pair.of(Sort::Kink),
                _ => pair,
            };
        }
        if explains(f, x, h, given, agrees) {
            return pair.of(Sort::Kink);
        }
        // The floor is no longer that of a difference that may be all error of the step.
        let pair = pair.beside(largest, tolerance);
        let near = |value| pair.with_numeric(value).allowed(tolerance);
        let limit = if pair.has_scale() { limit(f, x, stencil, near) } else { None };
        let Some(limit) = limit else { return pair };
        let better = pair.with_numeric(limit.value);
        let allowed = near(limit.value);
        if limit.error > allowed && better.difference() <= UNSURE * limit.error + allowed {
            return better.of(Sort::Unclear);
        }
        better
    }

    /// The report of a check of `tensor` that was refused.
    pub(crate) fn refuse<F: Real>(&self, tensor: &[F], refusal: Refusal) -> Report {
        Report::new::<F>(tensor.len(), self.tolerance, Err(refusal))
    }
}
