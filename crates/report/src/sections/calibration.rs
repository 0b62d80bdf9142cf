//! The reliability diagram.

use maud::{Markup, html};

use crate::{
    calibration::N_BINS,
    chart::{Axis, Bar, Chart, Scale, Series},
    numbers::{percent, whole},
    report::Findings,
};

pub(crate) fn section(findings: &Findings<'_>) -> Markup {
    let (Some(bins), Some(error)) = (&findings.bins, findings.calibration_error()) else {
        return html! { p { "The outputs of this network are no probabilities, so there is nothing to calibrate." } };
    };
    let edge = |m: usize| m as f64 / N_BINS as f64 * 100.0;
    let bars = bins.iter().enumerate().map(|(m, bin)| Bar {
        from: edge(m),
        to: edge(m + 1),
        height: 100.0 * bin.accuracy(),
    });
    let ticks = || [0.0, 20.0, 40.0, 60.0, 80.0, 100.0].map(|value: f64| (value, value.to_string())).to_vec();
    let chart = Chart {
        title: "Reliability diagram".into(),
        note: "Bars below the line: the network is surer than it is right. Bars above it: it is right more often than it \
               thinks."
            .into(),
        x: Axis::new("confidence: probability of the predicted class (%)", Scale::fixed(0.0, 100.0, ticks())),
        y: Axis::new("accuracy (%)", Scale::fixed(0.0, 100.0, ticks())),
        bars: bars.collect(),
        series: vec![Series { name: "perfectly calibrated".into(),
            look: 1, points: vec![(0.0, 0.0), (100.0, 100.0)] }],
        joined: true,
    };
    html! {
        p {
            "Expected calibration error: " strong { (percent(error, 2)) } ". It is the mean distance between how sure the "
            "network is and how often it is right, over " (N_BINS) " bins of confidence, each counted by its samples (Guo, "
            "Pleiss, Sun and Weinberger, " cite { "On Calibration of Modern Neural Networks" } ", ICML 2017, equation 3)."
        }
        div.charts {
            (chart.figure("accuracy (%)"))
            div.card.scroll tabindex="0" role="group" aria-label="Bins of confidence" {
                table {
                    caption { "Bins of confidence" }
                    thead {
                        tr {
                            th scope="col" { "bin" } th scope="col" { "samples" } th scope="col" { "confidence" }
                            th scope="col" { "accuracy" }
                        }
                    }
                    tbody {
                        @for (m, bin) in bins.iter().enumerate() {
                            tr {
                                th.whole scope="row" { (edge(m)) "–" (edge(m + 1)) "\u{a0}%" }
                                td { (whole(bin.n)) }
                                td { (percent(bin.confidence(), 1)) }
                                td { (percent(bin.accuracy(), 1)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
