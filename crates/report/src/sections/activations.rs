//! A histogram of what comes out of every layer.

use maud::{Markup, html};

use crate::{
    activations::{LayerOutputs, MOST_SAMPLES},
    chart::{Axis, Bar, Chart, Scale},
    numbers::{counted, significant},
    report::Findings,
};

pub(crate) fn section(findings: &Findings<'_>) -> Markup {
    let n_samples = findings.predictions.len().min(MOST_SAMPLES);
    html! {
        p {
            "What comes out of every activation, and of the last layer, for the first "
            (counted(n_samples, "sample", "samples")) " of the test set. Values that crowd at the ends of a sigmoid, or at 0 "
            "behind a ReLU, let little gradient through."
        }
        div.charts { @for layer in &findings.outputs { (histogram(layer)) } }
    }
}

fn histogram(layer: &LayerOutputs) -> Markup {
    // All the same: one bar of some width around it.
    let (low, width) = match layer.high > layer.low {
        true => (layer.low, (layer.high - layer.low) / layer.shares.len() as f64),
        false => (layer.low - 0.5, 1.0),
    };
    let n_bars = if layer.high > layer.low { layer.shares.len() } else { 1 };
    let bars: Vec<Bar> = (0..n_bars)
        .map(|i| {
            let (from, to) = (low + i as f64 * width, low + (i + 1) as f64 * width);
            Bar { from, to, height: 100.0 * layer.shares[i] }
        })
        .collect();
    let high = bars[n_bars - 1].to;
    let highest = bars.iter().map(|bar| bar.height).fold(0.0, f64::max);
    let constant = match layer.n_constant {
        0 => String::new(),
        n => format!(" {} the same value for every sample.", counted(n, "unit gives", "units give")),
    };
    let chart = Chart {
        title: format!("Layer {} ({})", layer.number, layer.name),
        note: format!(
            "{}, values from {} to {}.{constant}",
            counted(layer.n_units, "unit", "units"),
            significant(layer.low, 3),
            significant(layer.high, 3),
        ),
        x: Axis::new("output of a unit (no unit)", Scale::between(low, high, 0.0)),
        y: Axis::new("share of outputs (%)", Scale::between(0.0, highest, 0.0)),
        bars,
        series: Vec::new(),
        joined: false,
    };
    chart.figure("share of outputs (%)")
}
