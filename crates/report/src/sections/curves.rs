//! What was measured while the run went on, as curves.

use maud::{Markup, html};

use crate::{
    Run,
    chart::{Axis, Chart, Scale, Series},
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
    /// What values are multiplied by to be in the unit.
    pub(crate) factor: f64,
}

pub(crate) const LOSS: Curve = Curve {
    title: "Loss",
    unit: "mean loss (nats per sample)",
    note: "The training loss is the mean over the epoch, while the weights still changed.",
    prefix: "loss/",
    factor: 1.0,
};

pub(crate) const ACCURACY: Curve = Curve {
    title: "Accuracy",
    unit: "accuracy (%)",
    note: "Of the training samples as they were trained on; of the others after the epoch.",
    prefix: "accuracy/",
    factor: 100.0,
};

pub(crate) const LEARNING_RATE: Curve = Curve {
    title: "Learning rate",
    unit: "learning rate (no unit)",
    note: "",
    prefix: "learning_rate",
    factor: 1.0,
};

pub(crate) const THROUGHPUT: Curve = Curve {
    title: "Throughput",
    unit: "thousand samples per second",
    note: "",
    prefix: "samples_per_second",
    factor: 1e-3,
};

const GRADIENT_NORMS: Curve = Curve {
    title: "Gradient norms",
    unit: "Euclidean norm of the gradient (no unit)",
    note: "Where the first layers' are far smaller than the last ones', the gradient vanishes on its way back.",
    prefix: "gradient_norm/",
    factor: 1.0,
};

const WEIGHT_NORMS: Curve = Curve {
    title: "Weight norms",
    unit: "Euclidean norm of the parameter (no unit)",
    note: "",
    prefix: "weight_norm/",
    factor: 1.0,
};

const DEAD: Curve = Curve {
    title: "Dead units",
    unit: "share of units (%)",
    note: "A dead unit gives 0 for every sample, and learns nothing any more.",
    prefix: "dead_units/",
    factor: 100.0,
};

const SATURATED: Curve = Curve {
    title: "Saturated units",
    unit: "share of units (%)",
    note: "A saturated unit is so far out on its curve that almost no gradient comes through.",
    prefix: "saturated_units/",
    factor: 100.0,
};

/// Loss, accuracy, learning rate, throughput.
pub(crate) fn section(run: &Run, by: By) -> Markup {
    let curves = [LOSS, ACCURACY, LEARNING_RATE, THROUGHPUT];
    let charts: Vec<Markup> = curves.iter().flat_map(|curve| curve.of_run(run, by)).collect();
    html! {
        @if charts.is_empty() { p { "Nothing was measured on the way: the network was not trained, or not with a history." } }
        @else { div.charts { @for chart in charts { (chart) } } }
    }
}

/// Norms of gradients and weights, dead and saturated units.
pub(crate) fn layers(run: &Run, by: By) -> Markup {
    let curves = [GRADIENT_NORMS, WEIGHT_NORMS, DEAD, SATURATED];
    let charts: Vec<Markup> = curves.iter().flat_map(|curve| curve.of_run(run, by)).collect();
    html! {
        @if charts.is_empty() {
            p {
                "Norms of gradients and weights by layer are in the logs of a run: train with " code { "--report" } " or "
                code { "--log-dir" } " to have them here."
            }
        } @else { div.charts { @for chart in charts { (chart) } } }
    }
}

impl Curve {
    /// The charts of this kind: none if nothing was measured, several if there are too many lines for one.
    fn of_run(&self, run: &Run, by: By) -> Vec<Markup> {
        let series = run.tags(self.prefix).into_iter().map(|tag| {
            let name = tag.strip_prefix(self.prefix).filter(|name| !name.is_empty()).unwrap_or(tag);
            Series { name: name.to_string(), points: run.points(tag, by) }
        });
        self.charts(self.title, series.collect(), by)
    }

    /// One tag of several runs in one chart.
    pub(crate) fn of_runs(&self, title: &str, tag: &str, runs: &[&Run], by: By) -> Vec<Markup> {
        let series = runs.iter().map(|run| Series { name: run.name.clone(), points: run.points(tag, by) });
        self.charts(title, series.filter(|series| !series.points.is_empty()).collect(), by)
    }

    fn charts(&self, title: &str, series: Vec<Series>, by: By) -> Vec<Markup> {
        let n_charts = series.len().div_ceil(MOST_LINES);
        let charts = series.chunks(MOST_LINES).enumerate().filter_map(|(i, of_chart)| {
            let mut of_chart = of_chart.to_vec();
            for point in of_chart.iter_mut().flat_map(|series| &mut series.points) {
                point.1 *= self.factor;
            }
            let points = of_chart.iter().flat_map(|series| series.points.iter());
            let x = Scale::whole(points.clone().map(|point| point.0))?;
            let y = Scale::log_if_wide(points.map(|point| point.1))?;
            let title = match n_charts {
                1 => title.to_string(),
                _ => format!("{title}, part {} of {n_charts}", i + 1),
            };
            let unit = if y.is_log() { format!("{}, log scale", self.unit) } else { self.unit.to_string() };
            let chart = Chart {
                title,
                note: self.note.to_string(),
                x: Axis::new(by.title(), x),
                y: Axis::new(unit, y),
                bars: Vec::new(),
                series: of_chart,
                joined: true,
            };
            Some(chart.figure(""))
        });
        charts.collect()
    }
}
