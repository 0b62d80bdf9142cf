//! A network as a table: one line for its input and for each layer, and the sums.

use std::{fmt, iter};

use chainrule_tensor::Float;

use crate::{Sequential, Tensor};

/// The layers of a network with their sizes; it prints as a table.
///
/// # Examples
/// ```
/// use chainrule_layers::{Affine, Sequential, Sigmoid};
/// use chainrule_tensor::Shape;
/// let layers = [Affine::outputs(50).into(), Sigmoid.into(), Affine::outputs(10).into()];
/// let net = Sequential::<f32>::new(Shape::flat(784), &layers, 1)?;
/// let summary = net.summary();
/// assert_eq!(summary.n_parameters(), 39_760);
/// assert_eq!(summary.to_string(), "\
/// layer    output shape  parameters   bytes
/// input         784 × n           0       0
/// affine         50 × n       39250  157000
/// sigmoid        50 × n           0       0
/// affine         10 × n         510    2040
/// total                       39760  159040");
/// # Ok::<(), chainrule_layers::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The input, and the layers in order.
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    layer: String,
    /// Values per sample that come out.
    n_outputs: usize,
    n_parameters: usize,
    /// The memory of parameters and running statistics.
    n_bytes: usize,
}

impl<F: Float> Sequential<F> {
    /// The layers with their sizes, as a table.
    pub fn summary(&self) -> Summary {
        let layers = self.layers();
        let input = Line { layer: "input".into(), n_outputs: self.n_inputs(), n_parameters: 0, n_bytes: 0 };
        let lines = layers.iter().enumerate().map(|(l, layer)| {
            let tensors = layers.tensors_of(l).iter();
            let n_bytes = tensors.clone().map(|tensor| tensor.len() * size_of::<F>()).sum();
            let n_parameters = tensors.filter(|tensor| tensor.is_parameter()).map(Tensor::len).sum();
            Line {
                layer: layer.name().into(),
                n_outputs: layers.shapes()[l + 1].size(),
                n_parameters,
                n_bytes,
            }
        });
        Summary { lines: iter::once(input).chain(lines).collect() }
    }
}

impl Summary {
    /// Values that gradients change, in all layers.
    pub fn n_parameters(&self) -> usize {
        self.lines.iter().map(|line| line.n_parameters).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |layer: &str, shape: String, n_parameters: usize, n_bytes: usize| {
            [layer.to_string(), shape, n_parameters.to_string(), n_bytes.to_string()]
        };
        let lines = self
            .lines
            .iter()
            .map(|line| row(&line.layer, format!("{} × n", line.n_outputs), line.n_parameters, line.n_bytes));
        let mut rows = vec![["layer", "output shape", "parameters", "bytes"].map(String::from)];
        rows.extend(lines);
        let n_bytes = self.lines.iter().map(|line| line.n_bytes).sum();
        rows.push(row("total", String::new(), self.n_parameters(), n_bytes));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [first, second, third, fourth] = [0, 1, 2, 3].map(width);
        let lines = rows.iter().map(|[layer, shape, parameters, bytes]| {
            format!("{layer:first$}  {shape:>second$}  {parameters:>third$}  {bytes:>fourth$}")
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}
