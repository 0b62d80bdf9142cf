//! Tables, and cards that scroll if they are wider than the page.

use maud::{Markup, Render, html};

/// What doesn't fit on a phone scrolls; `label` tells those who hear the page what it is.
pub(crate) fn card(label: &str, body: &Markup) -> Markup {
    html! { div.card.scroll tabindex="0" role="group" aria-label=(label) { (body) } }
}

/// A table whose first column says what the row is about.
pub(crate) fn table<Cell: Render>(
    caption: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Markup {
    html! {
        table {
            caption { (caption) }
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody {
                @for row in rows {
                    tr {
                        @for cell in row.iter().take(1) { th scope="row" { (cell) } }
                        @for cell in row.iter().skip(1) { td { (cell) } }
                    }
                }
            }
        }
    }
}
