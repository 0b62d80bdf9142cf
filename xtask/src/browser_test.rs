//! `cargo xtask browser-test`: the report page in a real, headless Chromium.
//!
//! It is opened from disk without a network. Its forward pass in JavaScript has to agree with Rust's on real digits, for
//! networks of every kind; digits drawn with mouse, pen, finger and keys have to be read as such; nothing may be cut,
//! overlap or be out of a reader's reach. Everything lands in `target/browser`.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use chainrule_losses::LossConfig;
use chainrule_mnist::Mnist;
use chainrule_optimizers::Adam;
use chainrule_report::draw;
use chainrule_tensor::Matrix;
use chainrule_trainer::{Activation, Dataset, Encode, Encoding, Mlp, MlpConfig, TrainConfig, train};
use clap::Args;
use serde_json::{Value, json};

use crate::{Result, browser, browser::Browser, data, output};

#[derive(Args, Debug)]
pub(crate) struct BrowserTest {
    /// Save pictures of the page, light and dark, 390 and 1440 px wide, in this folder
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
    /// A page to test instead of the report of a network that is trained for it
    #[arg(long, value_name = "PATH")]
    page: Option<PathBuf>,
    /// Print one JSON object per check and one at the end, and nothing else
    #[arg(long)]
    json: bool,
}

/// Digits on which probabilities are compared.
const N_DIGITS: usize = 1000;

/// Probabilities may differ by this.
const TOLERANCE: f64 = 1e-5;

pub(crate) fn run(options: &BrowserTest) -> Result<()> {
    let begun = Instant::now();
    let browser = Browser::new(|| {
        if !options.json {
            output::line("installing playwright-core and axe-core into target/browser, once");
        }
    })?;
    let mnist = data::load(None)?;
    let files = browser::folder().join("pages");
    fs::create_dir_all(&files)?;
    let mut networks = Vec::new();
    for (name, net) in cases(&mnist)? {
        networks.push(write(&files, &name, &net, &mnist)?);
    }
    let report = match &options.page {
        Some(page) => page.canonicalize().map_err(|cause| format!("{}: {cause}", page.display()))?,
        None => report(&files, &mnist)?,
    };
    let digits = files.join("digits.bin");
    let n_pixels = mnist.test.n_pixels();
    fs::write(&digits, &mnist.test.images().pixels()[..N_DIGITS * n_pixels])?;
    if let Some(folder) = &options.screenshots {
        fs::create_dir_all(folder)?;
    }
    let job = json!({
        "chromium": browser.chromium,
        "report": report,
        "networks": networks,
        "digits": digits,
        "n_pixels": n_pixels,
        "tolerance": TOLERANCE,
        "screenshots": options.screenshots,
    });
    let job_file = files.join("job.json");
    fs::write(&job_file, job.to_string())?;

    let (mut n_passed, mut n_failed) = (0, 0);
    browser.run("test.mjs", &job_file, |said| {
        match said["passed"].as_bool() {
            Some(true) => n_passed += 1,
            Some(false) => n_failed += 1,
            None => {}
        }
        print(options.json, &said);
    })?;
    if options.json {
        output::json(&json!({"event": "done", "passed": n_passed, "failed": n_failed}));
    } else {
        let kilobytes = fs::metadata(&report)?.len() / 1000;
        output::line(format_args!("a page of {kilobytes} kB, {:.0} s", begun.elapsed().as_secs_f64()));
        output::line(format_args!("browser: {n_passed} passed, {n_failed} failed"));
    }
    match n_failed {
        0 if n_passed > 0 => Ok(()),
        0 => Err("the browser has checked nothing".into()),
        n => Err(format!("{n} checks in the browser have failed").into()),
    }
}

fn print(json: bool, said: &Value) {
    if json {
        return output::json(said);
    }
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_string();
    match said["passed"].as_bool() {
        None => output::line(format_args!("Chromium {}", text("browser"))),
        Some(passed) => {
            let verdict = if passed { "ok    " } else { "FAILED" };
            let text = format!("{verdict} {:50} {}", text("check"), text("detail"));
            output::line(text.trim_end());
        }
    }
}

/// A network for everything that the page computes: every activation, every loss, batch norm with dropout, an encoding.
fn cases(mnist: &Mnist) -> Result<Vec<(String, Mlp)>> {
    let n = mnist.train.n_pixels();
    let digits = mnist.train.to_matrix::<f32>(0..1000);
    let digits = Dataset::from_rows(digits.as_slice(), n)?;
    let kinds: Vec<Encode> = (0..n)
        .map(|column| match column % 100 {
            98 => Encode::OneHot,
            0..50 => Encode::Keep,
            _ => Encode::Standardize,
        })
        .collect();
    let deep = MlpConfig::new([n, 64, 48, 32, 10]);
    let mut cases = vec![
        ("default".to_string(), MlpConfig::new([n, 50, 10])),
        ("no-hidden-layer".to_string(), MlpConfig::new([n, 10])),
        (
            "relu-batch-norm-dropout".to_string(),
            deep.clone().with_activation(Activation::Relu).with_batch_norm(true).with_dropout(0.2),
        ),
        (
            "mixed".to_string(),
            deep.with_activations([
                Activation::Gelu,
                Activation::Tanh,
                Activation::Silu,
                Activation::Identity,
            ]),
        ),
        ("encoding".to_string(), MlpConfig::new([n, 30, 10]).with_encoding(Encoding::fit(&digits, &kinds)?)),
    ];
    for activation in Activation::ALL {
        cases.push((activation.to_string(), MlpConfig::new([n, 30, 10]).with_activation(*activation)));
    }
    for loss in LossConfig::all() {
        let name = chainrule_losses::Loss::<f32>::name(&loss).to_string();
        cases.push((name, MlpConfig::new([n, 30, 10]).with_loss(loss)));
    }
    let mut some = mnist.train.clone();
    some.truncate(6000);
    let trained = cases.into_iter().map(|(name, config)| {
        let mut net = Mlp::new(&config)?;
        let training = TrainConfig::new().with_optimizer(Adam::new(0.002)?).with_epochs(2);
        train(&mut net, &some, None, &training, |_| ControlFlow::Continue(()))?;
        Ok((name, net))
    });
    trained.collect()
}

/// Writes a page of the network, and what Rust makes of the digits.
fn write(files: &Path, name: &str, net: &Mlp, mnist: &Mnist) -> Result<Value> {
    let page = files.join(format!("{name}.html"));
    fs::write(&page, minimal_page(&draw::section(net)))?;
    let y = match net.config().activations.contains(&Activation::Step) {
        // A sum that is 0 but for its rounding may fall on either side of the step: 64 bits have the same side as JavaScript.
        true => net.cast::<f64>().predict(&mnist.test.to_matrix(0..N_DIGITS)).map(|y| y as f32),
        false => net.predict(&mnist.test.to_matrix(0..N_DIGITS)),
    };
    let probabilities = files.join(format!("{name}.bin"));
    fs::write(&probabilities, bytes(&y))?;
    Ok(json!({"name": name, "page": page, "probabilities": probabilities}))
}

fn bytes(y: &Matrix<f32>) -> Vec<u8> {
    y.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The report of the default network as `train-mnist --epochs 5` trains it.
fn report(files: &Path, mnist: &Mnist) -> Result<PathBuf> {
    let mut net = Mlp::new(&MlpConfig::new([mnist.train.n_pixels(), 50, 10]))?;
    let training = TrainConfig::new().with_epochs(5);
    train(&mut net, &mnist.train, None, &training, |_| ControlFlow::Continue(()))?;
    let page = files.join("report.html");
    fs::write(&page, minimal_page(&draw::section(&net)))?;
    Ok(page)
}

/// A page that has nothing but the drawing field.
fn minimal_page(section: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Draw a digit</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <style>:root {{ color-scheme: light dark; font-family: sans-serif; }}\n{}</style>\n</head>\n<body>\n<main>\n\
         <h1>A network</h1>\n{section}</main>\n</body>\n</html>\n",
        draw::CSS
    )
}
