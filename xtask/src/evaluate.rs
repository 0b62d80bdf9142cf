//! `cargo xtask evaluate`: a saved network on the test set.

use chainrule_trainer::{Checkpoint, evaluate};
use serde::Serialize;

use crate::{Result, args::Evaluate, data, output};

pub(crate) fn run(options: &Evaluate) -> Result<()> {
    let net = Checkpoint::load(&options.checkpoint)?.net;
    let mnist = data::load(options.data_dir.as_deref())?;
    let test = evaluate(net.layers(), &mnist.test)?;
    let parameters_crc32 = format!("{:08x}", net.parameters_crc32());
    if options.json {
        output::json(&Evaluated {
            event: "evaluation",
            test_accuracy: test.accuracy(),
            test_loss: test.loss.mean(),
            n_samples: test.n_samples(),
            per_class_accuracy: test.per_class.iter().map(|class| class.accuracy()).collect(),
            parameters_crc32,
        });
        return Ok(());
    }
    output::line(format_args!(
        "test accuracy {:.2} %, {} of {} images; loss {:.4}",
        100.0 * test.accuracy(),
        test.n_correct(),
        test.n_samples(),
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
