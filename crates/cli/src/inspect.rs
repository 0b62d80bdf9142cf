//! `chainrule inspect`: what a file contains: a checkpoint, safetensors, npz or ONNX.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use chainrule_formats::{Contents, onnx::Graph};
use chainrule_trainer::{Checkpoint, EpochReport, MlpConfig, NetworkConfig, TrainConfig, TrainState};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Result, output};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule inspect net.ckpt\n  \
    chainrule inspect net.onnx --json")]
pub struct Inspect {
    /// A checkpoint, or a safetensors, npz or ONNX file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Inspect) -> Result<()> {
    let held = match is_checkpoint(&options.file) {
        true => Held::of_checkpoint(Checkpoint::load(&options.file)?),
        false => Held::of_contents(chainrule_formats::inspect(&options.file)?),
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
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && &start == b"chainrul"
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
    graph: Option<Operators>,
    training: Option<Training>,
}

#[derive(Serialize)]
struct Tensor {
    name: String,
    r#type: String,
    shape: Vec<usize>,
}

#[derive(Serialize)]
struct Operators {
    producer: String,
    ir_version: u64,
    opset: u64,
    inputs: Vec<String>,
    outputs: Vec<String>,
    operators: Vec<String>,
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
    fn new(format: String, network: Option<NetworkConfig>, tensors: Vec<Tensor>) -> Held {
        // A shape may claim more than there is, where only shapes are read.
        let n_values = |t: &Tensor| t.shape.iter().fold(1_usize, |n, size| n.saturating_mul(*size));
        let n_values = tensors.iter().map(n_values).fold(0, usize::saturating_add);
        let (words, network) = (network.as_ref().map(in_words), network.as_ref().map(description));
        let (parameters_crc32, graph, training) = (None, None, None);
        Held { event: "file", format, network, words, tensors, n_values, parameters_crc32, graph, training }
    }

    fn of_checkpoint(checkpoint: Checkpoint) -> Held {
        let (net, record, state) = (checkpoint.net, checkpoint.training, checkpoint.state);
        let tensors = net.layers().tensors().map(|tensor| Tensor {
            name: tensor.name.clone(),
            r#type: "f32".to_string(),
            shape: vec![tensor.n_rows, tensor.n_columns],
        });
        let tensors = tensors.collect();
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
        Held {
            parameters_crc32: Some(format!("{:08x}", net.parameters_crc32())),
            training: Some(training),
            ..Held::new("checkpoint".to_string(), Some(net.config().clone()), tensors)
        }
    }

    fn of_contents(contents: Contents) -> Held {
        let parameters_crc32 = contents.to_network().map(|net| format!("{:08x}", net.parameters_crc32()));
        let tensors = contents.tensors.iter().map(|tensor| {
            let (name, r#type) = (tensor.name.clone(), tensor.dtype.clone());
            Tensor { name, r#type, shape: tensor.shape.clone() }
        });
        let operators = |graph: Graph| Operators {
            producer: graph.producer,
            ir_version: graph.ir_version,
            opset: graph.opset,
            inputs: graph.inputs,
            outputs: graph.outputs,
            operators: graph.operators,
        };
        let tensors = tensors.collect();
        Held {
            parameters_crc32,
            graph: contents.graph.map(operators),
            ..Held::new(contents.format.to_string(), contents.config, tensors)
        }
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
            output::line(format_args!("  {:width$}  {}  {:?}", tensor.name, tensor.r#type, tensor.shape));
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
                Some(state) => output::line(format_args!("can be resumed: {}", state.replace("; ", "\n  "))),
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
