//! A network as a table: one line for its input and for each layer, and the sums.

use std::fmt;

use chainrule_tensor::Float;

use crate::Sequential;

/// The layers of a network with their sizes; it prints as a table.
///
/// # Examples
/// ```
/// use chainrule_layers::{Affine, Sequential, Sigmoid};
/// use chainrule_tensor::Init;
/// let net: Sequential<f32> = Sequential::new(784, vec![
///     Box::new(Affine::init(784, 50, Init::XavierNormal, 1, 0)),
///     Box::new(Sigmoid),
///     Box::new(Affine::init(50, 10, Init::XavierNormal, 1, 1)),
/// ]);
/// let summary = net.summary();
/// assert_eq!(summary.n_parameters(), 39_760);
/// assert_eq!(summary.to_string(), "\
/// layer    output shape  parameters   bytes
/// input         784 × n           0       0
/// affine         50 × n       39250  157000
/// sigmoid        50 × n           0       0
/// affine         10 × n         510    2040
/// total                       39760  159040");
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
    pub layer: &'static str,
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
        let mut n_inputs = self.n_inputs();
        let lines = self.layers().map(|layer| {
            n_inputs = layer.n_outputs(n_inputs);
            let mut n_buffers = 0;
            layer.visit_buffers(&mut |buffer| n_buffers += buffer.values.len());
            let n_parameters = layer.n_parameters();
            let n_bytes = (n_parameters + n_buffers) * size_of::<F>();
            LayerSummary { layer: layer.name(), n_outputs: n_inputs, n_parameters, n_bytes }
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
            row(line.layer, line.n_outputs, line.n_parameters, line.n_bytes);
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
