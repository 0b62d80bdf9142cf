//! Histograms of the activations of every layer.
//!
//! Source: *Deep Learning from Scratch*, section 6.2, whose picture of the activations behind each layer shows at once
//! whether a signal dies away or saturates.

use chainrule_trainer::diagnostics::Histogram;
use maud::{Markup, html};

use crate::{
    chart::{Axis, Bar, Chart, Scale},
    numbers::{counted, percent, significant},
    report::Findings,
};

pub(crate) fn section(findings: &Findings<'_>) -> Markup {
    let inside = &findings.inside;
    html! {
        p {
            "The outputs of every activation function and of the last layer, for "
            (counted(inside.diagnostics.n_samples, "sample", "samples")) " of the test set. Values that crowd at the ends of "
            "a sigmoid, or at 0 behind a ReLU, let little gradient through."
        }
        div.charts {
            @for units in &inside.diagnostics.hidden {
                (chart(
                    &format!("{} ({})", units.layer, units.name),
                    &format!(
                        "{}: {} dead, {} saturated.",
                        counted(units.n_units, "unit", "units"),
                        percent(units.dead, 0),
                        percent(units.saturated, 0)
                    ),
                    &units.outputs,
                ))
            }
            (chart(&inside.outputs.0, "The input of the loss.", &inside.outputs.1))
        }
    }
}

fn chart(layer: &str, about: &str, outputs: &Histogram) -> Markup {
    let edges: Vec<f64> = outputs.edges().collect();
    let n_values = outputs.n_values().max(1) as f64;
    let bars: Vec<Bar> = edges
        .windows(2)
        .zip(&outputs.counts)
        .map(|(ends, count)| Bar { from: ends[0], to: ends[1], height: 100.0 * *count as f64 / n_values })
        .collect();
    let highest = bars.iter().map(|bar| bar.height).fold(0.0, f64::max);
    let (smallest, largest) = (significant(outputs.smallest, 3), significant(outputs.largest, 3));
    let note = format!("{about} Values from {smallest} to {largest}.");
    let x = Axis::new("output of a unit (no unit)", Scale::between(outputs.low, outputs.high, 0.0));
    let y = Axis::new("fraction of outputs (%)", Scale::between(0.0, highest, 0.0));
    Chart { note, bars, ..Chart::new(format!("Layer {layer}"), x, y) }.figure("fraction of outputs (%)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_a_layer_without_spread_has_a_picture() {
        let svg = chart("2 (relu)", "", &Histogram::of(&[0.0, 0.0, 0.0, 1.0], 2)).into_string();
        // Three of four in the first half: 75 % of an axis that ends at 80 %; the frame is 328 wide and 184 high.
        assert!(svg.contains("x=\"58\" y=\"41.5\" width=\"164\" height=\"172.5\""), "{svg}");
        assert!(svg.contains("<td>75.00</td>") && svg.contains("<td>25.00</td>"), "{svg}");
        let svg = chart("2 (relu)", "", &Histogram::of(&[0.0; 4], 2)).into_string();
        assert!(svg.contains("<td>100.0</td>") && !svg.contains("NaN"), "{svg}");
    }
}
