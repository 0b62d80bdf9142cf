//! `cargo xtask evaluate`: a saved network on the test set.

use std::path::PathBuf;

use chainrule_trainer::{Checkpoint, evaluate};
use clap::Args;
use serde::Serialize;

use crate::{Result, data, output};

#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    /// The saved network
    #[arg(long, value_name = "PATH")]
    checkpoint: PathBuf,
    /// A folder with the four files in MNIST's format, gzip or plain [default: the bundled MNIST]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Evaluate) -> Result<()> {
    let net = Checkpoint::load(&options.checkpoint)?.net;
    let mnist = data::load(options.data_dir.as_deref())?;
    let test = evaluate(&net, &mnist.test)?;
    let confusion = test.confusion.as_ref().ok_or("the network has no classes, so no accuracy")?;
    let parameters_crc32 = format!("{:08x}", net.parameters_crc32());
    if options.json {
        output::json(&Evaluated {
            event: "evaluation",
            test_accuracy: confusion.accuracy(),
            test_loss: test.loss.mean(),
            n_samples: confusion.n_samples(),
            per_class_accuracy: (0..confusion.n_classes()).map(|class| confusion.recall(class)).collect(),
            parameters_crc32,
        });
        return Ok(());
    }
    output::line(format_args!(
        "test accuracy {:.2} %, {} of {} images; loss {:.4}",
        100.0 * confusion.accuracy(),
        confusion.n_correct(),
        confusion.n_samples(),
        test.loss.mean(),
    ));
    output::line(output::per_class(&test));
    output::line(format_args!("parameters_crc32 {parameters_crc32}"));
    Ok(())
}

/// `{"event":"evaluation",…}`
#[derive(Serialize)]
struct Evaluated {
    event: &'static str,
    test_accuracy: f64,
    test_loss: f64,
    n_samples: usize,
    per_class_accuracy: Vec<Option<f64>>,
    parameters_crc32: String,
}
