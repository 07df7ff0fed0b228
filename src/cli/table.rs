//! Tables for people: aligned columns, of which the less important go where the terminal is too narrow.

use std::io::IsTerminal;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use console::measure_text_width;
use indicatif::HumanCount;

use super::color::shows_color;
use super::wrap::{TEXT_WIDTH, wrap};
use crate::proto::text::general;

/// The spaces between two columns.
const GAP: u16 = 2;

/// Digits of a number that was measured.
const DIGITS: usize = 4;

/// What a table is printed on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    /// How many characters fit a line; `None` where it does not matter.
    width: Option<usize>,
    /// Whether it shows colours.
    color: bool,
}

impl Screen {
    /// Standard output: a terminal has a width and perhaps colours. For a file or a pipe, `COLUMNS` may give a width.
    pub(super) fn standard_output() -> Screen {
        let terminal = std::io::stdout().is_terminal();
        let size = console::Term::stdout().size_checked().filter(|_| terminal);
        let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
        let width = size.map(|(_, columns)| usize::from(columns)).or_else(columns);
        Screen { width, color: shows_color(&std::io::stdout()) }
    }

    /// The width that text is wrapped at.
    pub(super) fn text_width(self) -> usize {
        self.width.unwrap_or(TEXT_WIDTH).min(TEXT_WIDTH)
    }

    /// A title or a heading.
    pub(super) fn bold(self, text: &str) -> String {
        self.styled("1", text)
    }

    fn styled(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What a row tells at a glance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Something that is hardly meant: yellow.
    Odd,
    /// Something wrong: red.
    Bad,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    right: bool,
    /// The columns of the highest rank go first where there is no room; those of rank 0 stay.
    rank: u8,
    /// The fewest characters that cells are wrapped at where there is no room; those of other columns are not wrapped.
    least: Option<usize>,
}

impl Column {
    /// A column of words.
    pub(super) const fn words(title: &'static str) -> Column {
        Column { title, right: false, rank: 0, least: None }
    }

    /// A column of numbers, which stand flush right.
    pub(super) const fn numbers(title: &'static str) -> Column {
        Column { title, right: true, rank: 0, least: None }
    }

    /// Lets the column go where there is no room, before those of lower rank.
    pub(super) const fn rank(self, rank: u8) -> Column {
        Column { rank, ..self }
    }

    /// Lets the cells be wrapped, at `least` characters or more: before a column goes, those that stay are wrapped.
    pub(super) const fn wraps_at(self, least: usize) -> Column {
        Column { least: Some(least), ..self }
    }
}

/// Rows under the titles of their columns.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    columns: Vec<Column>,
    rows: Vec<(Tone, Vec<String>)>,
}

impl Rows {
    pub(super) fn new(columns: impl Into<Vec<Column>>) -> Rows {
        Rows { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(super) fn push(&mut self, tone: Tone, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push((tone, cells.iter().map(|cell| one_line(cell)).collect()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table's lines, and the titles of columns for which there is no room. Columns without content are not shown.
    pub(super) fn render(&self, screen: Screen) -> (String, Vec<&'static str>) {
        let used = |column: usize| self.rows.iter().any(|(_, cells)| !cells[column].is_empty());
        let mut shown: Vec<usize> = (0..self.columns.len()).filter(|&column| used(column)).collect();
        let content: Vec<usize> = (0..self.columns.len()).map(|column| self.content_width(column)).collect();
        let left_out = self.fit(&mut shown, &content, screen.width);
        let lines = self.lines(&self.widths(&shown, &content, screen.width));
        let mut text = String::new();
        for (number, line) in self.table(&shown, &lines).lines().enumerate() {
            let line = line.trim_end();
            let styled = match number.checked_sub(1).map(|line| lines[line].0) {
                None => screen.bold(line),
                Some(Tone::Plain) => line.to_owned(),
                Some(Tone::Odd) => screen.styled("33", line),
                Some(Tone::Bad) => screen.styled("31", line),
            };
            text.push_str(&styled);
            text.push('\n');
        }
        (text, left_out)
    }

    /// The width of the longest cell of a column, or of its title.
    fn content_width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|(_, cells)| cells[column].as_str());
        cells.chain([self.columns[column].title]).map(measure_text_width).max().unwrap_or(0)
    }

    /// Takes columns out of `shown` until the rest fits, wrapped as much as it can be, and returns their titles in
    /// their order. `content` are the widths of the cells.
    fn fit(&self, shown: &mut Vec<usize>, content: &[usize], width: Option<usize>) -> Vec<&'static str> {
        let Some(width) = width else { return Vec::new() };
        let mut left_out = Vec::new();
        while total(shown.iter().map(|&column| self.least_width(column, content))) > width {
            let next = shown.iter().copied().filter(|&column| self.columns[column].rank > 0);
            let Some(next) = next.max_by_key(|&column| self.columns[column].rank) else { break };
            shown.retain(|&column| column != next);
            left_out.push(next);
        }
        left_out.sort_unstable();
        left_out.into_iter().map(|column| self.columns[column].title).collect()
    }

    /// How narrow a column can be.
    fn least_width(&self, column: usize, content: &[usize]) -> usize {
        self.columns[column].least.map_or(content[column], |least| least.min(content[column]))
    }

    /// The widths of the columns: those that wrap get what the others leave, the last of them first.
    fn widths(&self, shown: &[usize], content: &[usize], width: Option<usize>) -> Vec<usize> {
        let mut widths = content.to_vec();
        let Some(width) = width else { return widths };
        shown.iter().for_each(|&column| widths[column] = self.least_width(column, content));
        let mut room = width.saturating_sub(total(shown.iter().map(|&column| widths[column])));
        for &column in shown.iter().rev() {
            let more = room.min(content[column] - widths[column]);
            widths[column] += more;
            room -= more;
        }
        widths
    }

    /// The rows with their cells wrapped at these widths.
    fn lines(&self, widths: &[usize]) -> Vec<(Tone, Vec<String>)> {
        let wrapped = |(tone, cells): &(Tone, Vec<String>)| {
            let wraps = |(column, cell): (usize, &String)| match self.columns[column].least {
                Some(_) => wrap(cell, widths[column]),
                None => vec![cell.clone()],
            };
            let cells: Vec<Vec<String>> = cells.iter().enumerate().map(wraps).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            let line = |number: usize| cells.iter().map(|cell| cell.get(number).cloned().unwrap_or_default()).collect();
            (0..height).map(|number| (*tone, line(number))).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(wrapped).collect()
    }

    fn table(&self, shown: &[usize], lines: &[(Tone, Vec<String>)]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|column| column.title));
        table.add_rows(lines.iter().map(|(_, cells)| cells));
        for (index, column) in self.columns.iter().enumerate() {
            let Some(cells) = table.column_mut(index) else { continue };
            cells.set_padding((0, GAP));
            cells.set_cell_alignment(if column.right { CellAlignment::Right } else { CellAlignment::Left });
            if !shown.contains(&index) {
                cells.set_constraint(ColumnConstraint::Hidden);
            }
        }
        table
    }
}

/// The width of columns side by side.
fn total(widths: impl Iterator<Item = usize>) -> usize {
    widths.map(|width| width + usize::from(GAP)).sum::<usize>().saturating_sub(GAP.into())
}

/// The text with control characters as escapes, so that it stays on one line and cannot steer the terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// A count with separators: `431,080`.
pub(super) fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// So many things: `1 layer`, `1,234 layers`.
pub(super) fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A measured number with four digits, as `%.4g` has it.
pub(super) fn measured(number: f64) -> String {
    general(number, DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Screen = Screen { width: None, color: false };

    fn rows() -> Rows {
        let mut rows = Rows::new([
            Column::words("name"),
            Column::numbers("count").rank(1),
            Column::words("empty"),
            Column::words("bar").rank(2),
        ]);
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        rows.push(Tone::Plain, row(["conv1", "5", "", "▁█"]));
        rows.push(Tone::Odd, row(["a\nb\x1b[1m", "1,234,567", "", ""]));
        rows
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_are_not_shown() {
        let (text, left_out) = rows().render(PLAIN);
        let expected = "\
name               count  bar
conv1                  5  ▁█
a\\nb\\u{1b}[1m  1,234,567
";
        assert_eq!((text.as_str(), left_out), (expected, vec![]));
    }

    #[test]
    fn columns_go_by_rank_where_there_is_no_room() {
        let at = |width| rows().render(Screen { width: Some(width), ..PLAIN });
        assert_eq!(at(29).1, [""; 0]);
        assert_eq!(at(28).1, ["bar"]);
        assert_eq!(at(20).1, ["count", "bar"]);
        assert_eq!(at(20).0, "name\nconv1\na\\nb\\u{1b}[1m\n");
        assert_eq!(at(1).1, ["count", "bar"]);
    }

    #[test]
    fn cells_are_wrapped_before_a_column_goes() {
        let columns = [Column::words("name"), Column::words("about").wraps_at(8), Column::words("from").rank(1)];
        let mut rows = Rows::new(columns);
        rows.push(Tone::Plain, ["a", "some words in a cell", "here"].map(str::to_owned).to_vec());
        rows.push(Tone::Odd, ["b", "short", "there"].map(str::to_owned).to_vec());
        let at = |width, color| rows.render(Screen { width: Some(width), color });
        let whole =
            "name  about                 from\na     some words in a cell  here\nb     short                 there\n";
        assert_eq!(at(33, false), (whole.to_owned(), vec![]));
        let wrapped = "name  about       from\na     some words  here\n      in a cell\nb     short       there\n";
        assert_eq!(at(25, false), (wrapped.to_owned(), vec![]));
        assert_eq!(at(21, false).1, [""; 0]);
        let (narrow, left_out) = at(20, true);
        assert_eq!(left_out, ["from"]);
        let bold = "\x1b[1mname  about\x1b[0m\n";
        assert_eq!(narrow, format!("{bold}a     some words in\n      a cell\n\x1b[33mb     short\x1b[0m\n"));
    }

    #[test]
    fn colors_are_those_of_the_rows() {
        let (text, _) = rows().render(Screen { width: Some(20), color: true });
        assert_eq!(text, "\x1b[1mname\x1b[0m\nconv1\n\x1b[33ma\\nb\\u{1b}[1m\x1b[0m\n");
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(count(431_080), "431,080");
        assert_eq!([0, 1, 1234].map(|number| counted(number, "layer")), ["0 layers", "1 layer", "1,234 layers"]);
        assert_eq!([0.0, 0.035_355_339, -1234.56, 1e-9].map(measured), ["0", "0.03536", "-1235", "1e-09"]);
    }
}
