//! `cargo xtask interop`: exported networks give the same outputs in PyTorch, NumPy and onnxruntime, and come back unchanged.
//!
//! The Python side is `crates/formats/tests/interop/interop.py`. Everything lands in `target/interop`.

use std::{fs, path::Path};

use chainrule_formats::{StateDict, npz, onnx, safetensors};
use chainrule_layers::{LayerConfig, LayerExt};
use chainrule_mnist::Mnist;
use chainrule_trainer::{Mlp, MlpConfig};
use clap::Args;
use serde_json::Value;

use crate::{Data, Result, networks, output, python};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask interop\n  \
    cargo xtask interop --python venv/bin/python   with the packages already installed")]
pub(crate) struct Interop {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    python: python::Program,
    /// Print one JSON object per network and reader and one at the end, and nothing else
    #[arg(long)]
    json: bool,
}

/// Digits on which outputs are compared.
const N_DIGITS: usize = 100;

/// Outputs may differ by this.
const TOLERANCE: f64 = 1e-5;

pub(crate) fn run(options: &Interop) -> Result<()> {
    let folder = python::root().join("target/interop");
    let files = folder.join("networks");
    if files.exists() {
        fs::remove_dir_all(&files)?;
    }
    fs::create_dir_all(&files)?;
    let tests = python::root().join("crates/formats/tests/interop");
    let what = "PyTorch and others into target/interop/venv: several gigabytes, once";
    let python = options.python.program(&folder, &tests, what, !options.json)?;
    let mnist = options.data.load()?;
    let cases = networks::trained(&mnist)?;
    for (name, net) in &cases {
        write(&files.join(name), net, &mnist)?;
    }
    let mut n_failed = read_in_python(&python, &tests.join("interop.py"), &files, options.json)?;
    for (name, net) in &cases {
        n_failed += read_again(&files.join(name), name, net, options.json)?;
    }
    if n_failed > 0 {
        return Err(format!("{n_failed} comparisons have failed").into());
    }
    let n_networks = cases.len();
    let members = [("networks", n_networks.into()), ("failed", 0.into())];
    let text = format!(
        "{n_networks} networks: all outputs agree to {TOLERANCE:e}, all files are read back with the same bits"
    );
    output::tell(options.json, "done", &members, text);
    Ok(())
}

/// Writes a network in every format, and what it makes of the digits.
fn write(folder: &Path, net: &Mlp, mnist: &Mnist) -> Result<()> {
    fs::create_dir_all(folder)?;
    safetensors::save(net, folder.join("net.safetensors"))?;
    npz::save(net, folder.join("net.npz"))?;
    onnx::save(net, folder.join("logits.onnx"), onnx::Output::Logits)?;
    let x = mnist.test.to_matrix::<f32>(0..N_DIGITS);
    let (z, y) = (net.logits(&x), net.predict(&x));
    if net.config().loss.outputs().are_probabilities() {
        onnx::save(net, folder.join("probabilities.onnx"), onnx::Output::Probabilities)?;
    }
    let encoded = match &net.config().layers[0] {
        LayerConfig::Encoding(encoding) => encoding.forward(&x).0,
        _ => x.clone(),
    };
    // A column of ours is a row of theirs, with the same bytes.
    let [x_shape, encoded_shape, z_shape] = [&x, &encoded, &z].map(|m| [m.ncols(), m.nrows()]);
    let expected = npz::arrays_to_bytes(&[
        ("x", &x_shape, x.as_slice()),
        ("encoded", &encoded_shape, encoded.as_slice()),
        ("z", &z_shape, z.as_slice()),
        ("y", &z_shape, y.as_slice()),
    ])?;
    Ok(fs::write(folder.join("expected.npz"), expected)?)
}

/// Runs the Python side, prints what it says, and returns how many outputs differ by too much.
fn read_in_python(python: &Path, script: &Path, files: &Path, json: bool) -> Result<usize> {
    let mut n_failed = 0;
    python::run(python, script, files, |said| {
        let Some(difference) = said.get("difference") else {
            return print(json, "versions", said, &said["versions"].to_string());
        };
        // What is not a number does not agree.
        let agrees = difference.as_f64().is_some_and(|difference| difference <= TOLERANCE)
            && said.get("same_bits_as_safetensors").is_none_or(|same| *same == Value::Bool(true));
        n_failed += usize::from(!agrees);
        let [network, reader] = ["network", "reader"].map(|key| said[key].as_str().unwrap_or_default());
        let verdict = if agrees { "agrees" } else { "DIFFERS" };
        print(json, "outputs", said, &format!("{network:26} {reader:28} {verdict}, at most {difference}"));
    })?;
    Ok(n_failed)
}

/// Reads what chainrule, PyTorch and NumPy wrote of the network; returns how many files have other bits.
fn read_again(folder: &Path, name: &str, net: &Mlp, json: bool) -> Result<usize> {
    let (short, loss) = (MlpConfig::of(net.config()), net.config().loss.clone());
    let as_given = |state: StateDict| match &short {
        Some(config) => state.to_mlp_as(&config.activations, loss.clone()),
        None => state.to_network_as(&list_of(net), loss.clone()),
    };
    let read = [
        ("net.safetensors", safetensors::load(folder.join("net.safetensors"))?),
        ("net.npz", npz::load(folder.join("net.npz"))?),
        ("torch.safetensors", as_given(safetensors::read(folder.join("torch.safetensors"))?)?),
        ("numpy.npz", as_given(npz::read(folder.join("numpy.npz"))?)?),
        ("numpy_compressed.npz", as_given(npz::read(folder.join("numpy_compressed.npz"))?)?),
    ];
    let mut n_failed = 0;
    for (file, again) in read {
        let equal = again.parameters_crc32() == net.parameters_crc32();
        n_failed += usize::from(!equal);
        let said = serde_json::json!({"network": name, "file": file, "equal_bits": equal});
        let verdict = if equal { "has the same bits" } else { "has OTHER bits" };
        print(json, "bits", &said, &format!("{name:26} {file:28} {verdict}"));
    }
    Ok(n_failed)
}

/// The layers as the import takes them: `affine, leaky-relu(slope=0.2)`. Sizes and initial weights are those of the tensors.
fn list_of(net: &Mlp) -> String {
    let layers = net.config().layers.iter().map(|layer| {
        let settings = serde_json::json!(layer);
        let settings = settings.as_object().into_iter().flatten();
        let settings = settings.filter(|(name, _)| !["layer", "n_outputs", "init"].contains(&&***name));
        let settings: Vec<String> = settings.map(|(name, value)| format!("{name}={value}")).collect();
        match &settings[..] {
            [] => layer.name().to_string(),
            _ => format!("{}({})", layer.name(), settings.join(", ")),
        }
    });
    layers.collect::<Vec<_>>().join(", ")
}

fn print(json: bool, event: &str, said: &Value, text: &str) {
    let mut said = said.clone();
    said["event"] = event.into();
    match json {
        true => output::json(&said),
        false => output::lines(text),
    }
}
