//! Norms of gradients and weights, dead and saturated units, during training and at its end.

use maud::{Markup, html};

use crate::{
    Run,
    numbers::{counted, percent, significant},
    report::Findings,
    run::By,
    sections::curves::{self, Curve, SHARE, VALUE},
    table::{card, table},
};

const GRADIENT_NORMS: Curve = Curve {
    title: "Gradient norms",
    unit: "norm of the gradient (no unit)",
    note: "Euclidean norms, on samples of the training set. Where those of the first layers are far below those of the last, the gradient vanishes on its \
           way back.",
    prefix: "gradient_norm/",
    wide: true,
    ..VALUE
};

const WEIGHT_NORMS: Curve = Curve {
    title: "Weight norms",
    unit: "norm of the parameter (no unit)",
    note: "Euclidean norms of weights W and biases b: 1 for the first affine layer, 2 for the second and so on.",
    prefix: "weight_norm/",
    wide: true,
    ..VALUE
};

const DEAD: Curve = Curve {
    title: "Dead units",
    note: "A dead unit gives the same output for every sample, 0 behind a ReLU.",
    prefix: "dead_units/",
    brief: true,
    ..SHARE
};

const SATURATED: Curve = Curve {
    title: "Saturated units",
    note: "A saturated unit is on a flat part of its curve for nearly all samples: hardly any gradient comes through.",
    prefix: "saturated_units/",
    brief: true,
    ..SHARE
};

pub(crate) fn section(findings: &Findings<'_>, by: By) -> Markup {
    let curves = [GRADIENT_NORMS, WEIGHT_NORMS, DEAD, SATURATED];
    let (charts, constant) = curves::charts(&curves, findings.run, by);
    html! {
        @if charts.is_empty() && constant.is_empty() {
            p {
                "How these figures changed in training is not known: a checkpoint has those of the end alone. "
                code { "train-mnist" } " has them all with " code { "--report" } " or " code { "--log-dir" } "."
            }
        } @else {
            @if let Some(epoch) = seen_from(findings.run) {
                p { "Known from epoch " (epoch) " on, when the run was resumed." }
            }
            (curves::shown(&charts, &constant))
        }
        (at_the_end(findings))
    }
}

/// The first epoch with such figures, if training began before it.
fn seen_from(run: &Run) -> Option<u64> {
    let first = |prefix: &str| {
        run.scalars.iter().filter(|scalar| scalar.tag.starts_with(prefix)).map(|scalar| scalar.epoch).min()
    };
    first(GRADIENT_NORMS.prefix).filter(|seen| first("loss/").is_some_and(|trained| trained < *seen))
}

fn at_the_end(findings: &Findings<'_>) -> Markup {
    let found = &findings.inside.diagnostics;
    let of = format!("trained network, on {} of the test set", counted(found.n_samples, "sample", "samples"));
    let parameters = found
        .parameters
        .iter()
        .map(|p| vec![p.name.clone(), significant(p.weight_norm, 4), significant(p.gradient_norm, 3)]);
    let hidden = found.hidden.iter().map(|units| {
        vec![
            format!("layer {} ({})", units.layer, units.name),
            units.n_units.to_string(),
            percent(units.dead, 1),
            percent(units.saturated, 1),
        ]
    });
    let parameters =
        table(&format!("Parameters of the {of}"), &["parameter", "norm", "norm of its gradient"], parameters);
    let hidden =
        table(&format!("Hidden units of the {of}"), &["layer", "units", "dead", "saturated"], hidden);
    html! {
        div.charts {
            (card("Parameters of the trained network", &parameters))
            @if !found.hidden.is_empty() { (card("Hidden units of the trained network", &hidden)) }
        }
    }
}
