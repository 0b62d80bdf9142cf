//! Several runs compared: a table of results, and one chart for every metric.

use maud::{Markup, html};

use crate::{
    Run,
    numbers::{UNKNOWN, percent, significant, whole},
    report::Findings,
    run::By,
    sections::curves::{self, ACCURACY, LEARNING_RATE, THROUGHPUT},
    table::{card, table},
};

pub(crate) fn section(findings: &[Findings<'_>], by: By) -> Markup {
    let runs: Vec<&Run> = findings.iter().map(|of_run| of_run.run).collect();
    // Losses of different kinds are no lengths on one scale.
    let mut loss = curves::loss(&runs[0].net.config().loss);
    if runs.iter().any(|run| curves::loss(&run.net.config().loss).unit != loss.unit) {
        loss.unit = "mean loss (each run's own, not to be compared)";
    }
    let charts = [
        (&loss, "Loss: training", "loss/train"),
        (&loss, "Loss: validation", "loss/validation"),
        (&loss, "Loss: test", "loss/test"),
        (&ACCURACY, "Accuracy: training", "accuracy/train"),
        (&ACCURACY, "Accuracy: validation", "accuracy/validation"),
        (&ACCURACY, "Accuracy: test", "accuracy/test"),
        (&LEARNING_RATE, "Learning rate", "learning_rate"),
        (&THROUGHPUT, "Throughput", "samples_per_second"),
    ];
    let title = "Results of all runs";
    let rows = findings.iter().enumerate().map(|run| COLUMNS.iter().map(|(_, cell)| cell(run)).collect());
    let (charts, constant) =
        curves::split(charts.iter().flat_map(|(curve, title, tag)| curve.of_runs(title, tag, &runs, by)));
    html! {
        // Outside of what scrolls, so that a phone shows the whole of it.
        p.note { "– is what is not known. Training accuracy is measured before each update." }
        (card(title, &table::<Markup>(title, &COLUMNS.map(|(title, _)| title), rows)))
        (curves::shown(&charts, &constant))
    }
}

/// A column of the results: its title, and its value for a run, which comes with its position.
type Column = (&'static str, fn((usize, &Findings<'_>)) -> Markup);

// What one looks for first comes first: a phone shows the others when the table is moved.
const COLUMNS: [Column; 9] = [
    ("run", |(i, of)| html! { a href={ "#run-" (i + 1) } { (of.run.name) } }),
    ("test accuracy", |(_, of)| share(Some(of.evaluation.accuracy()))),
    ("test loss", |(_, of)| html! { (significant(of.evaluation.loss.mean(), 4)) }),
    ("network", |(_, of)| html! { span.whole { (of.run.sizes()) } }),
    ("parameters", |(_, of)| html! { (whole(of.run.net.n_parameters())) }),
    ("epochs", |(_, of)| {
        let epochs = of.run.scalars.iter().map(|scalar| scalar.epoch).max();
        html! { (epochs.map_or(UNKNOWN.to_string(), |epochs| epochs.to_string())) }
    }),
    ("training accuracy, last epoch", |(_, of)| share(of.run.last("accuracy/train"))),
    ("validation accuracy, last epoch", |(_, of)| share(of.run.last("accuracy/validation"))),
    ("calibration error", |(_, of)| share(of.calibration_error())),
];

fn share(share: Option<f64>) -> Markup {
    html! { (percent(share.unwrap_or(f64::NAN), 2)) }
}
