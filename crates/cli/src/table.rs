//! Tables for people: columns as wide as what is in them.

/// Lines of cells under a header.
pub(crate) struct Table {
    /// The header, and then the lines.
    lines: Vec<Vec<String>>,
    /// Whether the first column has words, which begin on the left; numbers end on the right.
    words_first: bool,
}

impl Table {
    pub(crate) fn new(header: Vec<String>) -> Table {
        Table { lines: vec![header], words_first: false }
    }

    pub(crate) fn with_words_first(self) -> Table {
        Table { words_first: true, ..self }
    }

    /// # Panics
    /// Unless there is a cell for every column.
    pub(crate) fn add(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.lines[0].len(), "cells, and columns of the table");
        self.lines.push(cells);
    }

    /// The lines as text, two spaces between columns.
    pub(crate) fn lines(&self) -> Vec<String> {
        let widths: Vec<usize> = (0..self.lines[0].len()).map(|column| self.width(column)).collect();
        let line = |cells: &Vec<String>| {
            let mut text = String::new();
            for (column, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
                match column {
                    0 if self.words_first => text.push_str(&format!("{cell:<width$}")),
                    0 => text.push_str(&format!("{cell:>width$}")),
                    _ => text.push_str(&format!("  {cell:>width$}")),
                }
            }
            text.trim_end().to_string()
        };
        self.lines.iter().map(line).collect()
    }

    fn width(&self, column: usize) -> usize {
        self.lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let cells = |cells: [&str; 2]| cells.map(String::from).to_vec();
        let mut table = Table::new(cells(["name", "%"]));
        table.add(cells(["größe", "100"]));
        assert_eq!(table.lines(), [" name    %", "größe  100"]);
        assert_eq!(table.with_words_first().lines(), ["name     %", "größe  100"]);
    }
}
