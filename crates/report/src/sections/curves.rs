//! Training curves: loss, accuracy, learning rate, throughput by epoch or step.

use chainrule_trainer::losses::LossConfig;
use maud::{Markup, html};

use crate::{
    Run,
    chart::{Axis, Chart, Scale, Series},
    numbers::significant,
    run::By,
};

/// More lines in one chart can't be told apart.
const MOST_LINES: usize = 6;

/// A curve of one kind: its title, its unit, what one has to know of it, and its tag's beginning.
pub(crate) struct Curve {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) note: &'static str,
    pub(crate) prefix: &'static str,
    /// Whether the axis is logarithmic where values lie far apart.
    pub(crate) wide: bool,
    /// What values are multiplied by to be in the unit.
    pub(crate) factor: f64,
    /// Whether values that never change are said in a line, without a chart.
    pub(crate) brief: bool,
}

/// Its unit is that of the network's loss.
pub(crate) fn loss(config: &LossConfig) -> Curve {
    Curve { unit: config.loss::<f32>().axis(), ..LOSS }
}

/// Values as they are, on a linear axis.
pub(crate) const VALUE: Curve =
    Curve { title: "", unit: "", note: "", prefix: "", wide: false, factor: 1.0, brief: false };

/// Fractions of units, in percent.
pub(crate) const SHARE: Curve = Curve { unit: "fraction of units (%)", factor: 100.0, ..VALUE };

const LOSS: Curve = Curve {
    title: "Loss",
    note: "The training loss is the mean over the epoch, measured before each update.",
    prefix: "loss/",
    wide: true,
    ..VALUE
};

pub(crate) const ACCURACY: Curve = Curve {
    title: "Accuracy",
    unit: "accuracy (%)",
    note: "Training accuracy is measured before each update; the others after the epoch.",
    prefix: "accuracy/",
    ..SHARE
};

pub(crate) const LEARNING_RATE: Curve = Curve {
    title: "Learning rate",
    unit: "learning rate (no unit)",
    prefix: "learning_rate",
    brief: true,
    ..VALUE
};

pub(crate) const THROUGHPUT: Curve = Curve {
    title: "Throughput",
    unit: "thousand samples per second",
    prefix: "samples_per_second",
    factor: 1e-3,
    ..VALUE
};

/// Loss, accuracy, learning rate, throughput.
pub(crate) fn section(run: &Run, by: By) -> Markup {
    let curves = [loss(&run.net.config().loss), ACCURACY, LEARNING_RATE, THROUGHPUT];
    let (charts, constant) = charts(&curves, run, by);
    let stops_early = run.training.as_ref().is_some_and(|training| training.early_stopping.is_some());
    html! {
        @if stops_early {
            p { "Early stopping: the network is that of the epoch with the lowest validation loss." }
        }
        @if charts.is_empty() && constant.is_empty() {
            p { "Nothing was measured on the way: the network was not trained, or its history was not saved." }
        } @else { (shown(&charts, &constant)) }
    }
}

/// Charts of a run, and sentences about what never changed.
pub(crate) fn charts(curves: &[Curve], run: &Run, by: By) -> (Vec<Markup>, Vec<String>) {
    split(curves.iter().flat_map(|curve| curve.of_run(run, by)))
}

/// What has a chart, and what a sentence says.
pub(crate) fn split(shown: impl Iterator<Item = Shown>) -> (Vec<Markup>, Vec<String>) {
    let (mut charts, mut constant) = (Vec::new(), Vec::new());
    for one in shown {
        match one {
            Shown::Chart(chart) => charts.push(chart),
            Shown::Constant(text) => constant.push(text),
        }
    }
    (charts, constant)
}

/// Charts side by side, and below them what takes none.
pub(crate) fn shown(charts: &[Markup], constant: &[String]) -> Markup {
    html! {
        @if !charts.is_empty() { div.charts { @for chart in charts { (chart) } } }
        @if !constant.is_empty() { p.constant { (constant.join(" ")) } }
    }
}

/// How a curve is shown.
pub(crate) enum Shown {
    Chart(Markup),
    /// A sentence.
    Constant(String),
}

/// The values of lines that never change, with their names if they differ; `None` if a line changes.
fn constant(lines: &[Series]) -> Option<String> {
    let value = |line: &Series| {
        let value = line.points.first()?.1;
        line.points.iter().all(|point| point.1 == value).then_some(value)
    };
    let values = lines.iter().map(value).collect::<Option<Vec<f64>>>()?;
    let text = |value: f64| if value == 0.0 { "0".to_string() } else { significant(value, 4) };
    if values.iter().all(|value| *value == values[0]) {
        return values.first().map(|value| text(*value));
    }
    let named = lines.iter().zip(values).map(|(line, value)| format!("{} for {}", text(value), line.name));
    Some(named.collect::<Vec<_>>().join(", "))
}

impl Curve {
    /// The charts of this kind: none if nothing was measured, several if there are too many lines for one.
    pub(crate) fn of_run(&self, run: &Run, by: By) -> Vec<Shown> {
        let series = run.tags(self.prefix).into_iter().enumerate().map(|(i, tag)| {
            let name = tag.strip_prefix(self.prefix).filter(|name| !name.is_empty()).unwrap_or(tag);
            let layer = name.strip_prefix("layer").and_then(|l| l.parse::<usize>().ok()).filter(|l| *l > 0);
            let layer = layer.and_then(|l| Some((l, run.net.config().layers.get(l - 1)?)));
            let look = match name {
                // Whether there is a validation or not.
                "train" => 0,
                "test" => 1,
                "validation" => 2,
                _ => i % MOST_LINES,
            };
            // A layer has one name in the whole page.
            let name = layer.map_or(name.to_string(), |(l, layer)| format!("layer {l} ({})", layer.name()));
            Series::new(&name, look, run.points(tag, by))
        });
        self.charts(self.title, self.note, series.collect(), by)
    }

    /// One tag of several runs in one chart; a run looks the same in all.
    pub(crate) fn of_runs(&self, title: &str, tag: &str, runs: &[&Run], by: By) -> Vec<Shown> {
        let of_run = |(look, run): (usize, &&Run)| Series::new(&run.name, look, run.points(tag, by));
        let series = runs.iter().enumerate().map(of_run);
        self.charts(title, "", series.filter(|series| !series.points.is_empty()).collect(), by)
    }

    fn charts(&self, title: &str, note: &str, series: Vec<Series>, by: By) -> Vec<Shown> {
        let n_charts = series.len().div_ceil(MOST_LINES);
        let charts = series.chunks(MOST_LINES).enumerate().filter_map(|(i, of_chart)| {
            let mut of_chart = of_chart.to_vec();
            for point in of_chart.iter_mut().flat_map(|series| &mut series.points) {
                point.1 *= self.factor;
            }
            if let Some(values) = constant(&of_chart).filter(|_| self.brief) {
                return Some(Shown::Constant(format!("{title}: {values} at all times, {}.", self.unit)));
            }
            let points = of_chart.iter().flat_map(|series| series.points.iter());
            let x = Scale::whole(points.clone().map(|point| point.0))?;
            let y = points.map(|point| point.1);
            let y = if self.wide { Scale::log_if_wide(y) } else { Scale::linear(y) }?;
            let title = match n_charts {
                1 => title.to_string(),
                _ => format!("{title}, part {} of {n_charts}", i + 1),
            };
            let unit = if y.is_log() { format!("{}, log scale", self.unit) } else { self.unit.to_string() };
            let chart = Chart::new(title, Axis::new(by.title(), x), Axis::new(unit, y));
            let chart = Chart { note: note.to_string(), series: of_chart, joined: true, ..chart };
            Some(Shown::Chart(chart.figure("")))
        });
        charts.collect()
    }
}
