//! A chart on the page: its title, the drawing, the legend, the note and the table of its values.

use maud::{Markup, html};

use super::{Chart, svg, table};

impl Chart {
    /// The chart with everything that belongs to it. `bar_name` is what bars show, for the table.
    pub(crate) fn figure(&self, bar_name: &str) -> Markup {
        html! {
            figure.card {
                figcaption { (self.title) }
                (svg::drawing(self))
                @if self.has_legend() {
                    ul.legend {
                        @if !self.bars.is_empty() { li { (svg::bar_swatch()) (bar_name) } }
                        @for series in &self.series {
                            li { (svg::swatch(series.look, self.joined)) (series.name) }
                        }
                    }
                }
                @if !self.note.is_empty() { p.note { (self.note) } }
                (table::values(self, bar_name))
            }
        }
    }

    /// A line of its own, which the title names, needs none; one of another look is one of several elsewhere.
    fn has_legend(&self) -> bool {
        match &self.series[..] {
            [] => false,
            [one] => !self.bars.is_empty() || one.look > 0,
            _ => true,
        }
    }
}
