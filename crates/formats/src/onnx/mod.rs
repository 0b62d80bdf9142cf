//! ONNX: the network as a graph of operators, for onnxruntime and everything else that runs such graphs.
//!
//! ```text
//! input [batch, inputs]  →  Gemm  →  Sigmoid  →  Gemm  →  logits [batch, outputs]      a row is a sample
//!                           0.weight, 0.bias     2.weight, 2.bias
//! ```
//! Opset 17, IR version 8, 32-bit floats, batches of any size. Source: the operators' documentation at
//! <https://onnx.ai/onnx/operators/> and the message definitions in `onnx.proto`.
//!
//! The graph is that of inference: batch normalisation is `BatchNormalization` with the running statistics, dropout is
//! not there. An encoding of raw columns is part of the graph, in 64-bit floats as in chainrule. Every activation has its
//! form; SiLU and both GELUs, which opset 17 does not have, are put together from others, and the step is a comparison,
//! which makes 0 of a NaN where chainrule passes it on. The output is called `logits`, `probabilities` or `values`.

mod encoding;
pub(crate) mod graph;
mod read;

use std::path::Path;

use chainrule_protobuf::Message;
use chainrule_trainer::{Network, layers::LayerConfig, losses::Outputs};

use crate::{Error, Problem, StateDict, description, file, forms};

use graph::{Attribute, Builder};

pub use read::{Graph, from_bytes};

/// The version of the operators that files are written with.
pub const OPSET: u64 = 17;

/// The version of the file format that came with that opset.
const IR_VERSION: u64 = 8;

/// What the graph ends in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// What the loss takes: logits, or values, where the loss has no logits.
    #[default]
    Logits,
    /// What [`Network::predict`] gives with softmax or binary cross-entropy: a softmax or a sigmoid at the end.
    Probabilities,
}

/// Writes `net` to the file `path`. What was there before stays until the new file is whole.
///
/// # Errors
/// [`Error::Io`] if it cannot be written; [`Error::File`], and nothing is written, if a parameter is not finite, if a
/// layer has no form in ONNX, or if probabilities were asked for and the network's loss knows none.
///
/// # Examples
/// ```
/// use chainrule_formats::{inspect, onnx};
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.onnx");
/// onnx::save(&Mlp::new(&MlpConfig::new([784, 50, 10]))?, &path, onnx::Output::Probabilities)?;
/// let graph = inspect(&path)?.graph.unwrap();
/// assert_eq!(graph.operators, ["Gemm", "Sigmoid", "Gemm", "Softmax"]);
/// assert_eq!(graph.inputs, ["input [batch, 784]"]);
/// assert_eq!(graph.outputs, ["probabilities [batch, 10]"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(net: &Network, path: impl AsRef<Path>, output: Output) -> Result<(), Error> {
    file::write(path.as_ref(), || to_bytes(net, output))
}

/// The bytes of a file with this network.
///
/// # Errors
/// As [`save`] gives them.
pub fn to_bytes(net: &Network, output: Output) -> Result<Vec<u8>, Problem> {
    let (config, state) = (net.config(), StateDict::of(net)?);
    let mut graph = Builder::new("input", config.input.size());
    for tensor in state.tensors() {
        graph.tensor(&tensor.name, &tensor.shape, tensor.values.as_deref().expect("a network has values"));
    }
    for (l, (layer, index)) in config.layers.iter().zip(forms::indices(&config.layers)).enumerate() {
        match (layer, forms::form(layer, net.layers().shapes()[l].size())) {
            (LayerConfig::Encoding(encoding), _) if l == 0 => encoding::add(&mut graph, encoding)?,
            (_, Some(form)) => graph.layer(index, form.onnx),
            (other, None) => {
                let (position, name) = (l + 1, other.name());
                let why =
                    format!("layer {position} ({name}) has no form in ONNX; safetensors and npz can hold it");
                return Err(Problem::NotExported(why));
            }
        }
    }
    if config.scale.is_some() {
        let why = "the scale of its targets has no form in ONNX; safetensors and npz can hold it";
        return Err(Problem::NotExported(why.to_string()));
    }
    let outputs = config.loss.outputs();
    let name = match (output, outputs) {
        (Output::Logits, Outputs::Values) => "values",
        (Output::Logits, _) => "logits",
        (Output::Probabilities, Outputs::ClassProbabilities) => {
            let logits = graph.last().to_string();
            graph.node("Softmax", [logits], outputs.function(), &[("axis", Attribute::Int(1))]);
            "probabilities"
        }
        (Output::Probabilities, Outputs::LabelProbabilities) => {
            let logits = graph.last().to_string();
            graph.node("Sigmoid", [logits], outputs.function(), &[]);
            "probabilities"
        }
        (Output::Probabilities, Outputs::Values) => {
            let why = "its loss is one of values, so that its outputs are no probabilities";
            return Err(Problem::NotExported(why.to_string()));
        }
    };
    let graph = graph.finish("chainrule", name, net.layers().n_outputs());
    let json = description::to_json(config)?;
    let model = Message::new()
        .number(1, IR_VERSION)
        .text(2, "chainrule")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, graph)
        .message(8, Message::new().text(1, "").number(2, OPSET))
        .message(14, Message::new().text(1, description::KEY).text(2, &json));
    Ok(model.into_bytes())
}
