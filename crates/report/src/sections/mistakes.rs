//! Where the network was most sure and yet wrong.

use chainrule_trainer::Samples;
use maud::{Markup, html};

use crate::{
    Report,
    numbers::{counted, percent, significant, whole},
    picture,
    predictions::{Prediction, inputs, worst},
    report::Findings,
};

const MOST: usize = 40;

/// Larger images would make a page that cannot be mailed.
const MOST_PIXELS: usize = 1_000_000;

pub(crate) fn section(report: &Report, findings: &Findings<'_>, test: &impl Samples) -> Markup {
    let n_mistakes = findings.predictions.iter().filter(|prediction| prediction.is_mistake()).count();
    let fit = MOST_PIXELS / test.n_inputs().max(1);
    let shown =
        worst(&findings.predictions, if report.images.is_some() { MOST.min(fit.max(1)) } else { MOST });
    if shown.is_empty() {
        return html! { p { "The network makes no mistake on the test set." } };
    }
    let as_probabilities = findings.run.net.config().loss.outputs().are_probabilities();
    html! {
        p {
            (counted(shown.len(), "mistake", "mistakes")) " of " (whole(n_mistakes)) ", the "
            (if as_probabilities { "most probable" } else { "largest output" }) " first. "
            "Below each: what it is and what it was taken for, with the "
            (if as_probabilities { "probabilities" } else { "outputs" }) " that the network gives them."
        }
        @match report.images {
            Some((_, n_columns)) => {
                ul.gallery {
                    @for mistake in &shown { (picture(report, mistake, test, n_columns, as_probabilities)) }
                }
            }
            None => (table(report, &shown, as_probabilities)),
        }
    }
}

fn value(p: f64, as_probabilities: bool) -> String {
    if as_probabilities { percent(p, 2) } else { significant(p, 3) }
}

fn picture(
    report: &Report,
    mistake: &Prediction,
    test: &impl Samples,
    n_columns: usize,
    as_probabilities: bool,
) -> Markup {
    let x = inputs(test, &[mistake.sample]);
    let pixels: Vec<u8> = x.iter().map(|value| (255.0 * value.clamp(0.0, 1.0)).round() as u8).collect();
    let (truth, predicted) = (report.class(mistake.truth), report.class(mistake.predicted));
    html! {
        li {
            img src=(picture::grey(&pixels, n_columns)) width="84" height="84"
                alt={ "Test sample " (mistake.sample) ": " (truth) ", taken for " (predicted) };
            dl {
                div { dt { "is " b { (truth) } } dd { (value(mistake.p_truth, as_probabilities)) } }
                div { dt { "as " b { (predicted) } } dd { (value(mistake.p_predicted, as_probabilities)) } }
            }
        }
    }
}

fn table(report: &Report, mistakes: &[Prediction], as_probabilities: bool) -> Markup {
    html! {
        div.card.scroll tabindex="0" role="group" aria-label="The most confident mistakes" {
            table {
                caption { "Samples count from 0" }
                thead {
                    tr {
                        th scope="col" { "sample" } th scope="col" { "is" } th scope="col" { "output for it" }
                        th scope="col" { "taken for" } th scope="col" { "output for that" }
                    }
                }
                tbody {
                    @for mistake in mistakes {
                        tr {
                            th scope="row" { (mistake.sample) }
                            td { (report.class(mistake.truth)) }
                            td { (value(mistake.p_truth, as_probabilities)) }
                            td { (report.class(mistake.predicted)) }
                            td { (value(mistake.p_predicted, as_probabilities)) }
                        }
                    }
                }
            }
        }
    }
}
