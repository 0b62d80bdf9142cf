//! The outputs after one parameter has changed, from the cache of a forward pass: what a numerical gradient needs thousands
//! of times.
//!
//! A weight of an affine layer changes one row of its output, and the activations behind it change the same row and no
//! other. So only that row is computed again, and then the layers from the next affine one on. The layers before the
//! parameter, which are most of the work in a network whose first layer is the largest, are not.

use chainrule_tensor::{Float, Matrix};

use crate::{Cache, Sequential};

impl<F: Float> Sequential<F> {
    /// The outputs that the network would have in the forward pass of `cache` if value `parameter` of its parameters were larger
    /// by `change`; `None` if the layer is not [affine](crate::Extras::is_affine), or if samples depend on each other.
    ///
    /// # Panics
    /// Unless there is such a parameter.
    #[track_caller]
    pub fn forward_changed(&self, cache: &Cache<F>, parameter: usize, change: F) -> Option<Matrix<F>> {
        assert!(parameter < self.n_parameters(), "parameter {parameter} of {}", self.n_parameters());
        let layers = self.layers();
        let tensor = layers.tensor_at(parameter);
        let (l, kept) = (tensor.layer, &cache.layers[tensor.layer]);
        let samples_depend = kept.context.training && layers.stages().len() > 1;
        if samples_depend || !layers.layers[l].extras().is_affine {
            return None;
        }

        // Row r of the output changes by Δw·x, where x is the input's row p, or by Δb.
        let within = parameter - tensor.offset;
        let (r, p) = (within % tensor.stride, within / tensor.stride);
        let is_weight = layers.tensors_of(l)[0].offset == tensor.offset;
        let mut row = kept.y.rows(r, 1).into_owned();
        for (y, x) in row.iter_mut().zip(kept.x.column_iter()) {
            *y += if is_weight { change * x[p] } else { change };
        }

        // The same row of every activation behind.
        let mut behind = l + 1;
        while layers.layers.get(behind).is_some_and(|layer| layer.extras().is_elementwise) {
            row = self.forward_layer(behind, row, cache.layers[behind].context).y;
            behind += 1;
        }

        // What is behind sees the changed row among the others as they were.
        let mut y = cache.layers[behind - 1].y.clone();
        y.rows_mut(r, 1).copy_from(&row);
        for l in behind..layers.len() {
            y = self.forward_layer(l, y, cache.layers[l].context).y;
        }
        Some(y)
    }
}
