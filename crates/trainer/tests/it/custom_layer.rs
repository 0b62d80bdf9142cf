//! A layer of one's own, written outside of the crates, trains inside a [`Sequential`] and is checked.

use chainrule_gradcheck::Check;
use chainrule_layers::{Affine, Context, Layer, LayerExt, Pass, Sequential};
use chainrule_losses::{HalfSquaredError, Loss};
use chainrule_optimizers::{Momentum, State};
use chainrule_tensor::{Float, Matrix, MatrixViewMut, Shape, map_to, zip_map_to};
use std::sync::Arc;

// The layer, its check and its training: under fifty lines.

/// y = sin x, dx = dy·cos x.
#[derive(Debug)]
struct Sine;

impl<F: Float> Layer<F> for Sine {
    fn name(&self) -> &str {
        "sine"
    }
    fn forward_to(&self, y: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
        map_to(y, pass.x.dense(), |x| x.sin());
    }
    fn backward_to(&self, dx: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
        zip_map_to(dx, pass.dy, pass.x.dense(), |dy, x| dy * x.cos());
    }
}

#[test]
fn its_gradient_is_checked_and_it_trains() {
    let x = Matrix::from_fn(1, 40, |_, j| j as f64 / 10.0 - 2.0);
    let t = x.map(|x| (2.0 * x + 0.5).sin());
    let (_, cache) = Sine.forward(&x);
    let f = |v: &[f64]| Sine.forward(&Matrix::from_column_slice(1, 40, v)).0.dot(&x);
    Check::new().run(f, x.as_slice(), Sine.backward(&cache, &x).dx.as_slice()).assert_passed();

    let layers: Vec<Arc<dyn Layer<f64>>> =
        vec![Arc::new(Affine::outputs(8)), Arc::new(Sine), Arc::new(Affine::outputs(1))];
    let mut net = Sequential::with_own(Shape::flat(1), layers, 1).unwrap();
    let rule = Momentum::new(0.08).unwrap();
    let mut state = State::new(&rule, net.parameter_names());
    let mut losses = Vec::new();
    for step in 0..3000 {
        let (y, cache) = net.forward_with(&x, &Context::training(1, step));
        let (loss, dy) = HalfSquaredError.gradient((&y).into(), (&t).into());
        losses.push(loss.mean());
        let mut gradient = net.backward(&cache, &dy).values();
        gradient.iter_mut().for_each(|g| *g /= loss.divisor); // gradients are sums
        state.update_all(&rule, net.parameters_mut().into_iter().map(|(_, values)| values), &gradient);
    }
    assert!(losses[2999] < 1e-3 * losses[0], "{} → {}", losses[0], losses[2999]);
}
