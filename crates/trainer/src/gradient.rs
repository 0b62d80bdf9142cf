//! The gradient of a whole network, by the names of its parameters.

use chainrule_layers::{Layers, Tensor};
use chainrule_tensor::{Float, MatrixView};

/// The gradient of a loss with respect to every parameter of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<F = f32> {
    values: Vec<F>,
    parameters: Vec<Tensor>,
}

impl<F: Float> Gradient<F> {
    /// Names the values of a gradient as the parameters of a network are.
    ///
    /// # Panics
    /// Unless there is a value for every parameter.
    pub(crate) fn new<N: Float>(layers: &Layers<N>, values: Vec<F>) -> Self {
        assert_eq!(values.len(), layers.n_parameters(), "values of the gradient, and of all parameters");
        Gradient { values, parameters: layers.parameters().cloned().collect() }
    }

    /// All values, parameters laid end to end.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The names of the parameters and their gradients, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, MatrixView<'_, F>)> {
        self.parameters.iter().map(|tensor| (&*tensor.name, tensor.view(&self.values)))
    }

    /// The gradient with respect to one parameter, in its shape.
    ///
    /// # Panics
    /// If the network has no parameter of that name.
    #[track_caller]
    pub fn of(&self, name: &str) -> MatrixView<'_, F> {
        match self.iter().find(|(found, _)| *found == name) {
            Some((_, gradient)) => gradient,
            None => {
                let names: Vec<_> = self.iter().map(|(name, _)| name).collect();
                panic!("no parameter \"{name}\", the network has {names:?}")
            }
        }
    }
}
