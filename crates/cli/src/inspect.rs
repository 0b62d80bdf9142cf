//! `chainrule inspect`: what a file contains: a checkpoint, safetensors, npz or ONNX.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use chainrule_formats::{Contents, inspect_up_to, onnx::Graph};
use chainrule_trainer::{Checkpoint, EpochReport, Mlp, MlpConfig, NetworkConfig, TrainConfig, TrainState};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Result, args::Unpacking, history, output};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule inspect net.ckpt\n  \
    chainrule inspect net.onnx --json")]
pub struct Inspect {
    /// A checkpoint, the folder of a run, or a safetensors, npz or ONNX file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    unpacking: Unpacking,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Inspect) -> Result<()> {
    let held = match options.file.is_dir() || is_checkpoint(&options.file) {
        true => Held::of_checkpoint(history::load(&options.file)?.1),
        false => Held::of_contents(inspect_up_to(&options.file, options.unpacking.max_unpacked)?),
    };
    match options.json {
        true => output::json(&held),
        false => held.print(),
    }
    Ok(())
}

/// Whether the file begins as checkpoints do; one that cannot be read is left to who reads it next.
fn is_checkpoint(path: &Path) -> bool {
    let mut start = [0; 8];
    chainrule_files::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && &start == b"chainrul"
}

/// `{"event":"file",…}`
#[derive(Serialize)]
struct Held {
    event: &'static str,
    format: String,
    /// The description of the network, where the file has one.
    network: Option<Value>,
    #[serde(skip)]
    words: Option<String>,
    tensors: Vec<Tensor>,
    n_values: usize,
    parameters_crc32: Option<String>,
    graph: Option<Graph>,
    training: Option<Training>,
}

#[derive(Serialize)]
struct Tensor {
    name: String,
    r#type: String,
    shape: Vec<usize>,
}

#[derive(Serialize)]
struct Training {
    program_version: String,
    arithmetic: u32,
    config: TrainConfig,
    epochs: usize,
    last_epoch: Option<EpochReport>,
    /// The state to resume from, in words; none in a file of a network only.
    state: Option<String>,
    /// The step it resumes after, and the step at which it was to end.
    step: Option<u64>,
    steps: Option<u64>,
}

impl Held {
    /// What is known of every file; `net` is its network, if that can be made from it.
    fn new(format: &str, config: Option<&NetworkConfig>, tensors: Vec<Tensor>, net: Option<&Mlp>) -> Held {
        // A shape may claim more than there is, where only shapes are read.
        let n_values = |t: &Tensor| t.shape.iter().fold(1_usize, |n, size| n.saturating_mul(*size));
        Held {
            event: "file",
            format: format.to_string(),
            network: config.map(description),
            words: config.map(in_words),
            n_values: tensors.iter().map(n_values).fold(0, usize::saturating_add),
            tensors,
            parameters_crc32: net.map(|net| format!("{:08x}", net.parameters_crc32())),
            graph: None,
            training: None,
        }
    }

    fn of_checkpoint(checkpoint: Checkpoint) -> Held {
        let (net, record, state) = (checkpoint.net, checkpoint.training, checkpoint.state);
        let tensor = |tensor: &chainrule_layers::Tensor| Tensor {
            name: tensor.name.clone(),
            r#type: "f32".to_string(),
            shape: vec![tensor.n_rows, tensor.n_columns],
        };
        let tensors = net.layers().tensors().map(tensor).collect();
        let training = Training {
            program_version: record.program_version,
            arithmetic: record.arithmetic,
            config: record.config,
            epochs: record.history.len(),
            last_epoch: record.history.last().cloned(),
            state: state.as_ref().map(ToString::to_string),
            step: state.as_ref().map(TrainState::step),
            steps: state.as_ref().map(TrainState::n_steps),
        };
        let held = Held::new("checkpoint", Some(net.config()), tensors, Some(&net));
        Held { training: Some(training), ..held }
    }

    fn of_contents(contents: Contents) -> Held {
        let state = &contents.state;
        let tensors = state.tensors().iter().map(|tensor| {
            let (name, r#type) = (tensor.name.clone(), tensor.dtype.clone());
            Tensor { name, r#type, shape: tensor.shape.clone() }
        });
        let (format, net) = (contents.format.to_string(), state.to_network().ok());
        let held = Held::new(&format, state.config(), tensors.collect(), net.as_ref());
        Held { graph: contents.graph, ..held }
    }

    fn print(&self) {
        output::line(&self.format);
        output::line(self.words.as_deref().unwrap_or("the file does not describe its network"));
        if let Some(graph) = &self.graph {
            let (producer, opset, ir_version) = (&graph.producer, graph.opset, graph.ir_version);
            output::line(format_args!("written by {producer}, opset {opset}, IR version {ir_version}"));
            output::line(format_args!("{} → {}", graph.inputs.join(", "), graph.outputs.join(", ")));
            output::line(graph.operators.join(" "));
        }
        let width = self.tensors.iter().map(|tensor| tensor.name.chars().count()).max().unwrap_or(0);
        for tensor in &self.tensors {
            output::line(format_args!(
                "  {:width$}  {}  {shape:?}",
                tensor.name,
                tensor.r#type,
                shape = tensor.shape
            ));
        }
        output::line(format_args!("{} values in {} tensors", self.n_values, self.tensors.len()));
        if let Some(crc32) = &self.parameters_crc32 {
            output::line(format_args!("parameters_crc32 {crc32}"));
        }
        if let Some(training) = &self.training {
            let optimizer = training.config.optimizer.name();
            let (version, epochs, arithmetic) =
                (&training.program_version, training.epochs, training.arithmetic);
            output::line(format_args!(
                "written by chainrule {version}, {epochs} epochs with {optimizer}, arithmetic {arithmetic}"
            ));
            if let Some(last) = &training.last_epoch {
                output::line(last);
            }
            match &training.state {
                Some(state) => output::lines(format_args!("can be resumed: {}", state.replace("; ", "\n  "))),
                None => output::line("a network only: training cannot be resumed from it"),
            }
        }
    }
}

/// A network's settings, in the short form if there is one.
pub(crate) fn description(config: &NetworkConfig) -> Value {
    MlpConfig::of(config).map_or_else(|| json!(config), |short| json!(short))
}

/// One line about a network.
fn in_words(network: &NetworkConfig) -> String {
    let short = MlpConfig::of(network);
    let names: Vec<String> = match &short {
        Some(config) => config.activations.iter().map(ToString::to_string).collect(),
        None => network.layers.iter().map(|layer| layer.name().to_string()).collect(),
    };
    let (sizes, loss) = (network.sizes_in_words(), network.loss.name());
    let mut text = format!("network {sizes}; {}; {loss}", names.join(", "));
    let Some(config) = short else { return text };
    if config.batch_norm {
        text.push_str("; batch norm");
    }
    if config.dropout > 0.0 {
        text.push_str(&format!("; dropout {}", config.dropout));
    }
    if let Some(encoding) = config.encoding {
        text.push_str(&format!("; {} raw columns as {} inputs", encoding.n_inputs(), encoding.n_outputs()));
    }
    text
}
