//! Classifies given derivatives: correct, wrong, or at a kink.

use crate::comparison::{Comparison, Pair};
use crate::kink::{Kink, explains};
use crate::real::to_f64;
use crate::stencil::Stencil;
use crate::{Check, Real, Refusal, Report};

/// The fraction of a derivative by which the slopes on both sides must differ for a derivative that agrees to be
/// looked at again. Smooth functions seldom bend as much within a step.
const SHARP: f64 = 1e-3;

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
            for (pair, stencil) in pairs.iter_mut().zip(stencils) {
                pair.is_kink = self.is_kink(*pair, stencil, analytic, &mut |x| along(pair.index, x));
            }
            Comparison::new(&pairs, self.tolerance)
        });
        Report::new::<F>(analytic.len(), self.tolerance, outcome)
    }

    fn is_kink<F: Real>(
        &self,
        pair: Pair,
        stencil: &Stencil<F>,
        analytic: &[F],
        f: &mut impl FnMut(F) -> F,
    ) -> bool {
        let x = stencil.middle;
        let h = stencil.right.x - x.x;
        if pair.agrees(self.tolerance, 1.0) {
            // |x| at 0 agrees with the derivative 0, and that shows nothing.
            let is_sharp = stencil.bend() > SHARP * pair.scale();
            return is_sharp && Kink::find(f, x, h).is_some_and(|kink| kink.distance(x.x) == F::zero());
        }
        explains(f, x, h, analytic[pair.index], |numeric, leeway| {
            pair.with_numeric(to_f64(numeric)).agrees(self.tolerance, leeway)
        })
    }

    /// The report of a check of `tensor` that was refused.
    pub(crate) fn refuse<F: Real>(&self, tensor: &[F], refusal: Refusal) -> Report {
        Report::new::<F>(tensor.len(), self.tolerance, Err(refusal))
    }
}
