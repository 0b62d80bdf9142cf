//! The encoding of raw input columns as ONNX operators.
//!
//! ```text
//! c = the raw column of every input                         Gather
//! s = (c − mean)/std, in 64-bit floats                      Cast, Sub, Div, Cast; columns that are kept: mean 0, std 1
//! h = 1 where c is the input's value, else 0                Equal, Cast
//! h where the input is one of several values, else s        Where
//! ```

use chainrule_trainer::{Encoding, layers::Column};

use super::graph::{BOOL, Builder, DOUBLE, FLOAT, INT64, Operator};

/// One input of the first affine layer.
struct Input {
    column: u64,
    mean: f64,
    std: f64,
    /// The value of which it says whether the column has it.
    value: Option<f32>,
}

/// Adds the encoding behind the last node.
pub(super) fn add(graph: &mut Builder, encoding: &Encoding) {
    let inputs = inputs(encoding);
    let mut add = |name: &str, element_type: u64, bytes: Vec<u8>| {
        graph.raw(&format!("encoding.{name}"), &[inputs.len()], element_type, &bytes);
    };
    add("columns", INT64, inputs.iter().flat_map(|i| i.column.to_le_bytes()).collect());
    add("mean", DOUBLE, inputs.iter().flat_map(|i| i.mean.to_le_bytes()).collect());
    add("std", DOUBLE, inputs.iter().flat_map(|i| i.std.to_le_bytes()).collect());
    add("is_value", BOOL, inputs.iter().map(|i| u8::from(i.value.is_some())).collect());
    let values = inputs.iter().flat_map(|i| i.value.unwrap_or(0.0).to_le_bytes());
    add("values", FLOAT, values.collect());
    let op = Operator::new;
    let operators = [
        op("gathered", "Gather", &["x", "columns"]).with_int("axis", 1),
        op("double", "Cast", &["gathered"]).with_int("to", DOUBLE),
        op("centred", "Sub", &["double", "mean"]),
        op("scaled", "Div", &["centred", "std"]),
        op("standardized", "Cast", &["scaled"]).with_int("to", FLOAT),
        op("is_equal", "Equal", &["gathered", "values"]),
        op("one_hot", "Cast", &["is_equal"]).with_int("to", FLOAT),
        op("output", "Where", &["is_value", "one_hot", "standardized"]),
    ];
    graph.layer("encoding", operators);
}

fn inputs(encoding: &Encoding) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (column, kind) in (0_u64..).zip(encoding.columns()) {
        let kept = Input { column, mean: 0.0, std: 1.0, value: None };
        match kind {
            Column::Keep => inputs.push(kept),
            &Column::Standardize { mean, std } => inputs.push(Input { mean, std, ..kept }),
            Column::OneHot { values } => {
                inputs.extend(values.iter().map(|&value| Input { value: Some(value), ..kept }));
            }
        }
    }
    inputs
}
