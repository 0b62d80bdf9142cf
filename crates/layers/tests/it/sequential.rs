//! The passes of a chain of layers against central differences, however the samples are cut.

use std::{ops::Range, sync::Arc};

use chainrule_gradcheck::Check;
use chainrule_layers::{
    Affine, BatchNorm, Context, Dropout, Extras, Kind, Layer, LayerConfig, Pass, Relu, Sequential, Sigmoid,
    Softmax, Sums, Tensor, Workspace,
};
use chainrule_tensor::{Init, Matrix, MatrixView, MatrixViewMut, Shape, map_to};

/// Standard normal values, a function of `seed`.
fn random_matrix(n_rows: usize, n_columns: usize, seed: u64) -> Matrix<f64> {
    Init::Normal { std: 1.0 }.matrix(n_rows, n_columns, seed, 0)
}

fn affine(n_outputs: usize) -> LayerConfig {
    Affine::outputs(n_outputs).with_init(Init::Normal { std: 0.7 }).into()
}

fn net() -> Sequential<f64> {
    let layers = [affine(9), Sigmoid.into(), affine(6), Relu.into(), affine(3), Softmax.into()];
    Sequential::new(Shape::flat(4), &layers, 1).unwrap()
}

/// Samples `samples` of `x` in a workspace made for one.
fn workspace(net: &Sequential<f64>, x: &Matrix<f64>, samples: Range<usize>) -> Workspace<f64> {
    let mut workspace = net.layers().workspace(1);
    let x = MatrixView::from(x).columns(samples.clone());
    workspace.x.dense_mut(x.n_rows(), x.n_columns()).as_mut_slice().copy_from_slice(x.as_slice());
    workspace.samples = samples;
    workspace
}

/// Writes the gradient with respect to the outputs.
fn write_dy(net: &Sequential<f64>, workspace: &mut Workspace<f64>, dy: &Matrix<f64>) {
    let samples = workspace.samples.clone();
    let (_, mut target, _) = workspace.outputs_and_gradient(net.layers());
    target.as_mut_slice().copy_from_slice(MatrixView::from(dy).columns(samples).as_slice());
}

/// Gradient of Σ dy·y from samples that lie in two workspaces, cut after `first` samples.
fn gradient(
    net: &Sequential<f64>,
    x: &Matrix<f64>,
    dy: &Matrix<f64>,
    first: usize,
    length: usize,
) -> Vec<f64> {
    let (layers, mut gradient) = (net.layers(), vec![0.0; net.n_parameters()]);
    let context = Context::inference();
    for samples in [0..first, first..x.ncols()] {
        let mut workspace = workspace(net, x, samples);
        layers.infer(net.values(), &mut workspace);
        write_dy(net, &mut workspace, dy);
        layers.backward(net.values(), &[], context, &mut workspace, 0);
        for piece in layers.pieces(length) {
            layers.gradient(&[], context, &workspace, &piece, &mut gradient[piece.clone()]);
        }
    }
    gradient
}

#[test]
fn gradients_of_a_chain_agree_however_it_is_cut() {
    let net = net();
    let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
    for (first, length) in [(0, 1), (5, 7), (11, 1000), (4, 20)] {
        let given = gradient(&net, &x, &dy, first, length);
        let mut changed = net.clone();
        let objective = |values: &[f64]| {
            changed.unpack(values);
            let mut workspace = workspace(&changed, &x, 0..11);
            changed.layers().infer(changed.values(), &mut workspace).to_matrix().dot(&dy)
        };
        Check::new().run(objective, &net.pack(), &given).assert_passed();
    }
}

/// y = s·x with one s for all, whose gradient is in what the backward pass keeps, dy·x.
#[derive(Debug)]
struct Keeping;

impl Layer<f64> for Keeping {
    fn name(&self) -> &str {
        "keeping"
    }
    fn tensors(&self, _: Shape) -> Vec<Tensor> {
        vec![Tensor::constant("s", Kind::Weight, 1, 0.7)]
    }
    fn n_cached(&self, input: Shape) -> usize {
        input.size()
    }
    fn forward_to(&self, y: MatrixViewMut<'_, f64>, _: &mut [f64], pass: &Pass<'_, f64>) {
        map_to(y, pass.x.dense(), |x| pass.vector(0)[0] * x);
    }
    fn backward_to(&self, dx: MatrixViewMut<'_, f64>, cache: &mut [f64], pass: &Pass<'_, f64>) {
        let terms = pass.dy.as_slice().iter().zip(pass.x.dense().as_slice()).map(|(dy, x)| dy * x);
        cache.iter_mut().zip(terms).for_each(|(kept, term)| *kept = term);
        map_to(dx, pass.dy, |dy| pass.vector(0)[0] * dy);
    }
    fn gradient_to(&self, _: usize, _: usize, mut ds: MatrixViewMut<'_, f64>, pass: &Pass<'_, f64>) {
        ds.as_mut_slice()[0] += pass.cache.iter().sum::<f64>();
    }
    fn extras(&self) -> Extras<'_, f64> {
        let mut extras = Extras::default();
        extras.backward_keeps = true;
        extras
    }
}

#[test]
fn the_backward_pass_of_a_first_layer_runs_where_the_gradient_needs_it() {
    let layers: Vec<Arc<dyn Layer<f64>>> = vec![Arc::new(Keeping), Arc::new(Affine::outputs(3))];
    let net = Sequential::with_own(Shape::flat(4), layers, 1).unwrap();
    let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
    let (_, cache) = net.forward(&x);
    let twin = net.backward(&cache, &dy);
    let found = gradient(&net, &x, &dy, 5, 7);
    assert!((found[0] - twin.of("s")[0]).abs() <= 1e-13 * found[0].abs(), "{found:?}, {twin:?}");
    let mut changed = net.clone();
    let objective = |values: &[f64]| {
        changed.unpack(values);
        changed.forward(&x).0.dot(&dy)
    };
    Check::new().run(objective, &net.pack(), &found).assert_passed();
}

#[test]
fn the_gradient_is_that_of_the_readable_twin() {
    let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
    for (net, context) in [
        (net(), Context::inference()),
        (net_with_sums(), Context::training(1, 7)),
        (net_with_sums(), Context::inference()),
    ] {
        let (_, cache) = net.forward_with(&x, &context);
        let gradients = net.backward(&cache, &dy);
        let expected: Vec<f64> =
            gradients.parameters.iter().flat_map(|(_, gradient)| gradient.as_slice()).copied().collect();
        let (found, _) = gradient_in_stages(&net, &x, &dy, &[0, 11], context);
        assert_eq!(found, expected);
    }
}

/// Two batch normalisations, one of them first, and dropout, in training.
fn net_with_sums() -> Sequential<f64> {
    let layers = [
        BatchNorm::default().into(),
        affine(5),
        BatchNorm::default().into(),
        Sigmoid.into(),
        Dropout::new(0.3).into(),
        affine(3),
    ];
    Sequential::new(Shape::flat(4), &layers, 1).unwrap()
}

/// The gradient of Σ dy·y, and the workspace of the first shard with the sums of all, of a mini-batch cut at `cuts`.
fn gradient_in_stages(
    net: &Sequential<f64>,
    x: &Matrix<f64>,
    dy: &Matrix<f64>,
    cuts: &[usize],
    context: Context,
) -> (Vec<f64>, Workspace<f64>) {
    let (layers, context) = (net.layers(), context.of_samples(x.ncols()));
    let mut sums = layers.sums();
    let mut shards: Vec<_> = cuts.windows(2).map(|cut| workspace(net, x, cut[0]..cut[1])).collect();
    let share = |shards: &[Workspace<f64>], sums: &mut Sums, layer: usize, pass: usize| {
        if let Some(sums) = sums.get_mut(layer) {
            sums[pass].fill(0.0);
            for shard in shards {
                sums[pass]
                    .iter_mut()
                    .zip(&shard.sums[layer][pass])
                    .for_each(|(sum, of_shard)| *sum += of_shard);
            }
        }
    };
    for (s, stage) in layers.stages().iter().enumerate() {
        shards.iter_mut().for_each(|shard| layers.forward(net.values(), &sums, context, shard, s));
        share(&shards, &mut sums, stage.end, 0);
    }
    for shard in &mut shards {
        write_dy(net, shard, dy);
    }
    for (s, stage) in layers.stages().iter().enumerate().rev() {
        shards.iter_mut().for_each(|shard| layers.backward(net.values(), &sums, context, shard, s));
        share(&shards, &mut sums, stage.start, 1);
    }
    let mut gradient = vec![0.0; net.n_parameters()];
    for shard in &shards {
        for piece in layers.pieces(10) {
            layers.gradient(&sums, context, shard, &piece, &mut gradient[piece.clone()]);
        }
    }
    let mut first = shards.swap_remove(0);
    first.sums = sums;
    (gradient, first)
}

#[test]
fn statistics_are_those_of_the_whole_mini_batch_however_it_is_cut() {
    let net = net_with_sums();
    assert_eq!(net.layers().stages(), [0..0, 0..2, 2..6]);
    let (x, dy) = (random_matrix(4, 11, 2), random_matrix(3, 11, 3));
    let context = Context::training(1, 7).of_samples(11);
    let (whole, workspace) = gradient_in_stages(&net, &x, &dy, &[0, 11], context);
    let followed = |workspace: &Workspace<f64>| {
        let mut net = net.clone();
        let (layers, values) = net.split_mut();
        layers.end_step(values, &workspace.sums, 11);
        net
    };
    let twin = followed(&workspace);
    assert_ne!(twin.pack(), net.pack());

    let mut changed = net.clone();
    let objective = |values: &[f64]| {
        let (layers, all) = changed.split_mut();
        all[..values.len()].copy_from_slice(&layers.unpack(values));
        changed.forward_with(&x, &context).0.dot(&dy)
    };
    Check::new().run(objective, &net.pack()[..net.n_parameters()], &whole).assert_passed();

    for cuts in [&[0, 4, 11][..], &[0, 1, 2, 10, 11], &[0, 3, 6, 9, 11]] {
        let (parts, workspace) = gradient_in_stages(&net, &x, &dy, cuts, context);
        assert!(parts.iter().zip(&whole).all(|(a, b)| (a - b).abs() <= 1e-13), "{parts:?} and {whole:?}");
        for ((tensor, a), (_, b)) in followed(&workspace).tensors().zip(twin.tensors()) {
            let (a, b) = (a.as_slice(), b.as_slice());
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-14), "{}: {a:?} and {b:?}", tensor.name);
        }
    }
}
