//! Text that is wrapped between its words.

use console::measure_text_width;

/// How wide text is at most, and where there is no terminal.
pub(super) const TEXT_WIDTH: usize = 100;

/// The lines of a text, each of at most `width` characters where its words allow it.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    if measure_text_width(text) <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for (number, word) in text.split(' ').enumerate() {
        if let Some(line) = lines.last_mut().filter(|_| number > 0) {
            if measure_text_width(line) + 1 + measure_text_width(word) > width {
                lines.push(String::new());
            } else {
                line.push(' ');
            }
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines
}

/// A text with a newline behind each of its lines.
pub(super) fn paragraph(text: &str, width: usize) -> String {
    wrap(text, width).into_iter().map(|line| line + "\n").collect()
}

/// The same with an indent, which is larger where the text goes on in a further line.
pub(super) fn item(indent: &str, text: &str, width: usize) -> String {
    const HANGING: &str = "  ";
    let lines = wrap(text, width.saturating_sub(indent.len() + HANGING.len()));
    let line = |(number, line)| format!("{indent}{}{line}\n", if number == 0 { "" } else { HANGING });
    lines.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrap("one two three", 13), ["one two three"]);
        assert_eq!(wrap("one two three", 12), ["one two", "three"]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 1), ["one", "two", "three"]);
        assert_eq!(wrap("größer ± 1", 8), ["größer ±", "1"]);
        assert_eq!(wrap("", 0), [""]);
    }

    #[test]
    fn items_hang() {
        assert_eq!(paragraph("one two", 5), "one\ntwo\n");
        assert_eq!(item("  ", "one two three", 11), "  one two\n    three\n");
        assert_eq!(item("", "one", 80), "one\n");
    }
}
