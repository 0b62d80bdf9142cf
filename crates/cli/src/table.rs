//! Tables for people: columns as wide as their cells.

use crate::output;

/// Rows of cells under a header.
pub(crate) struct Table {
    /// The header, and then the rows.
    rows: Vec<Vec<String>>,
    /// Whether the first column is aligned left, as words are; all others are aligned right.
    words_first: bool,
}

impl Table {
    /// A table with these names of columns.
    pub(crate) fn new(first: &str, others: impl IntoIterator<Item = String>) -> Table {
        Table { rows: vec![[first.to_string()].into_iter().chain(others).collect()], words_first: false }
    }

    pub(crate) fn with_words_first(self) -> Table {
        Table { words_first: true, ..self }
    }

    /// Adds a row; `None` is shown as a dash.
    ///
    /// # Panics
    /// Unless there is a cell for every column.
    pub(crate) fn add(&mut self, first: impl ToString, others: impl IntoIterator<Item = Option<String>>) {
        let others = others.into_iter().map(|cell| cell.unwrap_or_else(|| "–".to_string()));
        let cells: Vec<String> = [first.to_string()].into_iter().chain(others).collect();
        assert_eq!(cells.len(), self.rows[0].len(), "cells, and columns of the table");
        self.rows.push(cells);
    }

    /// The rows as text, two spaces between columns.
    pub(crate) fn lines(&self) -> Vec<String> {
        let widths: Vec<usize> = (0..self.rows[0].len()).map(|column| self.width(column)).collect();
        let line = |cells: &Vec<String>| {
            let aligned = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
                match column == 0 && self.words_first {
                    true => format!("{cell:<width$}"),
                    false => format!("{cell:>width$}"),
                }
            });
            aligned.collect::<Vec<_>>().join("  ").trim_end().to_string()
        };
        self.rows.iter().map(line).collect()
    }

    pub(crate) fn print(&self) {
        self.lines().iter().for_each(output::line);
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0)
    }
}

/// A share of 1 in percent, with two decimals.
pub(crate) fn percent(share: Option<f64>) -> Option<String> {
    share.map(|share| format!("{:.2}", 100.0 * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut table = Table::new("name", ["%".to_string()]);
        table.add("größe", [Some("100".to_string())]);
        assert_eq!(table.lines(), [" name    %", "größe  100"]);
        assert_eq!(table.with_words_first().lines(), ["name     %", "größe  100"]);
    }
}
