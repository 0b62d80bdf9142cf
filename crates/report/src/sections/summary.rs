//! The summary of a run: test accuracy and loss, size of the network, epochs.

use maud::{Markup, html};

use crate::{
    numbers::{counted, percent, significant, whole},
    report::Findings,
};

/// What the page is about, in a sentence.
pub(crate) fn sentence(findings: &[Findings<'_>]) -> String {
    let n = findings[0].predictions.len();
    let of = counted(n, "sample", "samples");
    match findings {
        [one] => format!(
            "A network of {} with a test accuracy of {} on {of}.",
            counted(one.run.net.n_parameters(), "parameter", "parameters"),
            percent(one.evaluation.accuracy(), 2),
        ),
        _ => format!("{} runs, each tested on {of}.", findings.len()),
    }
}

pub(crate) fn tiles(findings: &Findings<'_>) -> Markup {
    let (run, evaluation) = (findings.run, &findings.evaluation);
    let mut tiles = vec![
        ("test accuracy", percent(evaluation.accuracy(), 2)),
        ("test loss", significant(evaluation.loss.mean(), 4)),
    ];
    if let Some(error) = findings.calibration_error() {
        tiles.push(("calibration error", percent(error, 2)));
    }
    tiles.push(("network", run.sizes()));
    tiles.push(("parameters", whole(run.net.n_parameters())));
    if let Some(last) = run.scalars.iter().max_by_key(|scalar| scalar.step) {
        tiles.push(("epochs", last.epoch.to_string()));
        tiles.push(("steps", whole(last.step as usize)));
    }
    html! {
        dl.tiles { @for (name, value) in tiles { div { dt { (name) } dd { (value) } } } }
    }
}
