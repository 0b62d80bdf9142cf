//! For the tests of this crate: a layer's two backward halves against the numerical derivative of its forward pass.

use chainrule_gradcheck::{Check, Report};
use chainrule_tensor::{
    Matrix, Shape,
    random::{Purpose, generator, standard_normal_pair},
};

use crate::{Context, Layer, Sequential};

/// Standard normal values, a function of `seed`.
pub(crate) fn random_matrix(n_rows: usize, n_columns: usize, seed: u64) -> Matrix<f64> {
    let mut rng = generator(seed, Purpose::Initialise, 0, 0);
    Matrix::from_fn(n_rows, n_columns, |_, _| standard_normal_pair(&mut rng)[0])
}

/// Checks the gradient of Σ dy·y, for a fixed random `dy`, with respect to the input and to every parameter.
pub(crate) fn check_network(net: &Sequential<f64>, x: &Matrix<f64>, context: &Context) -> Vec<Report> {
    let dy = random_matrix(net.n_outputs(), x.ncols(), 99);
    let (y, cache) = net.forward_with(x, context);
    let gradients = net.backward(&cache, &dy);
    let check = Check::new();
    // The sum of what changes, so that what does not change has no rounding.
    let objective = |net: &Sequential<f64>, x: &Matrix<f64>| (net.forward_with(x, context).0 - &y).dot(&dy);

    let of_input = |values: &[f64]| objective(net, &Matrix::from_column_slice(x.nrows(), x.ncols(), values));
    let mut reports = vec![check.run(of_input, x.as_slice(), gradients.dx.as_slice()).named("x")];
    for (name, gradient) in &gradients.parameters {
        let mut changed = net.clone();
        let of_parameter = |values: &[f64]| {
            changed.tensor_mut(name).unwrap().as_mut_slice().copy_from_slice(values);
            objective(&changed, x)
        };
        let start = net.matrix(name);
        reports.push(check.run(of_parameter, start.as_slice(), gradient.as_slice()).named(name.clone()));
    }
    reports
}

/// Checks a layer with its initial values; see [`assert_network`].
#[track_caller]
pub(crate) fn assert_layer(layer: impl Layer<f64> + Clone + 'static, place: impl Fn(f64) -> f64) {
    assert_network(|n_inputs| Sequential::of(layer.clone(), n_inputs), place);
}

/// Checks the layers that `make` gives for several numbers of inputs, on batches of several sizes, at standard normal
/// inputs that `place` may move away from kinks, in inference and in training.
#[track_caller]
pub(crate) fn assert_network(make: impl Fn(usize) -> Sequential<f64>, place: impl Fn(f64) -> f64) {
    for (n_inputs, n_samples) in [(1, 1), (1, 5), (6, 1), (3, 2), (7, 7), (11, 9)] {
        let net = make(n_inputs);
        let x = random_matrix(n_inputs, n_samples, 5).map(&place);
        for context in [Context::inference(), Context::training(3, 5).of_samples(n_samples)] {
            for report in check_network(&net, &x, &context) {
                assert!(report.passed(), "{net:?} on {n_inputs} × {n_samples}: {report}");
            }
        }
    }
}

/// Every layer panics rather than leave outputs as they were, where the memory it is given is too short.
#[test]
fn memory_that_is_too_short_is_refused() {
    use crate::{Dropout, Elu, Gelu, LeakyRelu, Pass, Sigmoid, Silu, Softplus, Tanh};
    let layers: [Box<dyn Layer<f64>>; 8] = [
        Box::new(Sigmoid),
        Box::new(Tanh),
        Box::new(Elu::default()),
        Box::new(Gelu),
        Box::new(LeakyRelu::default()),
        Box::new(Silu),
        Box::new(Softplus),
        Box::new(Dropout::new(0.5)),
    ];
    let x = random_matrix(2, 3, 5);
    for layer in layers {
        let n_cached = layer.n_cached(Shape::flat(2)) * 3;
        if n_cached > 0 {
            let short = std::panic::AssertUnwindSafe(|| {
                let (mut y, mut cache) = (Matrix::zeros(2, 3), vec![0.0; n_cached - 1]);
                let pass = Pass { x: (&x).into(), ..Pass::new(&[], Context::inference()) };
                layer.forward_to((&mut y).into(), &mut cache, &pass);
            });
            assert!(std::panic::catch_unwind(short).is_err(), "{}", layer.name());
        }
    }
}

/// Negative controls: the check has to refuse backward passes that are wrong in the usual ways.
mod tests {
    use chainrule_tensor::{Init, MatrixViewMut};

    use super::*;
    use crate::{Affine, Pass, Sigmoid, Tensor};

    /// A layer whose backward passes are spoilt: the gradient of each parameter by its own mistake.
    #[derive(Clone, Debug)]
    struct Spoilt<L> {
        inner: L,
        spoil_dx: fn(&mut Matrix<f64>),
        spoil_gradients: [fn(&mut [f64]); 2],
    }

    impl<L: Layer<f64> + Clone + 'static> Layer<f64> for Spoilt<L> {
        fn name(&self) -> &str {
            "spoilt"
        }
        fn output(&self, input: Shape) -> Result<Shape, String> {
            self.inner.output(input)
        }
        fn tensors(&self, input: Shape) -> Vec<Tensor> {
            self.inner.tensors(input)
        }
        fn n_cached(&self, input: Shape) -> usize {
            self.inner.n_cached(input)
        }
        fn forward_to(&self, y: MatrixViewMut<'_, f64>, cache: &mut [f64], pass: &Pass<'_, f64>) {
            self.inner.forward_to(y, cache, pass);
        }
        fn backward_to(&self, mut dx: MatrixViewMut<'_, f64>, cache: &mut [f64], pass: &Pass<'_, f64>) {
            self.inner.backward_to(dx.reborrow(), cache, pass);
            let mut copy = dx.as_view().to_matrix();
            (self.spoil_dx)(&mut copy);
            dx.as_mut_slice().copy_from_slice(copy.as_slice());
        }
        fn gradient_to(&self, i: usize, from: usize, mut dw: MatrixViewMut<'_, f64>, pass: &Pass<'_, f64>) {
            self.inner.gradient_to(i, from, dw.reborrow(), pass);
            (self.spoil_gradients[i])(dw.as_mut_slice());
        }
    }

    const X_SHAPE: (usize, usize) = (4, 3);

    fn check(layer: impl Layer<f64> + 'static) -> Vec<Report> {
        let x = random_matrix(X_SHAPE.0, X_SHAPE.1, 5);
        check_network(&Sequential::of(layer, X_SHAPE.0), &x, &Context::inference())
    }

    #[test]
    fn wrong_input_gradients_are_refused() {
        type Spoil = fn(&mut Matrix<f64>);
        let spoils: [(&str, Spoil); 6] = [
            ("sign", |dx| *dx *= -1.0),
            ("factor", |dx| *dx *= 1.000_001),
            ("one entry", |dx| dx[5] += 1e-4),
            ("transposed", |dx| {
                let n = dx.ncols();
                let square = dx.rows(0, n).transpose();
                dx.rows_mut(0, n).copy_from(&square);
            }),
            ("off by one sample", |dx| dx.swap_columns(0, 1)),
            ("missing", |dx| dx.fill(0.0)),
        ];
        for (what, spoil_dx) in spoils {
            let layer = Spoilt { inner: Sigmoid, spoil_dx, spoil_gradients: [|_| {}; 2] };
            let report = &check(layer)[0];
            assert!(!report.passed(), "{what}: {report}");
        }
        check(Spoilt { inner: Sigmoid, spoil_dx: |_| {}, spoil_gradients: [|_| {}; 2] })[0].assert_passed();
    }

    #[test]
    fn wrong_parameter_gradients_are_refused() {
        // 2 × 4 weights, and 2 biases.
        type Spoil = fn(&mut [f64]);
        let spoils: [(&str, [Spoil; 2], usize); 4] = [
            ("sign of W", [|g| g.iter_mut().for_each(|g| *g *= -1.0), |_| {}], 1),
            ("two entries of W exchanged", [|g| g.swap(1, 2), |_| {}], 1),
            ("b counted twice", [|_| {}, |g| g.iter_mut().for_each(|g| *g *= 2.0)], 2),
            ("b forgotten", [|_| {}, |g| g.fill(0.0)], 2),
        ];
        for (what, spoil_gradients, refused) in spoils {
            let inner = Affine::outputs(2).with_init(Init::Normal { std: 1.0 });
            let reports = check(Spoilt { inner, spoil_dx: |_| {}, spoil_gradients });
            for (i, report) in reports.iter().enumerate() {
                assert_eq!(report.passed(), i != refused, "{what}: {report}");
            }
        }
    }
}
