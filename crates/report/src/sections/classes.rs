//! The confusion matrix; precision, recall and F1 of every class.

use chainrule_trainer::Confusion;
use maud::{Markup, html};

use crate::{
    Report,
    chart::{Axis, Chart, Scale, Series},
    numbers::{percent, whole},
    report::Findings,
    table::{card, table},
};

/// A larger matrix cannot be read.
const MOST_CLASSES: usize = 30;

/// Shades of a cell, from none to the darkest.
const N_SHADES: usize = 5;

pub(crate) fn section(report: &Report, findings: &Findings<'_>) -> Markup {
    let Some(confusion) = &findings.evaluation.confusion else {
        return html! { p { "The network has no classes." } };
    };
    html! {
        // Outside of what scrolls, so that a phone shows the whole of it.
        p.note {
            "The matrix: test samples by true class (rows) and predicted class (columns). The stronger the colour, the larger the "
            "fraction of the row; correct predictions are framed."
        }
        div.beside {
            @if confusion.n_classes() <= MOST_CLASSES { (matrix(report, confusion)) }
            @else { p { "The matrix of " (confusion.n_classes()) " classes is not shown: it would be too large to read." } }
            (chart(report, confusion))
            (rates(report, confusion))
        }
    }
}

fn matrix(report: &Report, confusion: &Confusion) -> Markup {
    let n = confusion.n_classes();
    html! {
        div.scroll.matrix tabindex="0" role="group" aria-label="Confusion matrix" {
            table.confusion {
                thead {
                    tr { td {} th scope="colgroup" colspan=(n) { "predicted" } }
                    tr {
                        th scope="col" { "true" }
                        @for class in 0..n { th scope="col" { (report.class(class)) } }
                    }
                }
                tbody {
                    @for truth in 0..n {
                        tr {
                            th scope="row" { (report.class(truth)) }
                            @for predicted in 0..n {
                                @let count = confusion.count(truth, predicted);
                                @let right = if truth == predicted { " right" } else { "" };
                                td class={ "h" (shade(count, confusion.n_true(truth))) (right) } { (count) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How dark a cell is: mistakes are a hundred times rarer than hits, and have to show.
fn shade(count: usize, of: usize) -> usize {
    let share = count as f64 / of.max(1) as f64;
    [0.002, 0.01, 0.05, 0.5].iter().filter(|limit| share > **limit).count().min(N_SHADES - 1)
}

fn chart(report: &Report, confusion: &Confusion) -> Markup {
    let n = confusion.n_classes();
    let series = |name, look, of: &dyn Fn(usize) -> Option<f64>| {
        let point = |class| (class as f64, 100.0 * of(class).unwrap_or(f64::NAN));
        Series::new(name, look, (0..n).map(point).collect())
    };
    let series = vec![
        series("precision", 0, &|class| confusion.precision(class)),
        series("recall", 1, &|class| confusion.recall(class)),
    ];
    // Names that would run into each other are left to the table.
    let longest = (0..n).map(|class| report.class(class).chars().count()).max().unwrap_or(0);
    let named = longest * n <= 40;
    let label = |class| if named { report.class(class) } else { class.to_string() };
    let ticks = (0..n).filter(|class| named || class % n.div_ceil(10) == 0);
    let ticks = ticks.map(|class| (class as f64, label(class))).collect();
    let x = Axis::new(
        if named { "class" } else { "number of the class" },
        Scale::fixed(-0.5, n as f64 - 0.5, ticks),
    );
    let y = Scale::linear(series.iter().flat_map(|series| series.points.iter().map(|point| point.1)));
    let y = Axis::new("precision, recall (%)", y.unwrap_or(Scale::between(0.0, 100.0, 0.0)));
    let note = "Precision: the fraction of predictions of a class that are correct. Recall: the fraction of the samples of a \
                class that are predicted as it.";
    Chart { note: note.into(), series, ..Chart::new("Precision and recall", x, y) }.figure("")
}

fn rates(report: &Report, confusion: &Confusion) -> Markup {
    let share = |share: Option<f64>| percent(share.unwrap_or(f64::NAN), 1);
    let rows = (0..confusion.n_classes()).map(|class| {
        vec![
            report.class(class),
            whole(confusion.n_true(class)),
            share(confusion.precision(class)),
            share(confusion.recall(class)),
            share(confusion.f1(class)),
        ]
    });
    let title = "Precision, recall and F1 of every class";
    card(title, &table(title, &["class", "samples", "precision", "recall", "F1"], rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_mistakes_show() {
        assert_eq!([0, 2, 3, 20, 100, 900].map(|count| shade(count, 1000)), [0, 0, 1, 2, 3, 4]);
        assert_eq!(shade(0, 0), 0);
    }
}
