//! For the tests of this crate: a layer's two backward halves against the numerical derivative of its forward pass.

use chainrule_gradcheck::{Check, Report};
use chainrule_tensor::{
    Matrix,
    random::{Purpose, generator, standard_normal_pair},
};

use crate::{Context, Layer};

/// Standard normal values, a function of `seed`.
pub(crate) fn random_matrix(n_rows: usize, n_columns: usize, seed: u64) -> Matrix<f64> {
    let mut rng = generator(seed, Purpose::Initialise, 0, 0);
    Matrix::from_fn(n_rows, n_columns, |_, _| standard_normal_pair(&mut rng)[0])
}

/// Checks the gradient of Σ dy·y, for a fixed random `dy`, with respect to the input and to every parameter.
pub(crate) fn check_layer(layer: &mut dyn Layer<f64>, x: &Matrix<f64>, context: &Context) -> Vec<Report> {
    let dy = random_matrix(layer.n_outputs(x.nrows()), x.ncols(), 99);
    let (y, cache) = layer.forward_with(x, context);
    let gradients = layer.backward(&cache, &dy);
    let check = Check::new();
    // The sum of what changes, so that what does not change has no rounding.
    let objective =
        |layer: &dyn Layer<f64>, x: &Matrix<f64>| (layer.forward_with(x, context).0 - &y).dot(&dy);

    let of_input =
        |values: &[f64]| objective(layer, &Matrix::from_column_slice(x.nrows(), x.ncols(), values));
    let mut reports = vec![check.run(of_input, x.as_slice(), gradients.dx.as_slice()).named("x")];
    for (name, gradient) in &gradients.parameters {
        let start = values_of(layer, name).to_vec();
        let of_parameter = |values: &[f64]| {
            values_mut(layer, name).copy_from_slice(values);
            objective(layer, x)
        };
        let report = check.run(of_parameter, &start, gradient.as_slice()).named(*name);
        values_mut(layer, name).copy_from_slice(&start);
        reports.push(report);
    }
    reports
}

fn values_of<'a>(layer: &'a dyn Layer<f64>, name: &str) -> &'a [f64] {
    layer.parameters().into_iter().find(|p| p.name == name).unwrap().values
}

fn values_mut<'a>(layer: &'a mut dyn Layer<f64>, name: &str) -> &'a mut [f64] {
    let mut found = None;
    layer.visit_parameters_mut(&mut |p| {
        if p.name == name {
            found = Some(p.values);
        }
    });
    found.unwrap()
}

/// Checks the layers that `make` gives for several numbers of inputs, on batches of several sizes, at standard normal
/// inputs that `place` may move away from kinks, in inference and in training.
#[track_caller]
pub(crate) fn assert_layer<L: Layer<f64>>(make: impl Fn(usize) -> L, place: impl Fn(f64) -> f64) {
    for (n_inputs, n_samples) in [(1, 1), (1, 5), (6, 1), (3, 2), (7, 7), (11, 9)] {
        let mut layer = make(n_inputs);
        let x = random_matrix(n_inputs, n_samples, 5).map(&place);
        for context in [Context::inference(), Context::training(3, 5).of_samples(n_samples)] {
            for report in check_layer(&mut layer, &x, &context) {
                assert!(report.passed(), "{} on {n_inputs} × {n_samples}: {report}", layer.name());
            }
        }
    }
}

/// Every layer panics rather than leave outputs as they were, where the memory it is given is too short.
#[test]
fn memory_that_is_too_short_is_refused() {
    use crate::{Dropout, Elu, Forward, Gelu, LeakyRelu, Sigmoid, Silu, Softplus, Tanh};
    let layers: [Box<dyn Layer<f64>>; 8] = [
        Box::new(Sigmoid),
        Box::new(Tanh),
        Box::new(Elu::default()),
        Box::new(Gelu),
        Box::new(LeakyRelu::default()),
        Box::new(Silu),
        Box::new(Softplus),
        Box::new(Dropout::new(0.5).unwrap()),
    ];
    let x = random_matrix(2, 3, 5);
    for layer in layers {
        let n_cached = layer.n_cached(2) * 3;
        if n_cached > 0 {
            let short = std::panic::AssertUnwindSafe(|| {
                let (mut y, mut cache) = (Matrix::zeros(2, 3), vec![0.0; n_cached - 1]);
                layer.forward_to(
                    (&mut y).into(),
                    &mut cache,
                    &Forward::new((&x).into(), Context::inference()),
                );
            });
            assert!(std::panic::catch_unwind(short).is_err(), "{}", layer.name());
        }
    }
}

/// Negative controls: the check has to refuse backward passes that are wrong in the usual ways.
mod tests {
    use std::ops::Range;

    use chainrule_tensor::{Init, MatrixView, MatrixViewMut};

    use super::*;
    use crate::{Affine, Forward, Parameter, ParameterMut, Sigmoid, Trace};

    /// A layer whose backward passes are spoilt.
    #[derive(Clone, Debug)]
    struct Spoilt<L> {
        inner: L,
        spoil_dx: fn(&mut Matrix<f64>),
        spoil_gradient: fn(&mut [f64]),
    }

    impl<L: Layer<f64> + Clone + 'static> Layer<f64> for Spoilt<L> {
        fn name(&self) -> &'static str {
            "spoilt"
        }
        fn boxed_clone(&self) -> Box<dyn Layer<f64>> {
            Box::new(self.clone())
        }
        fn n_outputs(&self, n_inputs: usize) -> usize {
            self.inner.n_outputs(n_inputs)
        }
        fn n_cached(&self, n_inputs: usize) -> usize {
            self.inner.n_cached(n_inputs)
        }
        fn forward_to(&self, y: MatrixViewMut<'_, f64>, cache: &mut [f64], forward: &Forward<'_, f64>) {
            self.inner.forward_to(y, cache, forward);
        }
        fn backward_to(
            &self,
            mut dx: MatrixViewMut<'_, f64>,
            dy: MatrixView<'_, f64>,
            trace: &Trace<'_, f64>,
        ) {
            self.inner.backward_to(dx.reborrow(), dy, trace);
            let mut copy = dx.as_view().to_matrix();
            (self.spoil_dx)(&mut copy);
            dx.as_mut_slice().copy_from_slice(copy.as_slice());
        }
        fn gradient_to(
            &self,
            gradient: &mut [f64],
            part: Range<usize>,
            dy: MatrixView<'_, f64>,
            trace: &Trace<'_, f64>,
        ) {
            self.inner.gradient_to(gradient, part, dy, trace);
            (self.spoil_gradient)(gradient);
        }
        fn visit_parameters<'a>(&'a self, visit: &mut dyn FnMut(Parameter<'a, f64>)) {
            self.inner.visit_parameters(visit);
        }
        fn visit_parameters_mut<'a>(&'a mut self, visit: &mut dyn FnMut(ParameterMut<'a, f64>)) {
            self.inner.visit_parameters_mut(visit);
        }
    }

    const X_SHAPE: (usize, usize) = (4, 3);

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
        let x = random_matrix(X_SHAPE.0, X_SHAPE.1, 5);
        for (what, spoil_dx) in spoils {
            let mut layer = Spoilt { inner: Sigmoid, spoil_dx, spoil_gradient: |_| {} };
            let report = &check_layer(&mut layer, &x, &Context::inference())[0];
            assert!(!report.passed(), "{what}: {report}");
        }
        let mut unspoilt = Spoilt { inner: Sigmoid, spoil_dx: |_| {}, spoil_gradient: |_| {} };
        check_layer(&mut unspoilt, &x, &Context::inference())[0].assert_passed();
    }

    #[test]
    fn wrong_parameter_gradients_are_refused() {
        // 2 × 4 weights, then 2 biases.
        type Spoil = fn(&mut [f64]);
        let spoils: [(&str, Spoil, usize); 4] = [
            ("sign of W", |g| g[..8].iter_mut().for_each(|g| *g *= -1.0), 1),
            ("two entries of W exchanged", |g| g.swap(1, 2), 1),
            ("b counted twice", |g| g[8..].iter_mut().for_each(|g| *g *= 2.0), 2),
            ("b forgotten", |g| g[8..].fill(0.0), 2),
        ];
        let x = random_matrix(X_SHAPE.0, X_SHAPE.1, 5);
        for (what, spoil_gradient, refused) in spoils {
            let inner = Affine::init(X_SHAPE.0, 2, Init::Normal { std: 1.0 }, 1, 0);
            let mut layer = Spoilt { inner, spoil_dx: |_| {}, spoil_gradient };
            for (i, report) in check_layer(&mut layer, &x, &Context::inference()).iter().enumerate() {
                assert_eq!(report.passed(), i != refused, "{what}: {report}");
            }
        }
    }
}
