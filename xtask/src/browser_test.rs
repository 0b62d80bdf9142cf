//! `cargo xtask browser-test`: the report page in a real, headless Chromium.
//!
//! It is opened from disk without a network. Its forward pass in JavaScript has to agree with Rust's on real digits, for
//! networks of every kind; digits drawn with mouse, pen, finger and keys have to be read as such; nothing may be cut,
//! overlap or be out of a reader's reach. Everything lands in `target/browser`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use chainrule_mnist::ImageSet;
use chainrule_report::{Report, Run};
use chainrule_tensor::Matrix;
use chainrule_trainer::{Activation, Mlp};
use clap::Args;
use serde_json::{Value, json};

use crate::{
    Data, Result,
    browser::{self, Browser},
    networks, output, own,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cargo xtask browser-test\n  cargo xtask browser-test --screenshots pictures"
)]
pub(crate) struct BrowserTest {
    /// Save pictures of the page, light and dark, 390 and 1440 px wide, in this folder
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
    /// Print one JSON object per check and one at the end, and nothing else
    #[arg(long)]
    json: bool,
}

/// Digits on which probabilities are compared.
const N_DIGITS: usize = 1000;

/// Probabilities may differ by this.
const TOLERANCE: f64 = 1e-5;

/// A page is mailed; the default network's has to stay below this.
const MAX_BYTES: u64 = 1_500_000;

pub(crate) fn run(options: &BrowserTest) -> Result<()> {
    let begun = Instant::now();
    let browser = Browser::new(!options.json)?;
    let mnist = Data::default().load()?;
    let files = browser::folder().join("pages");
    fs::create_dir_all(&files)?;
    let mut some = mnist.test.clone();
    some.truncate(N_DIGITS);
    let networks = networks::trained(&mnist)?;
    let networks = networks.iter().map(|(name, net)| write(&files, name, net, &some));
    let networks = networks.collect::<Result<Vec<Value>>>()?;
    let [report, compared, named] = reports(&files)?;
    let digits = files.join("digits.bin");
    fs::write(&digits, some.images().pixels())?;
    if let Some(folder) = &options.screenshots {
        fs::create_dir_all(folder)?;
    }
    let job = json!({
        "chromium": browser.chromium,
        "pages": [{"name": "report", "page": report}, {"name": "compared", "page": compared}, {"name": "named", "page": named}],
        "networks": networks,
        "digits": digits,
        "n_pixels": some.n_pixels(),
        "tolerance": TOLERANCE,
        "screenshots": options.screenshots,
    });
    let job_file = files.join("job.json");
    fs::write(&job_file, job.to_string())?;

    let (mut n_passed, mut n_failed) = (0, 0);
    let mut heed = |said: Value| {
        match said["passed"].as_bool() {
            Some(true) => n_passed += 1,
            Some(false) => n_failed += 1,
            None => {}
        }
        print(options.json, &said);
    };
    let n_bytes = fs::metadata(&report)?.len();
    let detail = format!("{} kB", n_bytes / 1000);
    heed(
        json!({"check": "the default network's report is below 1.5 MB", "passed": n_bytes < MAX_BYTES, "detail": detail}),
    );
    browser.run("test.mjs", &job_file, heed)?;
    let members = [("passed", n_passed.into()), ("failed", n_failed.into())];
    let seconds = begun.elapsed().as_secs_f64();
    let text = format!("{seconds:.0} s\nbrowser: {n_passed} passed, {n_failed} failed");
    output::tell(options.json, "done", &members, text);
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

/// Writes a report on the network, and what Rust makes of the digits.
fn write(files: &Path, name: &str, net: &Mlp, digits: &ImageSet) -> Result<Value> {
    let page = files.join(format!("{name}.html"));
    let (n_rows, n_columns) = (digits.images().n_rows(), digits.images().n_columns());
    Report::new([Run::new(name, net.clone())]).with_images(n_rows, n_columns).save(digits, &page)?;
    let y = match net.config().layers.contains(&Activation::Step.layer()) {
        // A sum that is 0 but for its rounding may fall on either side of the step: 64 bits have the side that JavaScript has.
        true => net.cast::<f64>().predict(&digits.to_matrix(0..digits.len())).map(|y| y as f32),
        false => net.predict(&digits.to_matrix(0..digits.len())),
    };
    let probabilities = files.join(format!("{name}.bin"));
    fs::write(&probabilities, bytes(&y))?;
    Ok(json!({"name": name, "page": page, "probabilities": probabilities}))
}

fn bytes(y: &Matrix<f32>) -> Vec<u8> {
    y.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Reports as the command line makes them: on the default network, on that and another compared, and on the other, whose
/// classes have names.
fn reports(files: &Path) -> Result<[PathBuf; 3]> {
    const NAMES: &str = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot";
    let pages @ [page, compared, named] =
        &["report.html", "compared.html", "named.html"].map(|name| files.join(name));
    let [one, other] = ["default.ckpt", "other.ckpt"].map(|name| files.join(name));
    own::call(&[("train-mnist --quiet --epochs 5 --checkpoint", &one), ("--report", page)])?;
    let deep =
        "train-mnist --quiet --epochs 2 --hidden 64,32 --activation relu --optimizer adam --batch-norm";
    own::call(&[(&format!("{deep} --checkpoint"), &other)])?;
    own::call(&[("report", &one), ("", &other), ("--output", compared)])?;
    own::call(&[("report", &other), ("--output", named), ("--class-names", Path::new(NAMES))])?;
    Ok(pages.clone())
}
