//! `cargo xtask pictures`: the pictures of the README, made by running what they show.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use maud::{Markup, PreEscaped, html};
use serde_json::json;

use crate::{Result, browser, browser::Browser, output, own, python};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cargo xtask pictures\n  cargo xtask pictures --output elsewhere")]
pub(crate) struct Pictures {
    /// Folder to write the pictures into [default: crates/report/pictures, where the README finds them]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

/// What the README's terminal shows.
const COMMAND: &str = "train-mnist --epochs 5";

pub(crate) fn run(options: &Pictures) -> Result<()> {
    let browser = Browser::new(!options.json)?;
    let folder = match &options.output {
        Some(folder) => folder.clone(),
        None => python::root().join("crates/report/pictures"),
    };
    let files = browser::folder().join("pictures");
    fs::create_dir_all(&folder).and_then(|()| fs::create_dir_all(&files))?;

    let page = files.join("report.html");
    let page_text = page.display().to_string();
    let printed = own::call(&[(&format!("{COMMAND} --report"), &page)])?;
    // Where the page was written is of no interest.
    let shown: Vec<&str> = printed.lines().filter(|line| !line.contains(&page_text)).collect();
    let mut pictures = vec![folder.join("terminal.svg")];
    let command = format!("$ cargo xtask {COMMAND}");
    fs::write(&pictures[0], terminal(&[&[&command[..]], &shown[..]].concat()).into_string())?;

    let job = files.join("job.json");
    fs::write(&job, json!({"chromium": browser.chromium, "page": page, "folder": folder}).to_string())?;
    browser.run("pictures.mjs", &job, |said| {
        pictures.extend(said["picture"].as_str().map(PathBuf::from));
    })?;
    match options.json {
        true => output::json(&json!({"event": "pictures", "pictures": pictures})),
        false => pictures.iter().for_each(|picture| output::line(short(picture).display())),
    }
    Ok(())
}

/// From the repository's root, if it is inside.
fn short(path: &Path) -> &Path {
    path.strip_prefix(python::root()).unwrap_or(path)
}

/// Lines of a terminal as an SVG, wide enough for 80 columns; it keeps to the colours of whoever looks at it.
fn terminal(lines: &[&str]) -> Markup {
    const LINE: usize = 18;
    /// The width of 80 letters of 13 pixels where a letter has 0.6 of its height, and a margin on both sides.
    const WIDTH: usize = 660;
    let height = LINE * lines.len() + 24;
    let style = "rect { fill: #f6f8fa } text { fill: #1f2328; font: 13px ui-monospace, Consolas, monospace; white-space: pre } \
                 @media (prefers-color-scheme: dark) { rect { fill: #161b22 } text { fill: #e6edf3 } }";
    html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(height) viewBox={ "0 0 " (WIDTH) " " (height) } role="img" {
            title { (lines[0]) }
            style { (PreEscaped(style)) }
            rect width=(WIDTH) height=(height) rx="6" {}
            @for (i, line) in lines.iter().enumerate() {
                text x="18" y=(LINE * (i + 1) + 7) { (line) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_every_line_and_no_markup_of_theirs() {
        let svg = terminal(&["$ a", "1 < 2 & 3", "  indented"]).into_string();
        assert!(svg.contains("<title>$ a</title>") && svg.contains("1 &lt; 2 &amp; 3"), "{svg}");
        assert_eq!(svg.matches("<text ").count(), 3);
        assert!(svg.contains("height=\"78\"") && svg.contains("y=\"61\">  indented</text>"), "{svg}");
    }
}
