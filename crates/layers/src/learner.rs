//! What the learner's form of the two passes returns.

use chainrule_tensor::{Float, Matrix};

use crate::{Context, Trace};

/// What [`Layer::forward`](crate::Layer::forward) keeps for [`Layer::backward`](crate::Layer::backward).
#[derive(Clone, Debug)]
pub struct Cache<F> {
    pub(crate) x: Matrix<F>,
    pub(crate) y: Matrix<F>,
    pub(crate) kept: Vec<F>,
    pub(crate) sums: Vec<f64>,
    pub(crate) context: Context,
}

impl<F: Float> Cache<F> {
    pub(crate) fn trace<'a>(&'a self, backward_sums: &'a [f64]) -> Trace<'a, F> {
        Trace::new((&self.x).into(), (&self.y).into(), &self.kept, self.context)
            .with_sums(&self.sums, backward_sums)
    }
}

/// What [`Layer::backward`](crate::Layer::backward) finds: the gradient with respect to the input and to every
/// parameter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gradients<F> {
    /// With respect to the input, inputs × samples.
    pub dx: Matrix<F>,
    /// With respect to every parameter, by its name, in its shape, summed over the samples.
    pub parameters: Vec<(&'static str, Matrix<F>)>,
}

impl<F: Float> Gradients<F> {
    /// The gradient with respect to the parameter `name`.
    ///
    /// # Panics
    /// If the layer has no such parameter.
    #[track_caller]
    pub fn of(&self, name: &str) -> &Matrix<F> {
        match self.parameters.iter().find(|(n, _)| *n == name) {
            Some((_, gradient)) => gradient,
            None => {
                let names: Vec<_> = self.parameters.iter().map(|(n, _)| n).collect();
                panic!("no parameter \"{name}\", the layer has {names:?}")
            }
        }
    }
}
