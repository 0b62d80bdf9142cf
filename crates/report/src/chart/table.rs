//! The values of a chart as a table, for those who cannot see it or want the numbers.

use maud::{Markup, html};

use super::{Chart, thinned};
use crate::numbers::{UNKNOWN, significant};

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
    html! {
        table {
            caption { (chart.y.title) " by " (chart.x.title) }
            thead { tr { th scope="col" { "from" } th scope="col" { "to" } th scope="col" { (bar_name) } } }
            tbody {
                @for bar in &chart.bars {
                    tr {
                        th scope="row" { (significant(bar.from, 3)) }
                        td { (significant(bar.to, 3)) }
                        td { (significant(bar.height, 4)) }
                    }
                }
            }
        }
    }
}

fn series(chart: &Chart) -> Markup {
    let mut places: Vec<f64> =
        chart.series.iter().flat_map(|series| series.points.iter().map(|point| point.0)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let rows = thinned(&places, MOST_ROWS);
    html! {
        table {
            caption {
                (chart.y.title) " by " (chart.x.title)
                @if rows.len() < places.len() { ", " (rows.len()) " of " (places.len()) " rows" }
            }
            thead {
                tr {
                    th scope="col" { (chart.x.title) }
                    @for series in &chart.series { th scope="col" { (series.name) } }
                }
            }
            tbody {
                @for x in rows {
                    tr {
                        th scope="row" { (label(chart, x)) }
                        @for series in &chart.series {
                            td { (series.points.iter().find(|point| point.0 == x)
                                .map_or(UNKNOWN.to_string(), |point| significant(point.1, 4))) }
                        }
                    }
                }
            }
        }
    }
}

/// A place on the axis by its name, if it has one.
fn label(chart: &Chart, x: f64) -> String {
    let named = chart.x.scale.ticks.iter().find(|(value, _)| *value == x);
    named.map_or_else(|| significant(x, 1 + x.abs().max(1.0).log10() as usize), |(_, label)| label.clone())
}
