//! Identity: passes everything on.
//!
//! ```text
//! y  = x
//! dx = dy
//! ```
//! `x` and `y` have one shape. Source: *Deep Learning from Scratch*, section 3.5, where it ends a regression.

use chainrule_tensor::{Float, MatrixView, MatrixViewMut, map_to};

use crate::{Forward, Layer, Trace};

/// `y = x`: for a place where a layer is asked for and none is wanted.
///
/// # Examples
/// ```
/// use chainrule_layers::{Identity, Layer};
/// use chainrule_tensor::Matrix;
/// let x = Matrix::from_column_slice(2, 1, &[-2.0, 3.0]);
/// let (y, cache) = Identity.forward(&x);
/// assert_eq!(y, x);
/// assert_eq!(Identity.backward(&cache, &x).dx, x);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;

impl<F: Float> Layer<F> for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn boxed_clone(&self) -> Box<dyn Layer<F>> {
        Box::new(*self)
    }

    fn n_outputs(&self, n_inputs: usize) -> usize {
        n_inputs
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn forward_to(&self, y: MatrixViewMut<'_, F>, _: &mut [F], forward: &Forward<'_, F>) {
        map_to(y, forward.x.dense(), |x| x);
    }

    fn backward_to(&self, dx: MatrixViewMut<'_, F>, dy: MatrixView<'_, F>, _: &Trace<'_, F>) {
        map_to(dx, dy, |dy| dy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn gradients_agree() {
        assert_layer(|_| Identity, |x| x);
    }
}
