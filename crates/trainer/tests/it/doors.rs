//! What others build on, each with a toy user: several processes, groups of parameters, shapes of channels × height × width,
//! categories, the scale of targets. (Augmentation: `own_data.rs`; a rule of one's own: `training.rs`.)

use std::sync::{Arc, Condvar, Mutex};

use chainrule_gradcheck::Check;
use chainrule_layers::{Affine, Kind, Layer, LayerConfig, Pass, Relu, Tanh, Tensor};
use chainrule_losses::{MeanSquaredError, SoftmaxCrossEntropy};
use chainrule_optimizers::{AdamW, Clip, Schedule, Sgd};
use chainrule_tensor::{Context, Float, Init, InputBuffer, Matrix, MatrixViewMut, Shape, TargetBuffer};
use chainrule_trainer::{
    Activation, Communicator, Dataset, EarlyStopping, Mlp, MlpConfig, Network, NetworkConfig, ParameterGroup,
    Samples, Summary, TargetKind, TargetScale, TrainConfig, evaluate, train,
};

use crate::common::blobs;

/// Processes that are threads: each has a queue of sums from the rank before, and one of totals.
struct Ranks {
    queues: Mutex<Vec<[Vec<Vec<f64>>; 2]>>,
    changed: Condvar,
}

struct Rank<'a> {
    ranks: &'a Ranks,
    rank: usize,
    n_ranks: usize,
}

const SUMS: usize = 0;
const TOTALS: usize = 1;

impl Rank<'_> {
    fn take(&self, kind: usize, into: &mut [f64]) {
        let mut queues = self.ranks.queues.lock().unwrap();
        while queues[self.rank][kind].is_empty() {
            queues = self.ranks.changed.wait(queues).unwrap();
        }
        into.copy_from_slice(&queues[self.rank][kind].remove(0));
    }
}

impl Communicator for Rank<'_> {
    fn rank(&self) -> usize {
        self.rank
    }
    fn n_ranks(&self) -> usize {
        self.n_ranks
    }
    fn receive(&self, sum: &mut [f64]) {
        self.take(SUMS, sum);
    }
    fn total(&self, sum: &mut [f64]) {
        let mut queues = self.ranks.queues.lock().unwrap();
        match queues.get_mut(self.rank + 1) {
            Some(next) => next[SUMS].push(sum.to_vec()),
            None => queues.iter_mut().for_each(|queue| queue[TOTALS].push(sum.to_vec())),
        }
        drop(queues);
        self.ranks.changed.notify_all();
        self.take(TOTALS, sum);
    }
    fn agree(&self, stop: bool) -> bool {
        let mut decision = [f64::from(u8::from(stop && self.rank == 0))];
        if self.rank > 0 {
            self.receive(&mut decision);
            decision = [decision[0].max(0.0)];
        }
        self.total(&mut decision);
        decision[0] > 0.0
    }
}

/// A run with everything on; its parameters' checksum, and its history without times.
fn with_everything(communicator: Option<&Rank<'_>>, clip: Option<Clip>) -> (u32, Vec<[Option<f64>; 4]>) {
    let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.1);
    let layers = MlpConfig::new([36, 9, 7, 10]).with_activation(Activation::Tanh).with_batch_norm(true);
    let mut net = Mlp::new(layers.with_dropout(0.2).with_loss(loss)).unwrap();
    let mut config = TrainConfig::new()
        .with_optimizer(AdamW::new(0.01))
        .with_schedule("one-cycle".parse::<Schedule>().unwrap())
        .with_epochs(3)
        .with_batch_size(140)
        .with_validation(0.2)
        .with_early_stopping(EarlyStopping::new(9))
        .with_average(0.8)
        // A pool for each: ranks that wait for each other in one would wait for ever.
        .with_threads(1);
    config.clip = clip;
    let (data, test) = (blobs(400), blobs(50));
    let mut training = train(&mut net, &data).test(&test).config(&config);
    if let Some(rank) = communicator {
        training = training.communicator(rank);
    }
    let Summary { history, .. } = training.run().unwrap();
    let history = history.iter().map(|report| {
        [Some(report.train_loss), report.train_accuracy, report.validation_loss, report.test_accuracy]
    });
    (net.parameters_crc32(), history.collect())
}

#[test]
fn several_processes_have_the_bits_of_one() {
    for clip in [None, Some(Clip::by_norm(0.5))] {
        let one = with_everything(None, clip);
        // Of five, some have no samples in the smaller last mini-batch.
        for n_ranks in [1, 2, 3, 5] {
            let ranks =
                Ranks { queues: Mutex::new(vec![Default::default(); n_ranks]), changed: Condvar::new() };
            let all: Vec<_> = std::thread::scope(|scope| {
                let start = |rank| {
                    let ranks = &ranks;
                    scope.spawn(move || with_everything(Some(&Rank { ranks, rank, n_ranks }), clip))
                };
                let threads: Vec<_> = (0..n_ranks).map(start).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(
                all.iter().all(|of_rank| *of_rank == one),
                "{n_ranks} ranks: {all:?}, one process: {one:?}"
            );
        }
    }
}

#[test]
fn groups_have_learning_rates_and_weight_decays_of_their_own() {
    let config = || {
        let optimizer = Sgd::new(0.1).with_weight_decay(0.5);
        TrainConfig::new().with_optimizer(optimizer).with_steps(1).with_batch_size(50)
    };
    // How far a step takes a parameter from where it starts.
    let moved = |config: &TrainConfig, name: &str| -> Vec<f32> {
        let mut net = Mlp::new(MlpConfig::new([36, 5, 10])).unwrap();
        let before = net.tensor(name).unwrap().to_matrix();
        train(&mut net, &blobs(50)).config(config).run().unwrap();
        let after = net.tensor(name).unwrap().to_matrix();
        before.iter().zip(after.iter()).map(|(before, after)| after - before).collect()
    };
    let assert_times = |group: ParameterGroup, name: &str, factor: f32| {
        let (alone, grouped) = (moved(&config(), name), moved(&config().with_group(group), name));
        for (a, g) in alone.iter().zip(&grouped) {
            assert!((g - factor * a).abs() <= 1e-3 * a.abs() + 1e-8, "{name}: {a} became {g}");
        }
        assert!(alone.iter().any(|a| a.abs() > 1e-6), "{name}");
    };
    let fast = || ParameterGroup::new(["W2", "b"]).with_learning_rate(3.0);
    for (name, factor) in [("W1", 1.0), ("b1", 3.0), ("W2", 3.0), ("b2", 3.0)] {
        assert_times(fast(), name, factor);
    }
    // w ← w − 0.1·(g + 0.5·w): without decay, 0.05·w is missing.
    let still = config().with_group(ParameterGroup::new(["W"]).with_weight_decay(0.0));
    let start = Mlp::<f32>::new(MlpConfig::new([36, 5, 10])).unwrap().tensor("W1").unwrap().to_matrix();
    for ((decayed, free), w) in moved(&config(), "W1").iter().zip(moved(&still, "W1")).zip(start.iter()) {
        assert!((decayed + 0.05 * w - free).abs() < 1e-7);
    }

    let refused = |group| {
        let mut net = Mlp::new(MlpConfig::new([36, 5, 10])).unwrap();
        let config = config().with_group(group);
        train(&mut net, &blobs(50)).config(&config).run().unwrap_err().to_string()
    };
    assert_eq!(
        refused(ParameterGroup::new(["W1", "W3"])),
        "a name in a parameter group is \"W3\", expected one of W1, b1, W2, b2"
    );
    assert_eq!(
        refused(fast().with_learning_rate(0.0)),
        "the learning rate factor of a group is 0, expected a finite number above 0"
    );
    assert_eq!(
        refused(fast().with_weight_decay(f64::NAN)),
        "the weight decay factor of a group is NaN, expected a finite number not below 0"
    );
    assert!(
        refused(fast().with_weight_decay(1e-50)).contains("is 1e-50, expected a number that f32 can hold")
    );
}

/// The mean of every 2×2 pixels of each channel of such pictures, times a learned factor of the channel.
#[derive(Debug)]
struct Pool(Shape);

impl Pool {
    /// Every output with its channel and the four inputs it is made from.
    fn outputs(&self) -> impl Iterator<Item = (usize, usize, [usize; 4])> {
        let Shape { channels, height, width } = self.0;
        let n = height / 2 * (width / 2);
        (0..channels * n).map(move |y| {
            let (channel, row, column) = (y / n, y % n / (width / 2), y % n % (width / 2));
            let x = |r, c| (channel * height + 2 * row + r) * width + 2 * column + c;
            (y, channel, [x(0, 0), x(0, 1), x(1, 0), x(1, 1)])
        })
    }
}

fn mean<F: Float>(x: &[F], of: [usize; 4]) -> F {
    F::of(of.iter().map(|&i| x[i].as_f64()).sum::<f64>() / 4.0)
}

impl<F: Float> Layer<F> for Pool {
    fn name(&self) -> &str {
        "pool"
    }
    fn output(&self, input: Shape) -> Result<Shape, String> {
        if input != self.0 {
            return Err(format!("pictures of {input:?}, expected {:?}", self.0));
        }
        Ok(Shape { height: input.height / 2, width: input.width / 2, ..input })
    }
    fn tensors(&self, input: Shape) -> Vec<Tensor> {
        vec![Tensor::constant("s", Kind::Bias, input.channels, 1.5)]
    }
    fn forward_to(&self, mut y: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
        for j in 0..y.n_columns() {
            for (i, channel, of) in self.outputs() {
                y.column_mut(j)[i] = pass.vector(0)[channel] * mean(pass.x.dense().column(j), of);
            }
        }
    }
    fn backward_to(&self, mut dx: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
        for j in 0..dx.n_columns() {
            for (i, channel, of) in self.outputs() {
                for x in of {
                    dx.column_mut(j)[x] = pass.vector(0)[channel] * pass.dy.column(j)[i] / F::of(4.0);
                }
            }
        }
    }
    fn gradient_to(&self, _: usize, _: usize, mut ds: MatrixViewMut<F>, pass: &Pass<F>) {
        for j in 0..pass.dy.n_columns() {
            for (i, channel, of) in self.outputs() {
                ds.as_mut_slice()[channel] += mean(pass.x.dense().column(j), of) * pass.dy.column(j)[i];
            }
        }
    }
}

/// The first input is a category, 0, 1, 2, …, for which a vector of two values is learned; the others pass.
#[derive(Debug)]
struct Embedding {
    n_categories: usize,
}

impl<F: Float> Layer<F> for Embedding {
    fn name(&self) -> &str {
        "embedding"
    }
    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(Shape::flat(input.size() + 1))
    }
    fn tensors(&self, _: Shape) -> Vec<Tensor> {
        vec![Tensor::random("E", Kind::Weight, 2, self.n_categories, Init::Normal { std: 0.5 })]
    }
    fn forward_to(&self, mut y: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
        for j in 0..y.n_columns() {
            let x = pass.x.dense().column(j);
            y.column_mut(j)[..2].copy_from_slice(pass.matrix(0).column(x[0].as_f64() as usize));
            y.column_mut(j)[2..].copy_from_slice(&x[1..]);
        }
    }
    fn backward_to(&self, mut dx: MatrixViewMut<F>, _: &mut [F], pass: &Pass<F>) {
        for j in 0..dx.n_columns() {
            // A category has no gradient.
            dx.column_mut(j)[0] = F::zero();
            dx.column_mut(j)[1..].copy_from_slice(&pass.dy.column(j)[2..]);
        }
    }
    fn gradient_to(&self, _: usize, from: usize, mut de: MatrixViewMut<F>, pass: &Pass<F>) {
        for j in 0..pass.dy.n_columns() {
            let category = pass.x.dense().column(j)[0].as_f64() as usize;
            if (from..from + de.n_columns()).contains(&category) {
                let column = de.column_mut(category - from);
                column.iter_mut().zip(pass.dy.column(j)).for_each(|(de, &dy)| *de += dy);
            }
        }
    }
}

/// Rows of numbers that are pictures.
struct Pictures<'a>(Dataset<'a>);

impl Samples for Pictures<'_> {
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }
    fn shape(&self) -> Shape {
        PICTURES
    }
    fn target_kind(&self) -> TargetKind {
        self.0.target_kind()
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    ) {
        self.0.gather(x, t, indices, at);
    }
}

const PICTURES: Shape = Shape { channels: 2, height: 4, width: 6 };

fn own<F: Float>(name: &str, settings: &str) -> Option<Arc<dyn Layer<F>>> {
    match name {
        "pool" => Some(Arc::new(Pool(PICTURES))),
        "embedding" => Some(Arc::new(Embedding { n_categories: settings.parse().ok()? })),
        _ => None,
    }
}

fn own_layer(name: &str, settings: &str) -> LayerConfig {
    LayerConfig::Own { name: name.into(), settings: settings.into() }
}

/// The gradient of every parameter of the network against central differences.
fn assert_gradients(config: &NetworkConfig, x: &Matrix<f64>, classes: &[usize]) {
    let net = Network::<f64>::with_own(config, &own).unwrap();
    let loss = |values: &[f64]| {
        let mut net = net.clone();
        net.sequential_mut().unpack(values);
        net.loss(x, classes)
    };
    let gradient = net.gradient(x, classes);
    Check::new().run(loss, &net.sequential().pack(), gradient.values()).assert_passed();
}

#[test]
fn a_layer_of_channels_rows_and_columns_is_checked_and_trains() {
    let layers = [own_layer("pool", ""), Affine::outputs(2).into()];
    let config = NetworkConfig::new(1, layers, SoftmaxCrossEntropy::new()).with_input(PICTURES);
    let x = Matrix::from_fn(48, 5, |i, j| ((7 * i + 31 * j) % 11) as f64 / 11.0);
    assert_gradients(&config, &x, &[0, 1, 1, 0, 1]);
    // Which channel is brighter.
    let rows: Vec<f32> = (0..200 * 48)
        .map(|i| ((i * i) % 17 + 9 * usize::from(i % 48 / 24 == i / 48 % 2)) as f32 / 26.0)
        .collect();
    let classes: Vec<usize> = (0..200).map(|i| i % 2).collect();
    let data = Pictures(Dataset::from_rows(&rows, 48).unwrap().with_classes(&classes).unwrap());
    let mut net = Network::with_own(&config, &own).unwrap();
    train(&mut net, &data).config(&TrainConfig::new().with_epochs(60)).run().unwrap();
    assert!(evaluate(&net, &data).unwrap().accuracy() > 0.99);
}

#[test]
fn a_layer_may_take_categories_as_indices() {
    let layers =
        [own_layer("embedding", "4"), Affine::outputs(6).into(), Relu.into(), Affine::outputs(2).into()];
    let config = NetworkConfig::new(2, layers, SoftmaxCrossEntropy::new());
    let x = Matrix::from_fn(2, 9, |i, j| if i == 0 { (j % 3) as f64 } else { j as f64 / 9.0 });
    assert_gradients(&config, &x, &[0, 1, 1, 0, 1, 0, 0, 1, 1]);
    // Categories 1 and 2 are of class 1: no number of theirs says so by its size.
    let rows: Vec<f32> = (0..400).flat_map(|i| [(i % 4) as f32, (i % 7) as f32 / 7.0]).collect();
    let classes: Vec<usize> = (0..400).map(|i| usize::from([1, 2].contains(&(i % 4)))).collect();
    let data = Dataset::from_rows(&rows, 2).unwrap().with_classes(&classes).unwrap();
    let mut net = Network::with_own(&config, &own).unwrap();
    let config = TrainConfig::new().with_optimizer(Sgd::new(0.5)).with_epochs(100);
    train(&mut net, &data).config(&config).run().unwrap();
    assert_eq!(evaluate(&net, &data).unwrap().accuracy(), 1.0);
}

/// Two outputs of very different sizes, 1e5 and 1e-3, of one input.
#[test]
fn targets_have_a_scale_that_is_saved_with_the_network() {
    let rows: Vec<f32> = (0..100).map(|i| i as f32 / 100.0).collect();
    let targets: Vec<f32> = rows.iter().flat_map(|x| [1e5 + 4e4 * x, 1e-3 - 2e-3 * x * x]).collect();
    let data = Dataset::from_rows(&rows, 1).unwrap().with_values(&targets, 2).unwrap();
    let layers = [Affine::outputs(8).into(), Tanh.into(), Affine::outputs(2).into()];
    let config = NetworkConfig::new(1, layers, MeanSquaredError);
    let config = config.with_scale(TargetScale::new([1.2e5, 3e-4], [1.2e4, 6e-4]));
    let mut net = Network::new(&config).unwrap();
    let training = TrainConfig::new().with_epochs(1500).with_batch_size(10);
    let summary = train(&mut net, &data).test(&data).config(&training).run().unwrap();
    // In units of the standard deviations, so that both outputs count.
    assert!(summary.history[1499].test_loss.unwrap() < 0.01, "{:?}", summary.history[1499]);
    let evaluation = evaluate(&net, &data).unwrap();
    let deviation = evaluation.deviation.unwrap();
    let x = Matrix::from_fn(1, 100, |_, j| rows[j]);
    let t = Matrix::from_fn(2, 100, |i, j| targets[2 * j + i]);
    let y = net.predict(&x);
    let absolute: f64 = y.iter().zip(t.iter()).map(|(y, t)| f64::from((y - t).abs())).sum::<f64>() / 200.0;
    assert!((deviation.mean_absolute_error() - absolute).abs() < 1e-3 * absolute);
    for (i, std) in [(0, 1.2e4), (1, 6e-4)] {
        let error = y.row(i).iter().zip(t.row(i).iter()).map(|(y, t)| (y - t).abs()).fold(0.0, f32::max);
        assert!(error < 0.5 * std, "output {i}: {error}");
    }
    // Matrices of one's own have targets in their own units too.
    assert!((net.loss(&x, &t) - evaluation.loss.mean()).abs() < 1e-6);
    let in_f64 = net.cast::<f64>();
    let (x, t) = (x.map(f64::from), t.map(f64::from));
    let numerical = in_f64.numerical_gradient(&x, &t);
    let exact = in_f64.gradient(&x, &t);
    for (a, b) in exact.values().iter().zip(numerical.values()) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
    let mut predictor = chainrule_trainer::Predictor::new(net.clone());
    assert_eq!(predictor.predict(&[0.25]), net.predict(&Matrix::from_column_slice(1, 1, &[0.25])).as_slice());
    #[cfg(feature = "checkpoint")]
    {
        use chainrule_trainer::{Checkpoint, TrainingRecord};
        let record = TrainingRecord::new(training, summary.history);
        let bytes = Checkpoint::new(net.clone(), record).to_bytes();
        let loaded = Checkpoint::from_bytes(&bytes).unwrap().net;
        assert_eq!(loaded.config().scale, config.scale);
        assert_eq!(
            loaded.predict(&Matrix::from_column_slice(1, 1, &[0.25])),
            net.predict(&Matrix::from_column_slice(1, 1, &[0.25]))
        );
    }

    let refused = |scale, loss: chainrule_losses::LossConfig| {
        let layers = [Affine::outputs(2).into()];
        Network::<f32>::new(NetworkConfig::new(1, layers, loss).with_scale(scale)).unwrap_err().to_string()
    };
    let scale = || TargetScale::new([0.0, 0.0], [1.0, 1.0]);
    assert_eq!(
        refused(scale(), SoftmaxCrossEntropy::new().into()),
        "the scale of the targets is that of values, expected none, since the outputs are probabilities"
    );
    assert_eq!(
        refused(TargetScale::new([0.0], [1.0]), MeanSquaredError.into()),
        "the scale of the targets is 1 means and 1 standard deviations, expected 2 of each, one for every output"
    );
    assert_eq!(
        refused(TargetScale::new([0.0, f64::NAN], [1.0, 2.5]), MeanSquaredError.into()),
        "the scale of the targets is mean NaN and standard deviation 2.5 of output 1, expected finite means and standard \
         deviations above 0"
    );
    for bad in [0.0, -1.0, f64::NAN, 1e-50, f64::INFINITY] {
        let message = refused(TargetScale::new([0.0, 0.0], [1.0, bad]), MeanSquaredError.into());
        assert!(message.ends_with("expected finite means and standard deviations above 0"), "{message}");
        assert!(
            message.starts_with("the scale of the targets is mean 0 and standard deviation "),
            "{message}"
        );
    }
}
