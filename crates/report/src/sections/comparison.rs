//! Several runs compared: a table of results, and one chart for every metric.

use maud::{Markup, html};

use crate::{
    Run,
    numbers::{UNKNOWN, percent, significant, whole},
    report::Findings,
    run::By,
    sections::curves::{self, ACCURACY, Curve, LEARNING_RATE, THROUGHPUT},
};

pub(crate) fn section(findings: &[Findings<'_>], by: By) -> Markup {
    let runs: Vec<&Run> = findings.iter().map(|of_run| of_run.run).collect();
    // Losses of different kinds are no lengths on one scale.
    let kinds: Vec<Curve> = runs.iter().map(|run| curves::loss(&run.net.config().loss)).collect();
    let loss = Curve {
        unit: if kinds.iter().all(|of_run| of_run.unit == kinds[0].unit) {
            kinds[0].unit
        } else {
            "mean loss (each run's own, not to be compared)"
        },
        ..curves::loss(&runs[0].net.config().loss)
    };
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
    html! {
        div.card {
            // Outside of what scrolls, so that a phone shows the whole of it.
            p.note { "Results of all runs; – is what is not known. Training accuracy is measured before each update." }
            div.scroll tabindex="0" role="group" aria-label="Results of all runs" {
                table aria-label="Results of all runs" {
                    thead {
                        tr {
                            th scope="col" { "run" } th scope="col" { "network" } th scope="col" { "parameters" }
                            th scope="col" { "epochs" } th scope="col" { "training accuracy, last epoch" }
                            th scope="col" { "validation accuracy, last epoch" } th scope="col" { "test accuracy" }
                            th scope="col" { "test loss" } th scope="col" { "calibration error" }
                        }
                    }
                    tbody { @for (i, of_run) in findings.iter().enumerate() { (row(i, of_run)) } }
                }
            }
        }
        div.charts {
            @for (curve, title, tag) in charts { @for chart in curve.of_runs(title, tag, &runs, by) { (chart) } }
        }
    }
}

fn row(i: usize, findings: &Findings<'_>) -> Markup {
    let run = findings.run;
    let share = |tag: &str| percent(run.last(tag).unwrap_or(f64::NAN), 2);
    let epochs = run.scalars.iter().map(|scalar| scalar.epoch).max();
    html! {
        tr {
            th scope="row" { a href={ "#run-" (i + 1) } { (run.name) } }
            td.whole { (run.sizes()) }
            td { (whole(run.net.n_parameters())) }
            td { (epochs.map_or(UNKNOWN.to_string(), |epochs| epochs.to_string())) }
            td { (share("accuracy/train")) }
            td { (share("accuracy/validation")) }
            td { (percent(findings.evaluation.accuracy(), 2)) }
            td { (significant(findings.evaluation.loss.mean(), 4)) }
            td { (percent(findings.calibration_error().unwrap_or(f64::NAN), 2)) }
        }
    }
}
