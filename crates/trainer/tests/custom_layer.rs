//! A layer of one's own, written outside of the crates, trains inside a [`Sequential`] and is checked.

use chainrule_gradcheck::Check;
use chainrule_layers::{Affine, Context, Forward, Layer, Sequential, Trace};
use chainrule_losses::{HalfSquaredError, Loss};
use chainrule_optimizers::{Momentum, Optimizer};
use chainrule_tensor::{Float, Init, Matrix, MatrixView, MatrixViewMut, map_to, zip_map_to};
use chainrule_trainer::update;

// With a layer that has running statistics, `net.end_step(&workspace, n_samples)` would end every step.
//
// The layer, its check and its training: under fifty lines.

/// y = sin x, dx = dy·cos x.
#[derive(Clone, Debug)]
struct Sine;

impl<F: Float> Layer<F> for Sine {
    fn name(&self) -> &'static str {
        "sine"
    }
    fn boxed_clone(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
    fn n_outputs(&self, n_inputs: usize) -> usize {
        n_inputs
    }
    fn forward_to(&self, y: MatrixViewMut<F>, _: &mut [F], forward: &Forward<F>) {
        map_to(y, forward.x.dense(), |x| x.sin());
    }
    fn backward_to(&self, dx: MatrixViewMut<F>, dy: MatrixView<F>, trace: &Trace<F>) {
        zip_map_to(dx, dy, trace.x.dense(), |dy, x| dy * x.cos());
    }
}

#[test]
fn its_gradient_is_checked_and_it_trains() {
    let x = Matrix::from_fn(1, 40, |_, j| j as f64 / 10.0 - 2.0);
    let t = x.map(|x| (2.0 * x + 0.5).sin());
    let affine = |n_in, n_out, layer| Box::new(Affine::init(n_in, n_out, Init::XavierNormal, 1, layer));
    let mut net = Sequential::new(1, vec![affine(1, 8, 0), Box::new(Sine), affine(8, 1, 1)]);
    let (_, cache) = Sine.forward(&x);
    let f = |v: &[f64]| Sine.forward(&Matrix::from_column_slice(1, 40, v)).0.dot(&x);
    Check::new().run(f, x.as_slice(), Sine.backward(&cache, &x).dx.as_slice()).assert_passed();

    let rule = Momentum::new(0.08);
    let (mut slots, mut workspace) = (rule.new_slots(net.n_parameters()), net.workspace(40));
    let mut losses = Vec::new();
    for step in 0..3000 {
        let context = Context::training(1, step).of_samples(40);
        net.forward(&mut workspace, (&x).into(), &context);
        let (y, dy) = workspace.outputs_and_gradient(&net);
        let loss = HalfSquaredError.gradient_to(dy, y, (&t).into());
        losses.push(loss.mean());
        net.backward(&mut workspace, (&x).into(), &context);
        let mut gradient = net.gradient(&workspace, (&x).into(), &context);
        gradient.iter_mut().for_each(|g| *g /= loss.divisor); // gradients are sums
        update(&mut net, &rule, &mut slots, &gradient, step + 1, rule.learning_rate);
    }
    assert!(losses[2999] < 1e-3 * losses[0], "{} → {}", losses[0], losses[2999]);
}
