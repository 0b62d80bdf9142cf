//! Inside the network: norms of gradients and weights, dead and saturated units, on the way and at the end.

use maud::{Markup, html};

use crate::{
    Run,
    numbers::{counted, percent, significant},
    report::Findings,
    run::By,
    sections::curves::Curve,
};

const GRADIENT_NORMS: Curve = Curve {
    title: "Gradient norms",
    unit: "norm of the gradient (no unit)",
    note: "Euclidean norms, on samples of the training set. Where those of the first layers are far below those of the last, the gradient vanishes on its \
           way back.",
    prefix: "gradient_norm/",
    wide: true,
    factor: 1.0,
};

const WEIGHT_NORMS: Curve = Curve {
    title: "Weight norms",
    unit: "norm of the parameter (no unit)",
    note: "Euclidean norms of weights W and biases b: 1 for the first affine layer, 2 for the second and so on.",
    prefix: "weight_norm/",
    wide: true,
    factor: 1.0,
};

const DEAD: Curve = Curve {
    title: "Dead units",
    unit: "share of units (%)",
    note: "A dead unit gives the same output for every sample, 0 behind a ReLU.",
    prefix: "dead_units/",
    wide: false,
    factor: 100.0,
};

const SATURATED: Curve = Curve {
    title: "Saturated units",
    unit: "share of units (%)",
    note: "A saturated unit is on a flat part of its curve for nearly all samples: hardly any gradient comes through.",
    prefix: "saturated_units/",
    wide: false,
    factor: 100.0,
};

pub(crate) fn section(findings: &Findings<'_>, by: By) -> Markup {
    let curves = [GRADIENT_NORMS, WEIGHT_NORMS, DEAD, SATURATED];
    let charts: Vec<Markup> = curves.iter().flat_map(|curve| curve.of_run(findings.run, by)).collect();
    html! {
        @if charts.is_empty() {
            p {
                "How these figures changed in training is not known: a checkpoint has those of the end alone. "
                code { "train-mnist" } " has them all with " code { "--report" } " or " code { "--log-dir" } "."
            }
        } @else {
            @if let Some(epoch) = seen_from(findings.run) {
                p { "Known from epoch " (epoch) " on, when the run was resumed." }
            }
            div.charts { @for chart in charts { (chart) } }
        }
        (at_the_end(findings))
    }
}

/// The first epoch after which the network was looked at, if there were others before.
fn seen_from(run: &Run) -> Option<u64> {
    let first = |prefix: &str| {
        run.scalars.iter().filter(|scalar| scalar.tag.starts_with(prefix)).map(|scalar| scalar.epoch).min()
    };
    first(GRADIENT_NORMS.prefix).filter(|seen| first("loss/").is_some_and(|trained| trained < *seen))
}

fn at_the_end(findings: &Findings<'_>) -> Markup {
    let found = &findings.inside.diagnostics;
    let of = format!("trained network, on {} of the test set", counted(found.n_samples, "sample", "samples"));
    html! {
        div.charts {
            div.card.scroll tabindex="0" role="group" aria-label="Parameters of the trained network" {
                table {
                    caption { "Parameters of the " (of) }
                    thead {
                        tr { th scope="col" { "parameter" } th scope="col" { "norm" } th scope="col" { "norm of its gradient" } }
                    }
                    tbody {
                        @for parameter in &found.parameters {
                            tr {
                                th scope="row" { (parameter.name) }
                                td { (significant(parameter.weight_norm, 4)) }
                                td { (significant(parameter.gradient_norm, 3)) }
                            }
                        }
                    }
                }
            }
            @if !found.hidden.is_empty() {
                div.card.scroll tabindex="0" role="group" aria-label="Hidden units of the trained network" {
                    table {
                        caption { "Hidden units of the " (of) }
                        thead {
                            tr {
                                th scope="col" { "layer" } th scope="col" { "units" } th scope="col" { "dead" }
                                th scope="col" { "saturated" }
                            }
                        }
                        tbody {
                            @for units in &found.hidden {
                                tr {
                                    th scope="row" { (units.layer) " (" (units.name) ")" }
                                    td { (units.n_units) }
                                    td { (percent(units.dead, 1)) }
                                    td { (percent(units.saturated, 1)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
