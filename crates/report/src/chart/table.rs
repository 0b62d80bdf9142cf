//! The values of a chart as a table, for those who cannot see it or want the numbers.

use maud::{Markup, html};

use super::{Chart, Series, thinned};
use crate::{numbers::significant, table::table};

/// A longer table is not read.
const MOST_ROWS: usize = 200;

pub(super) fn values(chart: &Chart, bar_name: &str) -> Markup {
    html! {
        details {
            summary { "Values: " (chart.title) }
            div.scroll tabindex="0" role="group" aria-label={ "Values: " (chart.title) } {
                @if !chart.bars.is_empty() { (bars(chart, bar_name)) }
                @else { (series(chart)) }
            }
        }
    }
}

fn bars(chart: &Chart, bar_name: &str) -> Markup {
    let rows = chart
        .bars
        .iter()
        .map(|bar| vec![significant(bar.from, 3), significant(bar.to, 3), significant(bar.height, 4)]);
    table(&caption(chart), &["from", "to", bar_name], rows)
}

fn series(chart: &Chart) -> Markup {
    let points = chart.series.iter().flat_map(|series| &series.points);
    let mut places: Vec<f64> = points.map(|point| point.0).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let shown = thinned(&places, MOST_ROWS);
    let mut caption = caption(chart);
    if shown.len() < places.len() {
        caption.push_str(&format!(", {} of {} rows", shown.len(), places.len()));
    }
    let columns: Vec<&str> =
        [&*chart.x.title].into_iter().chain(chart.series.iter().map(|series| &*series.name)).collect();
    let rows = shown.into_iter().map(|x| {
        let value = |series: &Series| {
            let point = series.points.iter().find(|point| point.0 == x);
            significant(point.map_or(f64::NAN, |point| point.1), 4)
        };
        [label(chart, x)].into_iter().chain(chart.series.iter().map(value)).collect()
    });
    table(&caption, &columns, rows)
}

fn caption(chart: &Chart) -> String {
    format!("{} by {}", chart.y.title, chart.x.title)
}

/// A place on the axis by its name, if it has one.
fn label(chart: &Chart, x: f64) -> String {
    let named = chart.x.scale.ticks.iter().find(|(value, _)| *value == x);
    named.map_or_else(|| significant(x, 1 + x.abs().max(1.0).log10() as usize), |(_, label)| label.clone())
}
