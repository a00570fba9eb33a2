//! Rows of text in columns.

use crate::style::Style;

/// A table: columns as wide as their widest cell.
#[derive(Debug, Default)]
pub(in crate::commands) struct Table {
    head: Option<Vec<Cell>>,
    rows: Vec<Vec<Cell>>,
    widths: Vec<usize>,
}

/// One cell.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Cell {
    text: String,
    is_right: bool,
    is_alarming: bool,
}

impl Cell {
    /// Text, which begins at the column's left.
    pub(in crate::commands) fn left(text: impl Into<String>) -> Self {
        // Names come from callers: nothing in them may reach the terminal as a command.
        let text = text.into().chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
        Self { text, is_right: false, is_alarming: false }
    }

    /// A number, which ends at the column's right.
    pub(in crate::commands) fn right(text: impl Into<String>) -> Self {
        Self { is_right: true, ..Self::left(text) }
    }

    /// The same cell, in the colour of failures.
    pub(in crate::commands) fn alarming(self) -> Self {
        Self { is_alarming: true, ..self }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl Table {
    pub(in crate::commands) fn with_head(head: Vec<Cell>) -> Self {
        let mut table = Self::default();
        table.widen(&head);
        table.head = Some(head);
        table
    }

    /// The same table with columns that are no narrower than this.
    pub(in crate::commands) fn at_least(mut self, widths: &[usize]) -> Self {
        self.widths.resize(self.widths.len().max(widths.len()), 0);
        self.widths.iter_mut().zip(widths).for_each(|(width, least)| *width = (*width).max(*least));
        self
    }

    pub(in crate::commands) fn add(&mut self, row: Vec<Cell>) {
        self.widen(&row);
        self.rows.push(row);
    }

    pub(in crate::commands) fn render(&self, style: Style) -> String {
        let head = self.head.iter().map(|row| style.dim(&self.line(row, Style::plain())));
        let rows = self.rows.iter().map(|row| self.line(row, style));
        head.chain(rows).map(|line| line + "\n").collect()
    }

    fn widen(&mut self, row: &[Cell]) {
        let widths: Vec<usize> = row.iter().map(Cell::width).collect();
        self.widths.resize(self.widths.len().max(widths.len()), 0);
        self.widths.iter_mut().zip(widths).for_each(|(width, wanted)| *width = (*width).max(wanted));
    }

    fn line(&self, row: &[Cell], style: Style) -> String {
        let cells = row.iter().zip(&self.widths).map(|(cell, width)| {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            let text = if cell.is_alarming { style.error(&cell.text) } else { cell.text.clone() };
            if cell.is_right { blanks + &text } else { text + &blanks }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::with_head(vec![Cell::left("NAME"), Cell::right("N")]);
        table.add(vec![Cell::left("a"), Cell::right("1")]);
        table.add(vec![Cell::left("b\u{1b}[1mlong"), Cell::right("1000")]);
        assert_eq!(table.render(Style::plain()), "NAME          N\na             1\nb?[1mlong  1000\n");
    }
}
