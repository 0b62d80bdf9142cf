//! What an ONNX file holds: not to run it, but to see it.

use crate::{Problem, StateDict, Tensor, description};

use super::protobuf::{Fields, Value, malformed};

/// What a graph is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    let model = Fields(bytes);
    let Some(graph) = model.last(7)? else {
        return Err(malformed("the model", &"no graph", "one"));
    };
    let graph_fields = graph.fields()?;
    let mut config = None;
    for entry in model.of(14) {
        let entry = entry?.fields()?;
        if entry.text(1)? == description::KEY {
            config = Some(description::from_json(entry.text(2)?)?);
        }
    }
    // The one for the operators without a domain of their own.
    let mut opset = 0;
    for entry in model.of(8) {
        let entry = entry?.fields()?;
        if entry.text(1)?.is_empty() {
            opset = entry.last(2)?.map_or(Ok(0), Value::number)?;
        }
    }
    let producer = format!("{} {}", model.text(2)?, model.text(3)?).trim().to_string();
    let graph = Graph {
        producer,
        ir_version: model.last(1)?.map_or(Ok(0), Value::number)?,
        opset,
        inputs: each(graph_fields, 11, typed)?,
        outputs: each(graph_fields, 12, typed)?,
        operators: each(graph_fields, 1, |node| match node.text(4)? {
            "" => Err(malformed("a node", &"no operator", "one")),
            operator => Ok(operator.to_string()),
        })?,
    };
    Ok((StateDict::new(each(graph_fields, 5, tensor)?, config)?, graph))
}

/// Everything in a repeated field. They are counted first, so that no list has more room than it needs.
fn each<T>(
    fields: Fields<'_>,
    number: u64,
    read: impl Fn(Fields<'_>) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let mut all = Vec::with_capacity(fields.of(number).count());
    for value in fields.of(number) {
        all.push(read(value?.fields()?)?);
    }
    Ok(all)
}

/// `input [batch, 784]`
fn typed(value: Fields<'_>) -> Result<String, Problem> {
    let mut sizes = Vec::new();
    if let Some(of_value) = value.last(2)?
        && let Some(tensor) = of_value.fields()?.last(1)?
        && let Some(shape) = tensor.fields()?.last(2)?
    {
        for size in shape.fields()?.of(1) {
            let size = size?.fields()?;
            sizes.push(match (size.last(1)?, size.text(2)?) {
                (Some(number), _) => number.number()?.to_string(),
                (None, "") => "?".to_string(),
                (None, name) => name.to_string(),
            });
        }
    }
    Ok(format!("{} [{}]", value.text(1)?, sizes.join(", ")))
}

fn tensor(tensor: Fields<'_>) -> Result<Tensor, Problem> {
    let name = tensor.text(8)?;
    let Some(element_type) = tensor.last(2)? else {
        return Err(malformed("a tensor", &"no type", "one"));
    };
    let mut shape = Vec::new();
    for size in tensor.of(1) {
        match size? {
            Value::Number(size) => shape.push(size as usize),
            // Several numbers in one field.
            Value::Bytes(bytes) => {
                let mut packed = Fields(bytes);
                while !packed.0.is_empty() {
                    let size = packed.varint();
                    let broken = || malformed("the shape of a tensor", &"a broken number", "whole ones");
                    shape.push(size.ok_or_else(broken)? as usize);
                }
            }
            Value::Fixed => return Err(malformed("the shape of a tensor", &"other bytes", "whole numbers")),
        }
    }
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
