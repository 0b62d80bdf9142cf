//! The whole HTML page: head, contents, one part per run, foot.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use chainrule_trainer::{Samples, data::AnySamples, write_file};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    Error, Report, draw,
    predictions::{Prediction, grey_pixels, inputs},
    report::Findings,
    run::By,
    sections::{
        activations, calibration, classes, comparison, curves, layers, mistakes, settings, summary, weights,
    },
    text::harmless_lines,
};

const STYLE: &str = include_str!("style.css");

/// A part of a run: its id, its title, its body.
type Part = (&'static str, &'static str, Markup);

/// The parts that are for a second look; paper has them open.
const FOLDED: [&str; 5] = ["layers", "activations", "calibration", "weights", "settings"];

impl Report {
    /// The page, with every network evaluated on `test`.
    ///
    /// # Errors
    /// [`Error::NoRun`]; [`Error::Samples`] if a network doesn't fit the samples; [`Error::NoClass`] where targets are
    /// values; [`Error::Images`] if the samples have another number of values than the images.
    pub fn to_html(&self, test: &impl Samples) -> Result<String, Error> {
        self.html(&AnySamples::new(test))
    }

    /// The same, compiled in this crate, whatever the samples of a program are.
    fn html(&self, test: &AnySamples<'_>) -> Result<String, Error> {
        if self.runs.is_empty() {
            return Err(Error::NoRun);
        }
        if let Some((n_rows, n_columns)) = self.images
            && n_rows.checked_mul(n_columns) != Some(test.n_inputs())
        {
            return Err(Error::Images { n_rows, n_columns, found: test.n_inputs() });
        }
        let findings = self.runs.iter().map(|run| Findings::new(run, test));
        let findings = findings.collect::<Result<Vec<_>, _>>()?;
        Ok(harmless_lines(&page(self, &findings, test).into_string()))
    }

    /// Writes the page to `path`; what was there before stays until the new file is whole.
    ///
    /// # Errors
    /// Those of [`to_html`](Report::to_html), and [`Error::Io`].
    pub fn save(&self, test: &impl Samples, path: impl AsRef<Path>) -> Result<(), Error> {
        let (path, html) = (path.as_ref(), self.to_html(test)?);
        write_file(path, html.as_bytes()).map_err(|cause| Error::Io { path: path.to_path_buf(), cause })
    }
}

fn page(report: &Report, findings: &[Findings<'_>], test: &impl Samples) -> Markup {
    let by = By::of(&report.runs);
    let ids = (1..).map(|i| format!("run-{i}"));
    let runs: Vec<_> = ids.zip(findings.iter().map(|of_run| parts(report, of_run, test, by))).collect();
    // The first network that can be drawn for, or why none can.
    let mut drawing = Err(String::new());
    for of_run in findings.iter() {
        drawing = draw::section(report, &of_run.run.net).map(|html| (of_run, html));
        if drawing.is_ok() {
            break;
        }
    }
    let draw_title = "Draw, and the network reads";
    let compared = findings.len() > 1;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Nothing may be fetched, whatever is in this file.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
                title { (report.title) }
                style { (PreEscaped(STYLE)) (PreEscaped(draw::STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (report.title) }
                    p { (summary::sentence(findings)) }
                    @for of_run in findings { (warning(of_run)) }
                    nav aria-label="Contents" {
                        ul {
                            li { a href="#draw" { (draw_title) } }
                            @if compared { li { a href="#compared" { "Runs compared" } } }
                            @for ((id, parts), of_run) in runs.iter().zip(findings) {
                                @if compared { li { a href={ "#" (id) } { (of_run.run.name) } } }
                                @else { @for (part, title, _) in parts { li { a href={ "#" (id) "-" (part) } { (title) } } } }
                            }
                        }
                    }
                }
                main #content tabindex="-1" {
                    section #draw aria-labelledby="draw-title" {
                        h2 #draw-title { (draw_title) }
                        @match &drawing {
                            Ok((of_run, html)) => {
                                @if compared { p { "The network of " strong { (of_run.run.name) } " reads what you draw." } }
                                script #draw-example type="application/json" { (example(of_run, test)) }
                                (PreEscaped(html))
                            }
                            Err(why) => p { "There is no field to draw in, since " (why) "." },
                        }
                    }
                    @if compared {
                        section #compared aria-labelledby="compared-title" {
                            h2 #compared-title { "Runs compared" }
                            (comparison::section(findings, by))
                        }
                    }
                    @for ((id, parts), of_run) in runs.iter().zip(findings) {
                        article id=(id) aria-labelledby={ (id) "-title" } {
                            h2 id={ (id) "-title" } { @if compared { "Results of " (of_run.run.name) } @else { "Results" } }
                            @if compared { (warning(of_run)) }
                            (summary::tiles(of_run))
                            @for (part, title, body) in parts {
                                section id={ (id) "-" (part) } {
                                    // The curves of runs that are compared stand side by side above.
                                    @if FOLDED.contains(part) || compared && *part == "curves" { details.part { summary { h3 { (title) } } (body) } }
                                    @else { h3 { (title) } (body) }
                                }
                            }
                        }
                    }
                }
                footer { p { "Made by chainrule " (env!("CARGO_PKG_VERSION")) ". This page needs no other file and no network." } }
            }
        }
    }
}

/// What has to be known before any figure of the run is read.
fn warning(findings: &Findings<'_>) -> Markup {
    html! { @if let Some(warning) = &findings.run.warning { p.warning { strong { "Warning. " } (warning) } } }
}

/// The pixels of a sample that the network reads correctly, if there is one, as base64: with it, the field is not empty.
fn example(findings: &Findings<'_>, test: &impl Samples) -> String {
    let is_right = |prediction: &&Prediction| !prediction.is_mistake();
    let sample = findings.predictions.iter().find(is_right).map_or(0, |prediction| prediction.sample);
    STANDARD.encode(grey_pixels(&inputs(test, &[sample])))
}

fn parts(report: &Report, findings: &Findings<'_>, test: &impl Samples, by: By) -> [Part; 8] {
    [
        ("curves", "How training went", html! { (warning(findings)) (curves::section(findings.run, by)) }),
        ("layers", "Inside the network", layers::section(findings, by)),
        ("activations", "Activations", activations::section(findings)),
        ("classes", "Confusion matrix, precision and recall", classes::section(report, findings)),
        ("calibration", "Calibration", calibration::section(findings)),
        ("mistakes", "The most confident mistakes", mistakes::section(report, findings, test)),
        ("weights", "First-layer weights", weights::section(report, findings.run)),
        ("settings", "Settings, and how to repeat the run", settings::section(findings.run)),
    ]
}
