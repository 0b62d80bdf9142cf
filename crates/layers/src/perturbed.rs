//! The forward pass after one parameter has changed, from what it was before: what a numerical gradient needs thousands of
//! times.
//!
//! A weight of an affine layer changes one row of its output, and the activations behind it change the same row and no
//! other. So only that row is computed again, and then the layers from the next affine one on. The layers before the
//! parameter, which are most of the work in a network whose first layer is the largest, are not.

use chainrule_tensor::{Context, Float, Input, MatrixView, MatrixViewMut, Shape};

use crate::{Pass, Sequential, Workspace};

/// The memory for passes with a changed parameter: the outputs as they were, and room for what changes.
#[derive(Clone, Debug)]
pub struct Perturbed<F> {
    /// The pass without a change.
    before: Workspace<F>,
    /// The outputs of the layers that are computed again as a whole.
    after: Workspace<F>,
}

impl<F: Float> Perturbed<F> {
    /// The outputs without a change.
    pub fn outputs(&self, net: &Sequential<F>) -> MatrixView<'_, F> {
        self.before.outputs(net.layers())
    }
}

impl<F: Float> Sequential<F> {
    /// The forward pass of the samples of `x`, ready for changes; `x` is the whole mini-batch.
    ///
    /// # Panics
    /// If `x` does not have `n_inputs` rows.
    #[track_caller]
    pub fn perturbed(&self, x: MatrixView<'_, F>, context: &Context) -> Perturbed<F> {
        let mut before = self.layers().workspace(x.n_columns());
        before.x.dense_mut(x.n_rows(), x.n_columns()).as_mut_slice().copy_from_slice(x.as_slice());
        self.forward_whole(&mut before, context);
        Perturbed { after: before.clone(), before }
    }

    /// The forward pass of the samples in `workspace.x`, which are the whole mini-batch, in a context of choice.
    ///
    /// # Panics
    /// If the samples have another number of values than the network has inputs.
    #[track_caller]
    pub fn forward_whole<'w>(&self, workspace: &'w mut Workspace<F>, context: &Context) -> MatrixView<'w, F> {
        let context = context.of_samples(workspace.x.as_input().shape().1);
        let mut sums = self.layers().sums();
        for s in 0..self.layers().stages().len() {
            self.layers().forward(self.values(), &sums, context, workspace, s);
            let behind = self.layers().stages()[s].end;
            if let Some([forward, _]) = workspace.sums.get(behind) {
                sums[behind][0].copy_from_slice(forward);
            }
        }
        workspace.outputs(self.layers())
    }

    /// The outputs that the network would have if value `parameter` of its parameters were larger by `change`; `None` if the
    /// layer is not [affine](crate::Extras::is_affine), or if samples depend on each other.
    ///
    /// `context` is that of [`perturbed`](Sequential::perturbed).
    ///
    /// # Panics
    /// Unless there is such a parameter.
    #[track_caller]
    pub fn forward_changed<'p>(
        &self,
        perturbed: &'p mut Perturbed<F>,
        context: &Context,
        parameter: usize,
        change: F,
    ) -> Option<MatrixView<'p, F>> {
        assert!(parameter < self.n_parameters(), "parameter {parameter} of {}", self.n_parameters());
        let (layers, sizes) = (&self.layers().layers, &self.layers().sizes);
        let tensor = self.layers().tensor_at(parameter);
        let l = tensor.layer;
        if context.training && self.layers().stages().len() > 1 || !layers[l].extras().is_affine {
            return None;
        }
        let Perturbed { before: Workspace { x: inputs, y: outputs, .. }, after } = perturbed;
        let n_samples = inputs.as_input().shape().1;
        let pass = Pass::new(self.values(), context.of_samples(n_samples));
        let forward = |l: usize, y: MatrixViewMut<'_, F>, cache: &mut [F], x: &[F]| {
            let x = Input::Dense(MatrixView::new(x, x.len() / n_samples, n_samples));
            let (context, tensors) = (pass.context.at_layer(l), self.layers().tensors_of(l));
            layers[l].forward_to(y, cache, &Pass { x, tensors, context, ..pass });
        };

        // Row r of the output changes by Δw·x, where x is the input's row p, or by Δb.
        let within = parameter - tensor.offset;
        let (r, p) = (within % tensor.stride, within / tensor.stride);
        let mut row: Vec<F> = outputs[l][r..].iter().step_by(sizes[l + 1]).copied().collect();
        let is_weight = self.layers().tensors_of(l)[0].offset == tensor.offset;
        let x = match l {
            0 => inputs.as_input().dense(),
            _ => MatrixView::new(&outputs[l - 1], sizes[l], n_samples),
        };
        for (y, x) in row.iter_mut().zip(x.column_iter()) {
            *y += if is_weight { change * x[p] } else { change };
        }

        // The same row of every activation behind.
        let mut behind = l + 1;
        while let Some(layer) = layers.get(behind).filter(|layer| layer.extras().is_elementwise) {
            let mut y = vec![F::zero(); n_samples];
            let mut cache = vec![F::zero(); layer.n_cached(Shape::flat(1)) * n_samples];
            forward(behind, MatrixViewMut::new(&mut y, 1, n_samples), &mut cache, &row);
            row = y;
            behind += 1;
        }

        // What is behind sees the changed row among the others as they were.
        let changed = &mut outputs[behind - 1];
        swap_row(changed, r, &mut row);
        if behind == layers.len() {
            after.y[behind - 1].copy_from_slice(changed);
        }
        for l in behind..layers.len() {
            let (done, from_here) = after.y.split_at_mut(l);
            let x = if l == behind { &*changed } else { &done[l - 1] };
            let y = MatrixViewMut::new(&mut from_here[0], sizes[l + 1], n_samples);
            forward(l, y, &mut after.cache[l], x);
        }
        swap_row(changed, r, &mut row);
        Some(after.outputs(self.layers()))
    }
}

/// Exchanges row `i` of some columns with `row`.
fn swap_row<F>(columns: &mut [F], i: usize, row: &mut [F]) {
    let n_rows = columns.len() / row.len();
    for (value, of_row) in columns[i..].iter_mut().step_by(n_rows).zip(row) {
        std::mem::swap(value, of_row);
    }
}
