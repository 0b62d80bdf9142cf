//! The gradient of a whole network, by the names of its parameters.

use std::ops::Range;

use chainrule_layers::Sequential;
use chainrule_tensor::{Float, MatrixView};

/// The gradient of a loss with respect to every parameter of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<F = f32> {
    values: Vec<F>,
    parameters: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq)]
struct Named {
    name: String,
    shape: (usize, usize),
    range: Range<usize>,
}

impl<F: Float> Gradient<F> {
    /// Names the values of a gradient as the parameters of `net` are.
    ///
    /// # Panics
    /// Unless there is a value for every parameter.
    pub(crate) fn new<N: Float>(net: &Sequential<N>, values: Vec<F>) -> Self {
        assert_eq!(values.len(), net.n_parameters(), "values of the gradient, and of all parameters");
        let mut parameters = Vec::new();
        let mut start = 0;
        net.visit_parameters(&mut |name, parameter| {
            let range = start..start + parameter.values.len();
            start = range.end;
            parameters.push(Named { name: name.to_string(), shape: parameter.shape, range });
        });
        Gradient { values, parameters }
    }

    /// All values, parameters laid end to end.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The names of the parameters and their gradients, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, MatrixView<'_, F>)> {
        self.parameters.iter().map(|p| (&*p.name, self.view(p)))
    }

    /// The gradient with respect to one parameter, in its shape.
    ///
    /// # Panics
    /// If the network has no parameter of that name.
    #[track_caller]
    pub fn of(&self, name: &str) -> MatrixView<'_, F> {
        match self.parameters.iter().find(|p| p.name == name) {
            Some(parameter) => self.view(parameter),
            None => {
                let names: Vec<_> = self.parameters.iter().map(|p| &p.name).collect();
                panic!("no parameter \"{name}\", the network has {names:?}")
            }
        }
    }

    fn view(&self, parameter: &Named) -> MatrixView<'_, F> {
        MatrixView::new(&self.values[parameter.range.clone()], parameter.shape.0, parameter.shape.1)
    }
}
