//! Batch normalisation over mini-batches of 128, cut into shards: outputs and running statistics.

use std::{
    mem::replace,
    sync::{Arc, Mutex},
};

use chainrule_layers::{Context, Layer, Pass, Sequential, no_own_layers};
use chainrule_optimizers::Momentum;
use chainrule_tensor::{Matrix, MatrixViewMut};
use chainrule_trainer::{Activation, MlpConfig, Samples};

use super::{
    departure,
    golden::{Golden, numbers},
    parameters, train,
};

/// Keeps what comes out of the network, that of every shard in its place of the mini-batch.
#[derive(Clone, Debug)]
struct Tap(Arc<Mutex<Vec<f64>>>);

impl Layer<f64> for Tap {
    fn name(&self) -> &str {
        "tap"
    }

    fn forward_to(&self, mut y: MatrixViewMut<'_, f64>, _: &mut [f64], pass: &Pass<'_, f64>) {
        let x = pass.x.dense();
        y.as_mut_slice().copy_from_slice(x.as_slice());
        let from = pass.context.first_sample * x.n_rows();
        self.0.lock().unwrap()[from..from + x.as_slice().len()].copy_from_slice(x.as_slice());
    }

    fn backward_to(&self, mut dx: MatrixViewMut<'_, f64>, _: &mut [f64], pass: &Pass<'_, f64>) {
        dx.as_mut_slice().copy_from_slice(pass.dy.as_slice());
    }
}

/// All that a run with batch normalisation shows.
struct Shown {
    losses: Vec<f64>,
    /// Of the mini-batches of the steps shown, as the losses saw them.
    outputs: Vec<Vec<f64>>,
    /// After those steps.
    running_statistics: Vec<Vec<f64>>,
    end: Vec<f64>,
    outputs_in_inference: Vec<f64>,
}

impl Shown {
    fn bits(&self) -> Vec<u64> {
        let ends = [&self.losses, &self.end, &self.outputs_in_inference];
        let lists = self.outputs.iter().chain(&self.running_statistics).chain(ends);
        lists.flatten().map(|value| value.to_bits()).collect()
    }
}

fn batch_norm_config(golden: &Golden) -> MlpConfig {
    MlpConfig::new(golden.sizes()).with_activation(Activation::Relu).with_batch_norm(true)
}

/// Trains with batch normalisation; `follow` says whether running statistics follow.
fn train_with_batch_norm(golden: &Golden, follow: bool) -> Shown {
    let steps: Vec<u64> = serde_json::from_value(golden.run("shown").clone()).expect("a list of steps");
    let nothing = vec![f64::NAN; golden.shown("outputs")[0].len()];
    let tap = Tap(Arc::new(Mutex::new(nothing.clone())));
    let config = batch_norm_config(golden);
    let layers = config.layers();
    let layers = layers.iter().map(|layer| layer.layer(&no_own_layers).unwrap());
    let layers = layers.chain([Arc::new(tap.clone()) as _]).collect();
    let mut net = Sequential::with_own(golden.shape(), layers, 1).unwrap();
    net.unpack(&golden.net(&config).sequential().pack());

    let (mut outputs, mut running_statistics) = (Vec::new(), Vec::new());
    let rule = Momentum::new(0.1).unwrap();
    let losses = train(&mut net, golden, &rule, "constant", follow, |step, net| {
        let of_step = replace(&mut *tap.0.lock().unwrap(), nothing.clone());
        if steps.contains(&step) {
            outputs.push(of_step);
            running_statistics.push(net.values()[net.n_parameters()..].to_vec());
        }
    });
    let n_held = numbers(golden.run("outputs_in_inference")).len() / net.n_outputs();
    let (x, _) = golden.batch(&(0..n_held).collect::<Vec<_>>());
    *tap.0.lock().unwrap() = vec![f64::NAN; n_held * net.n_outputs()];
    let outputs_in_inference = net.forward(&x).0.as_slice().to_vec();
    Shown { losses, outputs, running_statistics, end: parameters(&net), outputs_in_inference }
}

/// Runs `f` where mini-batches are shared by so many threads.
#[cfg(feature = "rayon")]
fn on_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(f)
}

#[cfg(not(feature = "rayon"))]
fn on_threads<R>(_: usize, f: impl FnOnce() -> R) -> R {
    f()
}

#[test]
fn batch_norm_on_one_thread_and_on_eight() {
    let golden = Golden::of("batch_norm_relu_momentum");
    let [shown, on_eight] =
        [1, 8].map(|threads| on_threads(threads, || train_with_batch_norm(&golden, true)));
    assert!(shown.bits() == on_eight.bits(), "one thread and eight give different bits");

    assert_eq!(departure(&shown.losses, &numbers(golden.run("losses"))), None);
    for (key, found) in [("outputs", &shown.outputs), ("running_statistics", &shown.running_statistics)] {
        let expected = golden.shown(key);
        assert_eq!((found.len(), expected.len()), (4, 4));
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(departure(found, expected), None, "{key} of step {}", golden.run("shown")[i]);
        }
    }
    assert_eq!(departure(&shown.end, &numbers(golden.run("end"))), None);
    let expected = numbers(golden.run("outputs_in_inference"));
    assert_eq!(departure(&shown.outputs_in_inference, &expected), None);
}

#[test]
fn batch_norm_needs_its_running_statistics_for_inference_alone() {
    let golden = Golden::of("batch_norm_relu_momentum");
    let shown = train_with_batch_norm(&golden, false);
    assert_eq!(departure(&shown.losses, &numbers(golden.run("losses"))), None);
    assert_eq!(departure(&shown.running_statistics[0], &golden.shown("running_statistics")[0]), Some(0));
    let expected = numbers(golden.run("outputs_in_inference"));
    assert_eq!(departure(&shown.outputs_in_inference, &expected), Some(0));
}

#[test]
fn batch_norm_over_one_shard_is_not_that_of_the_mini_batch() {
    let golden = Golden::of("batch_norm_relu_momentum");
    let (indices, expected) = (golden.indices(0), &golden.shown("outputs")[0]);
    let net = golden.net(&batch_norm_config(&golden));
    for (n_samples, departs) in [(128, None), (32, Some(0))] {
        let (x, _): (Matrix<f64>, _) = golden.batch(&indices[..n_samples]);
        let (z, _) = net.sequential().forward_with(&x, &Context::training(1, 0));
        assert_eq!(departure(z.as_slice(), &expected[..z.as_slice().len()]), departs);
    }
}
