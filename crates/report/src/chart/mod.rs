//! Charts: lines, points or bars in a frame with axes, as SVG, each with its legend and its values as a table.
//!
//! Colours and dashes are classes, so that the page's style sheet has them in one place, for light and dark alike.
//! A series differs from its neighbours in colour, dash and marker: none is told by its colour alone.

mod figure;
mod scale;
mod svg;
mod table;

pub(crate) use scale::Scale;

/// The frame in the units of the SVG's `viewBox`. A chart is about as wide as a phone, so that letters keep their size there.
pub(crate) const WIDTH: f64 = 400.0;
pub(crate) const HEIGHT: f64 = 260.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 46.0;

/// A chart.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What it shows, in a sentence or two below it.
    pub(crate) note: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) bars: Vec<Bar>,
    pub(crate) series: Vec<Series>,
    /// Whether the points of a series are joined by lines; otherwise those of several series stand side by side.
    pub(crate) joined: bool,
}

impl Chart {
    /// A chart without a note that shows nothing yet.
    pub(crate) fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        let (title, note, bars, series) = (title.into(), String::new(), Vec::new(), Vec::new());
        Chart { title, note, x, y, bars, series, joined: false }
    }
}

/// What an axis shows, with its unit, and its values.
#[derive(Debug)]
pub(crate) struct Axis {
    pub(crate) title: String,
    pub(crate) scale: Scale,
}

impl Axis {
    pub(crate) fn new(title: impl Into<String>, scale: Scale) -> Self {
        Axis { title: title.into(), scale }
    }
}

/// A series of points with its name; a `y` that is not finite is a gap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// Its colour, dash and marker: what is the same looks the same in every chart.
    pub(crate) look: usize,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn new(name: &str, look: usize, points: Vec<(f64, f64)>) -> Self {
        Series { name: name.to_string(), look, points }
    }
}

/// A bar from the bottom of the chart to a height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bar {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) height: f64,
}

/// At most `most` of the points, evenly, the first and the last among them.
pub(crate) fn thinned<T: Copy>(points: &[T], most: usize) -> Vec<T> {
    if points.len() <= most {
        return points.to_vec();
    }
    let last = points.len() - 1;
    (0..most).map(|i| points[i * last / (most - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<usize> = (0..1000).collect();
        assert_eq!(thinned(&points, 4), [0, 333, 666, 999]);
        assert_eq!(thinned(&points, 1000), points);
    }
}
