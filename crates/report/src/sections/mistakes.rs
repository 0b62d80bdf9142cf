//! The most confident mistakes: the misclassified test samples whose predicted class has the highest probability.

use chainrule_trainer::{Samples, tensor::Matrix};
use maud::{Markup, html};

use crate::{
    Report,
    numbers::{counted, percent, significant, whole},
    picture,
    predictions::{Prediction, grey_pixels, inputs, worst},
    report::Findings,
    table::{card, table},
};

const MOST: usize = 40;

/// As many are seen at once, the others when they are asked for.
const MOST_UNFOLDED: usize = 10;

/// Larger images would make a page that cannot be mailed.
const MOST_PIXELS: usize = 1_000_000;

pub(crate) fn section(report: &Report, findings: &Findings<'_>, test: &impl Samples) -> Markup {
    let n_mistakes = findings.predictions.iter().filter(|prediction| prediction.is_mistake()).count();
    let fit = MOST_PIXELS / test.n_inputs().max(1);
    let shown =
        worst(&findings.predictions, if report.images.is_some() { MOST.min(fit.max(1)) } else { MOST });
    if shown.is_empty() {
        return html! {
            @if n_mistakes == 0 { p { "The network makes no mistake on the test set." } }
            @else { p { "The network is confident of no mistake: its outputs are not numbers (NaN) for " (whole(n_mistakes)) " samples." } }
        };
    }
    let as_probabilities = findings.run.net.config().loss.outputs().are_probabilities();
    let value = |p: f64| if as_probabilities { percent(p, 2) } else { significant(p, 3) };
    html! {
        p {
            (counted(shown.len(), "mistake", "mistakes")) " of " (whole(n_mistakes)) ", the "
            (if as_probabilities { "most probable" } else { "largest output" }) " first. "
            "Below each: the true and the predicted class, with the "
            (if as_probabilities { "probabilities" } else { "outputs" }) " that the network gives them."
        }
        @match report.images {
            Some((_, n_columns)) => {
                @let (first, others) = shown.split_at(shown.len().min(MOST_UNFOLDED));
                @let gallery = |mistakes: &[Prediction]| html! {
                    ul.gallery {
                        @for mistake in mistakes { (picture(report, mistake, &inputs(test, &[mistake.sample]), n_columns, value)) }
                    }
                };
                (gallery(first))
                @if !others.is_empty() { details.part { summary { "The next " (others.len()) } (gallery(others)) } }
            }
            None => (list(report, &shown, value)),
        }
    }
}

fn picture(
    report: &Report,
    mistake: &Prediction,
    x: &Matrix,
    n_columns: usize,
    value: impl Fn(f64) -> String,
) -> Markup {
    let (truth, predicted) = (report.class(mistake.truth), report.class(mistake.predicted));
    html! {
        li {
            img src=(picture::grey(&grey_pixels(x), n_columns)) width="84" height="84"
                alt={ "Test sample " (mistake.sample) ": " (truth) ", predicted as " (predicted) };
            dl {
                div { dt { "is " b { (truth) } } dd { (value(mistake.p_truth)) } }
                div { dt { "as " b { (predicted) } } dd { (value(mistake.p_predicted)) } }
            }
        }
    }
}

fn list(report: &Report, mistakes: &[Prediction], value: impl Fn(f64) -> String) -> Markup {
    let rows = mistakes.iter().map(|mistake| {
        let (truth, predicted) = (report.class(mistake.truth), report.class(mistake.predicted));
        vec![mistake.sample.to_string(), truth, value(mistake.p_truth), predicted, value(mistake.p_predicted)]
    });
    let columns = ["sample", "true class", "its output", "predicted class", "its output"];
    card("The most confident mistakes", &table("Samples count from 0", &columns, rows))
}
