//! The reliability diagram.

use maud::{Markup, html};

use crate::{
    calibration::{Bin, N_BINS},
    chart::{Axis, Bar, Chart, Scale, Series},
    numbers::{percent, whole},
    report::Findings,
    table::{card, table},
};

pub(crate) fn section(findings: &Findings<'_>) -> Markup {
    let (Some(bins), Some(error)) = (&findings.bins, findings.calibration_error()) else {
        return html! { p { "The outputs of this network are no probabilities, so there is nothing to calibrate." } };
    };
    let edge = |m: usize| m as f64 / N_BINS as f64 * 100.0;
    let bar =
        |(m, bin): (usize, &Bin)| Bar { from: edge(m), to: edge(m + 1), height: 100.0 * bin.accuracy() };
    let ticks = || [0.0, 20.0, 40.0, 60.0, 80.0, 100.0].map(|value: f64| (value, value.to_string())).to_vec();
    let axis = |title| Axis::new(title, Scale::fixed(0.0, 100.0, ticks()));
    let (x, y) = (axis("confidence: probability of the predicted class (%)"), axis("accuracy (%)"));
    // The look that stands out from bars as well.
    let ideal = Series::new("perfectly calibrated", 4, vec![(0.0, 0.0), (100.0, 100.0)]);
    let chart = Chart {
        note: "Bars below the line: the network is overconfident. Bars above it: it is underconfident."
            .into(),
        bars: bins.iter().enumerate().map(bar).collect(),
        series: vec![ideal],
        joined: true,
        ..Chart::new("Reliability diagram", x, y)
    };
    let columns = ["bin", "samples", "confidence", "accuracy"];
    let rows = bins.iter().enumerate().map(|(m, bin)| {
        let ends = html! { span.whole { (edge(m)) "–" (edge(m + 1)) "\u{a0}%" } };
        let values = [whole(bin.n), percent(bin.confidence(), 1), percent(bin.accuracy(), 1)];
        [ends].into_iter().chain(values.map(|value| html! { (value) })).collect()
    });
    html! {
        p {
            "Expected calibration error: " strong { (percent(error, 2)) } ". It is the mean gap between confidence "
            "and accuracy, over " (N_BINS) " bins of confidence, each counted by its samples (Guo, "
            "Pleiss, Sun and Weinberger, " cite { "On Calibration of Modern Neural Networks" } ", ICML 2017, equation 3)."
        }
        div.charts {
            (chart.figure("accuracy (%)"))
            (card("Bins of confidence", &table("Bins of confidence", &columns, rows)))
        }
    }
}
