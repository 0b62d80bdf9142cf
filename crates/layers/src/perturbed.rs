//! The forward pass after one parameter has changed, from what it was before: what a numerical gradient needs thousands of
//! times.
//!
//! A weight of an affine layer changes one row of its output, and the activations behind it change the same row and no
//! other. So only that row is computed again, and then the layers from the next affine one on. The layers before the
//! parameter, which are most of the work in a network whose first layer is the largest, are not.

use chainrule_tensor::{Float, Input, MatrixView, MatrixViewMut};

use crate::{Context, Forward, Sequential, Workspace, passes::input};

/// The memory for passes with a changed parameter: the outputs as they were, and room for what changes.
#[derive(Clone, Debug)]
pub struct Perturbed<F> {
    /// The pass without a change.
    before: Workspace<F>,
    /// The outputs of the layers that are computed again as a whole.
    after: Workspace<F>,
    /// One row of the outputs of all samples, before and behind an activation, and what the activation keeps.
    row: Vec<F>,
    next: Vec<F>,
    kept: Vec<F>,
}

impl<F: Float> Perturbed<F> {
    /// The outputs without a change.
    pub fn outputs(&self, net: &Sequential<F>) -> MatrixView<'_, F> {
        self.before.outputs_of(net)
    }
}

impl<F: Float> Sequential<F> {
    /// The forward pass of the samples of `x`, ready for changes.
    ///
    /// # Panics
    /// As [`forward`](Sequential::forward).
    #[track_caller]
    pub fn perturbed(&self, x: Input<'_, F>, context: &Context) -> Perturbed<F> {
        let mut before = self.workspace(x.shape().1);
        self.forward(&mut before, x, context);
        Perturbed { after: before.clone(), before, row: Vec::new(), next: Vec::new(), kept: Vec::new() }
    }

    /// The outputs that the network would have if parameter `parameter`, of all laid end to end, were larger by `change`;
    /// `None` if the parameter's layer does not say which row of its output that changes, or if samples depend on each
    /// other.
    ///
    /// `x` and `context` are those of [`perturbed`](Sequential::perturbed).
    ///
    /// # Panics
    /// Unless there is such a parameter.
    #[track_caller]
    pub fn forward_changed<'p>(
        &self,
        perturbed: &'p mut Perturbed<F>,
        x: Input<'_, F>,
        context: &Context,
        parameter: usize,
        change: F,
    ) -> Option<MatrixView<'p, F>> {
        assert!(parameter < self.n_parameters(), "parameter {parameter} of {}", self.n_parameters());
        if context.training && self.stages().len() > 1 {
            return None;
        }
        let context = context.of_samples(x.shape().1);
        let Perturbed { before, after, row, next, kept } = perturbed;
        let n_samples = before.n_samples;
        let l = self.offsets.partition_point(|&offset| offset <= parameter) - 1;
        let of_layer = input(self, x, &before.left.outputs, l);
        row.clear();
        row.resize(n_samples, F::zero());
        let i = self.layers[l].add_change(row, parameter - self.offsets[l], change, of_layer)?;
        for (row, y) in row.iter_mut().zip(before.left.outputs[l][i..].iter().step_by(self.sizes[l + 1])) {
            *row += *y;
        }

        // The same row of every activation behind.
        let mut behind = l + 1;
        while let Some(layer) = self.layers.get(behind).filter(|layer| layer.is_elementwise()) {
            next.resize(n_samples, F::zero());
            kept.resize(layer.n_cached(1) * n_samples, F::zero());
            let x = Input::Dense(MatrixView::new(row, 1, n_samples));
            layer.forward_to(
                MatrixViewMut::new(next, 1, n_samples),
                kept,
                &Forward::new(x, context.at_layer(behind)),
            );
            std::mem::swap(row, next);
            behind += 1;
        }

        // What is behind sees the changed row among the others as they were.
        let changed = &mut before.left.outputs[behind - 1];
        swap_row(changed, i, row);
        if behind == self.layers.len() {
            after.left.outputs[behind - 1].copy_from_slice(changed);
        }
        for l in behind..self.layers.len() {
            let (done, from_here) = after.left.outputs.split_at_mut(l);
            let x = if l == behind { &*changed } else { &done[l - 1] };
            let x = Input::Dense(MatrixView::new(x, self.sizes[l], n_samples));
            let y = MatrixViewMut::new(&mut from_here[0], self.sizes[l + 1], n_samples);
            self.layers[l].forward_to(y, &mut after.left.caches[l], &Forward::new(x, context.at_layer(l)));
        }
        swap_row(changed, i, row);
        Some(after.outputs_of(self))
    }
}

/// Exchanges row `i` of some columns with `row`.
fn swap_row<F>(columns: &mut [F], i: usize, row: &mut [F]) {
    let n_rows = columns.len() / row.len();
    for (value, of_row) in columns[i..].iter_mut().step_by(n_rows).zip(row) {
        std::mem::swap(value, of_row);
    }
}
