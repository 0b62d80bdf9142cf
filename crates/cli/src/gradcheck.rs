//! `chainrule gradcheck`: every derivative of a network against central differences, on real digits.
//!
//! What is checked is the code that trains, the parallel gradient of a mini-batch, in `f64`.

use std::time::Instant;

use chainrule_gradcheck::{Check, Step};
use chainrule_layers::Context;
use chainrule_tensor::Matrix;
use chainrule_trainer::{MiniBatch, Mlp, Samples};
use clap::Args;

use crate::{Result, args::at_least_one, data::Data, output, program, run_file, train_mnist};

/// For a whole network on real data; a single layer or loss has to do better.
const TOLERANCE: f64 = 1e-6;

/// The step at which truncation, which grows with its square, and rounding, which grows with its inverse, are both
/// well below the tolerance for the smallest gradients that count.
const STEP: Step = Step::Fixed(5e-5);

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule gradcheck                        the tutorial's network\n  \
    chainrule gradcheck --hidden 30,20 --activation gelu --batch-size 20")]
pub struct Gradcheck {
    #[command(flatten)]
    network: train_mnist::Network,
    /// Digits in the mini-batch
    #[arg(long, value_name = "N", default_value = "100", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    batch_size: usize,
    #[command(flatten)]
    data: Data,
    /// Print one JSON object per parameter and one at the end, and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Gradcheck) -> Result<()> {
    program::start_threads()?;
    let mnist = options.data.load()?;
    let network = run_file::Network::default().overridden(&options.network)?;
    let config = network.for_images(mnist.train.n_pixels());
    let net = Mlp::<f64>::new(&config)?;
    let n_samples = options.batch_size.min(mnist.train.len());
    let indices: Vec<usize> = (0..n_samples).collect();
    let (x, t) = mnist.train.batch::<f64>(&indices);

    if !options.json {
        let hidden = config.activations.iter().take(network.hidden.len());
        let hidden: Vec<String> = hidden.map(ToString::to_string).collect();
        output::line(format_args!(
            "{} {}: {} derivatives on {n_samples} digits, against central differences in f64",
            net.config().sizes_in_words(),
            hidden.join(", "),
            net.n_parameters(),
        ));
    }
    let mut mini_batch = MiniBatch::new(net.sequential(), n_samples);
    let mut backprop = || {
        mini_batch.compute(
            net.sequential(),
            net.config().loss.loss(),
            &mnist.train,
            &indices,
            &Context::inference(),
        );
    };
    backprop(); // The first time lists the pixels of all images.
    let begun = Instant::now();
    backprop();
    let backprop_seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let numerical = output::spin(!options.json, "computing central differences", || {
        net.numerical_gradient_with(&x, &t, STEP, &Context::inference())
    });
    let numerical_seconds = begun.elapsed().as_secs_f64();

    let check = Check::new().tolerance(TOLERANCE);
    let mut given = mini_batch.gradient();
    let (mut n_wrong, mut n_kinks) = (0, 0);
    for (name, numerical) in numerical.iter() {
        let (of_this, rest) = given.split_at(numerical.as_slice().len());
        given = rest;
        let numerical = numerical.as_slice();
        let suspects = disagreeing(of_this, numerical);
        let kinks = output::spin(!options.json && !suspects.is_empty(), "looking for kinks", || {
            let at_kink = |i: &usize| is_kink(&net, &x, &t, name, *i, of_this[*i]);
            suspects.into_iter().filter(at_kink).collect::<Vec<usize>>()
        });
        let others: Vec<usize> = (0..of_this.len()).filter(|i| !kinks.contains(i)).collect();
        let of_others: Vec<f64> = others.iter().map(|&i| numerical[i]).collect();
        let report = check.compare_at(&others, of_this, &of_others).named(name);
        n_wrong += report.n_checked() - report.n_agreeing();
        n_kinks += kinks.len();
        let members = [
            ("parameter", name.into()),
            ("n_checked", report.n_checked().into()),
            ("n_agreeing", report.n_agreeing().into()),
            ("n_kinks", kinks.len().into()),
            ("relative_error", report.relative_error().into()),
            ("tolerance", report.tolerance().into()),
            ("passed", report.passed().into()),
        ];
        output::tell(options.json, "gradcheck", &members, &report);
    }
    let members = [
        ("passed", (n_wrong == 0).into()),
        ("n_derivatives", net.n_parameters().into()),
        ("n_kinks", n_kinks.into()),
        ("backprop_seconds", backprop_seconds.into()),
        ("numerical_seconds", numerical_seconds.into()),
    ];
    let took = format!("{:.2} ms, central differences {numerical_seconds:.1} s", 1e3 * backprop_seconds);
    output::tell(options.json, "done", &members, format_args!("backpropagation took {took}"));
    if n_kinks > 0 && !options.json {
        output::line(format_args!(
            "{n_kinks} not checked: within a step the loss has a kink there, where central differences are wrong"
        ));
    }
    if n_wrong == 0 {
        return Ok(());
    }
    Err(format!("{n_wrong} of {} derivatives disagree", net.n_parameters()).into())
}

/// The derivatives whose relative error is beyond the tolerance.
fn disagreeing(given: &[f64], numerical: &[f64]) -> Vec<usize> {
    let largest = given.iter().chain(numerical).fold(0.0_f64, |max, g| max.max(g.abs()));
    let is_wrong = |i: &usize| {
        let (a, n) = (given[*i], numerical[*i]);
        (a - n).abs() > TOLERANCE * a.abs().max(n.abs()).max(1e-3 * largest)
    };
    (0..given.len()).filter(is_wrong).collect()
}

/// Whether the loss has a kink within a step of value `i` of a parameter, whose derivative is given, or bends so much that
/// the step is too long.
fn is_kink(net: &Mlp<f64>, x: &Matrix<f64>, t: &[usize], name: &str, i: usize, given: f64) -> bool {
    let mut net = net.clone();
    let start = net.tensor(name).expect("a parameter of this name").as_slice()[i];
    let loss = |value: &[f64]| {
        net.tensor_mut(name).expect("a parameter of this name").as_mut_slice()[i] = value[0];
        net.loss(x, t)
    };
    Check::new().tolerance(TOLERANCE).step(STEP).run(loss, &[start], &[given]).n_wrong() == 0
}
