//! Reads the graph and the tensors' names, types and shapes of an ONNX file.

use chainrule_protobuf::{Fields, Malformed};
use serde::Serialize;

use crate::{Problem, StateDict, Tensor, description};

/// What a graph is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Graph {
    /// Name and version of the program that wrote it.
    pub producer: String,
    /// The version of the file format.
    pub ir_version: u64,
    /// The version of the operators.
    pub opset: u64,
    /// Name and shape of every input.
    pub inputs: Vec<String>,
    /// Name and shape of every output.
    pub outputs: Vec<String>,
    /// The operators in their order.
    pub operators: Vec<String>,
}

/// Reads the bytes of a file: its tensors (types and shapes alone) and its graph.
///
/// # Errors
/// The first [`Problem`] found.
pub fn from_bytes(bytes: &[u8]) -> Result<(StateDict, Graph), Problem> {
    let model = Fields::new(bytes);
    let missing = || Malformed::new("the model", "no graph", "one");
    let graph = model.last(7)?.ok_or_else(missing)?.fields()?;
    let mut config = None;
    for entry in model.messages(14) {
        let entry = entry?;
        if entry.text(1)? == description::KEY {
            config = Some(description::from_json(entry.text(2)?, graph.of(5).count())?);
        }
    }
    // The one for the operators without a domain of their own.
    let mut opset = 0;
    for entry in model.messages(8) {
        let entry = entry?;
        if entry.text(1)?.is_empty() {
            opset = entry.number(2)?;
        }
    }
    let state = StateDict::with_config(each(graph, 5, tensor)?, config)?;
    let graph = Graph {
        producer: format!("{} {}", model.text(2)?, model.text(3)?).trim().to_string(),
        ir_version: model.number(1)?,
        opset,
        inputs: each(graph, 11, typed)?,
        outputs: each(graph, 12, typed)?,
        operators: each(graph, 1, |node| match node.text(4)? {
            "" => Err(Malformed::new("a node", "no operator", "one")),
            operator => Ok(operator.to_string()),
        })?,
    };
    Ok((state, graph))
}

/// All messages in a repeated field. They are counted first, so that no list has more room than it needs.
fn each<T>(
    fields: Fields<'_>,
    number: u32,
    read: impl Fn(Fields<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::with_capacity(fields.of(number).count());
    for message in fields.messages(number) {
        all.push(read(message?)?);
    }
    Ok(all)
}

/// `input [batch, 784]`
fn typed(value: Fields<'_>) -> Result<String, Malformed> {
    let mut sizes = Vec::new();
    for size in value.message(2)?.message(1)?.message(2)?.messages(1) {
        let size = size?;
        sizes.push(match (size.last(1)?, size.text(2)?) {
            (Some(number), _) => number.number()?.to_string(),
            (None, "") => "?".to_string(),
            (None, name) => name.to_string(),
        });
    }
    Ok(format!("{} [{}]", value.text(1)?, sizes.join(", ")))
}

fn tensor(tensor: Fields<'_>) -> Result<Tensor, Malformed> {
    let name = tensor.text(8)?;
    let missing = || Malformed::new("a tensor", "no type", "one");
    let element_type = tensor.last(2)?.ok_or_else(missing)?;
    let shape = tensor.numbers(1, "the shape of a tensor")?.into_iter().map(|size| size as usize).collect();
    Ok(Tensor::new(name, element_type_name(element_type.number()?), shape, None))
}

/// The names of `TensorProto.DataType`.
fn element_type_name(number: u64) -> &'static str {
    match number {
        1 => "FLOAT",
        6 => "INT32",
        7 => "INT64",
        9 => "BOOL",
        10 => "FLOAT16",
        11 => "DOUBLE",
        16 => "BFLOAT16",
        _ => "other",
    }
}
