//! A network as a table: one line for its input and for each layer, and the sums.

use std::fmt;

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
    n_inputs: usize,
    lines: Vec<LayerSummary>,
}

/// One layer of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerSummary {
    /// The name of the layer.
    pub layer: String,
    /// Values per sample that come out: its output is `n_outputs × n` for *n* samples.
    pub n_outputs: usize,
    /// Values that a gradient changes.
    pub n_parameters: usize,
    /// The memory of parameters and running statistics.
    pub n_bytes: usize,
}

impl<F: Float> Sequential<F> {
    /// The layers with their sizes, as a table.
    pub fn summary(&self) -> Summary {
        let layers = self.layers();
        let lines = layers.iter().enumerate().map(|(l, layer)| {
            let tensors = layers.tensors_of(l).iter();
            let n_bytes = tensors.clone().map(|tensor| tensor.len() * size_of::<F>()).sum();
            let n_parameters = tensors.filter(|tensor| tensor.is_parameter()).map(Tensor::len).sum();
            let (layer, n_outputs) = (layer.name().to_string(), layers.shapes()[l + 1].size());
            LayerSummary { layer, n_outputs, n_parameters, n_bytes }
        });
        Summary { n_inputs: self.n_inputs(), lines: lines.collect() }
    }
}

impl Summary {
    /// The layers in order.
    pub fn layers(&self) -> &[LayerSummary] {
        &self.lines
    }

    /// Values that gradients change, in all layers.
    pub fn n_parameters(&self) -> usize {
        self.lines.iter().map(|line| line.n_parameters).sum()
    }

    /// The memory of parameters and running statistics of all layers.
    pub fn n_bytes(&self) -> usize {
        self.lines.iter().map(|line| line.n_bytes).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["layer", "output shape", "parameters", "bytes"].map(String::from)];
        let mut row = |layer: &str, n_outputs: usize, n_parameters: usize, n_bytes: usize| {
            let shape = format!("{n_outputs} × n");
            rows.push([layer.into(), shape, n_parameters.to_string(), n_bytes.to_string()]);
        };
        row("input", self.n_inputs, 0, 0);
        for line in &self.lines {
            row(&line.layer, line.n_outputs, line.n_parameters, line.n_bytes);
        }
        rows.push([
            "total".into(),
            String::new(),
            self.n_parameters().to_string(),
            self.n_bytes().to_string(),
        ]);
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (first, second, third, fourth) = (width(0), width(1), width(2), width(3));
        for (i, [layer, shape, parameters, bytes]) in rows.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{layer:first$}  {shape:>second$}  {parameters:>third$}  {bytes:>fourth$}")?;
        }
        Ok(())
    }
}
