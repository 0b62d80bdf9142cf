//! The passes of a chain of layers against central differences, however the samples are cut.

use std::ops::Range;

use chainrule_gradcheck::Check;
use chainrule_layers::{
    Affine, BatchNorm, Context, Dropout, Layer, Relu, Sequential, Sigmoid, Softmax, Workspace,
};
use chainrule_tensor::{Init, Input, Matrix, MatrixView};

/// Standard normal values, a function of `seed`.
fn random_matrix(n_rows: usize, n_columns: usize, seed: u64) -> Matrix<f64> {
    Init::Normal { std: 1.0 }.matrix(n_rows, n_columns, seed, 0)
}

fn net() -> Sequential<f64> {
    let init = Init::Normal { std: 0.7 };
    let layers: Vec<Box<dyn Layer<f64>>> = vec![
        Box::new(Affine::init(4, 9, init, 1, 0)),
        Box::new(Sigmoid),
        Box::new(Affine::init(9, 6, init, 1, 1)),
        Box::new(Relu),
        Box::new(Affine::init(6, 3, init, 1, 2)),
        Box::new(Softmax),
    ];
    Sequential::new(4, layers)
}

/// Gradient of Σ dy·y from samples that lie in two workspaces, cut after `first` samples.
fn gradient(
    net: &Sequential<f64>,
    x: &Matrix<f64>,
    dy: &Matrix<f64>,
    first: usize,
    length: usize,
) -> Vec<f64> {
    let mut gradient = vec![0.0; net.n_parameters()];
    let context = Context::inference();
    for samples in [0..first, first..x.ncols()] {
        let x = Input::Dense(MatrixView::from(x).columns(samples.clone()));
        let mut workspace = net.workspace(1);
        net.forward(&mut workspace, x, &context);
        let (_, mut target) = workspace.outputs_and_gradient(net);
        target.as_mut_slice().copy_from_slice(MatrixView::from(dy).columns(samples).as_slice());
        net.backward(&mut workspace, x, &context);
        for part in net.gradient_parts(length) {
            net.gradient_to(&mut gradient[part.clone()], part, &workspace, x, &context);
        }
    }
    gradient
}

fn set(net: &mut Sequential<f64>, mut values: &[f64]) {
    for parameter in net.parameters_mut() {
        let (of_this, rest) = values.split_at(parameter.values.len());
        parameter.values.copy_from_slice(of_this);
        values = rest;
    }
}

fn all(net: &Sequential<f64>) -> Vec<f64> {
    let mut all = Vec::new();
    net.visit_parameters(&mut |_, parameter| all.extend_from_slice(parameter.values));
    all
}

#[test]
fn gradients_of_a_chain_agree_however_it_is_cut() {
    let mut net = net();
    let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
    let start = all(&net);
    for (first, length) in [(0, 1), (5, 7), (11, 1000), (4, 20)] {
        let given = gradient(&net, &x, &dy, first, length);
        let objective = |values: &[f64]| {
            set(&mut net, values);
            let mut workspace = net.workspace(11);
            net.forward(&mut workspace, (&x).into(), &Context::inference()).to_matrix().dot(&dy)
        };
        Check::new().run(objective, &start, &given).assert_passed();
        set(&mut net, &start);
    }
}

/// Two batch normalisations, one of them first, and dropout, in training.
fn net_with_sums() -> Sequential<f64> {
    let init = Init::Normal { std: 0.7 };
    let layers: Vec<Box<dyn Layer<f64>>> = vec![
        Box::new(BatchNorm::new(4)),
        Box::new(Affine::init(4, 5, init, 1, 0)),
        Box::new(BatchNorm::new(5)),
        Box::new(Sigmoid),
        Box::new(Dropout::new(0.3).unwrap()),
        Box::new(Affine::init(5, 3, init, 1, 1)),
    ];
    Sequential::new(4, layers)
}

/// The gradient of Σ dy·y in training, and the workspace of the first shard, of a mini-batch cut at `cuts`.
fn gradient_in_stages(
    net: &Sequential<f64>,
    x: &Matrix<f64>,
    dy: &Matrix<f64>,
    cuts: &[usize],
) -> (Vec<f64>, Workspace<f64>) {
    let context = |first| Context::training(1, 7).of_samples(x.ncols()).at_sample(first);
    let mut shards: Vec<_> = cuts.windows(2).map(|cut| (cut[0]..cut[1], net.workspace(1))).collect();
    let columns = |samples: &Range<usize>| Input::Dense(MatrixView::from(x).columns(samples.clone()));
    for stage in net.stages() {
        for (samples, workspace) in &mut shards {
            net.forward_stage(workspace, columns(samples), stage.clone(), &context(samples.start));
        }
        if stage.end < net.layers().len() {
            let sums = shards.iter_mut().map(|(_, w)| w.forward_sums_mut(stage.end).to_vec());
            let total = sums.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect()).unwrap();
            shards.iter_mut().for_each(|(_, w)| w.forward_sums_mut(stage.end).copy_from_slice(&total));
        }
    }
    for (samples, workspace) in &mut shards {
        let (_, mut target) = workspace.outputs_and_gradient(net);
        target.as_mut_slice().copy_from_slice(MatrixView::from(dy).columns(samples.clone()).as_slice());
    }
    for stage in net.stages().iter().rev() {
        for (samples, workspace) in &mut shards {
            net.backward_stage(workspace, columns(samples), stage.clone(), &context(samples.start));
        }
        let sums = shards.iter_mut().map(|(_, w)| w.backward_sums_mut(stage.start).to_vec());
        let total = sums.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect()).unwrap();
        shards.iter_mut().for_each(|(_, w)| w.backward_sums_mut(stage.start).copy_from_slice(&total));
    }
    let mut gradient = vec![0.0; net.n_parameters()];
    for (samples, workspace) in &shards {
        for part in net.gradient_parts(10) {
            let (x, context) = (columns(samples), context(samples.start));
            net.gradient_to(&mut gradient[part.clone()], part, workspace, x, &context);
        }
    }
    (gradient, shards.swap_remove(0).1)
}

#[test]
fn statistics_are_those_of_the_whole_mini_batch_however_it_is_cut() {
    let mut net = net_with_sums();
    assert_eq!(net.stages(), [0..0, 0..2, 2..6]);
    let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
    let (whole, workspace) = gradient_in_stages(&net, &x, &dy, &[0, 11]);
    let mut twin = net.clone();
    twin.end_step(&workspace, 11);

    let start = all(&net);
    let context = Context::training(1, 7).of_samples(11);
    let objective = |values: &[f64]| {
        set(&mut net, values);
        net.forward(&mut net.workspace(11), (&x).into(), &context).to_matrix().dot(&dy)
    };
    Check::new().run(objective, &start, &whole).assert_passed();
    set(&mut net, &start);

    for cuts in [&[0, 4, 11][..], &[0, 1, 2, 10, 11], &[0, 3, 6, 9, 11]] {
        let (parts, workspace) = gradient_in_stages(&net, &x, &dy, cuts);
        assert!(parts.iter().zip(&whole).all(|(a, b)| (a - b).abs() <= 1e-13), "{parts:?} and {whole:?}");
        let mut cut = net.clone();
        cut.end_step(&workspace, 11);
        let statistics = |net: &Sequential<f64>| {
            let mut all = Vec::new();
            net.visit_buffers(&mut |name, buffer| all.push((name, buffer.values.to_vec())));
            all
        };
        for ((name, a), (_, b)) in statistics(&cut).iter().zip(&statistics(&twin)) {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-14), "{name}: {a:?} and {b:?}");
        }
    }
}
