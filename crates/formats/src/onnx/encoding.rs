//! The encoding of raw input columns as ONNX operators.
//!
//! ```text
//! c = the raw column of every input                         Gather
//! s = (c − mean)/std, in 64-bit floats                      Cast, Sub, Div, Cast; columns that are kept: mean 0, std 1
//! h = 1 where c is the input's value, else 0                Equal, Cast
//! h where the input is one of several values, else s        Where
//! ```

use chainrule_trainer::Encoding;
use serde::Deserialize;

use super::graph::{Attribute, BOOL, Builder, DOUBLE, FLOAT, INT64};
use crate::Problem;

/// What an encoding tells of itself in its serialised form.
#[derive(Deserialize)]
struct Columns {
    columns: Vec<Column>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Column {
    Keep,
    Standardize { mean: f64, std: f64 },
    OneHot { values: Vec<f32> },
}

/// One input of the first affine layer.
struct Input {
    column: u64,
    mean: f64,
    std: f64,
    /// The value of which it says whether the column has it.
    value: Option<f32>,
}

/// Adds the encoding behind the last node.
pub(super) fn add(graph: &mut Builder, encoding: &Encoding) -> Result<(), Problem> {
    let inputs = inputs(encoding)?;
    let n = inputs.len();
    let mut raw = |name: &str, element_type: u64, bytes: Vec<u8>| {
        let name = format!("encoding.{name}");
        graph.raw(&name, &[n], element_type, &bytes);
        name
    };
    let columns = raw("columns", INT64, inputs.iter().flat_map(|i| i.column.to_le_bytes()).collect());
    let mean = raw("mean", DOUBLE, inputs.iter().flat_map(|i| i.mean.to_le_bytes()).collect());
    let std = raw("std", DOUBLE, inputs.iter().flat_map(|i| i.std.to_le_bytes()).collect());
    let is_value = raw("is_value", BOOL, inputs.iter().map(|i| u8::from(i.value.is_some())).collect());
    let values = inputs.iter().flat_map(|i| i.value.unwrap_or(0.0).to_le_bytes());
    let values = raw("values", FLOAT, values.collect());

    let x = graph.last().to_string();
    let name = |part: &str| format!("encoding.{part}");
    let to = |element_type| [("to", Attribute::Int(element_type))];
    graph.node("Gather", [x, columns], &name("gathered"), &[("axis", Attribute::Int(1))]);
    graph.node("Cast", [name("gathered")], &name("double"), &to(DOUBLE));
    graph.node("Sub", [name("double"), mean], &name("centred"), &[]);
    graph.node("Div", [name("centred"), std], &name("scaled"), &[]);
    graph.node("Cast", [name("scaled")], &name("standardized"), &to(FLOAT));
    graph.node("Equal", [name("gathered"), values], &name("is_equal"), &[]);
    graph.node("Cast", [name("is_equal")], &name("one_hot"), &to(FLOAT));
    graph.node("Where", [is_value, name("one_hot"), name("standardized")], &name("output"), &[]);
    Ok(())
}

fn inputs(encoding: &Encoding) -> Result<Vec<Input>, Problem> {
    let json = serde_json::to_value(encoding).and_then(serde_json::from_value::<Columns>);
    let columns = json
        .map_err(|cause| Problem::NotExported(format!("its encoding has no form in ONNX: {cause}")))?
        .columns;
    let mut inputs = Vec::new();
    for (column, kind) in (0_u64..).zip(columns) {
        let kept = Input { column, mean: 0.0, std: 1.0, value: None };
        match kind {
            Column::Keep => inputs.push(kept),
            Column::Standardize { mean, std } => inputs.push(Input { mean, std, ..kept }),
            Column::OneHot { values } => {
                inputs.extend(values.into_iter().map(|value| Input { value: Some(value), ..kept }));
            }
        }
    }
    Ok(inputs)
}
