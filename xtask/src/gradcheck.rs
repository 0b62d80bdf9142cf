//! `cargo xtask gradcheck`: every derivative of the network on real digits.
//!
//! What is checked is the code that trains, the parallel gradient of a mini-batch, in `f64`.

use std::time::Instant;

use chainrule_gradcheck::{Check, Step};
use chainrule_layers::Context;
use chainrule_trainer::{Activation, MiniBatch, Mlp, MlpConfig, Samples};
use serde::Serialize;

use crate::{Result, args::Gradcheck, data, output, run_config::Network};

/// For a whole network on real data; a single layer or loss has to do better.
const TOLERANCE: f64 = 1e-6;

/// The step at which truncation, which grows with its square, and rounding, which grows with its inverse, are both
/// well below the tolerance for the smallest gradients that count.
const STEP: Step = Step::Fixed(5e-5);

pub(crate) fn run(options: &Gradcheck) -> Result<()> {
    let mnist = data::load(options.data_dir.as_deref())?;
    let network = Network::default().overridden(&options.network)?;
    let net = Mlp::<f64>::new(&network.for_images(mnist.train.n_pixels()))?;
    let n_samples = options.batch_size.min(mnist.train.len());
    let indices: Vec<usize> = (0..n_samples).collect();
    let (x, t) = mnist.train.batch::<f64>(&indices);

    if !options.json {
        output::line(format_args!(
            "{}: {} derivatives on {n_samples} digits, against central differences in f64",
            describe(net.config()),
            net.n_parameters(),
        ));
    }
    let begun = Instant::now();
    let mut mini_batch = MiniBatch::new(net.layers(), n_samples);
    mini_batch.compute(net.layers(), &net.config().loss, &mnist.train, &indices, &Context::inference());
    let backprop_seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let numerical = output::spin(!options.json, "two losses for every parameter", || {
        net.numerical_gradient_with(&x, &t, STEP, &Context::inference())
    });
    let numerical_seconds = begun.elapsed().as_secs_f64();

    let check = Check::new().tolerance(TOLERANCE);
    let mut given = mini_batch.gradient();
    let mut n_wrong = 0;
    for (name, numerical) in numerical.iter() {
        let (of_this, rest) = given.split_at(numerical.as_slice().len());
        given = rest;
        let report = check.compare(of_this, numerical.as_slice()).named(name);
        n_wrong += report.n_total() - report.n_agreeing();
        match options.json {
            true => output::json(&Checked {
                event: "gradcheck",
                parameter: name,
                n_checked: report.n_checked(),
                n_agreeing: report.n_agreeing(),
                relative_error: report.relative_error(),
                tolerance: report.tolerance(),
                passed: report.passed(),
            }),
            false => output::line(&report),
        }
    }
    match options.json {
        true => output::json(&Done {
            event: "done",
            passed: n_wrong == 0,
            n_derivatives: net.n_parameters(),
            backprop_seconds,
            numerical_seconds,
        }),
        false => output::line(format_args!(
            "backpropagation took {:.2} ms, central differences {numerical_seconds:.1} s",
            1e3 * backprop_seconds
        )),
    }
    if n_wrong == 0 {
        return Ok(());
    }
    let bends = [Activation::Relu, Activation::LeakyRelu];
    let hint = if network.activation.iter().any(|activation| bends.contains(activation)) {
        "; some may be kinks: where relu bends at 0 within a step, no difference is the derivative (--init he-normal has \
         few such places, sigmoid none)"
    } else {
        ""
    };
    Err(format!("{n_wrong} of {} derivatives disagree{hint}", net.n_parameters()).into())
}

/// Sizes and activations: `784-50-10 sigmoid`.
fn describe(config: &MlpConfig) -> String {
    let sizes: Vec<String> = config.sizes.iter().map(usize::to_string).collect();
    let hidden = &config.activations[..config.activations.len() - 1];
    let activations: Vec<String> = hidden.iter().map(Activation::to_string).collect();
    format!("{} {}", sizes.join("-"), activations.join(", "))
}

/// `{"event":"gradcheck",…}`
#[derive(Serialize)]
struct Checked<'a> {
    event: &'static str,
    parameter: &'a str,
    n_checked: usize,
    n_agreeing: usize,
    relative_error: f64,
    tolerance: f64,
    passed: bool,
}

/// `{"event":"done",…}`
#[derive(Serialize)]
struct Done {
    event: &'static str,
    passed: bool,
    n_derivatives: usize,
    backprop_seconds: f64,
    numerical_seconds: f64,
}
