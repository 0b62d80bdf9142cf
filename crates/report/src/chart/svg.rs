//! A chart as SVG.

use maud::{Markup, html};

use super::{BOTTOM, Chart, HEIGHT, LEFT, RIGHT, Series, TOP, WIDTH, thinned};
use crate::numbers::significant;

/// More points than pixels can't be seen.
const MOST_POINTS: usize = 400;
/// More markers would touch.
const MOST_MARKERS: usize = 40;

/// Room left of everything, so that "1.05e−3" fits beside the axis in a wide font too.
const MARGIN: f64 = 14.0;

/// Colours, dashes and markers come round after different numbers, so that the first sixty series all differ.
const N_COLOURS: usize = 6;
const N_DASHES: usize = 4;
const N_MARKERS: usize = 5;

pub(super) fn drawing(chart: &Chart) -> Markup {
    let (x, y) = (|value: f64| x_of(chart, value), |value: f64| y_of(chart, value));
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    html! {
        svg.chart viewBox={ (-MARGIN) " 0 " (WIDTH + MARGIN) " " (HEIGHT) } role="img" aria-label=(description(chart)) {
            text.axis-title x=(2.0 - MARGIN) y="14" { (chart.y.title) }
            text.axis-title x=(round((LEFT + right) / 2.0)) y=(HEIGHT - 6.0) text-anchor="middle" { (chart.x.title) }
            @for (value, label) in &chart.y.scale.ticks {
                line.grid x1=(LEFT) x2=(right) y1=(y(*value)) y2=(y(*value)) {}
                text x=(LEFT - 6.0) y=(round(y(*value) + 4.0)) text-anchor="end" { (label) }
            }
            @for (value, label) in &chart.x.scale.ticks {
                line.tick x1=(x(*value)) x2=(x(*value)) y1=(bottom) y2=(bottom + 4.0) {}
                text x=(x(*value)) y=(bottom + 18.0) text-anchor="middle" { (label) }
            }
            @for bar in &chart.bars {
                @if bar.height.is_finite() && bar.height > chart.y.scale.low {
                    rect.bar x=(x(bar.from)) y=(y(bar.height)) width=(round(x(bar.to) - x(bar.from)))
                        height=(round(bottom - y(bar.height))) {}
                }
            }
            line.frame x1=(LEFT) x2=(right) y1=(bottom) y2=(bottom) {}
            @for (i, series) in chart.series.iter().enumerate() {
                g class=(colour(series.look)) {
                    @if chart.joined { path class={ "line " (dash(series.look)) } d=(path(chart, series)) {} }
                    @if !chart.joined || series.points.len() <= MOST_MARKERS {
                        @for &(px, py) in series.points.iter().filter(|point| point.1.is_finite()) {
                            path.marker d=(marker(series.look, beside(chart, i, x(px)), y(py))) {
                                title { (series.name) ": " (significant(py, 4)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The chart in a sentence, for those who hear it; the table has the rest.
fn description(chart: &Chart) -> String {
    let mut text = format!("{}: {} against {}", chart.title, chart.y.title, chart.x.title);
    if chart.y.scale.is_log() {
        text.push_str(", logarithmic");
    }
    for series in &chart.series {
        let known = || series.points.iter().map(|point| point.1).filter(|y| y.is_finite());
        if let (Some(first), Some(last)) = (known().next(), known().next_back()) {
            let (name, first, last) = (&series.name, significant(first, 4), significant(last, 4));
            text.push_str(&match chart.joined {
                true => format!("; {name} from {first} to {last}"),
                false => format!("; {name}"),
            });
        }
    }
    text.push_str(". The table below has the values.");
    text
}

/// Where the marker of series `i` stands: a little aside of the others' where no line leads to it, so that none is hidden.
fn beside(chart: &Chart, i: usize, x: f64) -> f64 {
    match chart.joined {
        true => x,
        false => round(x + 8.0 * (i as f64 - (chart.series.len() as f64 - 1.0) / 2.0)),
    }
}

/// The line through the points, broken where a value is not finite.
fn path(chart: &Chart, series: &Series) -> String {
    let (mut d, mut begins) = (String::new(), true);
    for (px, py) in thinned(&series.points, MOST_POINTS) {
        if py.is_finite() {
            // A point alone between gaps shows as a dot, since its line of no length has round ends.
            let end = if begins { "h0" } else { "" };
            let command = if begins { "M" } else { "L" };
            d.push_str(&format!("{command}{} {}{end}", x_of(chart, px), y_of(chart, py)));
        }
        begins = !py.is_finite();
    }
    d
}

fn x_of(chart: &Chart, value: f64) -> f64 {
    round(LEFT + chart.x.scale.position(value) * (WIDTH - LEFT - RIGHT))
}

fn y_of(chart: &Chart, value: f64) -> f64 {
    round(HEIGHT - BOTTOM - chart.y.scale.position(value) * (HEIGHT - TOP - BOTTOM))
}

/// A tenth of a unit is finer than any screen.
fn round(value: f64) -> f64 {
    (10.0 * value).round() / 10.0
}

fn colour(i: usize) -> String {
    format!("s{}", i % N_COLOURS)
}

fn dash(i: usize) -> String {
    format!("d{}", i % N_DASHES)
}

/// A disc, a square, a triangle, a diamond, a cross.
fn marker(i: usize, x: f64, y: f64) -> String {
    match i % N_MARKERS {
        0 => format!("M{} {y}a3 3 0 1 0 6 0a3 3 0 1 0-6 0z", round(x - 3.0)),
        1 => format!("M{} {}h6v6h-6z", round(x - 3.0), round(y - 3.0)),
        2 => format!("M{x} {}l3.6 6.5h-7.2z", round(y - 4.0)),
        3 => format!("M{x} {}l4 4-4 4-4-4z", round(y - 4.0)),
        _ => format!("M{} {}l6 6m0-6l-6 6", round(x - 3.0), round(y - 3.0)),
    }
}

/// A piece of the line of series `i` beside its name.
pub(super) fn swatch(i: usize, joined: bool) -> Markup {
    html! {
        svg.swatch viewBox="0 0 34 12" aria-hidden="true" {
            g class=(colour(i)) {
                @if joined { path class={ "line " (dash(i)) } d="M1 6h32" {} }
                path.marker d=(marker(i, 17.0, 6.0)) {}
            }
        }
    }
}

pub(super) fn bar_swatch() -> Markup {
    html! { svg.swatch viewBox="0 0 34 12" aria-hidden="true" { rect.bar x="10" y="1" width="14" height="10" {} } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Axis, Bar, Scale};

    fn chart(series: Vec<Series>, bars: Vec<Bar>) -> Chart {
        let ticks = |values: &[f64]| values.iter().map(|v| (*v, v.to_string())).collect::<Vec<_>>();
        Chart {
            title: "A <chart>".into(),
            note: String::new(),
            x: Axis::new("epoch", Scale::fixed(1.0, 5.0, ticks(&[1.0, 5.0]))),
            y: Axis::new("loss (nats)", Scale::fixed(0.0, 2.0, ticks(&[0.0, 2.0]))),
            bars,
            series,
            joined: true,
        }
    }

    #[test]
    fn points_lie_where_they_have_to() {
        // The frame is 58…386 wide and 30…214 high: epoch 3 is in the middle, 222, and loss 0.5 at 214 − 184/4 = 168.
        let points = vec![(1.0, 2.0), (3.0, 0.5), (4.0, f64::NAN), (5.0, 0.0)];
        let chart = chart(vec![Series { name: "train".into(), look: 0, points }], Vec::new());
        assert_eq!(path(&chart, &chart.series[0]), "M58 30h0L222 168M386 214h0");
        let svg = drawing(&chart).into_string();
        assert_eq!(svg.matches("class=\"marker\"").count(), 3);
        assert!(svg.contains("<title>train: 0.5000</title>"), "{svg}");
        assert!(
            svg.contains("A &lt;chart&gt;: loss (nats) against epoch; train from 2.000 to 0.00"),
            "{svg}"
        );
    }

    #[test]
    fn bars_stand_on_the_axis() {
        let bar = Bar { from: 2.0, to: 3.0, height: 1.0 };
        let svg = drawing(&chart(Vec::new(), vec![bar, Bar { height: f64::NAN, ..bar }])).into_string();
        // A quarter of 328 is 82; half of 184 is 92.
        assert!(svg.contains("<rect class=\"bar\" x=\"140\" y=\"122\" width=\"82\" height=\"92\">"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 1);
    }

    #[test]
    fn equal_points_stand_side_by_side() {
        let series = |look| Series { name: "a".into(), look, points: vec![(3.0, 1.0)] };
        let chart = Chart { joined: false, ..chart(vec![series(0), series(1)], Vec::new()) };
        // Around 222: a disc that begins 3 before 218, and a square that begins 3 before 226.
        let svg = drawing(&chart).into_string();
        assert!(svg.contains("d=\"M215 122a") && svg.contains("d=\"M223 119h6"), "{svg}");
    }

    #[test]
    fn sixty_series_all_look_different() {
        let looks = |i| (colour(i), dash(i), marker(i, 0.0, 0.0));
        let all: std::collections::BTreeSet<_> = (0..60).map(looks).collect();
        assert_eq!(all.len(), 60);
    }
}
